from __future__ import annotations

import json
from pathlib import Path

from bot.knowledge import packaged_knowledge, schemas, stale_schemas, write_schemas


def test_every_kind_of_file_has_a_schema():
    assert sorted(schemas()) == [
        f"{name}.json" for name in ("banned_claims", "barrier", "plays", "questions", "scope", "sources", "themes")
    ]
    barrier = json.loads(schemas()["barrier.json"])
    assert barrier["additionalProperties"] is False
    assert barrier["properties"]["provenance"]["enum"] == [
        "study-code",
        "related",
        "extension",
        "organisation",
    ]
    assert barrier["properties"]["symptoms"]["minItems"] == 7


def test_what_was_written_is_not_stale(tmp_path: Path):
    assert stale_schemas(tmp_path) == list(schemas())
    write_schemas(tmp_path)
    assert stale_schemas(tmp_path) == []


def test_a_changed_or_lost_schema_is_stale(tmp_path: Path):
    write_schemas(tmp_path)
    plays = tmp_path / "schema/plays.json"
    plays.write_text(plays.read_text(encoding="utf-8").replace("minutes", "hours"), encoding="utf-8")
    (tmp_path / "schema/scope.json").unlink()
    assert stale_schemas(tmp_path) == ["scope.json", "plays.json"]
    write_schemas(tmp_path)
    assert stale_schemas(tmp_path) == []


def test_the_schemas_that_we_ship_are_current():
    assert stale_schemas(packaged_knowledge()) == []
