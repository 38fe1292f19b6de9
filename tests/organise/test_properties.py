"""For any tree and any plan: undo after apply gives back the identical tree."""

import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from mammothbox.organise.apply import apply
from mammothbox.organise.conflicts import in_order, unique_targets
from mammothbox.organise.journal import Journal
from mammothbox.organise.names import collision_key, legal_name, path_problems, problems
from mammothbox.organise.plan import Move, Plan
from mammothbox.organise.port import LocalFiles
from mammothbox.organise.undo import undo

from .trees import contents, picture, plant

PART = st.sampled_from(["a", "b", "A", "ü", "u\u0308", "x.jpg", "x.xmp", "x.mov", "y.JPG", "n o"])
PATH = st.lists(PART, min_size=1, max_size=3).map("/".join)
TARGET = st.one_of(PATH, st.sampled_from(["../up", "CON", "q" * 300, "new/deep/er/z", "B/C"]))


def clash(path, others):
    """Whether a file would lie where another needs a folder."""
    return any(o == path or o.startswith(path + "/") or path.startswith(o + "/") for o in others)


@st.composite
def trees(draw):
    files = {}
    for path in draw(st.lists(PATH, min_size=1, max_size=8, unique=True)):
        if not clash(path, files):
            files[path] = draw(st.binary(max_size=6)) + path.encode()
    return files


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(tree=trees(), data=st.data())
def test_undo_after_apply_is_identity(tree, data):
    base = Path(tempfile.mkdtemp())
    try:
        root = base / "mess"
        plant(root, tree)
        modes = data.draw(st.lists(st.sampled_from([0o600, 0o644, 0o400, 0o755]), min_size=8,
                                   max_size=8))  # fmt: skip
        for path, mode in zip(sorted(tree), modes, strict=False):
            os.chmod(root / path, mode)
        for folder in sorted(path for path in root.rglob("*") if path.is_dir()):
            folder.chmod(data.draw(st.sampled_from([0o700, 0o755, 0o775, 0o2750])))
        root.chmod(data.draw(st.sampled_from([0o700, 0o755, 0o1777])))
        before = picture(root)
        sources = data.draw(st.lists(st.sampled_from(sorted(tree)), min_size=1))
        moves = tuple(Move(source, data.draw(TARGET)) for source in sources)
        mode = data.draw(st.sampled_from(["move", "move", "copy", "link"]))
        journal = Journal(base / "organise.db")
        report = apply(Plan(str(root), (), moves), journal, LocalFiles(), mode=mode)
        event(f"moved {min(report.done, 3)}, refused {min(len(report.refused), 3)}")
        assert set(contents(root)) == set(tree.values())
        if mode == "move":
            assert contents(root) == sorted(tree.values())
        assert undo(journal, LocalFiles()).refused == ()
        journal.close()
        assert picture(root) == before
    finally:
        shutil.rmtree(base)


@given(st.text(max_size=400))
def test_any_text_becomes_a_legal_name(text):
    name = legal_name(text)
    assert problems(name) == []
    assert path_problems(name) == []
    assert legal_name(name) == name


@given(st.lists(st.tuples(st.uuids().map(str), PATH), max_size=30))
def test_targets_become_unique_on_any_file_system(moves):
    chosen = unique_targets(moves)
    assert len({collision_key(path) for path in chosen}) == len(moves)


@given(st.permutations(range(7)), st.integers(0, 7))
def test_moves_are_ordered_so_that_targets_are_free(order, cut):
    moves = {str(n): str(to) if n < cut else f"new{n}" for n, to in enumerate(order)}
    moves = {a: b for a, b in moves.items() if a != b}
    wanted = {b: a for a, b in moves.items()}
    if any(b in {str(n) for n in range(7)} and b not in moves for b in wanted):
        return
    state = {str(n): str(n) for n in range(7)}
    for group in in_order(moves.items()):
        for source, target in group:
            assert target not in state
            state[target] = state.pop(source)
    assert all(state[target] == source for target, source in wanted.items())
