"""Results by (digest, step, model, revision), and what searches, filters and tags see of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mammothbox.errors import UsageError
from mammothbox.records import Done, Failed, Kind, Passage, Result, Skipped
from mammothbox.store import Filters, Store, Tag, open_store
from mammothbox.store.listing import listing
from mammothbox.store.sqlite.words import expression
from mammothbox.store.words import indexable, looked_for, snippet
from tests.store.making import digest, done, ref, unit


def test_a_new_revision_is_pending_and_replaces_the_old(store: Store) -> None:
    store.record_files([ref("/a.jpg", "a")])
    store.commit([done("a", text="a dog", vectors=[unit(1)])])
    assert store.pending("caption", "m", "1", [Kind.IMAGE]) == []
    assert len(store.pending("caption", "m", "2", [Kind.IMAGE])) == 1
    store.commit([done("a", revision="2", text="a wolf", vectors=[unit(0, 1)])])
    assert store.match_words("dog") == []
    assert len(store.match_words("wolf")) == 1
    assert store.nearest("joint", "m", "1", unit(1)) == []
    assert len(store.nearest("joint", "m", "2", unit(1))) == 1
    assert store.results([digest("a")])[digest("a")]["caption"].revision == "2"
    assert len(store.pending("caption", "m", "1", [Kind.IMAGE])) == 1


def test_a_failure_of_a_newer_model_does_not_cost_the_older_result(store: Store) -> None:
    store.record_files([ref("/a.jpg", "a")])
    store.commit([done("a", text="a dog", title="Dog")])
    store.commit([Result(digest("a"), "caption", "m", "2", Failed("HostDied", "gone"))])
    assert len(store.match_words("dog")) == 1
    assert store.results([digest("a")])[digest("a")]["caption"].outcome == Done({"title": "Dog"})
    assert len(store.failures()) == 1
    store.commit([done("a", revision="2", text="a wolf")])
    assert store.failures() == []


@pytest.mark.parametrize(
    "outcome",
    [Done({"a": [1, None, "ü\ud800"], "b": 0.1}), Skipped("empty"), Failed("Corrupt", "x")],
)
def test_outcomes_come_back_as_they_were(store: Store, outcome: Done | Skipped | Failed) -> None:
    store.commit([Result(digest("a"), "facts", "decoder", "3", outcome, seconds=1.5)])
    (result,) = store.results([digest("a")])[digest("a")].values()
    assert result.outcome == outcome
    assert (result.model, result.revision, result.seconds) == ("decoder", "3", 1.5)


def test_the_last_of_a_batch_holds_where_a_step_comes_twice(store: Store) -> None:
    store.record_files([ref("/a.jpg", "a"), ref("/b.jpg", "b")])
    batch = [
        done("a", text="a dog", vectors=[unit(1)]),
        done("b", text="a dog"),
        done("a", revision="2", text="a wolf", vectors=[unit(0, 1)]),
        Result(digest("b"), "caption", "m", "2", Failed("HostDied", "gone")),
    ]
    store.commit(batch)
    assert [match.digest for match in store.match_words("dog")] == [digest("b")]
    assert [match.digest for match in store.match_words("wolf")] == [digest("a")]
    assert store.nearest("joint", "m", "1", unit(1)) == []
    assert len(store.nearest("joint", "m", "2", unit(0, 1))) == 1
    assert [failure.path for failure in store.failures()] == ["/b.jpg"]
    store.commit([])


def test_a_batch_is_all_or_nothing(store: Store) -> None:
    store.record_files([ref("/a.jpg", "a"), ref("/b.jpg", "b")])
    broken = Result(digest("b"), "caption", "m", "1", Done({"bad": float("nan")}))
    with pytest.raises(ValueError, match="Out of range"):
        store.commit([done("a", text="a dog"), broken])
    assert store.match_words("dog") == []
    assert len(store.pending("caption", "m", "1", [Kind.IMAGE])) == 2


def test_of_two_results_of_a_step_in_one_batch_the_later_stands(store: Store) -> None:
    store.record_files([ref("/a.jpg", "a"), ref("/b.jpg", "b")])
    facts = [
        Result(digest("b"), "facts", "m", "1", Done({"taken_at": f"202{year}-05-01"}))
        for year in (1, 4)
    ]
    first = [done("b", text="a wolf"), done("a", text="a dog", vectors=[unit(1)])]
    failed = Result(digest("b"), "caption", "m", "2", Failed("HostDied", "gone"))
    later = [done("a", text="a cat", vectors=[unit(0, 1)]), done("c", text="a cow"), failed]
    store.commit([*first, *facts, *later])
    assert [len(store.match_words(word)) for word in ("dog", "cat", "wolf")] == [0, 1, 1]
    assert len(store.vectors_of(digest("a"), "joint", "m", "1")) == 1
    assert store.match_words("wolf", Filters(since="2023-01-01"))
    assert store.results([digest("b")])[digest("b")]["caption"].model == "m"
    assert len(store.failures()) == 1


def test_words_find_passages_with_their_place(store: Store) -> None:
    store.record_files([ref("/talk.mp3", "a", kind=Kind.AUDIO)])
    passages = (
        Passage("transcript", "nothing here", start_s=0.0, end_s=2.0),
        Passage("transcript", "the Zürich café opened", start_s=42.0, end_s=44.0),
        Passage("text", "page about running dogs", page=3),
    )
    store.commit([Result(digest("a"), "transcript", "w", "1", Done({}), passages)])
    (match,) = store.match_words("zurich CAFE")
    assert (match.field, match.start_s, match.text) == (
        "transcript",
        42.0,
        "the Zürich café opened",
    )
    assert store.match_words("dog")[0].page == 3
    assert store.match_words('"café Zürich"') == []
    assert len(store.match_words('"zürich café"')) == 1
    assert len(store.match_words("transcript op")) == 0


def test_a_file_that_passes_is_found_behind_many_better_ones_that_do_not(store: Store) -> None:
    names = [f"n{number}" for number in range(60)]
    store.record_files([ref(f"/near/dog-{name}", name) for name in names])
    store.record_files([ref(f"/far/dog-and-many-other-words-{name}", f"f{name}") for name in names])
    store.commit([done(name, text="a dog") for name in names])
    store.commit([done(f"f{name}", text="a dog and many other words") for name in names])
    far = {digest(f"f{name}") for name in names}
    for match in (store.match_words, store.match_names):
        few = {one.digest for one in match("dog", Filters(folder="/far"), 5)}
        assert (len(few), few - far) == (5, set())
        assert {one.digest for one in match("dog", Filters(folder="/far"), 100)} == far
        assert len(match("dog", limit=100)) == 100


def test_listing_twice_the_files_is_twice_the_work(tmp_path: Path) -> None:
    facts = Done({"width": 4, "height": 3, "taken_at": "2020-01-01T10:00:00"})
    work = []
    with open_store(tmp_path, write=True) as store:
        for start in (0, 400):
            names = [f"f{number}" for number in range(start, start + 400)]
            store.record_files([ref(f"/{name}.jpg", name) for name in names])
            store.commit([Result(digest(name), "facts", "d", "1", facts) for name in names])
            ticks: list[int] = []
            with store.reading() as connection:
                raw = connection.connection.driver_connection
                assert raw is not None
                raw.set_progress_handler(lambda ticks=ticks: ticks.append(0), 100)
                found = listing(connection, Filters())
                raw.set_progress_handler(None, 0)
            assert {(one.width, one.when[:4]) for one in found} == {(4, "2020")}
            work.append(len(ticks))
    assert work[1] < 3 * work[0]


@pytest.mark.parametrize("query", ["京タワー", "東京", "タワー", '"京タ"'])
def test_scripts_without_blanks_are_found_by_any_part(store: Store, query: str) -> None:
    store.record_files([ref("/a.jpg", "a")])
    store.commit([done("a", text="昨日東京タワーに行った")])
    assert len(store.match_words(query)) == 1
    assert store.match_words("大阪") == []
    assert store.match_words("京東") == []


def test_names_and_folders_are_found_in_their_parts(store: Store) -> None:
    store.record_files([ref("/home/ann/Norway2019/IMG_0042-PartyHat.JPG", "a")])
    for query in ("norway", "0042", "hat", "2019 party"):
        assert len(store.match_names(query)) == 1, query
    assert store.match_names("sweden") == []


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(query=st.text(max_size=40))
@example('"')
@example('""')
@example("NEAR(a b) AND NOT c* ^d {e}: -f + (g")
@example('a" OR "b')
@example("\ud800 \0 '; DROP TABLE files --")
def test_no_query_whatever_is_an_error(store: Store, query: str) -> None:
    store.match_words(query)
    store.match_names(query)


@given(st.text(max_size=60))
def test_a_text_is_found_by_itself(text: str) -> None:
    assert (expression(text) == "") == (not any(c.isalnum() or c == "_" for c in text))
    assert indexable(indexable(text)) == indexable(text)


def test_what_is_asked_together_sees_what_is_written_meanwhile(store: Store) -> None:
    store.record_files([ref("/x/a", "a"), ref("/x/b", "b")])
    store.commit([done("a", text="kite")])
    with store.together():
        assert {match.digest for match in store.match_words("kite")} == {digest("a")}
        store.commit([done("b", text="kite")])
        assert {match.digest for match in store.match_words("kite")} == {digest("a"), digest("b")}


def test_snippets_show_the_word() -> None:
    text = "filler " * 100 + "the needle is here " + "filler " * 100
    shown = snippet(text, looked_for("of the needle"))
    assert "needle" in shown
    assert len(shown) < 170


def test_filters(store: Store) -> None:
    store.record_files(
        [
            ref("/x/a.jpg", "a", mtime_s=0),
            ref("/x/y/b.mp4", "b", kind=Kind.VIDEO, mtime_s=1_717_200_000),
            ref("/z/c.pdf", "c", kind=Kind.DOCUMENT, mtime_s=1_600_000_000),
        ]
    )
    store.commit(
        [done(name, text="kite") for name in "abc"]
        + [done("a", "facts", taken_at="2024-05-31T23:30:00+02:00", gps=[1.0, 2.0])]
        + [done("b", "transcript", language="de")]
        + [done("c", "describe", tags=["Invoice", "2020"])]
    )

    def found(filters: Filters) -> str:
        return "".join(
            sorted(bytes.fromhex(m.digest)[:1].decode() for m in store.match_words("kite", filters))
        )

    assert found(Filters()) == "abc"
    assert found(Filters(kinds=(Kind.IMAGE, Kind.VIDEO))) == "ab"
    assert found(Filters(folder="/x")) == "ab"
    assert found(Filters(folder="/x/y/")) == "b"
    assert found(Filters(language="DE")) == "b"
    assert found(Filters(tags=(" invoice ",))) == "c"
    assert found(Filters(since="2024-05-31", until="2024-05-31")) == "a"
    assert found(Filters(since="2024")) == "ab"
    assert found(Filters(until="2023")) == "c"
    assert found(Filters(since="2024-06", until="2024-06")) == "b"
    with pytest.raises(UsageError, match="not a date"):
        found(Filters(since="yesterday"))


def test_a_persons_tags_win_and_survive(store: Store) -> None:
    store.record_files([ref("/a.jpg", "a")])
    store.commit([done("a", "describe", text="x", tags=["Dog", "beach"])])
    store.edit_tags(digest("a"), add=["Rex", "beach"], remove=["dog"])
    store.commit([done("a", "describe", revision="2", text="x", tags=["dog", "sea"])])
    assert store.tags([digest("a")])[digest("a")] == [
        Tag("beach", by_person=True),
        Tag("rex", by_person=True),
        Tag("sea", by_person=False),
    ]
    assert store.match_words("x", Filters(tags=("dog",))) == []
    assert len(store.match_words("x", Filters(tags=("rex", "sea")))) == 1
    store.edit_tags(digest("a"), remove=["rex"])
    assert [tag.name for tag in store.tags([digest("a")])[digest("a")]] == ["beach", "sea"]


def test_near_duplicates_less_those_told_apart(store: Store) -> None:
    hashes = {
        "a": "00000000000000ff",
        "b": "00000000000000fe",
        "c": "0f000000000000ff",
        "d": "f" * 16,
    }
    store.record_files([ref(f"/{name}.jpg", name) for name in hashes])
    store.commit([done(name, "facts", phash=value) for name, value in hashes.items()])
    pairs = {(p.first, p.second): p.distance for p in store.near_duplicates(4)}
    assert pairs == {(digest("a"), digest("b")): 1, (digest("a"), digest("c")): 4}
    store.not_duplicates([digest("b"), digest("a")])
    assert len(store.near_duplicates(4)) == 1
    assert len(store.near_duplicates(64)) == 5


def test_answers_and_meta_are_kept(store: Store) -> None:
    assert store.answer("f" * 64) is None
    store.keep_answers({"f" * 64: "first"})
    store.keep_answers({"f" * 64: "second", "e" * 64: "other"})
    assert (store.answer("f" * 64), store.answer("e" * 64)) == ("first", "other")
    store.set_meta("profile", "lite")
    store.set_meta("profile", "full")
    assert (store.meta("profile"), store.meta("none")) == ("full", None)


def test_counts(store: Store) -> None:
    store.record_files([ref("/a.jpg", "a"), ref("/b.jpg", "a"), ref("/c.mp3", kind=Kind.AUDIO)])
    store.commit([done("a", text="x", vectors=[unit(1), unit(0, 1)])])
    counts = store.counts()
    assert (counts.files, counts.bytes, counts.passages, counts.vectors) == (3, 9, 1, 2)
    assert counts.kinds == {"image": 2, "audio": 1}
    assert counts.steps == {"caption": {"done": 1}}
