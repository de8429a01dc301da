from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import LabelledSetInvalid
from bot.evaluation import read_labelled

GOOD = '{"id": "m1", "text": "we wait", "scope": "in", "theme": "slow-processes", "also": ["business-value"], "x": 1}'


def test_lines_are_read_in_order_and_blank_ones_skipped(tmp_path: Path):
    file = tmp_path / "set.jsonl"
    file.write_text(
        f'\ufeff{GOOD}\n\n{{"id": "m2", "text": "hi\u2028there", "scope": "out_far"}}\r\n', encoding="utf-8"
    )
    first, second = read_labelled(file)
    assert first.accepted == {"slow-processes", "business-value"}
    assert (second.id, second.text, second.accepted) == ("m2", "hi\u2028there", frozenset())


@pytest.mark.parametrize(
    ("line", "what"),
    [
        pytest.param("nope", "the line: Invalid JSON", id="no JSON"),
        pytest.param("[1]", "the line: Input should be an object", id="no object"),
        pytest.param('{"id": "a", "scope": "in"}', "text: Field required", id="no text"),
        pytest.param('{"id": "a", "text": "", "scope": "vague"}', "text: String should have", id="empty text"),
        pytest.param('{"id": "a", "text": "\\u200b", "scope": "vague"}', "The message is empty", id="invisible text"),
        pytest.param(f'{{"id": "a", "text": "{"x" * 10_001}", "scope": "vague"}}', "10,001 characters", id="too long"),
        pytest.param('{"id": "a", "text": "b", "scope": "inn"}', "scope: Input should be", id="unknown scope"),
        pytest.param('{"id": "a", "text": "b", "scope": "in"}', "needs its theme", id="in scope without theme"),
        pytest.param(GOOD, "the id m1 was used before", id="an id twice"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, what: str):
    file = tmp_path / "set.jsonl"
    file.write_text(f"{GOOD}\n\n{line}\n", encoding="utf-8")
    with pytest.raises(LabelledSetInvalid) as error:
        read_labelled(file)
    assert str(error.value).startswith(f"{file}:3: ")
    assert what in str(error.value)


@pytest.mark.parametrize(
    ("content", "what"),
    [(None, "No such file"), (b"\xff\xfe", "not UTF-8"), (b"\n\n", "holds no labelled message")],
    ids=["missing", "binary", "empty"],
)
def test_an_unreadable_file_is_named(tmp_path: Path, content: bytes | None, what: str):
    file = tmp_path / "set.jsonl"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(LabelledSetInvalid, match=what):
        read_labelled(file)
