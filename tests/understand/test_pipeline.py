"""Runs of the whole pipeline with stand-in models over real files."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from mammothbox.arrays import Pixels
from mammothbox.errors import HostDied, Interrupted, ServiceAway
from mammothbox.events import Event, FileDone, IngestReport, Note, StageStarted
from mammothbox.ingest import ingest, retry
from mammothbox.models.contracts import ModelCard, TextLine, Writer
from mammothbox.models.stub import StubCaptioner, StubModels, StubReader
from mammothbox.settings import Settings, load_settings
from mammothbox.store import Filters, Store, open_store
from mammothbox.understand.steps.describe import ALONE

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
PHOTOS = ("photos/IMG_2102.jpg", "photos/IMG_2103.jpg")
NOTE = "documents/day3.md"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "collection"
    made.mkdir()
    for name in (*PHOTOS, NOTE):
        shutil.copy2(EXAMPLES / name, made)
    return made


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    library = tmp_path / "library"
    return load_settings({}, library=library, decoders=1, database_url=database_url)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with open_store(settings.library, url=settings.database_url, write=True) as opened:
        yield opened


class Revised(StubModels):
    """Stubs of which one has a newer revision."""

    def __init__(self, contract: str) -> None:
        self.contract = contract

    def cards(self) -> Mapping[str, ModelCard]:
        cards = dict(super().cards())
        cards[self.contract] = replace(cards[self.contract], revision="newer")
        return cards


class Starting(Revised):
    """Stubs that note what is started ahead."""

    def __init__(self, contract: str) -> None:
        super().__init__(contract)
        self.started: list[str] = []

    def start(self, contract: str) -> None:
        self.started.append(contract)


class AwayWriter(StubModels):
    """Stubs whose writer is a service that does not answer."""

    @contextmanager
    def writer(self) -> Iterator[Writer]:
        raise ServiceAway("http://writer.example does not answer")
        yield


class Fragile(StubModels):
    """Stubs whose captioner dies on one picture, every time."""

    def __init__(self, deadly_width: int) -> None:
        self.deadly_width = deadly_width

    @contextmanager
    def captioner(self) -> Iterator[StubCaptioner]:
        with super().captioner() as healthy:

            class Captioner(StubCaptioner):
                def caption(inner, images: list[Pixels], context: str = "") -> list:  # noqa: N805
                    if any(image.shape[1] == self.deadly_width for image in images):
                        raise HostDied("the host ended with signal 11")
                    return healthy.caption(images, context)

            yield Captioner()


class FragileReader(StubModels):
    """Stubs whose reader dies on one picture, every time."""

    def __init__(self, deadly_width: int) -> None:
        self.deadly_width = deadly_width

    @contextmanager
    def reader(self) -> Iterator[StubReader]:
        class Reader(StubReader):
            def read(inner, images: list[Pixels]) -> list[list[TextLine]]:  # noqa: N805
                if any(image.shape[1] == self.deadly_width for image in images):
                    raise HostDied("the host ended with signal 11")
                return [[self._told(image)] for image in images]

        yield Reader()

    def _told(self, image: Pixels) -> TextLine:
        return TextLine(f"width {image.shape[1]}", 0.9, (0.0, 0.0, 1.0, 1.0))


def run(
    store: Store, models: StubModels, settings: Settings, folder: Path, events: list[Event]
) -> IngestReport:
    return ingest(store, models, settings, [str(folder)], None, events.append)


def worked(events: list[Event]) -> dict[str, int]:
    return {event.stage: event.total for event in events if isinstance(event, StageStarted)}


def test_a_second_run_finds_nothing_to_do(store: Store, settings: Settings, folder: Path) -> None:
    # given a folder that was ingested
    first = run(store, StubModels(), settings, folder, [])
    # when it is ingested again
    events: list[Event] = []
    second = run(store, StubModels(), settings, folder, events)
    # then every file is accounted for once, and no stage starts
    assert (first.found, first.done, first.unchanged) == (3, 3, 0)
    assert (second.found, second.done, second.unchanged) == (3, 0, 3)
    assert worked(events) == {}


@pytest.mark.parametrize(
    ("contract", "again"),
    [
        ("captioner", {"look": 2, "read": 2, "describe": 2}),
        ("embedder", {"look": 2, "describe": 2}),
        ("text_embedder", {"read": 3, "describe": 3}),
        ("writer", {"describe": 3}),
        ("transcriber", {}),
    ],
)
def test_a_new_revision_recomputes_what_depends_on_it(
    contract: str, again: dict[str, int], store: Store, settings: Settings, folder: Path
) -> None:
    # given two photos and a note that were understood
    run(store, StubModels(), settings, folder, [])
    # when one model's revision changes
    events: list[Event] = []
    run(store, Revised(contract), settings, folder, events)
    # then only its step and those that read it run again
    assert worked(events) == again


def test_what_the_first_picture_needs_loads_while_it_is_decoded(
    store: Store, settings: Settings, folder: Path
) -> None:
    # given a note alone, nothing is started ahead
    notes = Starting("writer")
    run(store, notes, settings, folder / Path(NOTE).name, [])
    assert notes.started == []
    # with photos the captioner is
    photos = Starting("writer")
    run(store, photos, settings, folder, [])
    assert photos.started == ["captioner"]
    # and where photos owe their vectors alone, the embedder
    again = Starting("embedder")
    run(store, again, settings, folder, [])
    assert again.started == ["embedder"]


def test_a_stage_whose_service_is_away_is_postponed(
    store: Store, settings: Settings, folder: Path
) -> None:
    events: list[Event] = []
    # given a writer that does not answer
    run(store, AwayWriter(), settings, folder, events)
    notes = [event.text for event in events if isinstance(event, Note)]
    assert notes == ["describe postponed: http://writer.example does not answer"]
    # when it is back
    events.clear()
    run(store, StubModels(), settings, folder, events)
    # then only its stage is still to do
    assert worked(events) == {"describe": 3}


def test_a_picture_that_kills_its_host_is_named_and_the_rest_goes_on(
    store: Store, settings: Settings, folder: Path
) -> None:
    from PIL import Image

    # given a picture of 33 pixels on which the captioner dies
    Image.new("RGB", (33, 50), "red").save(folder / "deadly.png")
    report = run(store, Fragile(33), settings, folder, [])
    # then it alone failed, with its reason
    assert (report.done, report.failed) == (3, 1)
    failures = [(Path(f.path).name, f.step, f.reason) for f in store.failures()]
    assert failures == [("deadly.png", "caption", "HostDied")]
    # and a retry with a captioner that does not die mends it
    events: list[Event] = []
    mended = retry(store, StubModels(), settings, events.append)
    assert (mended.done, mended.failed) == (1, 0)
    assert worked(events)["look"] == 1


def test_a_page_that_kills_its_reader_fails_alone_and_others_keep_their_own_words(
    store: Store, settings: Settings, folder: Path
) -> None:
    from PIL import Image

    # given pictures with strong contrast, on one of which the reader dies
    for width in (60, 61, 62, 63, 64):
        page = Image.new("RGB", (width, 50), "white")
        page.paste("black", (5, 5, 30, 30))
        page.save(folder / f"{width}.png")
    run(store, FragileReader(62), settings, folder, [])
    # then it alone has no words, and each other one has its own
    failures = [(Path(f.path).name, f.step, f.reason) for f in store.failures()]
    assert failures == [("62.png", "ocr", "HostDied")]
    for width in (60, 61, 63, 64):
        (hit,) = store.match_words(f'"width {width}"', Filters(), 10)
        (ref,) = store.files(digest=hit.digest)
        assert Path(ref.path).name == f"{width}.png"


def test_a_run_stopped_by_its_listener_keeps_what_was_stored(
    store: Store, settings: Settings, folder: Path
) -> None:
    # given a listener that stops the run in its second stage
    def stop(event: Event) -> None:
        if isinstance(event, FileDone) and event.stage == "read":
            raise Interrupted("stopped")

    with pytest.raises(Interrupted):
        ingest(store, StubModels(), settings, [str(folder)], None, stop)
    # when the run is started again
    events: list[Event] = []
    run(store, StubModels(), settings, folder, events)
    # then nothing that was stored is done again
    assert worked(events) == {"describe": 3}


def test_a_file_is_told_with_all_that_was_stored_beside_it(
    store: Store, settings: Settings, folder: Path
) -> None:
    told: list[tuple[int, int]] = []

    def hear(event: Event) -> None:
        if isinstance(event, FileDone) and event.stage == "describe":
            found = store.results([ref.digest for ref in store.files()]).values()
            told.append((event.done, sum("describe" in results for results in found)))

    ingest(store, StubModels(), settings, [str(folder)], None, hear)
    assert len(told) == 3
    assert all(done == described for done, described in told)


def test_new_bytes_at_a_path_replace_what_was_known_there(
    store: Store, settings: Settings, folder: Path
) -> None:
    run(store, StubModels(), settings, folder, [])
    note = folder / Path(NOTE).name
    note.write_text("# Entirely other words\n\nAbout zeppelins.\n")
    report = run(store, StubModels(), settings, folder, [])
    assert (report.done, report.unchanged) == (1, 2)
    assert [match.text for match in store.match_words("zeppelins")]


def test_a_file_that_moved_is_not_understood_again(
    store: Store, settings: Settings, folder: Path
) -> None:
    run(store, StubModels(), settings, folder, [])
    (folder / "sub").mkdir()
    (folder / Path(NOTE).name).rename(folder / "sub" / "renamed.md")
    events: list[Event] = []
    report = run(store, StubModels(), settings, folder, events)
    assert worked(events) == {}
    assert (report.found, report.unchanged) == (3, 3)
    assert store.files(path=str(folder / "sub" / "renamed.md"))
    assert not store.files(path=str(folder / Path(NOTE).name))


def test_a_file_that_is_gone_is_marked_and_found_no_more(
    store: Store, settings: Settings, folder: Path
) -> None:
    run(store, StubModels(), settings, folder, [])
    (folder / Path(NOTE).name).unlink()
    report = run(store, StubModels(), settings, folder, [])
    assert (report.found, report.unchanged) == (2, 2)
    assert len(store.files()) == 2
    assert len(store.files(include_vanished=True)) == 3


def test_a_photo_unlike_all_others_needs_no_writer(
    store: Store, settings: Settings, folder: Path
) -> None:
    run(store, StubModels(), settings, folder, [])
    photo = store.files(path=str(folder / Path(PHOTOS[0]).name))[0]
    results = store.results([photo.digest])[photo.digest]
    assert results["describe"].outcome == ALONE
