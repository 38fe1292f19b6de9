"""Every error that MammothBox raises on purpose, in one tree.

    MammothboxError
    ├── UsageError              the request cannot be carried out as asked; change the request
    │   ├── NotFound            no such file, run, plan or model in this library
    │   └── Interrupted         the person stopped it; the next run goes on from here
    ├── InputError              one file cannot be understood; it is recorded and the run goes on
    │   ├── Unreadable          the operating system refuses the bytes (permission, vanished, I/O)
    │   ├── Unsupported         nothing here decodes this format
    │   ├── Corrupt             the bytes do not decode
    │   ├── Encrypted           a password is needed
    │   ├── TooLarge            over a pixel, page, byte, or duration limit of the settings
    │   ├── DecodeTimeout       decoding took longer than the limit
    │   └── DecodeCrash         the decoding child died (memory limit, crash of a codec)
    ├── ModelError              a model is not available or misbehaves
    │   ├── WeightsMissing      not on disk; the message holds the command that fetches them
    │   ├── WeightsCorrupt      bytes on disk or fetched do not have the expected sha256
    │   ├── DoesNotFit          the model can never fit the memory budget
    │   ├── HostDied            the model's process ended while working
    │   ├── HostTimeout         the model's process did not answer in time
    │   ├── BadAnswer           the model's answer does not fit its contract or schema
    │   └── ServiceAway         a remote service does not answer; the stage is postponed
    ├── LibraryError            the library directory cannot be used as asked
    │   ├── LibraryLocked       another process is writing to it
    │   ├── LibraryUnfit        file system without safe locking (network), or not writable
    │   ├── LibraryTooNew       written by a newer version of MammothBox
    │   ├── DatabaseAway        the database server does not answer, or gave a statement up
    │   └── QueueAway           Redis does not answer
    └── MoveError               a planned move is refused; nothing was changed by it
        ├── StaleMove           the file changed since the plan was made
        ├── TargetExists        something already has the target's name
        └── IllegalMove         the target is outside the folder, or its name is not legal

A leaf names a cause, a branch names a remedy. Each class knows the exit code of the command line
and the HTTP status of the API; a message says what happened, to which file, and what to do next.
"""

from __future__ import annotations

from typing import ClassVar


class MammothboxError(Exception):
    """Root of the tree.

    Attributes:
        exit_code: what the command line exits with (1 to 125).
        http_status: what the API answers with.
    """

    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500

    @property
    def reason(self) -> str:
        """The cause as a stable word for records: the class name, e.g. ``Corrupt``."""
        return type(self).__name__


class UsageError(MammothboxError):
    """The request cannot be carried out as asked."""

    exit_code = 2
    http_status = 400


class NotFound(UsageError):
    """No such file, run, plan or model in this library."""

    http_status = 404


class Interrupted(UsageError):
    """The person stopped the run; what was finished is kept."""

    exit_code = 130
    http_status = 409


class InputError(MammothboxError):
    """One file cannot be understood. Recorded as `Failed` or `Skipped`; never stops a run."""

    exit_code = 3
    http_status = 422


class Unreadable(InputError):
    """The operating system refuses the bytes."""


class Unsupported(InputError):
    """Nothing here decodes this format."""

    http_status = 415


class Corrupt(InputError):
    """The bytes do not decode."""


class Encrypted(InputError):
    """A password is needed."""


class TooLarge(InputError):
    """Over a pixel, page, byte or duration limit of the settings."""

    http_status = 413


class DecodeTimeout(InputError):
    """Decoding took longer than `Settings.decode_timeout_s`."""


class DecodeCrash(InputError):
    """The decoding child died."""


class ModelError(MammothboxError):
    """A model is not available or misbehaves."""

    exit_code = 4
    http_status = 503


class WeightsMissing(ModelError):
    """The weights are not on disk; the message holds the command that fetches them."""


class WeightsCorrupt(ModelError):
    """Bytes on disk or fetched do not have the expected sha256."""


class DoesNotFit(ModelError):
    """The model can never fit the memory budget; the message says what would."""

    http_status = 507


class HostDied(ModelError):
    """The model's process ended while working."""


class HostTimeout(ModelError):
    """The model's process did not answer in time."""

    http_status = 504


class BadAnswer(ModelError):
    """The model's answer does not fit its contract or schema."""

    http_status = 502


class ServiceAway(ModelError):
    """A remote service does not answer; the stage is postponed."""


class LibraryError(MammothboxError):
    """The library directory cannot be used as asked."""

    exit_code = 5
    http_status = 409


class LibraryLocked(LibraryError):
    """Another process is writing to this library."""

    http_status = 423


class LibraryUnfit(LibraryError):
    """The directory is on a network file system, or cannot be written."""


class LibraryTooNew(LibraryError):
    """The library was written by a newer version of MammothBox."""


class DatabaseAway(LibraryError):
    """The database server does not answer, the connection broke, or it gave a statement up."""

    http_status = 503


class QueueAway(LibraryError):
    """Redis, which carries the work to the workers, does not answer."""

    http_status = 503


class MoveError(MammothboxError):
    """A planned move is refused; nothing was changed by it."""

    exit_code = 6
    http_status = 409


class StaleMove(MoveError):
    """The file changed since the plan was made."""


class TargetExists(MoveError):
    """Something already has the target's name."""


class IllegalMove(MoveError):
    """The target is outside the folder, or its name is not legal."""
