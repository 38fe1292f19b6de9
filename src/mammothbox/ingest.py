"""One run of the main job: scan, count, understand, report.

Used by the library's `ingest`, `retry` and `watch`. Knows no interface: it speaks in events.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from time import perf_counter

from mammothbox import settled
from mammothbox.decode import Decoder
from mammothbox.errors import NotFound
from mammothbox.events import Counted, IngestReport, OnEvent, Scanned
from mammothbox.memory import MemoryMeter, used_bytes
from mammothbox.models import Models
from mammothbox.records import Digest, Failed, FileRef, Kind, Result, Skipped
from mammothbox.scan import Excluded, Found, Known, ScanEvent, Seen, scan
from mammothbox.settings import Settings
from mammothbox.store import Problem, Store
from mammothbox.understand import told
from mammothbox.understand.pipeline import Pipeline, Ran
from mammothbox.understand.stages import Tools
from mammothbox.understand.steps import STAGES, STEPS
from mammothbox.understand.work import count, describe_mode

RECORD_EVERY = 1000
"""Files per transaction while scanning."""


@dataclass(slots=True)
class _Scan:
    """What a scan met.

    Attributes:
        roots: what was scanned; empty when the run is about other files than those below them.
        found: every file, in the order of the walk.
        problems: paths left alone or not readable.
        excluded: reason → how many were left alone for it.
        quiet: nothing is new, changed or gone.
    """

    roots: Sequence[str]
    found: list[Found] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    excluded: Counter[str] = field(default_factory=Counter)
    quiet: bool = False


def ingest(
    store: Store,
    models: Models,
    settings: Settings,
    paths: Sequence[str],
    limit: int | None,
    on_event: OnEvent,
    context: str | None = None,
) -> IngestReport:
    """See `Library.ingest`."""
    begin = perf_counter()
    models.require(room=not settings.redis_url)
    roots = [str(Path(path).expanduser().absolute()) for path in paths]
    for root in roots:
        if not Path(root).exists() and not Path(root).is_symlink():
            raise NotFound(f"{root} does not exist")
    if context is not None and told.tell(store, roots, context):
        settled.remove(store)
    met = _scan(store, roots, limit, on_event)
    return _understand(store, models, settings, met, begin, on_event)


def retry(store: Store, models: Models, settings: Settings, on_event: OnEvent) -> IngestReport:
    """See `Library.retry`."""
    begin = perf_counter()
    models.require(room=not settings.redis_url)
    paths = sorted({failure.path for failure in store.failures()})
    unread = [problem.path for problem in store.problems("failed")]
    settled.remove(store)
    store.forget_failures()
    met = _scan(store, [path for path in unread if Path(path).exists()], None, on_event)
    met.roots, met.quiet = (), False
    for path in paths:
        met.found += [Found(r.path, Known(*_known(r)), "unchanged") for r in store.files(path=path)]
    return _understand(store, models, settings, met, begin, on_event)


def _known(ref: FileRef) -> tuple[int, int, Kind, str, Digest]:
    return ref.size, ref.mtime_ns, ref.kind, ref.mime, ref.digest


@contextmanager
def _no_collecting() -> Iterator[None]:
    """No garbage collection: it would look at every event of a large scan again and again."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@_no_collecting()
def _scan(store: Store, roots: Sequence[str], limit: int | None, on_event: OnEvent) -> _Scan:
    met = _Scan(roots)
    fresh: list[FileRef] = []
    others: list[ScanEvent] = []
    unchanged = changed = 0
    known = store.known(roots)
    for event in scan(roots, known, limit):
        if isinstance(event, Found):
            met.found.append(event)
            if event.change == "unchanged":
                unchanged += 1
            else:
                changed += 1
                fresh.append(event.ref)
            if len(met.found) % RECORD_EVERY == 0:
                on_event(Scanned(len(met.found)))
            if len(fresh) >= RECORD_EVERY:
                _record(store, fresh)
                fresh = []
            continue
        others.append(event)
        if isinstance(event, Excluded):
            met.excluded[event.reason] += 1
            met.problems.append(Problem(event.path, "skipped", "", event.reason))
        else:
            met.problems.append(Problem(event.path, "failed", event.error, event.message))
    _record(store, fresh)
    store.record_files((), roots)
    store.replace_problems(roots, met.problems)
    gone = (
        unchanged < len(known)
        and limit is None
        and _sweep(store, roots, [*met.found, *others], known)
    )
    met.quiet = not changed and not gone and limit is None
    return met


def _record(store: Store, fresh: Sequence[FileRef]) -> None:
    if fresh:
        settled.remove(store)
        store.record_files(fresh)


def _sweep(
    store: Store, roots: Sequence[str], met: Iterable[ScanEvent], known: Iterable[str]
) -> bool:
    """Mark what is gone; whether anything was. What could not be looked into is not gone."""
    seen = Seen()
    for event in met:
        seen.add(event)
    return sum(store.sweep(root, seen, known) for root in roots) > 0


def _understand(
    store: Store,
    models: Models,
    settings: Settings,
    met: _Scan,
    begin: float,
    on_event: OnEvent,
) -> IngestReport:
    mode = describe_mode(settings)
    cards = models.cards()
    outcomes = Counter(problem.outcome for problem in met.problems)
    note = settled.note_of(settled.authors(cards, mode), met.roots, len(met.found), outcomes, {})
    before = settled.read(store) if met.quiet else None
    kinds = Counter(event.known.kind for event in met.found)
    if before is not None and before.fits(note):
        on_event(Counted(kinds, met.excluded, dict.fromkeys(STAGES, 0), {}))
        return _told(before.counts(), perf_counter() - begin, used_bytes(), None)
    among = {event.known.digest for event in met.found}
    todo = count(store, cards, mode, among)
    on_event(Counted(kinds, met.excluded, todo, estimate(store, todo)))
    with MemoryMeter() as memory:
        pipeline = _run(store, models, settings, among, on_event, memory)
    by_kind = _by_kind(store, met, pipeline.worked)
    if met.roots and not any(count(store, cards, mode, None).values()):
        settled.keep(store, replace(note, by_kind=by_kind))
    return _told(by_kind, perf_counter() - begin, memory.peak, pipeline)


def _run(
    store: Store,
    models: Models,
    settings: Settings,
    among: set[Digest],
    on_event: OnEvent,
    memory: MemoryMeter,
) -> Ran:
    """All stages over `among`: by the workers where there is a queue, else here."""
    if settings.redis_url:
        from mammothbox.workers.following import follow

        return follow(store, models, settings, among, on_event)
    with Decoder(settings) as decoder:
        tools = Tools(store, decoder, models, settings, describe_mode(settings))
        pipeline = Pipeline(tools, models.cards(), on_event, lambda: memory.now)
        pipeline.run(among)
    return pipeline


def estimate(store: Store, todo: Mapping[str, int]) -> dict[str, float]:
    """Stage → seconds, from the mean of what its files took before in this library."""
    seconds = store.step_seconds()
    rates: dict[str, float] = dict.fromkeys(STAGES, 0.0)
    for step in STEPS:
        rates[step.stage] += seconds.get(step.name, 0.0)
    return {stage: number * rates[stage] for stage, number in todo.items() if rates[stage]}


def _by_kind(store: Store, met: _Scan, worked: Container[Digest]) -> dict[str, dict[str, int]]:
    """Kind → how many files are done, unchanged, skipped or failed, each counted once."""
    results = store.results(sorted({event.known.digest for event in met.found}))
    found: dict[str, Counter[str]] = {}
    for event in met.found:
        digest = event.known.digest
        state = _state(results.get(digest, {}), digest in worked)
        found.setdefault(event.known.kind.value, Counter())[state] += 1
    for problem in met.problems:
        found.setdefault(Kind.OTHER.value, Counter())[problem.outcome] += 1
    return {kind: dict(states) for kind, states in sorted(found.items())}


def _told(
    by_kind: Mapping[str, Mapping[str, int]], seconds: float, peak: int, pipeline: Ran | None
) -> IngestReport:
    total: Counter[str] = Counter()
    for states in by_kind.values():
        total.update(states)
    pictures = pipeline.pictures if pipeline else Counter[str]()
    return IngestReport(
        found=total.total(),
        done=total["done"],
        unchanged=total["unchanged"],
        skipped=total["skipped"],
        failed=total["failed"],
        seconds=seconds,
        peak_pss_bytes=peak,
        by_kind=by_kind,
        stage_seconds=pipeline.seconds if pipeline else {},
        ocr_share=pictures["read"] / pictures["seen"] if pictures["seen"] else None,
        postponed=dict(pipeline.postponed) if pipeline else {},
    )


def _state(results: Mapping[str, Result], worked: bool) -> str:
    """One word for a file, each file counted once."""
    outcomes: Collection[object] = [result.outcome for result in results.values()]
    if any(isinstance(outcome, Failed) for outcome in outcomes):
        return "failed"
    facts = results.get("facts")
    if facts is not None and isinstance(facts.outcome, Skipped):
        return "skipped"
    return "done" if worked else "unchanged"
