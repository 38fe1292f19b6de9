"""SQLite: one file, words by FTS5, vectors in flat files beside it; the default, and never slower
for what other engines need."""
