"""Which contracts are fulfilled by services, and who speaks there.

Place in the flow: `lease` asks for the endpoint of a contract. A service's model is asked for once;
its name is kept on disk, so that results keep their author while the service is away. Knows nothing
of requests' shapes beyond ``/v1/models``.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mammothbox.errors import ModelError, ServiceAway
from mammothbox.models.contracts import ModelCard
from mammothbox.models.remote.endpoint import Endpoint
from mammothbox.settings import Settings

NAMES: Mapping[str, str] = {
    "captioner": "blip",
    "embedder": "clip",
    "transcriber": "whisper",
    "writer": "phi35",
}
"""Contract → the settings' name of its service."""

MEMORY = "services.json"
JOINT = 512
REST_S = 5.0
"""Seconds for which a service that did not answer is taken for away without asking."""

LEAST_CONTEXT = 4096
"""Tokens that are taken for granted where a service does not tell."""


class Services:
    """The endpoints that the settings name."""

    def __init__(self, settings: Settings) -> None:
        self._memory = settings.cache / MEMORY
        self._said: dict[str, dict[str, Any]] = {}
        self._silent: dict[str, tuple[float, ServiceAway]] = {}
        self._lock = threading.Lock()
        self._endpoints = {
            contract: Endpoint(
                f"{name.upper()}_ENDPOINT",
                url,
                getattr(settings, f"{name}_model"),
                getattr(settings, f"{name}_api_key"),
                settings.host_timeout_s,
            )
            for contract, name in NAMES.items()
            if (url := getattr(settings, f"{name}_endpoint"))
        }

    def __contains__(self, contract: object) -> bool:
        return contract in self._endpoints

    def get(self, contract: str) -> Endpoint | None:
        """The endpoint that fulfils `contract`; None where that is done here."""
        return self._endpoints.get(contract)

    def card(self, contract: str) -> ModelCard:
        """Who speaks there: as told, as told on another day, or as the settings name them."""
        endpoint = self._endpoints[contract]
        try:
            said = self._asked(contract)
        except ModelError:
            said = self._remembered().get(f"{endpoint.url} {endpoint.wanted}", {})
        own = said.get("mammothbox")
        own = own if isinstance(own, dict) else {}
        name = str(said.get("id") or endpoint.wanted or f"{NAMES[contract]} of {endpoint.url}")
        dimensions = int(own.get("dimensions") or JOINT) if contract == "embedder" else 0
        languages = tuple(map(str, own.get("languages", ()))) or ("*",)
        answers = contract == "captioner" and bool(own.get("answers", not own))
        revision = str(own.get("revision", "service"))
        return ModelCard(name, revision, dimensions, languages, answers)

    def away(self) -> dict[str, str]:
        """Contract → why its service cannot be asked now; asks each that was not heard yet."""
        found: dict[str, str] = {}
        for contract, endpoint in self._endpoints.items():
            try:
                self._said.pop(contract, None)
                self._silent.pop(contract, None)
                self._asked(contract)
            except ModelError as error:
                found[contract] = str(error)
            except ValueError as error:
                found[contract] = f"{endpoint.name} is not understood: {error}"
        return found

    def context_tokens(self, contract: str) -> int:
        """Prompt and answer together, as far as the service tells."""
        said = self._asked(contract)
        meta = said.get("meta")
        meta = meta if isinstance(meta, dict) else {}
        return int(said.get("max_model_len") or meta.get("n_ctx") or LEAST_CONTEXT)

    def _asked(self, contract: str) -> dict[str, Any]:
        """The service's own entry for the model in use.

        Raises:
            ServiceAway: it does not answer, or has no such model.
        """
        with self._lock:
            if contract in self._said:
                return self._said[contract]
            since, reason = self._silent.get(contract, (-REST_S, None))
            if reason is not None and time.monotonic() - since < REST_S:
                raise reason
            endpoint = self._endpoints[contract]
            try:
                listed = endpoint.models()
            except ServiceAway as error:
                self._silent[contract] = time.monotonic(), error
                raise
            wanted = endpoint.wanted or listed[0].get("id")
            said = next((item for item in listed if item.get("id") == wanted), None)
            if said is None:
                have = ", ".join(str(item.get("id")) for item in listed[:9])
                raise ServiceAway(f"{endpoint.name} has no model {wanted!r}; it has {have}")
            self._said[contract] = said
            self._remember(f"{endpoint.url} {endpoint.wanted}", said)
            return said

    def _remembered(self) -> dict[str, Any]:
        try:
            found = json.loads(self._memory.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _remember(self, key: str, said: dict[str, Any]) -> None:
        all_said = self._remembered()
        if all_said.get(key) == said:
            return
        self._memory.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(f"{self._memory}.new")
        fresh.write_text(json.dumps({**all_said, key: said}), "utf-8")
        fresh.replace(self._memory)
