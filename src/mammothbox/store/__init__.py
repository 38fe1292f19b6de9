"""The library on disk, behind one class: `open_store` gives a `Store`."""

from mammothbox.store.copying import Copied
from mammothbox.store.counts import Counts, owned_files
from mammothbox.store.duplicates import NearPair
from mammothbox.store.filters import Filters, normal_tag
from mammothbox.store.found import Near, Space, WordMatch
from mammothbox.store.opening import open_store
from mammothbox.store.pending import MOST_AMONG
from mammothbox.store.people import Tag
from mammothbox.store.problems import Problem
from mammothbox.store.results import Failure
from mammothbox.store.session import OnCall
from mammothbox.store.store import Store

__all__ = [
    "MOST_AMONG",
    "Copied",
    "Counts",
    "Failure",
    "Filters",
    "Near",
    "NearPair",
    "OnCall",
    "Problem",
    "Space",
    "Store",
    "Tag",
    "WordMatch",
    "normal_tag",
    "open_store",
    "owned_files",
]
