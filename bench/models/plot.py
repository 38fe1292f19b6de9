"""Memory over time as a small SVG: no drawing library needed for one line and one limit."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

WIDE, HIGH, LEFT, FOOT = 900, 300, 60, 40
LINE = '<line x1="{}" y1="{}" x2="{}" y2="{}" stroke="{}"/>'
WORD = '<text x="{}" y="{}" font-family="sans-serif" font-size="12" text-anchor="{}">{}</text>'


def write_svg(target: Path, points: Sequence[tuple[float, int]], limit: int, title: str) -> Path:
    """`points` are (seconds, bytes); `limit` is drawn as a line, bytes."""
    last = max(points[-1][0], 1.0)
    top = 1.1 * max(limit, *(size for _, size in points))

    def at(seconds: float, size: float) -> tuple[float, float]:
        across = LEFT + (WIDE - LEFT - 10) * seconds / last
        return round(across, 1), round(HIGH - FOOT - (HIGH - FOOT - 10) * size / top, 1)

    parts = [WORD.format(LEFT, HIGH - 5, "start", title)]
    for gb in range(int(top / 1e9) + 1):
        x, y = at(0, gb * 1e9)
        parts += [WORD.format(x - 8, y + 4, "end", f"{gb} GB")]
        parts += [LINE.format(x, y, WIDE - 10, y, "#ddd")]
    for share in range(5):
        x, y = at(last * share / 4, 0)
        anchor = "end" if share == 4 else "middle"
        parts.append(WORD.format(x, y + 16, anchor, f"{last * share / 4:.0f} s"))
    edge = at(0, limit)[1]
    parts.append(LINE.format(LEFT, edge, WIDE - 10, edge, "#c00"))
    line = " ".join(f"{x},{y}" for x, y in (at(*point) for point in points))
    parts.append(f'<polyline points="{line}" fill="none" stroke="#06c"/>')
    body = "\n".join(parts)
    target.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" '
        f'width="{WIDE}" height="{HIGH}">\n<rect width="100%" height="100%" fill="#fff"/>\n'
        f"{body}\n</svg>\n",
        "utf-8",
    )
    return target
