"""The directory of weights: where a file lies, whether it is there, and keeping it whole.

Place in the flow: `pulling` puts files here through `Cache.admit`, which is the only way in: a file
appears under its name only after its sha256 was checked, by one atomic rename. So presence with the
right size means whole. What is built from weights carries their revision. Knows nothing of networks
or of engines.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from mammothbox.errors import WeightsCorrupt, WeightsMissing
from mammothbox.models.catalog import models_of
from mammothbox.models.manifest import UNPINNED, HubFile, Model, WeightFile
from mammothbox.settings import Settings

BLOCK = 1 << 20


def _seal(graph: Path) -> Path:
    return graph.with_name(f"{graph.name}.built-from")


def sha256_of(path: Path) -> str:
    """The file's sha256, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class Cache:
    """Weights under `root`, shared by all libraries of a user: `root`/models/<model id>/<file>."""

    def __init__(self, root: Path) -> None:
        self.root = root / "models"

    def folder(self, model: Model) -> Path:
        """Directory of a model's files (need not exist)."""
        return self.root / model.id

    def path(self, file: WeightFile) -> Path:
        """Where the file lies or will lie."""
        return self.root / file.model / file.name

    def has(self, file: WeightFile) -> bool:
        """Is the file there with its size? (Its hash was checked when it came.)"""
        try:
            size = self.path(file).stat().st_size
        except OSError:
            return False
        return size == file.size if file.size else size > 0

    def missing(self, models: list[Model]) -> list[WeightFile]:
        """Files of `models` that are not there and still needed."""
        return [
            file
            for model in models
            for file in (*model.files, *(() if self.is_built(model) else self.parts(model)))
            if not self.has(file)
        ]

    def parts(self, model: Model) -> tuple[WeightFile, ...]:
        """The files that the model's index names; none before the index is there.

        Raises:
            WeightsCorrupt: the index is none.
        """
        index = next((file for file in model.files if file.name == model.index), None)
        if index is None or not self.has(index):
            return ()
        from mammothbox.models.graphs.shards import shard_names  # with numpy, for large models only

        (hub,) = (source for source in index.sources if isinstance(source, HubFile))
        return tuple(
            WeightFile(model.id, name, 0, UNPINNED, (replace(hub, path=name),))
            for name in shard_names(self.path(index))
        )

    def revision(self, model: Model) -> str:
        """Changes with the weights and with our code around them; needs no file to be loaded."""
        files = (*model.files, *self.parts(model))
        words = [f"{file.name}={self.pinned(file)}" for file in files]
        seal = hashlib.sha256("\n".join([model.id, *words]).encode()).hexdigest()
        return f"{seal[:12]}.{model.code}"

    def is_built(self, model: Model, graph: str = "") -> bool:
        """Is `graph` (or everything derived) there, from these very weights and this code?"""
        graphs = [self.folder(model) / name for _, name in model.derived if graph in ("", name)]
        wanted = self.revision(model) if all(graph.is_file() for graph in graphs) else ""
        return all(wanted and self._built_from(graph) == wanted for graph in graphs)

    def _built_from(self, graph: Path) -> str:
        note = _seal(graph)
        return note.read_text("ascii") if note.is_file() else ""

    def unseal(self, graph: Path) -> None:
        """`graph` is about to be written."""
        _seal(graph).unlink(missing_ok=True)

    def seal(self, model: Model, graph: Path) -> None:
        """`graph` was built from the weights that are here."""
        _seal(graph).write_text(self.revision(model), "ascii")

    def drop_parts(self, model: Model) -> None:
        """Delete the files that only building needed; their hashes stay."""
        for file in self.parts(model):
            self.path(file).unlink(missing_ok=True)

    def pinned(self, file: WeightFile) -> str:
        """The file's sha256: of the catalog or, if unpinned, of its first pull; "" before that."""
        if file.sha256 != UNPINNED:
            return file.sha256
        note = self._note(file)
        return note.read_text("ascii").strip() if note.is_file() else ""

    def _note(self, file: WeightFile) -> Path:
        return self.path(file).with_name(f"{file.name}.sha256")

    def admit(self, file: WeightFile, fetched: Path) -> None:
        """Check `fetched` (on the same volume) and move it to its place.

        Raises:
            WeightsCorrupt: its sha256 is another one; `fetched` is deleted.
        """
        found, wanted = sha256_of(fetched), self.pinned(file)
        if wanted and found != wanted:
            fetched.unlink()
            raise WeightsCorrupt(
                f"{file.model}/{file.name}: sha256 is {found}, expected {wanted}; deleted"
            )
        target = self.path(file)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not wanted:
            self._note(file).write_text(found + "\n", "ascii")
        with fetched.open("rb") as done:
            os.fsync(done.fileno())
        fetched.replace(target)

    def staging(self) -> Path:
        """Directory for unfinished downloads, on the same volume; made if missing."""
        folder = self.root / ".staging"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @contextmanager
    def lock(self, waiting: Callable[[], None] | None = None) -> Iterator[None]:
        """Hold the cache for writing; calls `waiting` once if another process holds it."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / ".lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if waiting:
                    waiting()
                fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def require(self, models: list[Model], profile: str) -> None:
        """Make sure that all files are there.

        Raises:
            WeightsMissing: with the command that fetches them.
        """
        lacking = self.missing(models)
        if lacking:
            names = ", ".join(sorted({file.model for file in lacking}))
            raise WeightsMissing(
                f"weights are not on disk: {names}; run: mammothbox models pull {profile}"
            )


def lacking_files(settings: Settings) -> list[WeightFile]:
    """Files of the chosen models that are not on disk."""
    return Cache(settings.cache).missing(models_of(settings))
