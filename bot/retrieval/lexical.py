"""Records by their words: SQLite's full-text index with BM25, a file beside the vectors."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from threading import local

from bot.retrieval.hits import Hit

_WORD = re.compile(r"\w+")
MAX_QUERY_WORDS = 64

Row = tuple[str, str, str, str]
"""id, kind, barrier, text."""


def write_lexical_index(file: Path, rows: Iterable[Row]) -> None:
    """Build the index in a new file. Raises sqlite3.Error or OSError when it cannot be written."""
    with closing(sqlite3.connect(file)) as db, db:
        db.execute(
            "create virtual table records using fts5"
            "(id unindexed, kind unindexed, barrier unindexed, text, tokenize = 'porter unicode61')"
        )
        db.executemany("insert into records values (?, ?, ?, ?)", rows)


class LexicalIndex:
    """Reads an index that `write_lexical_index` made; may be used from several threads."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._threads = local()

    def search(self, text: str, limit: int) -> list[Hit]:
        """Find the best `limit` records by BM25; any word of the text may match."""
        words = list(dict.fromkeys(_WORD.findall(text.lower())))[:MAX_QUERY_WORDS]
        if not words:
            return []
        # Each word is quoted, so that nothing of a message is read as a query.
        query = " OR ".join(f'"{word}"' for word in words)
        rows = self._connection().execute(
            "select id, kind, barrier, text, -bm25(records) from records where records match ? "
            "order by bm25(records), id limit ?",
            (query, limit),
        )
        return [Hit(*row, origin="lexical") for row in rows]

    def close(self) -> None:
        if connection := getattr(self._threads, "connection", None):
            connection.close()
            del self._threads.connection

    def _connection(self) -> sqlite3.Connection:
        if not hasattr(self._threads, "connection"):
            uri = f"{self._file.resolve().as_uri()}?mode=ro&immutable=1"
            self._threads.connection = sqlite3.connect(uri, uri=True)
        return self._threads.connection
