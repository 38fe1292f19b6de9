"""What the processor can do, as far as results or speed depend on it.

Place in the flow: sessions and `doctor` ask here. Linux says it in ``/proc/cpuinfo``; elsewhere
no instruction set is known, and what depends on one is done the sure way.
"""

from __future__ import annotations

import platform
from collections.abc import Set
from functools import cache
from pathlib import Path

_INFO = Path("/proc/cpuinfo")


@cache
def features() -> frozenset[str]:
    """Names of the first core's instruction sets as the kernel spells them, such as ``avx2``; empty
    where it does not tell."""
    try:
        text = _INFO.read_text()
    except OSError:
        return frozenset()
    lines = [line for line in text.splitlines() if line.startswith(("flags", "Features"))]
    return frozenset(lines[0].partition(":")[2].split()) if lines else frozenset()


def sums_overflow(known: Set[str]) -> bool:
    """Whether two products of a byte and a signed byte are summed in 16 bits, which they can exceed
    (``vpmaddubsw``): so on x86-64, unless VNNI, which sums in 32 bits, is among the `known`."""
    x86 = platform.machine().lower() in ("x86_64", "amd64")
    return x86 and not known & {"avx512_vnni", "avx_vnni"}
