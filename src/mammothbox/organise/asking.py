"""The models that naming may ask, with a memory: what was asked once is not computed again.

Vectors of topics and answers of the writer are kept in the store under a digest of the question
and of the model, so the same collection gives the same plan and re-planning loads no model.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from mammothbox.arrays import Vectors
from mammothbox.errors import BadAnswer, LibraryError, ModelError
from mammothbox.models import Models
from mammothbox.models.contracts import Prompt
from mammothbox.organise.naming import Helpers
from mammothbox.store import Store


@dataclass(slots=True)
class Asked:
    """What a plan cost.

    Attributes:
        calls: of the writer, those answered from memory not counted.
        remembered: answers that were kept from earlier.
        failed: calls without a usable answer.
        characters: of the prompts of `calls`; four are about one token.
        longest: characters of the longest of these prompts.
        answered: characters of their answers.
    """

    calls: int = 0
    remembered: int = 0
    failed: int = 0
    characters: int = 0
    longest: int = 0
    answered: int = 0


@dataclass(slots=True)
class Asker:
    """Asks models for one plan; hand `helpers()` to the planner.

    Attributes:
        store: where answers are kept; one opened for reading keeps none.
        models: leased only for what is not remembered.
        asked: counts what was asked.
    """

    store: Store
    models: Models
    asked: Asked = field(default_factory=Asked)

    def helpers(self) -> Helpers:
        """The two functions that naming needs."""
        return Helpers(self.embed, self.ask)

    def embed(self, space: str, texts: Sequence[str]) -> Vectors | None:
        """Vectors of texts in ``joint`` or ``text``; None when the model is not available."""
        contract = "embedder" if space == "joint" else "text_embedder"
        card = self.models.cards()[contract]
        key = _digest("vectors", card.id, card.revision, *texts)
        kept = self.store.answer(key)
        if kept is not None:
            rows = np.frombuffer(base64.b64decode(kept), np.float16)
            return rows.reshape(len(texts), -1).astype(np.float32)
        try:
            found = self._vectors(contract, texts)
        except ModelError:
            return None
        self._keep(key, base64.b64encode(found.astype(np.float16).tobytes()).decode())
        return found

    def _vectors(self, contract: str, texts: Sequence[str]) -> Vectors:
        if contract == "embedder":
            with self.models.embedder() as embedder:
                return embedder.embed_texts(texts)
        with self.models.text_embedder() as reader:
            return reader.embed_texts(texts)

    def ask(self, prompts: Sequence[Prompt]) -> list[dict[str, Any] | None]:
        """Answers of the writer, one call at a time; None in the place of one that failed."""
        card = self.models.cards()["writer"]
        keys = [_digest("plan", card.id, card.revision, json.dumps(asdict(p))) for p in prompts]
        kept = [self.store.answer(key) for key in keys]
        answers = [None if text is None else _object(text) for text in kept]
        new = [place for place, answer in enumerate(answers) if answer is None]
        self.asked.remembered += len(prompts) - len(new)
        if new:
            for place, answer in zip(new, self._write([prompts[p] for p in new]), strict=True):
                answers[place] = answer
                if answer is not None:
                    self._keep(keys[place], json.dumps(answer, ensure_ascii=False))
        return answers

    def _write(self, prompts: Sequence[Prompt]) -> list[dict[str, Any] | None]:
        self.asked.calls += len(prompts)
        lengths = [len(p.system) + len(p.user) for p in prompts]
        self.asked.characters += sum(lengths)
        self.asked.longest = max(self.asked.longest, *lengths)
        try:
            with self.models.writer() as writer:
                answers = writer.write(prompts)
        except ModelError:
            self.asked.failed += len(prompts)
            return [None] * len(prompts)
        self.asked.failed += sum(isinstance(answer, BadAnswer) for answer in answers)
        good = [None if isinstance(answer, BadAnswer) else answer for answer in answers]
        self.asked.answered += sum(len(json.dumps(answer)) for answer in good if answer)
        return good

    def _keep(self, key: str, text: str) -> None:
        try:
            if self.store.writable:
                self.store.keep_answers({key: text})
        except LibraryError:
            return  # costs the next plan time, not its answer


def _object(text: str) -> dict[str, Any] | None:
    value = json.loads(text)
    return value if isinstance(value, dict) else None


def _digest(*parts: str) -> str:
    from blake3 import blake3

    return str(blake3("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest())
