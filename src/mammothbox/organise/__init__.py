"""Arrange a folder: a plan one can read, edit and trust; apply it; undo it.

    items → plan (pure) → YAML → apply (journal, port) → undo

Example:
    >>> from mammothbox.organise import Move
    >>> Move("IMG_1.jpg", "Dogs/IMG_1.jpg").folder
    'Dogs'
"""

from mammothbox.organise.plan import UNSORTED, Folder, Move, Plan

__all__ = ["UNSORTED", "Folder", "Move", "Plan"]
