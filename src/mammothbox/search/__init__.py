"""Query → fused words and vectors → hits with reasons."""

from mammothbox.search.finding import KeptWords, SearchAnswer, SearchModels, search
from mammothbox.search.likeness import like_picture, similar

__all__ = ["KeptWords", "SearchAnswer", "SearchModels", "like_picture", "search", "similar"]
