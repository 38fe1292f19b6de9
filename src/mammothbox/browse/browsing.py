"""What a library can do for somebody who looks through it: the façade's part of this package.

What makes pictures is imported when one is asked for: a search in the shell imports this too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mammothbox.browse.sheet import ocr_lines, summaries
from mammothbox.browse.snapshot import Snapshot
from mammothbox.browse.sources import intact
from mammothbox.errors import NotFound, UsageError
from mammothbox.records import Digest, Done, FileRef, Passage, Result
from mammothbox.store import Filters
from mammothbox.store.kept import Kept
from mammothbox.store.listing import Choices, Listed
from mammothbox.understand.values import value_of

if TYPE_CHECKING:
    from mammothbox.browse.previews import Previews
    from mammothbox.models import Models
    from mammothbox.settings import Settings
    from mammothbox.store import Store

PERSON = "person"
"""Step, and model, of what a person said of a content."""

_MOST_CHARS = {"title": 300, "caption": 4000}


class Browsing:
    """Lists, sheets, pictures and a person's words; mixed into `library.Library`."""

    settings: Settings
    store: Store

    @property
    def models(self) -> Models:
        """The models, opened when first asked for."""
        raise NotImplementedError

    def _items(self, refs: Sequence[FileRef]) -> Iterator[dict[str, Any]]:
        raise NotImplementedError

    @cached_property
    def previews(self) -> Previews:
        """Pictures of files and playable forms of recordings."""
        from mammothbox.browse.previews import Previews

        return Previews(self.settings)

    @cached_property
    def _lists(self) -> Kept[Filters, Snapshot]:
        return Kept()

    @cached_property
    def _choices(self) -> Kept[None, Choices]:
        return Kept()

    def listing(self, filters: Filters | None = None) -> Snapshot:
        """Every file that passes the filters, newest first.

        Raises:
            UsageError: a date of the filters does not parse.
        """
        filters = filters or Filters()
        return self._lists.get(self.store, filters, lambda: _snapshot(self.store.listing(filters)))

    def choices(self) -> Choices:
        """What files can be narrowed by, with the number of each."""
        return self._choices.get(self.store, None, self.store.choices)

    def summaries(self, entries: Sequence[Listed]) -> list[dict[str, Any]]:
        """A few words about each entry, for a list."""
        return summaries(self.store, entries)

    def about(self, digest: str) -> dict[str, Any]:
        """Everything known of a content, as `show` tells it, and where its text stands.

        Raises:
            NotFound: the library knows no such content.
        """
        refs = self._refs(digest)
        found = next(self._items(refs[:1]))
        results = self.store.results([refs[0].digest], ("facts", "ocr", PERSON))[refs[0].digest]
        found["said_by_person"] = dict(value_of(results, PERSON))
        found["ocr_lines"] = ocr_lines(results, self.settings.image_side_px)
        return found

    def content(self, digest: str, folders: Sequence[str] = ()) -> FileRef:
        """A path at which the content lies now, in a folder that was scanned or in `folders`.

        Raises:
            NotFound: unknown, gone, changed, or led out of the scanned folders.
        """
        return intact(self._refs(digest), [*folders, *self.store.roots()])

    def say(self, digest: str, *, title: str | None = None, caption: str | None = None) -> None:
        """Remember a person's title or caption; an empty one gives the model's back.

        Raises:
            NotFound: the library knows no such content.
            UsageError: it is too long.
        """
        ref = self._refs(digest)[0]
        before = self.store.results([ref.digest], (PERSON,))[ref.digest]
        said = dict(value_of(before, PERSON))
        for field, text in (("title", title), ("caption", caption)):
            if text is None:
                continue
            if len(text) > _MOST_CHARS[field]:
                raise UsageError(f"a {field} has at most {_MOST_CHARS[field]} characters")
            said[field] = " ".join(text.split())
        said = {field: text for field, text in said.items() if text}
        words = tuple(Passage(field, text) for field, text in said.items())
        self.store.commit([Result(ref.digest, PERSON, PERSON, "1", Done(said), words)])

    def tag_content(
        self, digest: str, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> list[str]:
        """Add and remove tags of a content; returns those in force.

        Raises:
            NotFound: the library knows no such content.
        """
        ref = self._refs(digest)[0]
        self.store.edit_tags(ref.digest, add, remove)
        return [tag.name for tag in self.store.tags([ref.digest])[ref.digest]]

    def keep_upload(self, path: Path, name: str) -> Path:
        """Keep an uploaded file beside the library, equal bytes once; returns where it lies.

        Raises:
            Unsupported: it is no photo, video, sound or document.
            UsageError: the name is none.
        """
        from mammothbox.browse.uploads import keep

        return keep(self.store, self.settings.library, path, name)

    def _refs(self, digest: str) -> list[FileRef]:
        found = self.store.files(digest=Digest(digest))
        if not found:
            raise NotFound(f"the library knows no content {digest[:16]}…")
        return found

    def _close_browsing(self) -> None:
        if "previews" in self.__dict__:
            self.previews.close()


def _snapshot(entries: Sequence[Listed]) -> Snapshot:
    mark = blake2b(digest_size=8)
    for entry in entries:
        mark.update(entry.digest.encode())
        mark.update(entry.when.encode())
    return Snapshot(mark.hexdigest(), entries)
