"""Models of which some are reached through services."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

from mammothbox.models import Models, open_models
from mammothbox.models.contracts import Captioner, Embedder, ModelCard, Transcriber, Writer
from mammothbox.models.remote.services import NAMES
from mammothbox.models.stub import StubModels
from mammothbox.settings import load_settings
from tests.services.running import running


class Mixed(StubModels):
    """Services where `real` has an endpoint, stubs elsewhere."""

    def __init__(self, real: Models) -> None:
        self.real = real

    def _of(self, contract: str) -> Any:
        return self.real if contract in self.real._services else super()

    def captioner(self) -> AbstractContextManager[Captioner]:
        return self._of("captioner").captioner()

    def embedder(self) -> AbstractContextManager[Embedder]:
        return self._of("embedder").embedder()

    def transcriber(self) -> AbstractContextManager[Transcriber]:
        return self._of("transcriber").transcriber()

    def writer(self) -> AbstractContextManager[Writer]:
        return self._of("writer").writer()

    def cards(self) -> Mapping[str, ModelCard]:
        real = self.real.cards()
        stubs = super().cards()
        return {name: real[name] if name in self.real._services else stubs[name] for name in stubs}

    def away(self) -> Mapping[str, str]:
        return self.real.away()


@contextmanager
def mixed(cache: Path, **settings: Any) -> Iterator[Mixed]:
    """Models with the endpoints of `settings`."""
    with open_models(load_settings({}, cache=cache, leases=cache / "leases", **settings)) as real:
        yield Mixed(real)


@contextmanager
def served(cache: Path) -> Iterator[Mixed]:
    """All four contracts behind services of stubs."""
    with ExitStack() as stack:
        urls = {f"{name}_endpoint": stack.enter_context(running(name)) for name in NAMES.values()}
        yield stack.enter_context(mixed(cache, **urls))
