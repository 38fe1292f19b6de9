"""Looking through a library: the list of everything, pictures of it, forms that a browser plays.

    Store + Decoder → Listing, previews on disk, one file's sheet → library → interfaces

Knows nothing of HTTP. `Browsing` is the part of the library's façade that this package answers for.
"""

from mammothbox.browse.browsing import Browsing
from mammothbox.browse.snapshot import Snapshot, encode_cursor
from mammothbox.browse.sources import inside
from mammothbox.store import Filters

__all__ = ["Browsing", "Filters", "Snapshot", "encode_cursor", "inside"]
