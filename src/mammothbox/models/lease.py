"""Leases: models that run while they are needed, within a budget of bytes.

Place in the flow: `open_models` is how the rest of the program gets at models. The `governor`
starts a host within the budget, ending idle ones to make room, and measures it afterwards. Hosts
end with `close`, when idle for long, or with this process. What speaks to a host is imported when
it is asked for: it needs numpy, and a host that was started before loads in the meantime.

Example:
    >>> with open_models(load_settings()) as models, models.captioner() as captioner:
    ...     captioner.caption([pixels])                                    # doctest: +SKIP
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mammothbox.errors import ModelError
from mammothbox.models.cache import Cache
from mammothbox.models.cards import card_of
from mammothbox.models.catalog import CONTRACTS, MODELS, model_for
from mammothbox.models.contracts import (
    Captioner,
    Embedder,
    ModelCard,
    TextEmbedder,
    TextReader,
    Transcriber,
    Writer,
)
from mammothbox.models.governor import Governor, check_room
from mammothbox.models.gpu import gpu_bytes
from mammothbox.models.ledger import Ledger
from mammothbox.models.manifest import AT_ONCE, Model, WeightFile
from mammothbox.models.memory import host_budget, process_bytes
from mammothbox.models.placing import gpu_budget
from mammothbox.models.process import HostProcess, remove_runtime_dir, runtime_dir
from mammothbox.models.remote import Services
from mammothbox.settings import Settings

if TYPE_CHECKING:
    from mammothbox.models.channel import Channel
    from mammothbox.models.client import Looks

CONTEXT_TOKENS = 8192


class _Host:
    """One engine's process and what speaks to it."""

    def __init__(self, process: HostProcess, limit_s: float) -> None:
        self.process, self._limit_s = process, limit_s
        self._made: tuple[Channel, Looks] | None = None
        self._making = threading.Lock()

    @property
    def channel(self) -> Channel:
        """Where requests go."""
        return self._speaking()[0]

    @property
    def looks(self) -> Looks:
        """What captioner and embedder share."""
        return self._speaking()[1]

    def _speaking(self) -> tuple[Channel, Looks]:
        from mammothbox.models.channel import Channel
        from mammothbox.models.client import Looks

        with self._making:
            if self._made is None:
                channel = Channel(self.process, self.process.engine, self._limit_s)
                self._made = channel, Looks(channel)
            return self._made


class Models:
    """All models of a profile, each leased when needed. For several threads."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._cache = Cache(settings.cache)
        self._folder = runtime_dir()
        self._hosts: dict[str, _Host] = {}
        self._services = Services(settings)
        self._adding = threading.Lock()
        # Settings made by hand name no shared place: then this object keeps accounts for itself.
        shared = settings.leases if settings.leases != Path() else self._folder
        self._governor = Governor(
            Ledger(shared),
            lambda: host_budget(settings.memory_bytes),
            settings.host_timeout_s,
            lambda: gpu_budget(settings),
        )
        # Also when nobody calls close: at exit, or when this object is forgotten.
        self._end = weakref.finalize(self, _end_all, self._hosts, self._folder)

    def __enter__(self) -> Models:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End all hosts."""
        self._end()

    def end_idle(self) -> None:
        """End the hosts that nobody holds, for those who know that they are not needed soon."""
        self._governor.end_idle()

    def cards(self) -> Mapping[str, ModelCard]:
        """Contract name → card, from the catalog alone."""
        return {name: self._card(name) for name in CONTRACTS}

    def away(self) -> Mapping[str, str]:
        """Contract → why its service does not answer now; empty where everything is done here."""
        return self._services.away()

    def require(self, *, room: bool = False) -> None:
        """Make sure that all weights of the profile are on disk.

        Args:
            room: also that each model fits the memory budget; the writer only if it is to describe.

        Raises:
            WeightsMissing: with the command that fetches them.
            DoesNotFit: names every model that is too large.
        """
        local = [name for name in CONTRACTS if name not in self._services]
        parts = {name: self._parts(self._model(name)) for name in local}
        each = dict.fromkeys(part for mine in parts.values() for part in mine)
        self._cache.require(list(each), self._settings.profile)
        if not room:
            return
        if self._settings.describe == "none":
            parts.pop("writer", None)
        sizes = {mine[0].id: estimate(mine, self._cache) for mine in parts.values()}
        check_room(sizes, host_budget(self._settings.memory_bytes))

    def _parts(self, model: Model) -> list[Model]:
        """The model and those whose files its host loads too."""
        return [model, *(MODELS[name] for name in model.needs)]

    def pss_bytes(self) -> int:
        """Memory of all hosts now."""
        return sum(process_bytes(pid) for pid in self.pids().values())

    def gpu_bytes(self) -> int:
        """The GPU's memory that all hosts hold now."""
        return gpu_bytes(*self.pids().values())

    def pids(self) -> dict[str, int]:
        """Engine → process id of the hosts that run."""
        running = {name: host.process.pid for name, host in list(self._hosts.items())}
        return {name: pid for name, pid in running.items() if pid}

    def start(self, contract: str) -> None:
        """Begin to load the model of `contract` without waiting for it; its first user waits less.

        Raises:
            WeightsMissing: weights are not on disk.
        """
        if contract not in self._services:
            with self._lease(contract):
                pass

    @contextmanager
    def captioner(self) -> Iterator[Captioner]:
        """Lease the captioner."""
        if endpoint := self._services.get("captioner"):
            from mammothbox.models.remote.clients import RemoteCaptioner

            yield RemoteCaptioner(endpoint, self._card("captioner"))
            return
        from mammothbox.models.blip_client import BlipClient
        from mammothbox.models.client import CaptionerClient

        with self._lease("captioner") as host:
            card = self._card("captioner")
            asks = self._model("captioner").engine == "blip"
            yield BlipClient(host.channel, card) if asks else CaptionerClient(host.looks, card)

    @contextmanager
    def embedder(self) -> Iterator[Embedder]:
        """Lease the joint embedder."""
        if endpoint := self._services.get("embedder"):
            from mammothbox.models.remote.clients import RemoteEmbedder

            yield RemoteEmbedder(endpoint, self._card("embedder"))
            return
        from mammothbox.models.client import EmbedderClient

        with self._lease("embedder") as host:
            yield EmbedderClient(host.channel, host.looks, self._card("embedder"))

    @contextmanager
    def text_embedder(self) -> Iterator[TextEmbedder]:
        """Lease the text embedder."""
        from mammothbox.models.client import TextEmbedderClient

        with self._lease("text_embedder") as host:
            yield TextEmbedderClient(host.channel, self._card("text_embedder"))

    @contextmanager
    def transcriber(self) -> Iterator[Transcriber]:
        """Lease the transcriber."""
        if endpoint := self._services.get("transcriber"):
            from mammothbox.models.remote.speech import RemoteTranscriber

            yield RemoteTranscriber(endpoint, self._card("transcriber"))
            return
        from mammothbox.models.channel import Channel
        from mammothbox.models.client import TranscriberClient

        with self._lease("transcriber") as host:

            def channel(seconds: float) -> Channel:
                limit = self._settings.host_timeout_s + seconds
                return Channel(host.process, "transcriber", limit)

            yield TranscriberClient(channel, self._card("transcriber"))

    @contextmanager
    def writer(self) -> Iterator[Writer]:
        """Lease the writer."""
        from mammothbox.models.client import WriterClient

        if endpoint := self._services.get("writer"):
            tokens = self._services.context_tokens("writer")
            yield WriterClient(endpoint, self._card("writer"), tokens, AT_ONCE["llama"])
            return
        slots = AT_ONCE[self._model("writer").engine]
        with self._lease("writer") as host:
            yield WriterClient(host.channel, self._card("writer"), CONTEXT_TOKENS, slots)

    @contextmanager
    def reader(self) -> Iterator[TextReader]:
        """Lease the reader (OCR)."""
        from mammothbox.models.client import TextReaderClient

        with self._lease("reader") as host:
            yield TextReaderClient(host.channel, self._card("reader"))

    def _model(self, contract: str) -> Model:
        return model_for(self._settings, contract)

    def _card(self, contract: str) -> ModelCard:
        if contract in self._services:
            return self._services.card(contract)
        return card_of(self._model(contract), self._cache)

    @contextmanager
    def _lease(self, contract: str) -> Iterator[_Host]:
        model = self._model(contract)
        parts = self._parts(model)
        if not model.engine:
            raise ModelError(
                f"{model.id} cannot run in this version; use the lite profile (PROFILE=lite)"
            )
        self._cache.require(parts, self._settings.profile)
        host = self._host(model)
        host.process.first = contract
        with self._governor.lease(host.process, estimate(parts, self._cache), model.gpu_bytes):
            yield host

    def _host(self, model: Model) -> _Host:
        engine = model.engine
        with self._adding:
            if engine not in self._hosts:
                where = "gpu" if model.gpu_bytes else "cpu"
                process = HostProcess(engine, self._settings, self._folder, where)
                self._hosts[engine] = _Host(process, self._settings.host_timeout_s)
            return self._hosts[engine]


def estimate(parts: list[Model], cache: Cache) -> int:
    """Bytes a host of these models will take, from file sizes, before it was ever loaded."""
    main = parts[0]
    files = sum(_size(cache, file) for part in parts for file in part.files)
    return int(files * main.load_factor) + main.load_bytes


def _size(cache: Cache, file: WeightFile) -> int:
    """Of the catalog; of the disk where only the first pull tells."""
    path = cache.path(file)
    return file.size or (path.stat().st_size if path.is_file() else 0)


def _end_all(hosts: dict[str, _Host], folder: object) -> None:
    for host in hosts.values():
        host.process.stop()
    hosts.clear()
    remove_runtime_dir(Path(str(folder)))


def open_models(settings: Settings) -> Models:
    """The models of `settings.profile`; nothing is loaded yet."""
    return Models(settings)
