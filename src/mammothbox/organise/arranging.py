"""What a library can do to arrange files: the part of its façade that this package answers for.

What does it is imported when it is asked for: a search in the shell imports this too.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from mammothbox.errors import NotFound

if TYPE_CHECKING:
    from mammothbox.cluster import Family, Item
    from mammothbox.models import Models
    from mammothbox.organise.apply import Report
    from mammothbox.organise.journal import Journal, Run
    from mammothbox.organise.options import PlanOptions
    from mammothbox.organise.plan import Plan
    from mammothbox.organise.worker import Progress
    from mammothbox.settings import Settings
    from mammothbox.store import Store

JOURNAL = "organise.sqlite3"
"""Name of the journal's file in the library's directory."""


@dataclass(frozen=True, slots=True)
class NamedCluster:
    """A group of files as a person sees it.

    Attributes:
        label: what it is called.
        size: files in it.
        cohesion: mean cosine with its centre, 0 to 1.
        family: what most of its files are.
        samples: absolute paths, the most typical first.
        terms: words that set it apart.
    """

    label: str
    size: int
    cohesion: float
    family: Family
    samples: tuple[str, ...]
    terms: tuple[str, ...]


class Arranging:
    """Clusters, plans, and carrying them out; mixed into `library.Library`."""

    settings: Settings
    store: Store

    @property
    def models(self) -> Models:
        """The models, opened when first asked for."""
        raise NotImplementedError

    def clusters(self, folder: str, *, most: int = 40, samples: int = 5) -> list[NamedCluster]:
        """Groups of the files below `folder`, the largest first.

        Raises:
            NotFound: the library knows no files there.
        """
        from mammothbox.cluster import find_clusters
        from mammothbox.organise.asking import Asker
        from mammothbox.organise.naming import names_by_statistics

        root, items = str(Path(folder).absolute()), self._items_below(folder)
        found = find_clusters(items, most)
        names = names_by_statistics(items, found, Asker(self.store, self.models).helpers())
        return [
            NamedCluster(
                name.text,
                len(cluster.members),
                round(cluster.cohesion, 3),
                cluster.family,
                tuple(os.path.join(root, items[m].path) for m in cluster.members[:samples]),
                name.terms,
            )
            for cluster, name in zip(found, names, strict=True)
        ]

    def plan(self, folder: str, options: PlanOptions | None = None) -> Plan:
        """A proposed arrangement of the files below `folder`; moves nothing.

        Raises:
            NotFound: the library knows no files there.
        """
        from mammothbox.organise.asking import Asker
        from mammothbox.organise.options import PlanOptions
        from mammothbox.organise.planner import plan

        options = options or PlanOptions()
        begin = perf_counter()
        asker = Asker(self.store, self.models)
        items = self._items_below(folder)
        with self._journal() as journal:
            verdicts = journal.verdicts()
        alike = [(pair.first, pair.second) for pair in self.store.near_duplicates()]
        root = str(Path(folder).absolute())
        made = plan(root, items, options, asker.helpers(), verdicts, alike)
        asked = asker.asked
        cost = {
            "seconds": round(perf_counter() - begin, 2),
            "writer_calls": asked.calls,
            "writer_remembered": asked.remembered,
            "writer_failed": asked.failed,
            "prompt_tokens_about": asked.characters // 4,
            "longest_prompt_tokens_about": asked.longest // 4,
            "answer_tokens_about": asked.answered // 4,
        }
        return replace(made, cost=cost)

    def check_plan(self, made: Plan) -> Report:
        """What applying the plan would do now; changes nothing and reads no file's bytes."""
        from mammothbox.organise.apply import apply
        from mammothbox.organise.journal import Journal
        from mammothbox.organise.port import LocalFiles
        from mammothbox.organise.rehearsal import Rehearsal

        return apply(made, Journal(None), Rehearsal(LocalFiles()), verify=False)

    def apply_plan(
        self,
        made: Plan,
        *,
        mode: str = "move",
        into: str = "",
        dry_run: bool = False,
        progress: Progress | None = None,
    ) -> Report:
        """Carry out a plan; see `organise.apply.apply`. A dry run withholds the last step."""
        from mammothbox.organise.apply import apply
        from mammothbox.organise.port import LocalFiles

        if dry_run:
            from mammothbox.organise.journal import Journal
            from mammothbox.organise.rehearsal import Rehearsal

            files = Rehearsal(LocalFiles())
            return apply(made, Journal(None), files, mode=mode, into=into, progress=progress)
        with self._journal() as journal:
            report = apply(made, journal, LocalFiles(), mode=mode, into=into, progress=progress)
            _learn(made, report, journal)
            return report

    def resume(self, run: int | None = None, progress: Progress | None = None) -> Report:
        """Go on with a run that was interrupted or stopped, by default the newest."""
        from mammothbox.organise.apply import resume
        from mammothbox.organise.port import LocalFiles

        with self._journal() as journal:
            return resume(journal.run(run).id, journal, LocalFiles(), progress=progress)

    def undo(
        self,
        run: int | None = None,
        paths: Sequence[str] = (),
        progress: Progress | None = None,
    ) -> Report:
        """Give back the tree as it was before a run, or some files of it; see `organise.undo`."""
        from mammothbox.organise.port import LocalFiles
        from mammothbox.organise.undo import undo

        with self._journal() as journal:
            return undo(journal, LocalFiles(), run=run, paths=paths, progress=progress)

    def runs(self) -> tuple[list[Run], dict[str, int]]:
        """All runs, newest first, and how many proposals people accepted and rejected."""
        with self._journal() as journal:
            return journal.runs(), journal.tally()

    def judge(self, made: Plan, folders: Sequence[str] = (), *, accepted: bool = True) -> int:
        """Remember that a person accepts or rejects a plan, or some of its folders.

        Args:
            made: the plan.
            folders: paths in it; none means all but `Unsorted`.
            accepted: the verdict.

        Returns:
            How many files were judged.

        Raises:
            NotFound: the plan has no such folder.
        """
        from mammothbox.organise.plan import UNSORTED

        members = made.members()
        unknown = [path for path in folders if path not in members]
        if unknown:
            raise NotFound(f"the plan has no folder {unknown[0]!r}")
        chosen = folders or [path for path in members if path != UNSORTED]
        verdicts = [
            (move.digest, move.proposed or path, accepted, "", "said")
            for path in chosen
            for move in members[path]
            if move.digest
        ]
        with self._journal() as journal:
            journal.judge(verdicts)
        return len(verdicts)

    def _items_below(self, folder: str) -> list[Item]:
        from mammothbox.organise.intake import items_of

        root = str(Path(folder).absolute())
        items = items_of(self.store, root)
        if not items:
            raise NotFound(f"nothing is known of {root}; begin with: mammothbox ingest {root}")
        return items

    @contextlib.contextmanager
    def _journal(self) -> Iterator[Journal]:
        from mammothbox.organise.journal import Journal

        journal = Journal(self.settings.library / JOURNAL)
        try:
            yield journal
        finally:
            journal.close()


def _learn(made: Plan, report: Report, journal: Journal) -> None:
    """What was carried out as proposed counts as accepted, a line that was moved as rejected."""
    done = {source for source, _ in report.moves}
    journal.judge(
        (move.digest, move.proposed, True, "", "applied")
        if move.folder == move.proposed
        else (move.digest, move.proposed, False, move.folder, "moved")
        for move in made.changes()
        if move.digest and move.proposed and os.path.join(made.root, move.source) in done
    )
