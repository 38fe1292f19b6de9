"""Words that set a cluster apart from the rest: how many of its files have them, against all.

The class-based TF-IDF of topic models on sets of words a file, so one long text weighs no more
than one photo. Knows nothing of names that folders may have.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

from mammothbox.cluster import Item
from mammothbox.understand.vocabulary import FUNCTION_WORDS

_WORD = re.compile(r"[^\W\d_]{3,20}")
_TEXT_CHARS = 1500


def words_of(item: Item) -> set[str]:
    """The words of one file: labels and tags whole, text word by word."""
    found = {name.lower() for name, share in item.labels if share >= 0.15}
    found.update(tag.lower() for tag in (*item.tags, *item.model_tags))
    text = f"{item.caption} {item.text[:_TEXT_CHARS]}".lower()
    found.update(word for word in _WORD.findall(text) if word not in FUNCTION_WORDS)
    return found


def distinctive_terms(
    items: Sequence[Item], clusters: Sequence[Sequence[int]], keep: int = 6
) -> list[list[str]]:
    """For each cluster (places in `items`) its most telling words, best first."""
    words = [words_of(item) for item in items]
    everywhere = Counter(word for found in words for word in found)
    result = []
    for members in clusters:
        inside = Counter(word for place in members for word in words[place])
        least = max(2, len(members) // 10) if len(members) > 2 else 1
        scores = {
            word: count / len(members) * math.log(1 + len(items) / everywhere[word])
            for word, count in inside.items()
            if count >= least
        }
        result.append(sorted(scores, key=lambda word: (-scores[word], word))[:keep])
    return result


def stem(word: str) -> str:
    """A word without its commonest endings, so that one subject has one form."""
    for ending in ("ing", "ers", "er", "ies", "es", "s", "y", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word[: -len(ending)]
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word
