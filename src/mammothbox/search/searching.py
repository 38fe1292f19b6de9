"""What a library can find: the part of its façade that this package answers for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from mammothbox.arrays import Pixels
from mammothbox.records import FileRef, Kind
from mammothbox.search.finding import KeptWords, SearchAnswer, SearchModels, search
from mammothbox.search.likeness import like_picture, similar
from mammothbox.store import Filters

if TYPE_CHECKING:
    from mammothbox.store import Store


class Searching:
    """By a sentence, by a file, by a picture; mixed into `library.Library`."""

    store: Store

    @property
    def models(self) -> SearchModels:
        """The models, opened when first asked for."""
        raise NotImplementedError

    def ref(self, path: str) -> FileRef:
        """The file at `path` as the library knows it."""
        raise NotImplementedError

    def _picture(self, path: str) -> Pixels:
        raise NotImplementedError

    @cached_property
    def _kept_words(self) -> KeptWords | None:
        """None on a server, where it costs more to see whether anything was written."""
        return KeptWords() if self.store.backend.local else None

    def search(
        self,
        query: str,
        *,
        kinds: Sequence[Kind] = (),
        since: str = "",
        until: str = "",
        tags: Sequence[str] = (),
        folder: str = "",
        language: str = "",
        limit: int = 20,
        words_only: bool = False,
    ) -> SearchAnswer:
        """Files that fit the query best, each with its reasons; see `mammothbox.search`."""
        filters = Filters(tuple(kinds), since, until, tuple(tags), folder, language)
        asked = (self.store, self.models, query, filters, limit)
        return search(*asked, words_only=words_only, kept=self._kept_words)

    def similar(self, path: str, *, limit: int = 20) -> SearchAnswer:
        """Files that look or read like the one at `path`.

        Raises:
            NotFound: the library knows no such file.
        """
        return similar(self.store, self.models, self.ref(path), limit)

    def search_picture(self, path: str, *, limit: int = 20) -> SearchAnswer:
        """Files that look like the picture in a file that need not be in the library.

        Raises:
            InputError: the file does not decode as a picture.
        """
        return like_picture(self.store, self.models, self._picture(path), limit)
