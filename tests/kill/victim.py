"""One ingest with stub models that ends itself by SIGKILL at a chosen call of the store.

Calls of the store's port are counted from 0, twice a transaction: before it is made durable, and
after. `log` gets a line of JSON for each batch: the (digest, step) that were worked on; at the end,
the number of calls. Without a moment it runs to its end.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mammothbox.ingest import ingest
from mammothbox.models.stub import StubModels
from mammothbox.records import Result
from mammothbox.settings import load_settings
from mammothbox.store import open_store


def run(folder: str, library: str, log: str, moment: int | None, mark: Mapping[str, str]) -> None:
    """The ingest; `mark` is added to the environment, so that its processes can be told."""
    os.environ.update(mark)
    calls = 0

    def on_call(name: str, when: str) -> None:
        nonlocal calls
        if calls == moment:
            os.kill(os.getpid(), signal.SIGKILL)
        calls += 1

    settings = load_settings(library=Path(library), batch_files=5, decoders=1, describe="groups")
    with open_store(settings.library, write=True, on_call=on_call) as store:
        commit = store.commit

        def logged(batch: Sequence[Result]) -> None:
            _write(log, [[result.digest, result.step] for result in batch])
            commit(batch)

        store.commit = logged  # type: ignore[method-assign]
        models: Any = StubModels()
        ingest(store, models, settings, [folder], None, lambda event: None)
    _write(log, calls)


def _write(log: str, value: object) -> None:
    with open(log, "a", encoding="utf-8") as out:
        out.write(json.dumps(value) + "\n")
        out.flush()
        os.fsync(out.fileno())
