"""The knowledge folder as the index sees it: what it says, and which of its files changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path

from bot.documents import Documents
from bot.errors import KnowledgeInvalid
from bot.knowledge import Knowledge, Messages, is_overlay, packaged_knowledge, read_knowledge

Fingerprint = Mapping[str, str]
"""File, relative to the knowledge folder -> hash of its bytes."""


@dataclass(frozen=True, slots=True)
class KnowledgeSource:
    """Checked knowledge, the messages to learn from, the state of the files they were read from, and documents."""

    knowledge: Knowledge
    messages: Messages
    fingerprint: Fingerprint
    documents: Documents = field(default_factory=Documents)


def read_source(folder: Path, today: date) -> KnowledgeSource:
    """Raises KnowledgeMissing, or KnowledgeInvalid with every problem in the folder."""
    taken = fingerprint(folder)
    reading = read_knowledge(folder, today)
    if reading.knowledge is None or reading.messages is None:
        raise KnowledgeInvalid(reading.problems, reading.files)
    return KnowledgeSource(reading.knowledge, reading.messages, taken)


def fingerprint(folder: Path) -> Fingerprint:
    """Hash every file that answers depend on, those under an overlay too; empty when there is no such folder."""
    own = _hashed(folder)
    if folder.is_dir() and is_overlay(folder):
        return _hashed(packaged_knowledge()) | {f"overlay/{name}": digest for name, digest in own.items()}
    return own


def _hashed(folder: Path) -> dict[str, str]:
    files = [*folder.glob("*.yaml"), *folder.glob("barriers/*.yaml"), *folder.glob("training/*.jsonl")]
    return {str(file.relative_to(folder)): sha256(file.read_bytes()).hexdigest()[:16] for file in sorted(files)}


def changed_files(before: Fingerprint, after: Fingerprint) -> tuple[str, ...]:
    """Return the names of the files that were added, changed or removed, in order."""
    return tuple(sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name)))
