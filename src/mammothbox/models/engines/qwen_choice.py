"""Which token comes next: the most probable one, or one by chance, within a form.

Place in the flow: each answer of the small writer has one `Choice`. Knows nothing of the network,
of spelling or of requests.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from mammothbox.errors import UsageError

Floats = npt.NDArray[np.float32]


class Choice:
    """Chooses the tokens of one answer from scores.

    Args:
        tokens: how many there are; scores of further ones mean nothing.
        ends: tokens that end an answer.
        form: a matcher that every token must fit, or None.
        temperature: 0 for the most probable token.
        top_p: only the most probable tokens that together have this share, over 0 to 1.
        seed: of the chance, or None.
    """

    def __init__(
        self,
        tokens: int,
        ends: frozenset[int],
        form: Any,
        temperature: float = 0.0,
        top_p: float = 1.0,
        seed: int | None = None,
    ) -> None:
        self._tokens, self._ends, self._form = tokens, ends, form
        self._temperature, self._top_p = temperature, top_p
        self._chance = np.random.default_rng(seed)

    def next(self, scores: Floats) -> int | None:
        """The token, or None where the answer ends.

        Raises:
            UsageError: the form allows nothing more and is not fulfilled.
        """
        scores = scores[: self._tokens]
        token = int(scores.argmax())
        if self._temperature > 0:
            token = self._drawn(self._fitting(scores))
        elif self._form is not None and not self._fits(token):
            token = int(self._fitting(scores).argmax())
        if token in self._ends:
            if self._form is not None and not self._form.is_accepting():
                raise UsageError("the writer refuses: nothing fits the schema")
            return None
        if self._form is not None and not self._form.consume_token(token):
            raise UsageError(f"the writer refuses: the schema: {self._form.get_error()}")
        return token

    @property
    def finished(self) -> bool:
        """Nothing may follow."""
        return self._form is not None and bool(self._form.is_stopped())

    def _fits(self, token: int) -> bool:
        """Asked of one token, this is much quicker than a mask of all."""
        if token in self._ends:
            return bool(self._form.is_accepting())
        return bool(self._form.validate_tokens([token]))

    def _fitting(self, scores: Floats) -> Floats:
        if self._form is None:
            return scores
        allowed = np.frombuffer(self._form.compute_logit_bias(), np.uint8)[: len(scores)]
        return np.where(allowed > 0, scores, np.float32(-np.inf))

    def _drawn(self, scores: Floats) -> int:
        """By chance, within the most probable ones (Holtzman et al. 2020)."""
        shares = np.exp((scores - scores.max()).astype(np.float64) / self._temperature)
        shares /= shares.sum()
        order = np.argsort(-shares)
        inside = int(np.searchsorted(np.cumsum(shares[order]), self._top_p)) + 1
        best = order[:inside]
        return int(self._chance.choice(best, p=shares[best] / shares[best].sum()))
