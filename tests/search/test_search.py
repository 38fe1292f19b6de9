"""Search over a real library, with embedders whose vectors can be worked out by hand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mammothbox.arrays import Vectors
from mammothbox.errors import WeightsMissing
from mammothbox.models.contracts import ModelCard
from mammothbox.records import Done, Embedding, Kind, Passage, Result
from mammothbox.search import KeptWords, search, similar
from mammothbox.search.evidence import Evidence, fuse
from mammothbox.search.language import foreign
from mammothbox.store import Filters, Store, WordMatch, open_store
from tests.store.making import digest, done, ref

MEANINGS = ("dog hound puppy", "beach sea shore", "invoice bill payment", "car truck")


class WordEmbedder:
    """A text's vector says which of four meanings its words have."""

    def __init__(self, card: ModelCard) -> None:
        self.card = card

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        rows = [
            [sum(word in meaning.split() for word in text.lower().split()) for meaning in MEANINGS]
            for text in texts
        ]
        vectors = np.array(rows, np.float32) + np.float32(1e-3)
        return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))

    def embed_images(self, images: Sequence[object]) -> Vectors:
        raise NotImplementedError


class FourMeanings:
    """Both embedders; `broken` makes one of them miss its weights, `polyglot` understand all."""

    def __init__(self, broken: str = "", polyglot: str = "") -> None:
        self.broken, self.polyglot = broken, polyglot

    def cards(self) -> Mapping[str, ModelCard]:
        return {
            contract: ModelCard(name, "1", 4, ("*",) if contract == self.polyglot else ("en",))
            for contract, name in (("text_embedder", "texts"), ("embedder", "looks"))
        }

    @contextmanager
    def _lease(self, name: str) -> Iterator[WordEmbedder]:
        if self.broken == name:
            raise WeightsMissing("fetch them with: mammothbox models pull")
        yield WordEmbedder(self.cards()[name])

    def text_embedder(self):  # type: ignore[no-untyped-def]
        return self._lease("text_embedder")

    def embedder(self):  # type: ignore[no-untyped-def]
        return self._lease("embedder")


MODELS = FourMeanings()


def say(text: str):  # type: ignore[no-untyped-def]
    return WordEmbedder(ModelCard("", "")).embed_texts([text])[0]


@pytest.fixture
def store(tmp_path: Path, database_url: str) -> Iterator[Store]:
    with open_store(tmp_path / "library", url=database_url, write=True) as opened:
        opened.record_files(
            [
                ref("/p/dog.jpg", "dog"),
                ref("/p/copy of dog.jpg", "dog"),
                ref("/p/sea.jpg", "sea"),
                ref("/d/paper.pdf", "paper", kind=Kind.DOCUMENT),
                ref("/a/talk.mp3", "talk", kind=Kind.AUDIO),
            ]
        )
        pages = (
            Embedding("text", say("nothing"), page=1, text="nothing"),
            Embedding("text", say("payment"), page=3, text="the payment is due"),
        )
        heard = Passage("transcript", "we saw a hound at the shore", start_s=42.0, end_s=45.0)
        spoken = Embedding("text", say("hound shore"), start_s=42.0, text="a hound at the shore")
        opened.commit(
            [
                done("dog", text="a brown puppy runs"),
                Result(
                    digest("dog"),
                    "embed",
                    "looks",
                    "1",
                    Done({}),
                    (),
                    (Embedding("joint", say("dog")),),
                ),
                Result(
                    digest("sea"),
                    "embed",
                    "looks",
                    "1",
                    Done({}),
                    (),
                    (Embedding("joint", say("sea")),),
                ),
                Result(digest("paper"), "chunks", "texts", "1", Done({}), (), pages),
                Result(digest("talk"), "transcript", "w", "1", Done({}), (heard,)),
                Result(digest("talk"), "chunks", "texts", "1", Done({}), (), (spoken,)),
            ]
        )
        yield opened


def paths(store: Store, query: str, **filters: object) -> list[str]:
    return [hit.path for hit in search(store, MODELS, query, Filters(**filters)).hits]  # type: ignore[arg-type]


def test_words_come_with_their_caption_and_copies_are_both_listed(store: Store) -> None:
    first, second, *_ = search(store, MODELS, "puppy").hits
    assert [first.path, second.path] == ["/p/copy of dog.jpg", "/p/dog.jpg"]
    assert first.score == second.score
    reasons = {(why.how, why.field) for why in first.why}
    assert ("words", "caption") in reasons
    assert ("looks", "") in reasons


def test_meaning_finds_the_page_and_the_moment(store: Store) -> None:
    first = search(store, MODELS, "bill").hits[0]
    assert first.path == "/d/paper.pdf"
    assert (first.why[0].how, first.why[0].page, first.why[0].text) == (
        "meaning",
        3,
        "the payment is due",
    )
    talk = next(h for h in search(store, MODELS, "hound").hits if h.path == "/a/talk.mp3")
    assert {(why.how, why.field, why.start_s) for why in talk.why} == {
        ("words", "transcript", 42.0),
        ("meaning", "transcript", 42.0),
    }


def test_looks_rank_pictures_without_words(store: Store) -> None:
    assert paths(store, "beach", kinds=(Kind.IMAGE,))[0] == "/p/sea.jpg"


def test_a_quoted_query_must_occur(store: Store) -> None:
    assert paths(store, '"brown puppy"') == ["/p/copy of dog.jpg", "/p/dog.jpg"]
    assert paths(store, '"puppy brown"') == []


def test_names_are_searched(store: Store) -> None:
    first = search(store, MODELS, "talk").hits[0]
    assert first.path == "/a/talk.mp3"
    assert "name" in {why.how for why in first.why}


def test_filters_hold_for_every_ranking_and_every_path(store: Store) -> None:
    assert set(paths(store, "puppy bill hound", kinds=(Kind.AUDIO,))) == {"/a/talk.mp3"}
    assert set(paths(store, "puppy", folder="/d")) <= {"/d/paper.pdf"}
    store.edit_tags(digest("sea"), add=["holiday"])
    assert paths(store, "puppy sea", tags=("holiday",)) == ["/p/sea.jpg"]


def test_another_language_is_told_and_its_words_still_match(store: Store) -> None:
    store.record_files([ref("/d/brief.txt", "brief", kind=Kind.DOCUMENT)])
    store.commit([done("brief", text="ein Hund im Schnee")])
    answer = search(store, MODELS, "ein Hund im Schnee")
    assert "English" in answer.notes[0]
    assert [hit.path for hit in answer.hits] == ["/d/brief.txt"]
    assert search(store, MODELS, "a dog in the snow").notes == ()


@pytest.mark.parametrize(
    ("polyglot", "asked", "silent"),
    [("embedder", "looks", "meaning"), ("text_embedder", "meaning", "looks")],
)
def test_only_a_model_that_understands_another_language_is_asked_in_it(
    store: Store, polyglot: str, asked: str, silent: str
) -> None:
    """As with a service in the place of one of them: the other would find just anything."""
    query = "perro en la beach invoice"  # the words have meanings, but no text says them
    assert foreign(query)
    answer = search(store, FourMeanings(polyglot=polyglot), query)
    assert {why.how for hit in answer.hits for why in hit.why} == {asked}
    assert answer.notes == (
        f"searched without {silent}: its model understands English queries only",
    )


def test_of_a_space_without_vectors_nothing_is_said(tmp_path: Path) -> None:
    with open_store(tmp_path / "empty", write=True) as empty:
        assert search(empty, FourMeanings(polyglot="embedder"), "perro en la playa").notes == ()


def test_without_weights_words_still_match_and_it_is_said(store: Store) -> None:
    answer = search(store, FourMeanings(broken="embedder"), "puppy")
    assert answer.hits[0].path == "/p/copy of dog.jpg"
    assert "without looks" in answer.notes[0]
    assert "models pull" in answer.notes[0]


def test_vectors_of_another_revision_are_not_used(store: Store) -> None:
    class Newer(FourMeanings):
        def cards(self) -> Mapping[str, ModelCard]:
            return {name: ModelCard(card.id, "2", 4) for name, card in super().cards().items()}

    assert search(store, Newer(), "bill").hits == ()


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50
)
@given(st.text(max_size=30))
def test_no_query_whatever_is_an_error(store: Store, query: str) -> None:
    for hit in search(store, MODELS, query).hits:
        assert 0 < hit.score <= 1
        assert hit.why


def test_limit_counts_files(store: Store) -> None:
    assert len(search(store, MODELS, "puppy hound bill", limit=3).hits) == 3


def test_similar_compares_like_with_like(store: Store) -> None:
    dog, paper = store.files(path="/p/dog.jpg")[0], store.files(path="/d/paper.pdf")[0]
    copy, sea = similar(store, MODELS, dog).hits
    assert (copy.path, copy.why[0].text) == ("/p/copy of dog.jpg", "the same bytes")
    assert sea.path == "/p/sea.jpg"
    assert sea.score == pytest.approx(float(say("dog") @ say("sea")), abs=1e-3)
    assert [hit.path for hit in similar(store, MODELS, paper).hits] == ["/a/talk.mp3"]
    store.record_files([ref("/x", "x")])
    answer = similar(store, MODELS, store.files(path="/x")[0])
    assert answer.hits == ()
    assert "no vectors" in answer.notes[0]


def test_fusing_prefers_agreement_over_one_good_rank() -> None:
    def ranking(names: str) -> list[Evidence]:
        matches = [WordMatch(digest(name), 1.0, "text", name) for name in names]
        return [Evidence(match.digest, "words", match) for match in matches]

    fused = fuse([(1.0, ranking("abc")), (1.0, ranking("cbx")), (0.5, ranking("y"))])
    assert [item.digest for item in fused][:2] == [digest("b"), digest("c")] or [
        item.digest for item in fused
    ][:2] == [digest("c"), digest("b")]
    assert fuse([(1.0, ranking("a")), (0.5, ranking("a"))])[0].score == pytest.approx(1.0)
    assert fuse([]) == []


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("chien sur la plage", True),
        ("perro en la playa", True),
        ("bambini che giocano", True),
        ("twee honden op het gras", True),
        ("собака на пляже", True),
        ("海边的狗", True),
        ("dog on a beach", False),
        ("a café in Zürich", False),
        ("los angeles", False),
        ("the girl with the piñata", False),
        ("IMG_0042", False),
        ("", False),
    ],
)
def test_foreign(query: str, expected: bool) -> None:
    assert foreign(query) is expected


def test_searching_imports_neither_engines_nor_decoders_nor_the_web() -> None:
    heavy = [
        "onnxruntime",
        "av",
        "cv2",
        "PIL",
        "starlette",
        "uvicorn",
        "scipy",
        "xllamacpp",
        "faster_whisper",
        "rapidocr",
    ]
    code = f"import sys, mammothbox.search; print([n for n in {heavy!r} if n in sys.modules])"
    source = Path(__file__).resolve().parents[2] / "src"
    shown = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert shown.stdout.strip() == "[]"


def test_what_words_found_is_kept_until_something_is_written(store: Store) -> None:
    asked: list[str] = []

    class Counted:
        def __getattr__(self, name: str) -> object:
            asked.append(name)
            return getattr(store, name)

    kept, counted = KeptWords(), Counted()
    first = search(counted, MODELS, "shore", words_only=True, kept=kept)  # type: ignore[arg-type]
    whole = search(counted, MODELS, "shore", kept=kept)  # type: ignore[arg-type]
    assert asked.count("match_words") == 1
    assert {hit.digest for hit in first.hits} <= {hit.digest for hit in whole.hits}
    store.record_files([ref("/p/new.jpg", "new")])
    store.commit([done("new", text="a shore at dusk")])
    again = search(counted, MODELS, "shore", words_only=True, kept=kept)  # type: ignore[arg-type]
    assert digest("new") in {hit.digest for hit in again.hits}
    asked.clear()
    search(counted, MODELS, "shore", words_only=True)  # type: ignore[arg-type]
    assert "stamp" not in asked, "where nothing is kept, nothing is asked for it"
