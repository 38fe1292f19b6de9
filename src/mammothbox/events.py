"""What a run says about itself while it works: small frozen events, for bars, logs and tests.

The core never prints. Whoever starts a run passes a function that takes these events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mammothbox.records import Kind


@dataclass(frozen=True, slots=True)
class Counted:
    """The scan is over.

    Attributes:
        found: files by kind, without excluded ones.
        excluded: reason → files and folders left alone for it.
        todo: stage → files waiting for it.
        estimate_s: stage → seconds it will take, from the rates of earlier runs; a stage without
            earlier runs is missing.
    """

    found: Mapping[Kind, int]
    excluded: Mapping[str, int]
    todo: Mapping[str, int]
    estimate_s: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Scanned:
    """So many files have been seen so far."""

    files: int


@dataclass(frozen=True, slots=True)
class StageStarted:
    """A stage begins with `total` files."""

    stage: str
    total: int


@dataclass(frozen=True, slots=True)
class FileDone:
    """One file went through a stage.

    Attributes:
        stage: ``look``, ``listen``, ``read`` or ``describe``.
        path: the file.
        outcome: ``done``, ``skipped`` or ``failed`` (the worst of its steps in this stage).
        message: why it was skipped or failed, else empty.
        done, total: progress of the stage in files.
        memory_bytes: of all processes together; sampled about once a second.
    """

    stage: str
    path: str
    outcome: str
    message: str
    done: int
    total: int
    memory_bytes: int = 0


@dataclass(frozen=True, slots=True)
class StageFinished:
    """A stage is over; its results are stored."""

    stage: str
    files: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Note:
    """Something worth telling a person, one line."""

    text: str


Event = Counted | Scanned | StageStarted | FileDone | StageFinished | Note
OnEvent = Callable[[Event], None]


def ignore(event: Event) -> None:
    """The listener of those who do not listen."""


@dataclass(frozen=True, slots=True)
class IngestReport:
    """How a run ended. ``found == done + unchanged + skipped + failed``.

    Attributes:
        found: files met, each counted once (paths, not contents).
        done: newly understood, at least one step done and none failed.
        unchanged: nothing was left to do.
        skipped: left out for a reason (excluded formats, empty files).
        failed: at least one step failed.
        seconds: wall time.
        peak_pss_bytes: highest memory of all processes together (proportional set size; on macOS
            unique set size), sampled about once a second.
        by_kind: kind → {done, unchanged, skipped, failed}.
        stage_seconds: stage → seconds.
        postponed: step → why it waits: a service was away. The next run does it.
        ocr_share: share of files with pictures that were sent to OCR, 0 to 1; None without any.
    """

    found: int
    done: int
    unchanged: int
    skipped: int
    failed: int
    seconds: float
    peak_pss_bytes: int
    by_kind: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    stage_seconds: Mapping[str, float] = field(default_factory=dict)
    ocr_share: float | None = None
    postponed: Mapping[str, str] = field(default_factory=dict)
