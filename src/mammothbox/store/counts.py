"""What `status` and `purge` say: how much of everything there is, and where it lies on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, func, select

from mammothbox.store.place import LOCK_NAME
from mammothbox.store.schema import FILES, PASSAGES, RESULTS, VECTORS
from mammothbox.store.sqlite.database import DATABASE_NAME
from mammothbox.store.sqlite.nearest import FOLDER


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a library holds.

    Attributes:
        files: paths that are there; vanished: paths marked as gone.
        bytes: size of the files that are there, together.
        kinds: kind → paths.
        steps: step → outcome (``done``, ``skipped``, ``failed``) → contents that are there.
        passages, vectors: rows in the indexes.
    """

    files: int
    vanished: int
    bytes: int
    kinds: dict[str, int]
    steps: dict[str, dict[str, int]]
    passages: int
    vectors: int


def counts(connection: Connection) -> Counts:
    """Count everything."""
    live = FILES.c.vanished_at.is_(None)
    by_kind = select(FILES.c.kind, func.count(), func.sum(FILES.c.size)).where(live)
    kinds = connection.execute(by_kind.group_by(FILES.c.kind)).all()
    outcomes = (
        select(RESULTS.c.step, RESULTS.c.outcome, func.count(RESULTS.c.digest.distinct()))
        .where(RESULTS.c.digest.in_(select(FILES.c.digest).where(live)))
        .group_by(RESULTS.c.step, RESULTS.c.outcome)
    )
    steps: dict[str, dict[str, int]] = {}
    for step, outcome, number in connection.execute(outcomes):
        steps.setdefault(step, {})[outcome] = number
    gone = select(func.count()).select_from(FILES).where(FILES.c.vanished_at.is_not(None))
    return Counts(
        files=sum(row[1] for row in kinds),
        vanished=connection.scalar(gone) or 0,
        bytes=sum(int(row[2]) for row in kinds),
        kinds={row[0]: row[1] for row in kinds},
        steps=steps,
        passages=connection.scalar(select(func.count()).select_from(PASSAGES)) or 0,
        vectors=connection.scalar(select(func.count()).select_from(VECTORS)) or 0,
    )


def owned_files(directory: Path) -> list[Path]:
    """Every file a library wrote into its directory, and nothing else that may lie there."""
    names = [DATABASE_NAME + tail for tail in ("", "-wal", "-shm", "-journal")] + [LOCK_NAME]
    found = [directory / name for name in names]
    found += sorted((directory / "previews").glob("??/*"))
    found += sorted((directory / "plans").glob("*.yaml"))
    found += [directory / "token.sha256"]
    vectors = directory / FOLDER
    for pattern in ("*.f32", "*.f16", "*.ids", "*.json", "*.json.new", "append.lock"):
        found += sorted(vectors.glob(pattern))
    return [path for path in found if path.is_file()]
