"""A plan into a tree of one's own, and what it learns from a person's verdicts."""

import numpy as np
import pytest

from mammothbox.errors import UsageError
from mammothbox.organise.naming import Helpers
from mammothbox.organise.options import PlanOptions
from mammothbox.organise.plan import UNSORTED
from mammothbox.organise.planner import plan
from mammothbox.organise.taxonomy import folders_of
from tests.organise.made import SUBJECTS, collection, folders, unit


def test_taxonomy_file():
    assert folders_of("Home: [Dogs, Cats]\nWork:\n  Bills:\n  Letters: [Old]\n") == (
        "Home/Dogs", "Home/Cats", "Work/Bills", "Work/Letters/Old")  # fmt: skip
    for text in ("- ..", "- CON", "", "a: [", "- /../x"):
        with pytest.raises(UsageError):
            folders_of(text)


def test_files_go_only_to_folders_of_the_taxonomy():
    items, truth = collection()
    centres = {}
    for item in items:
        centres.setdefault(truth[item.path], []).append(
            item.looks if item.looks is not None else item.reads
        )
    topics = {f"Mine/{subject}": unit(np.mean(rows, 0)) for subject, rows in centres.items()}

    def embed(space, texts):  # "a photo of dog mine" or "bill mine"
        return np.stack([topics[f"Mine/{text.split()[-2]}"] for text in texts])

    made = plan("/r", items, PlanOptions(taxonomy=tuple(topics)), Helpers(embed=embed))
    assert set(folders(made).values()) <= {*topics, UNSORTED}
    right = sum(folders(made)[path] == f"Mine/{subject}" for path, subject in truth.items())
    assert right / len(truth) > 0.95


def test_a_taxonomy_learns_from_what_a_person_said():
    """Names that say nothing, until a few files of each subject were moved there."""
    items, truth = collection()
    folders_ = ("Box/One", "Box/Two", "Box/Three", "Box/Four")
    chance = np.random.default_rng(9)
    names = np.stack([unit(chance.normal(size=64)) for _ in folders_])
    options = PlanOptions(taxonomy=folders_)
    wanted = dict(zip(SUBJECTS, folders_, strict=True))
    photos = [item for item in items if truth[item.path] in wanted]

    def right(made):
        where = folders(made)
        return sum(where[i.path] == wanted[truth[i.path]] for i in photos) / len(photos)

    helpers = Helpers(embed=lambda space, texts: names)
    untaught = plan("/r", items, options, helpers)
    verdicts = {}
    for item in photos[:12]:
        folder = folders(untaught)[item.path]
        good = wanted[truth[item.path]]
        verdicts[item.digest] = (folder, True, "") if folder == good else (folder, False, good)
    taught = plan("/r", items, options, helpers, verdicts)
    assert right(untaught) < 0.6
    assert right(taught) > 0.95
    assert set(folders(taught).values()) <= {*folders_, UNSORTED}


def test_a_taxonomy_does_not_propose_what_was_rejected():
    items, truth = collection()
    options = PlanOptions(taxonomy=("A", "B", "C"))
    chance = np.random.default_rng(2)
    hounds = [item.looks for item in items if truth[item.path] == "dog"]
    near = unit(unit(np.mean(hounds, 0)) + 3 * unit(chance.normal(size=64)))
    names = np.stack([near, *(unit(chance.normal(size=64)) for _ in "BC")])
    helpers = Helpers(embed=lambda space, texts: names)
    before = folders(plan("/r", items, options, helpers))
    dogs = [item for item in items if truth[item.path] == "dog" and before[item.path] == "A"]
    assert len(dogs) > 10
    verdicts = {item.digest: ("A", False, "") for item in dogs[:5]}
    after = folders(plan("/r", items, options, helpers, verdicts))
    assert all(after[item.path] != "A" for item in dogs[:5])
    assert sum(after[item.path] == "A" for item in dogs) < len(dogs) - 5
