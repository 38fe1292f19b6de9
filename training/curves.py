"""Loss curves: numbers in a JSON file and a picture beside it.

Place in the flow: each training step of the recipe owns one `Curve`. The picture needs matplotlib,
which is a training-only extra; without it only the numbers are kept.
"""

from __future__ import annotations

import json
from pathlib import Path


class Curve:
    """Values by epoch; each `add` rewrites `<stem>.json` and `<stem>.png`."""

    def __init__(self, stem: Path) -> None:
        self.stem = stem
        self.points: list[dict[str, float]] = []

    def read(self) -> None:
        """Take up the points of an interrupted run."""
        path = self.stem.with_suffix(".json")
        if path.exists():
            self.points = json.loads(path.read_text())

    def add(self, **values: float) -> None:
        """Keep one point; ``epoch`` is its place on the axis."""
        self.points.append(values)
        self.stem.with_suffix(".json").write_text(json.dumps(self.points, indent=1))
        self._draw()

    def _draw(self) -> None:
        try:
            import matplotlib
        except ImportError:
            return
        matplotlib.use("Agg")
        from matplotlib import pyplot

        names = [name for name in self.points[0] if name != "epoch"]
        figure, axes = pyplot.subplots(1, len(names), figsize=(4 * len(names), 3), squeeze=False)
        for axis, name in zip(axes[0], names, strict=True):
            axis.plot([p["epoch"] for p in self.points], [p[name] for p in self.points], marker=".")
            axis.set(title=name, xlabel="epoch")
            axis.grid(alpha=0.3)
        figure.tight_layout()
        figure.savefig(self.stem.with_suffix(".png"), dpi=90)
        pyplot.close(figure)
