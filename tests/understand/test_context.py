"""What an owner says of a folder: found by its words, and never taken for something seen."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mammothbox.arrays import Pixels
from mammothbox.errors import UsageError
from mammothbox.events import Event, FileDone, IngestReport, StageStarted
from mammothbox.ingest import ingest
from mammothbox.models.contracts import Caption, Prompt
from mammothbox.models.stub import StubCaptioner, StubModels, StubWriter
from mammothbox.search import search
from mammothbox.settings import Settings, load_settings
from mammothbox.store import Store, open_store
from mammothbox.store.contexts import said
from mammothbox.understand.item import item
from mammothbox.understand.steps.context import Known, asked, occasion, pieces, value_of, worded
from mammothbox.understand.told import tell

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CAPTION = "a man stands on a rock"
TRIP = "our trip to Norway with our dog"


class Seeing(StubModels):
    """Stubs that see a man on each photo, with a writer that says what it is told to say."""

    def __init__(self, sentence: str = "", chosen: str = "") -> None:
        self.answer = {"sentence": sentence, "occasion": chosen}
        self.looked = 0
        self.prompts: list[Prompt] = []

    @contextmanager
    def captioner(self) -> Iterator[StubCaptioner]:
        class Captioner(StubCaptioner):
            def caption(inner, images: Sequence[Pixels], context: str = "") -> list[Caption]:  # noqa: N805
                self.looked += len(images)
                labels = (("cliff", 0.6), ("dog", 0.15))
                return [Caption(CAPTION, 0.6, labels, False) for _ in images]

        yield Captioner()

    @contextmanager
    def writer(self) -> Iterator[Any]:
        class Writer(StubWriter):
            def write(inner, prompts: Sequence[Prompt]) -> list[Any]:  # noqa: N805
                self.prompts += prompts
                plain = super().write(prompts)
                asks = [prompt.schema["properties"] for prompt in prompts]
                return [
                    {key: self.answer[key] for key in ask} if "sentence" in ask else one
                    for ask, one in zip(asks, plain, strict=True)
                ]

        yield Writer()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "2019-norway"
    made.mkdir()
    for name in ("photos/IMG_2102.jpg", "photos/IMG_2103.jpg", "documents/day3.md"):
        shutil.copy2(EXAMPLES / name, made)
    (made / "noise.bin").write_bytes(bytes(range(256)))
    return made


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    library = tmp_path / "library"
    return load_settings(
        {}, library=library, decoders=1, database_url=database_url, describe="none"
    )


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with open_store(settings.library, url=settings.database_url, write=True) as opened:
        yield opened


def run(
    store: Store, settings: Settings, folder: Path, context: str | None, models: Any = None
) -> tuple[IngestReport, dict[str, int]]:
    events: list[Event] = []
    use = models or Seeing()
    report = ingest(store, use, settings, [str(folder)], None, events.append, context)
    assert all(one.done <= one.total for one in events if isinstance(one, FileDone))
    return report, {one.stage: one.total for one in events if isinstance(one, StageStarted)}


def shown(store: Store, path: Path) -> dict[str, Any]:
    (ref,) = store.files(path=str(path))
    found = store.results([ref.digest])[ref.digest]
    return item(ref, found, store.tags([ref.digest])[ref.digest], [ref.path])


def summaries(store: Store) -> set[str]:
    return {shown(store, Path(ref.path))["summary"] for ref in store.files() if ref.kind == "image"}


def hits(store: Store, query: str) -> set[str]:
    models: Any = Seeing()
    return {Path(hit.path).name for hit in search(store, models, query, words_only=True).hits}


def test_a_file_is_found_by_what_its_owner_said(
    store: Store, settings: Settings, folder: Path
) -> None:
    # given a folder of which nobody said anything
    assert run(store, settings, folder, None)[1].keys() == {"look", "read"}
    before = store.results([ref.digest for ref in store.files()])
    assert hits(store, "trip") == set()
    # when its owner does
    report, stages = run(store, settings, folder, f"  {TRIP}\n", eyes := Seeing())
    # then nothing is looked at again, and only this text is made
    assert (report.found, stages, eyes.looked) == (4, {"describe": 3}, 0)
    after = store.results(list(before))
    for digest, steps in before.items():
        owed = {"context"} if "outline" in steps else set()  # of what was understood at all
        assert after[digest].keys() - steps.keys() == owed
        assert {name: repr(after[digest][name]) for name in steps} == {
            name: repr(steps[name]) for name in steps
        }
    assert hits(store, "trip") == {"IMG_2102.jpg", "IMG_2103.jpg", "day3.md"}
    photo = shown(store, folder / "IMG_2102.jpg")
    assert photo["summary"] == f"Our trip to Norway with our dog: {CAPTION}."
    assert (photo["caption"], photo["context"]) == (CAPTION, TRIP)
    assert "dog" not in [*photo["tags"], *(one["name"] for one in photo["objects"])]
    assert shown(store, folder / "day3.md")["context"] == TRIP
    # and it stays without being said again
    assert run(store, settings, folder, None)[1] == {}
    assert run(store, settings, folder, TRIP)[1] == {}


def test_another_text_replaces_it_and_an_empty_one_takes_it_back(
    store: Store, settings: Settings, folder: Path
) -> None:
    run(store, settings, folder, None)
    without = [shown(store, Path(ref.path)) for ref in store.files()]
    run(store, settings, folder, TRIP)
    assert run(store, settings, folder, "Tom's wedding", eyes := Seeing())[1] == {"describe": 3}
    assert eyes.looked == 0
    assert summaries(store) == {f"Tom's wedding: {CAPTION}."}
    assert (hits(store, "norwegian trip"), len(hits(store, "wedding"))) == (set(), 3)
    assert said(store) == {str(folder): "Tom's wedding"}
    assert run(store, settings, folder, "")[1] == {"describe": 3}
    assert [shown(store, Path(ref.path)) for ref in store.files()] == without
    assert (hits(store, "wedding"), said(store)) == (set(), {})
    assert run(store, settings, folder, None)[1] == {}
    with pytest.raises(UsageError, match="at most 500"):
        run(store, settings, folder, "a " * 400)


def test_the_deepest_folder_speaks_and_a_moved_file_keeps_its_text(
    store: Store, settings: Settings, folder: Path
) -> None:
    inner, other = folder / "hike", folder.parent / "sorted"
    inner.mkdir()
    other.mkdir()
    (folder / "IMG_2103.jpg").rename(inner / "IMG_2103.jpg")
    run(store, settings, folder, "a summer")
    run(store, settings, inner, "a hike")
    assert summaries(store) == {f"A summer: {CAPTION}.", f"A hike: {CAPTION}."}
    # a copy elsewhere is the same content, and so is a file that was moved
    shutil.copy2(inner / "IMG_2103.jpg", other)
    (folder / "IMG_2102.jpg").rename(other / "IMG_2102.jpg")
    assert run(store, settings, folder.parent, None)[1] == {}
    assert shown(store, other / "IMG_2102.jpg")["context"] == "a summer"
    assert shown(store, other / "IMG_2103.jpg")["context"] == "a hike"
    # what is said of its new place wins; what is forgotten is not said any more
    run(store, settings, other, "the best")
    assert shown(store, other / "IMG_2102.jpg")["context"] == "the best"
    assert shown(store, other / "IMG_2103.jpg")["context"] == "a hike"  # it lies there too
    store.forget(str(folder))
    assert said(store) == {str(other): "the best"}


def test_names_and_texts_that_are_no_text_are_kept(store: Store) -> None:
    places = ["/p/\udcff", "/p/" + "long/" * 700, "/"]
    assert tell(store, places, "caf\udce9\0 trip")
    assert said(store) == dict.fromkeys(places, "caf? trip")
    assert not tell(store, places, "caf? trip")
    assert tell(store, places[:2], "")
    assert said(store) == {"/": "caf? trip"}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("sentence", "seen", "refined"),
    [("A man on a rock.", "a man on a rock", True), ("a dog stands on a rock", CAPTION, False)],
)
def test_a_writer_words_only_what_the_eyes_saw(
    store: Store, settings: Settings, folder: Path, sentence: str, seen: str, refined: bool
) -> None:
    each = load_settings({}, library=settings.library, decoders=1, describe="each")
    context = f"{TRIP} Rex, who ran ahead of us on every path there was. Tom's wedding in Bergen."
    run(store, each, folder, context, models := Seeing(sentence, "Tom's wedding in Bergen"))
    assert summaries(store) == {f"Tom's wedding in Bergen: {seen}."}
    photo = store.files(path=str(folder / "IMG_2102.jpg"))[0].digest
    found = store.results([photo])[photo]["context"]
    assert found.outcome.value["refined"] is refined
    assert found.model == models.cards()["writer"].id
    (prompt,) = [one for one in models.prompts if "owner" in one.user][:1]
    assert prompt.user.index("<data>") < prompt.user.index("Rex") < prompt.user.index("</data>")


@pytest.mark.parametrize(
    ("sentence", "fair"),
    [
        ("a man on a rock", True),
        ("The man stands, on a cliff", True),
        ("a man stands on a cliff", True),  # a label the eyes are sure of
        ("a rock stands on a man", False),  # another order is another claim
        ("a dog stands on a rock", False),
        ("a man stands on a rock with our dog", False),
        ("a man stands on a rock in Norway", False),
        ("a man does not stand on a rock", False),
        ("two men stand on a rock", False),
        ("a rock", False),  # too little is left
        ("a cliff", False),
        ("a man stands on a rock 🐕", False),
        ("", False),
    ],
)
def test_a_sentence_has_only_words_of_the_eyes(sentence: str, fair: bool) -> None:
    assert worded(sentence, Known(TRIP, caption=CAPTION, labels=("cliff",))) is fair


@pytest.mark.parametrize(
    ("context", "folder", "expected"),
    [
        ("our trip to St. Moritz!", "", "our trip to St. Moritz"),
        ("In May we sailed to Skye and saw whales. In June Tom married Anna; we danced until six.",
         "tom-wedding", "In June Tom married Anna"),
        ("In May we sailed to Skye and saw whales. In June Tom married Anna; we danced until six.",
         "2019", "In May we sailed to Skye and saw whales"),
        ("x" * 200, "", "x" * 80),
        ("...", "", ""),
    ],
)  # fmt: skip
def test_an_occasion_is_a_piece_of_the_text(context: str, folder: str, expected: str) -> None:
    assert occasion(Known(context, caption=CAPTION, folder=folder)) == expected


def test_doubts_of_the_eyes_stay_doubts() -> None:
    doubtful = Known(TRIP, caption="a man on a bench; probably: tripod")
    assert asked(doubtful) is None
    assert value_of(doubtful)["summary"].endswith(": a man on a bench; probably: tripod.")
    assert value_of(Known(TRIP)) == {"context": TRIP}


EYES = ["a", "man", "dog", "rock", "stands", "on", "two", "the", "boat", "red"]
OWNER = ["norway", "trip", "our", "with", "dog", "anna", "boat", "to", "not"]
SAYING = st.lists(st.sampled_from(EYES), min_size=1, max_size=8).map(" ".join)
LYING = st.lists(
    st.sampled_from([*EYES, *OWNER, "🐕", "Dog", "<b>"]), min_size=1, max_size=8
).map(" ".join)  # fmt: skip
FREE = {"a", "an", "the", "and", "of", "in", "on", "at", "with", "is", "are"}


@given(
    context=st.one_of(st.text(min_size=1, max_size=200), st.sampled_from([TRIP])),
    caption=SAYING,
    labels=st.lists(st.sampled_from(EYES), max_size=2),
    sentence=st.one_of(LYING, SAYING, st.text(max_size=40)),
    chosen=st.one_of(st.none(), st.text(max_size=20), st.sampled_from([TRIP, "dog"])),
)
def test_whatever_a_writer_says_nothing_is_added(
    context: str, caption: str, labels: list[str], sentence: str, chosen: str | None
) -> None:
    known = Known(context, caption=caption, labels=tuple(labels))
    value = value_of(known, {"sentence": sentence, "occasion": chosen})
    if "summary" not in value:
        assert pieces(context) == []
        return
    # the occasion is the owner's, word for word
    assert value["occasion"] in context
    occasion_part = value["occasion"][:1].upper() + value["occasion"][1:]
    assert value["summary"].startswith(f"{occasion_part}: ")
    # what is seen has only words of the eyes
    seen = value["summary"].removeprefix(f"{occasion_part}: ").removesuffix(".")
    words = set(seen.casefold().split())
    assert words <= {*caption.split(), *labels} | FREE
    assert seen == caption or worded(seen, known)
