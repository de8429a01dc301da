"""Sources -> documents with their passages; what was converted once is kept by the hash of its bytes."""

from __future__ import annotations

import os
import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from urllib.parse import quote

from bot.documents.audience import Audience
from bot.documents.converting import NO_TEXT, Converter, Unreadable
from bot.documents.files import CONVERTED, Found, Skipped, found_in
from bot.documents.passages import Passage, split
from bot.documents.sources import Barriers, DocumentSources

MOST_CHARACTERS = 1_000_000
BYTE_ORDER_MARKS = (b"\xff\xfe", b"\xfe\xff")
READER = "1"
"""Counts up when what is made of a document's bytes changes."""

OnRead = Callable[[int, int], None]
"""Called with how many of how many documents are read."""


@dataclass(frozen=True, slots=True)
class Document:
    """`digest` is of its bytes. `link`: where people can open it, if an admin said where its folder is."""

    id: str
    source: str
    title: str
    link: str | None
    audience: Audience
    digest: str
    passages: tuple[Passage, ...]


@dataclass(frozen=True, slots=True)
class Documents:
    """What was read. `links`: what an admin said that documents help with, by their ids."""

    documents: tuple[Document, ...] = ()
    skipped: tuple[Skipped, ...] = ()
    links: Barriers | None = None


class DocumentLibrary:
    """Reads all the documents there are. `cache` is a file that may be removed."""

    def __init__(self, sources: DocumentSources, cache: Path) -> None:
        self.sources = sources
        self._cache = cache

    def read(self, on_read: OnRead = lambda _done, _of: None) -> Documents:
        """Read every document; one that cannot be is skipped, with its reason.

        Raises DocumentsMissing, DocumentSourceInvalid.
        """
        sources = self.sources.all()
        if not sources:
            return Documents()
        found = [each for source in sources for each in found_in(source)]
        documents: list[Document] = []
        skipped = [each for each in found if isinstance(each, Skipped)]
        files = [each for each in found if isinstance(each, Found)]
        with _Converted(self._cache) as converted, Converter() as converter:
            for done, file in enumerate(files, start=1):
                try:
                    documents.append(_read(file, converted, converter))
                except Unreadable as error:
                    skipped.append(Skipped(file.id, str(error)))
                on_read(done, len(files))
            converted.forget_others()
        return Documents(tuple(documents), tuple(skipped), self.sources.links())


def _read(found: Found, converted: _Converted, converter: Converter) -> Document:
    try:
        content = found.file.read_bytes()
    except OSError as error:
        raise Unreadable(f"it cannot be opened: {error.strerror}", lasting=False) from error
    digest = sha256(content).hexdigest()[:32]
    suffix = found.file.suffix.lower()
    text = converted.text(digest, lambda: converter.convert(content, suffix)) if suffix in CONVERTED else _text(content)
    if len(text) > MOST_CHARACTERS:
        raise Unreadable(f"it has {len(text)} characters, and {MOST_CHARACTERS} are the most")
    title, passages = split(text, _named(found.path))
    if not passages:
        raise Unreadable(NO_TEXT)
    source = found.source
    link = f"{source.link.rstrip('/')}/{quote(found.path)}" if source.link else None
    return Document(found.id, source.name, title, link, source.audience, digest, passages)


def _text(content: bytes) -> str:
    encoding = "utf-16" if content.startswith(BYTE_ORDER_MARKS) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unreadable("it is not UTF-8 text; save it as UTF-8") from error
    if "\0" in text:
        raise Unreadable("it is not text")
    return text.replace("\r\n", "\n")


def _named(path: str) -> str:
    """Make a title of a file's name."""
    return " ".join(PurePosixPath(path).stem.replace("_", " ").replace("-", " ").split()).capitalize()


def _made(convert: Callable[[], str]) -> tuple[str, str | None]:
    """Return the text, or nothing and the reason that will be the same another time. Raises Unreadable for others."""
    try:
        return convert(), None
    except Unreadable as error:
        if not error.lasting:
            raise
        return "", str(error)


class _Converted:
    """Texts and lasting reasons by the digest of what they were made from; readable by the owner alone."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._asked: Counter[str] = Counter()
        self._db: sqlite3.Connection | None = None

    def __enter__(self) -> _Converted:
        return self

    def __exit__(self, *_: object) -> None:
        if self._db is not None:
            self._db.close()

    def text(self, digest: str, convert: Callable[[], str]) -> str:
        """Return the text of what has that digest, converted where it was not before. Raises Unreadable."""
        key = f"{READER}:{digest}"
        self._asked[key] += 1
        known = self._opened().execute("select text, reason from texts where key = ?", (key,)).fetchone()
        if known is None:
            known = _made(convert)
            self._keep(key, *known)
        text, reason = known
        if reason is not None:
            raise Unreadable(reason)
        return text

    def forget_others(self) -> None:
        """Forget what no document is made from any more."""
        if self._file.exists() or self._db is not None:
            with self._opened() as db:
                gone = [(key,) for (key,) in db.execute("select key from texts") if key not in self._asked]
                db.executemany("delete from texts where key = ?", gone)

    def _keep(self, key: str, text: str, reason: str | None) -> None:
        with self._opened() as db:
            db.execute("insert or replace into texts values (?, ?, ?)", (key, text, reason))

    def _opened(self) -> sqlite3.Connection:
        if self._db is None:
            try:
                self._db = self._connected()
            except sqlite3.DatabaseError:  # only a cache: a damaged one is begun anew
                self._file.unlink(missing_ok=True)
                self._db = self._connected()
        return self._db

    def _connected(self) -> sqlite3.Connection:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(self._file, os.O_CREAT | os.O_RDWR, 0o600))
        db = sqlite3.connect(self._file)
        db.execute("pragma secure_delete = on")
        db.execute("create table if not exists texts (key text primary key, text text, reason text) without rowid")
        return db
