"""The only door to machine learning: contracts, catalog, weights, hosts, engines, clients, stub.

Importing this package is cheap; engines and web frameworks are imported inside hosts only.
"""

from mammothbox.models.cards import ModelState, describe_models
from mammothbox.models.lease import Models, open_models
from mammothbox.models.pulling import (
    PullProgress,
    PullSize,
    missing,
    pull,
    pull_size,
    remove,
    where,
)

__all__ = [
    "ModelState",
    "Models",
    "PullProgress",
    "PullSize",
    "describe_models",
    "missing",
    "open_models",
    "pull",
    "pull_size",
    "remove",
    "where",
]
