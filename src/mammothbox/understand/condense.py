"""A long text made short for the writer: its beginning, then the sentences that carry most.

Sentences are scored by how often their content words occur in the whole text (Luhn, "The
automatic creation of literature abstracts", IBM Journal, 1958) and given back in their own order.
Reading a prompt is what costs the writer time on a CPU, so this is where seconds are won.

Example:
    >>> condense("Short enough.", 100)
    'Short enough.'
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

_WORD = re.compile(r"\w{3,}")
_SENTENCE = re.compile(r"(?<=[.!?。！？])\s+|\n+")
HEAD_SHARE = 0.4
"""Of the budget: titles, letterheads and dates stand at the beginning."""
COMMON_SHARE = 0.08
"""Words in more than this share of the sentences are function words, in whatever language."""


def condense(text: str, budget: int) -> str:
    """At most `budget` characters of `text`: the head, then the best sentences in their order."""
    text = "\n".join(" ".join(line.split()) for line in text.splitlines() if line.strip())
    if len(text) <= budget:
        return text
    cut = text.rfind(" ", 0, int(budget * HEAD_SHARE))
    head = text[: cut if cut > 0 else int(budget * HEAD_SHARE)]
    sentences = [part.strip() for part in _SENTENCE.split(text[len(head) :]) if part.strip()]
    room = budget - len(head) - 1
    chosen: list[int] = []
    for index in _best_first(sentences):
        if len(sentences[index]) + 1 <= room:
            chosen.append(index)
            room -= len(sentences[index]) + 1
    return "\n".join([head, *(sentences[index] for index in sorted(chosen))])


def _best_first(sentences: Sequence[str]) -> list[int]:
    words = [set(_WORD.findall(sentence.lower())) for sentence in sentences]
    count = Counter(word for group in words for word in group)
    ceiling = max(3, COMMON_SHARE * len(sentences))
    weight = {word: math.log1p(n) for word, n in count.items() if n <= ceiling}
    scores = [
        sum(weight.get(word, 0.0) for word in group) / math.sqrt(len(sentence) + 40)
        for group, sentence in zip(words, sentences, strict=True)
    ]
    return sorted(range(len(sentences)), key=lambda index: -scores[index])
