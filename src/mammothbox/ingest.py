"""One run of the main job: scan, count, understand, report.

Used by the library's `ingest`, `retry` and `watch`. Knows no interface: it speaks in events.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

from mammothbox.decode import Decoder
from mammothbox.errors import NotFound
from mammothbox.events import Counted, IngestReport, OnEvent, Scanned
from mammothbox.memory import MemoryMeter
from mammothbox.models import Models
from mammothbox.records import Failed, FileRef, Kind, Result, Skipped
from mammothbox.scan import Excluded, Found, ScanFailure, scan
from mammothbox.settings import Settings
from mammothbox.store import Problem, Store
from mammothbox.understand.pipeline import Pipeline
from mammothbox.understand.stages import Tools
from mammothbox.understand.steps import STAGES, STEPS
from mammothbox.understand.work import count

RECORD_EVERY = 1000
"""Files per transaction while scanning."""


@dataclass(slots=True)
class _Scan:
    """What a scan met."""

    refs: list[FileRef] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    excluded: Counter[str] = field(default_factory=Counter)


def describe_mode(settings: Settings) -> str:
    """``groups``, ``each`` or ``none``: as set, else the profile's own."""
    return settings.describe or ("each" if settings.profile == "full" else "groups")


def ingest(
    store: Store,
    models: Models,
    settings: Settings,
    paths: Sequence[str],
    limit: int | None,
    on_event: OnEvent,
) -> IngestReport:
    """See `Library.ingest`."""
    begin = perf_counter()
    models.require()
    roots = [str(Path(path).expanduser().absolute()) for path in paths]
    for root in roots:
        if not Path(root).exists() and not Path(root).is_symlink():
            raise NotFound(f"{root} does not exist")
    met = _scan(store, roots, limit, on_event)
    return _understand(store, models, settings, met, begin, on_event)


def retry(store: Store, models: Models, settings: Settings, on_event: OnEvent) -> IngestReport:
    """See `Library.retry`."""
    begin = perf_counter()
    models.require()
    paths = sorted({failure.path for failure in store.failures()})
    unread = [problem.path for problem in store.problems("failed")]
    store.forget_failures()
    met = _scan(store, [path for path in unread if Path(path).exists()], None, on_event)
    for path in paths:
        met.refs += store.files(path=path)
    return _understand(store, models, settings, met, begin, on_event)


def _scan(store: Store, roots: Sequence[str], limit: int | None, on_event: OnEvent) -> _Scan:
    met = _Scan()
    fresh: list[FileRef] = []
    known = store.known(roots)
    for event in scan(roots, known, limit):
        if isinstance(event, Found):
            met.refs.append(event.ref)
            if event.change != "unchanged":
                fresh.append(event.ref)
        elif isinstance(event, Excluded):
            met.excluded[event.reason] += 1
            met.problems.append(Problem(event.path, "skipped", "", event.reason))
        elif isinstance(event, ScanFailure):
            met.problems.append(Problem(event.path, "failed", event.error, event.message))
        if len(fresh) >= RECORD_EVERY:
            store.record_files(fresh)
            fresh = []
        if len(met.refs) % RECORD_EVERY == 0:
            on_event(Scanned(len(met.refs)))
    store.record_files(fresh, roots)
    store.replace_problems(roots, met.problems)
    if limit is None:
        unread = {problem.path for problem in met.problems if problem.outcome == "failed"}
        seen = {ref.path for ref in met.refs} | unread
        for root in roots:
            store.sweep(root, seen)
    return met


def _understand(
    store: Store,
    models: Models,
    settings: Settings,
    met: _Scan,
    begin: float,
    on_event: OnEvent,
) -> IngestReport:
    among = {ref.digest for ref in met.refs}
    mode = describe_mode(settings)
    cards = models.cards()
    todo = count(store, cards, mode, among)
    kinds = Counter(ref.kind for ref in met.refs)
    on_event(Counted(kinds, met.excluded, todo, estimate(store, todo)))
    with MemoryMeter() as memory, Decoder(settings) as decoder:
        tools = Tools(store, decoder, models, settings, mode)
        pipeline = Pipeline(tools, cards, on_event, lambda: memory.now)
        pipeline.run(among)
    return _report(store, met, pipeline, perf_counter() - begin, memory.peak)


def estimate(store: Store, todo: Mapping[str, int]) -> dict[str, float]:
    """Stage → seconds, from the mean of what its files took before in this library."""
    seconds = store.step_seconds()
    rates: dict[str, float] = dict.fromkeys(STAGES, 0.0)
    for step in STEPS:
        rates[step.stage] += seconds.get(step.name, 0.0)
    return {stage: number * rates[stage] for stage, number in todo.items() if rates[stage]}


def _report(
    store: Store, met: _Scan, pipeline: Pipeline, seconds: float, peak: int
) -> IngestReport:
    results = store.results(sorted({ref.digest for ref in met.refs}))
    by_kind: dict[str, Counter[str]] = {}
    for ref in met.refs:
        state = _state(results.get(ref.digest, {}), ref.digest in pipeline.worked)
        by_kind.setdefault(ref.kind.value, Counter())[state] += 1
    for problem in met.problems:
        by_kind.setdefault(Kind.OTHER.value, Counter())[problem.outcome] += 1
    total = sum(by_kind.values(), Counter())
    pictures = pipeline.pictures
    return IngestReport(
        found=total.total(),
        done=total["done"],
        unchanged=total["unchanged"],
        skipped=total["skipped"],
        failed=total["failed"],
        seconds=seconds,
        peak_pss_bytes=peak,
        by_kind={kind: dict(states) for kind, states in sorted(by_kind.items())},
        stage_seconds=pipeline.seconds,
        ocr_share=pictures["read"] / pictures["seen"] if pictures["seen"] else None,
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
