"""Collections of items with known subjects, and what became of them."""

import numpy as np

from mammothbox.cluster import Item
from mammothbox.records import Digest, Kind

SUBJECTS = ["dog", "ski", "boat", "cake"]


def unit(vector):
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def collection(seed=0, each=20):
    """Photos of four subjects and papers of two, under neutral names; (items, truth)."""
    chance = np.random.default_rng(seed)
    items, truth = [], {}
    centres = {subject: unit(chance.normal(size=64)) for subject in [*SUBJECTS, "bill", "letter"]}
    for number in range(each * len(centres)):
        subject = list(centres)[number % len(centres)]
        vector = unit(centres[subject] + 0.06 * chance.normal(size=64))
        path = f"F_{number:04}.jpg"
        common = {"size": number, "mtime_ns": number, "digest": Digest(f"{number:064x}")}
        if subject in SUBJECTS:
            items.append(Item(path, Kind.IMAGE, looks=vector, labels=((subject, 0.9),), **common))
        else:
            items.append(Item(path, Kind.DOCUMENT, reads=vector, text=f"{subject} ", **common))
        truth[path] = subject
    return items, truth


def folders(made):
    return {move.source: move.folder for move in made.moves}


def purity(made, truth):
    groups = {}
    for path, folder in folders(made).items():
        groups.setdefault(folder, []).append(truth[path])
    return sum(max(map(g.count, set(g))) for g in groups.values()) / len(truth)
