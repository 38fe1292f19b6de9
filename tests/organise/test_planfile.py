"""The plan as text: what is written is read back, and a person's edits mean what they look like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mammothbox.errors import UsageError
from mammothbox.organise.plan import Folder, Move, Plan
from mammothbox.organise.planfile import dump, parse
from mammothbox.records import Digest

NAME = st.one_of(
    st.text(min_size=1, max_size=12).filter(lambda text: "/" not in text and text != "."),
    st.sampled_from(["2023", "No", "null", "1e5", "- a", "a: b", "#x", "'", '"', "a\nb", "~",
                     "caf\udce9.jpg", "\u202egpj", "👍.png", "0x1F", "2024-01-01", "yes", "{}"]),
)  # fmt: skip


@st.composite
def plans(draw):
    sources = draw(st.lists(NAME, unique=True, max_size=8))
    paths = draw(st.lists(NAME.map(lambda name: name.strip("/")).filter(bool), unique=True,
                          min_size=1, max_size=4))  # fmt: skip
    moves = []
    for source in sources:
        name = draw(st.one_of(st.just(source), NAME))
        mtime = draw(st.integers(-1, 2**62))
        target = f"{draw(st.sampled_from(paths))}/{name}"
        moves.append(Move(source, target, 7, mtime, Digest("ab" * 32)))
    used = dict.fromkeys(move.target.split("/")[0] for move in moves)
    moves.sort(key=lambda move: list(used).index(move.target.split("/")[0]))
    folders = tuple(Folder(path, draw(NAME), 0.5) for path in used)
    return Plan("/home/a b/ü", folders, tuple(moves), {"by": "topic"}, {"calls": 3})


@given(plans())
def test_round_trip(plan):
    assert parse(dump(plan)) == plan


EDITED = """
plan: 1
root: /r
folders:
  Hounds:
    confidence: 0.9
    files:
    - a.jpg
  2023:
    files:
    - b.jpg: better.jpg
    - deep/c.pdf
  Hounds:
    files:
    - d.jpg
  Empty:
    files:
known:
  a.jpg: [1, 2, aa]
"""


def test_edits_of_a_person():
    plan = parse(EDITED)
    assert [(move.source, move.target) for move in plan.moves] == [
        ("a.jpg", "Hounds/a.jpg"), ("b.jpg", "2023/better.jpg"), ("deep/c.pdf", "2023/c.pdf"),
        ("d.jpg", "Hounds/d.jpg")]  # fmt: skip
    assert plan.moves[0].size == 1
    assert plan.moves[1].digest == ""
    assert [folder.path for folder in plan.folders] == ["Hounds", "2023", "Empty"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("plan: [", "not valid YAML"),
        ("- a", "lines of the form"),
        ("plan: 2\nroot: /r", "no plan of version 1"),
        ("root: /r", "plan: missing"),
        ("plan: 1\nroot: here", "names no root"),
        ("plan: 1\nroot: /r\nfolders:\n  A:\n    files: x.jpg", "begin with a dash"),
        ("plan: 1\nroot: /r\nknown:\n  a: [1]", "damaged (line 4)"),
        ("plan: 1\nroot: /r\nfolders:\n  A:\n    files:\n    - [a]", "single value"),
    ],
)
def test_what_is_no_plan_is_refused_with_its_line(text, words):
    with pytest.raises(UsageError, match=words.replace("(", r"\(").replace(")", r"\)")):
        parse(text)
