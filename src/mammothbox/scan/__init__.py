"""What is there: walk, kind by content, fingerprint (stat first, BLAKE3 second). Only reads."""

from mammothbox.scan.events import Change, Entry, Excluded, Found, Known, ScanEvent, ScanFailure
from mammothbox.scan.fingerprint import digest_of, kind_of
from mammothbox.scan.scan import scan
from mammothbox.scan.seen import Seen
from mammothbox.scan.walk import walk
from mammothbox.scan.watch import watch

__all__ = [
    "Change",
    "Entry",
    "Excluded",
    "Found",
    "Known",
    "ScanEvent",
    "ScanFailure",
    "Seen",
    "digest_of",
    "kind_of",
    "scan",
    "walk",
    "watch",
]
