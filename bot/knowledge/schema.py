"""The JSON Schema that editors read, written from the models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from bot.errors import KnowledgeUnwritable
from bot.knowledge.files import Problem
from bot.knowledge.models import BannedClaims, Barrier, Plays, Questions, Record, Scope, Sources, Themes

SHAPES: dict[str, type[Record]] = {
    "barrier": Barrier,
    "themes": Themes,
    "sources": Sources,
    "questions": Questions,
    "scope": Scope,
    "plays": Plays,
    "banned_claims": BannedClaims,
}


def schemas() -> dict[str, str]:
    """Return the text of each schema by its file's name."""
    return {f"{name}.json": schema(shape) for name, shape in SHAPES.items()}


def schema(shape: type[Record]) -> str:
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", **shape.model_json_schema()}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def write_schemas(folder: Path) -> None:
    """Raises KnowledgeUnwritable where nothing may be written."""
    try:
        (folder / "schema").mkdir(exist_ok=True)
        for name, text in schemas().items():
            (folder / "schema" / name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise KnowledgeUnwritable(folder, error.strerror or str(error)) from error


def stale_schemas(folder: Path) -> list[str]:
    """Return the names of schema files that are missing or not what the models say."""
    current = schemas()
    return [name for name, text in current.items() if not same(folder / "schema" / name, text)]


def same(path: Path, text: str) -> bool:
    return path.is_file() and path.read_bytes() == text.encode()


def schema_problems(folder: Path) -> Iterator[Problem]:
    for name in stale_schemas(folder):
        yield Problem(folder / "schema" / name, 1, "this is not what the models say; write it: triage knowledge schema")
