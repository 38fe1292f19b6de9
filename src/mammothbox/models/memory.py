"""How much memory there is, and how much processes take.

Place in the flow: `lease` asks for the budget before loading and for sizes after. On Linux a
process's size is its PSS (memory shared by n processes counts 1/n each); macOS has no PSS, so there
it is the USS (memory that is freed when the process ends). GB is 10^9 bytes.
"""

from __future__ import annotations

from pathlib import Path

MOST = 6_000_000_000
SHARE = 0.6
RESERVE = 800_000_000
"""Kept for the command itself and the decoders."""

_CGROUPS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def machine_bytes() -> int:
    """Memory of the machine, or of the control group if that is less."""
    import psutil

    most: int = psutil.virtual_memory().total
    for name in _CGROUPS:
        try:
            text = Path(name).read_text("ascii").strip()
        except OSError:
            continue
        if text.isdigit():
            most = min(most, int(text))
    return most


def ceiling(memory_bytes: int) -> int:
    """Bytes for everything: as set, or the default where that is 0."""
    return memory_bytes or min(MOST, int(machine_bytes() * SHARE))


def host_budget(memory_bytes: int) -> int:
    """Bytes all hosts together may take, of a ceiling for everything (0: the default ceiling)."""
    most = ceiling(memory_bytes)
    return most - min(RESERVE, most // 3)


def process_bytes(pid: int) -> int:
    """PSS (macOS: USS) of a process; 0 when it is gone."""
    import psutil

    try:
        full = psutil.Process(pid).memory_full_info()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0
    return int(getattr(full, "pss", 0) or full.uss)
