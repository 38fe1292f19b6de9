"""The tables, in SQLAlchemy Core, so that SQLite and PostgreSQL share one schema.

Paths are stored as the bytes the operating system uses, since a name need not be UTF-8. What is
known is keyed by digest; only `FILES` and `ROOTS` know paths. Indexes of words and of nearest
vectors are the engines' own. Texts compare byte by byte in both, whatever the server's language.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeEngine

METADATA = MetaData()


def _short(length: int) -> TypeEngine[str]:
    """Text of at most `length` characters that compares byte by byte, as SQLite's does."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


_TEXT = Text().with_variant(Text(collation="C"), "postgresql")
"""The same of any length."""

_KEY = BigInteger().with_variant(Integer, "sqlite")
"""Row numbers; SQLite makes only INTEGER columns row aliases."""

MIGRATIONS = Table("migrations", METADATA, Column("name", _TEXT, primary_key=True))

META = Table(
    "meta",
    METADATA,
    Column("key", _TEXT, primary_key=True),
    Column("value", _TEXT, nullable=False),
)

ROOTS = Table(
    "roots",
    METADATA,
    Column("path", LargeBinary, primary_key=True),
    Column("device", BigInteger, nullable=False),
    Column("scanned_at", Float, nullable=False),
)
"""Folders that were scanned, and the device number (st_dev) each was on."""

FILES = Table(
    "files",
    METADATA,
    Column("id", _KEY, primary_key=True),
    Column("path", LargeBinary, nullable=False, unique=True),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("kind", _short(16), nullable=False),
    Column("mime", _TEXT, nullable=False),
    Column("digest", _short(64), nullable=False),
    Column("words", _TEXT, nullable=False),
    Column("vanished_at", Float),
    Index("files_digest", "digest"),
    sqlite_autoincrement=True,
)

RESULTS = Table(
    "results",
    METADATA,
    Column("id", _KEY, primary_key=True),
    Column("digest", _short(64), nullable=False),
    Column("step", _short(32), nullable=False),
    Column("model", _TEXT, nullable=False),
    Column("revision", _TEXT, nullable=False),
    Column("outcome", _short(8), nullable=False),
    Column("value", _TEXT),
    Column("error", _TEXT),
    Column("message", _TEXT),
    Column("seconds", Float, nullable=False),
    Column("at", Float, nullable=False),
    UniqueConstraint("digest", "step", "model", "revision", name="results_key"),
    Index("results_outcome", "outcome", "step"),
    sqlite_autoincrement=True,
)
"""`outcome` is done (value: JSON), skipped (message: the reason) or failed (error, message)."""

PASSAGES = Table(
    "passages",
    METADATA,
    Column("id", _KEY, primary_key=True),
    Column("digest", _short(64), nullable=False),
    Column("step", _short(32), nullable=False),
    Column("field", _short(16), nullable=False),
    Column("text", _TEXT, nullable=False),
    Column("words", _TEXT),
    Column("page", Integer),
    Column("start_s", Float),
    Column("end_s", Float),
    Index("passages_owner", "digest", "step"),
    sqlite_autoincrement=True,
)
"""`words` is what the word index holds where that differs from `text`, see `words.indexable`."""

VECTORS = Table(
    "vectors",
    METADATA,
    Column("id", _KEY, primary_key=True),
    Column("digest", _short(64), nullable=False),
    Column("step", _short(32), nullable=False),
    Column("space", _short(16), nullable=False),
    Column("model", _TEXT, nullable=False),
    Column("revision", _TEXT, nullable=False),
    Column("part", Integer, nullable=False),
    Column("page", Integer),
    Column("start_s", Float),
    Column("text", _TEXT, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Index("vectors_owner", "digest", "step"),
    Index("vectors_space", "space", "model", "revision", "id"),
    sqlite_autoincrement=True,
)
"""`vector` is little-endian float16. Ids only grow, none is used twice: `flat` relies on it."""

ITEMS = Table(
    "items",
    METADATA,
    Column("digest", _short(64), primary_key=True),
    Column("taken_at", _TEXT),
    Column("language", _short(16)),
    Column("latitude", Float),
    Column("longitude", Float),
    Column("phash", _short(16)),
)
"""What filters and duplicate search need, copied out of results as they are committed."""

MODEL_TAGS = Table(
    "model_tags",
    METADATA,
    Column("digest", _short(64), primary_key=True),
    Column("step", _short(32), primary_key=True),
    Column("tag", _TEXT, primary_key=True),
    Index("model_tags_tag", "tag"),
)

TAG_EDITS = Table(
    "tag_edits",
    METADATA,
    Column("digest", _short(64), primary_key=True),
    Column("tag", _TEXT, primary_key=True),
    Column("removed", Integer, nullable=False),
    Column("at", Float, nullable=False),
    Index("tag_edits_tag", "tag"),
)
"""What a person said; no result of a model ever touches it."""

NOT_DUPLICATES = Table(
    "not_duplicates",
    METADATA,
    Column("first", _short(64), primary_key=True),
    Column("second", _short(64), primary_key=True),
)
"""Pairs of digests a person told apart, `first` < `second`."""

ANSWERS = Table(
    "answers",
    METADATA,
    Column("prompt", _short(64), primary_key=True),
    Column("text", _TEXT, nullable=False),
    Column("at", Float, nullable=False),
)
"""Answers of models by the digest of the whole prompt, so that a re-run gives the same text."""

PROBLEMS = Table(
    "problems",
    METADATA,
    Column("path", LargeBinary, primary_key=True),
    Column("outcome", _short(8), nullable=False),
    Column("error", _TEXT, nullable=False),
    Column("message", _TEXT, nullable=False),
)
"""Paths of the last scan without content: left alone by a rule (skipped) or unreadable (failed)."""

FIRST_TABLES = (
    META,
    ROOTS,
    FILES,
    RESULTS,
    PASSAGES,
    VECTORS,
    ITEMS,
    MODEL_TAGS,
    TAG_EDITS,
    NOT_DUPLICATES,
    ANSWERS,
    PROBLEMS,
)
"""What migration m001 makes. Later tables belong to later migrations."""
