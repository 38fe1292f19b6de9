"""What is there: walk, kind by content, fingerprint (stat first, BLAKE3 second). Only reads."""

from mammothbox.scan.events import Change, Entry, Excluded, Found, Known, ScanEvent, ScanFailure

__all__ = [
    "Change",
    "Entry",
    "Excluded",
    "Found",
    "Known",
    "ScanEvent",
    "ScanFailure",
]
