# ruff: noqa: E501 - the sentences stand whole, as people read them
from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.knowledge.files import MAX_BYTES, Broken, File, read_file
from bot.knowledge.models import Barrier, Sources
from tests.knowledge.small import BARRIER, Small

TEXT = BARRIER.format(id="ORG-01", theme="slow-processes", codes=["Different priorities"])


def read(path: Path, text: str | bytes) -> File[Barrier] | Broken:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_file(path, Barrier)


def complaints(path: Path, text: str | bytes) -> list[str]:
    return [f"{problem.line}: {problem.message}" for problem in read(path, text).problems]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ORG-01.yaml"


def test_a_good_file_becomes_a_record_that_knows_its_lines(path: Path):
    file = read(path, TEXT)
    assert isinstance(file, File)
    assert file.problems == ()
    assert file.record.steps("this-week") == ("Look at it.",)
    for loc, words in [
        (("name",), "name:"),
        (("editorial", "effort", "people"), "effort:"),
        (("symptoms", 2), "wednesdays"),
        (("recommendations", 1, "text"), "Mend it"),
        (("recommendations", 1, "nothing"), "- horizon: next-quarter"),
        (("tools", "checked_on"), "checked_on"),
    ]:
        assert file.problem("", *loc).line == TEXT.partition(words)[0].count("\n") + 1, loc


def test_a_problem_reads_as_editors_jump_to_it(path: Path):
    file = read(path, TEXT)
    assert isinstance(file, File)
    assert str(file.problem("mend it", "name")) == f"{path}:2: mend it"


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        pytest.param("tools:", "tool:", 35, 'key "tool" is unknown; did you mean "tools"?', id="misspelt key"),
        pytest.param("name: Trouble ORG-01\n", "", 1, 'key "name" is missing; add it', id="missing key"),
        pytest.param("  one_line: It hurts.\n", "", 9, 'key "one_line" is missing; add it', id="missing inside"),
        pytest.param(
            "    text: Mend it.\n",
            "",
            28,
            'key "text" is missing; add it',
            id="missing in an entry of a list",
        ),
        pytest.param(
            "people: 3",
            "people: 3, zzz: 1",
            14,
            'key "zzz" is unknown; remove it, or use one of: first_step, people',
            id="unknown key with no near one",
        ),
        pytest.param(
            "horizon: this-week",
            "horizon: this week",
            26,
            'horizon "this week" is not one of: this-week, next-quarter; did you mean "this-week"?',
            id="word outside an enumeration",
        ),
        pytest.param("id: ORG-01", "id: ORG1", 1, 'id "ORG1" must look like ORG-08', id="id of no such form"),
        pytest.param(
            "theme: slow-processes",
            "theme: Slow processes",
            4,
            'theme "Slow processes" must look like slow-processes: small letters, digits and single dashes',
            id="name in place of an id",
        ),
        pytest.param("R03", "R3", 38, 'sources entry 2 "R3" must look like R08', id="id in a list"),
        pytest.param(
            "  - ORG-01 hurts on sundays\n",
            "",
            17,
            "symptoms needs 7 entries or more; it has 6",
            id="too few",
        ),
        pytest.param(
            "summary: Something holds ORG-01 back.",
            "summary:",
            3,
            "summary is empty; write it or remove the key",
            id="empty text",
        ),
        pytest.param(
            "summary: Something holds ORG-01 back.",
            "summary: ' '",
            3,
            "summary is empty; write it",
            id="blank text",
        ),
        pytest.param(
            "summary: ",
            f"summary: {'x' * 600} ",
            3,
            "summary has 629 characters; shorten it to 600",
            id="too long",
        ),
        pytest.param(
            "one_line: It hurts.",
            "one_line: no",
            10,
            "one_line is true or false to YAML, not text; put it in quotes",
            id="no, which YAML takes for false",
        ),
        pytest.param(
            "one_line: It hurts.",
            "one_line: 2015",
            10,
            "one_line is a number or date to YAML (2015), not text; put it in quotes",
            id="number for a text",
        ),
        pytest.param(
            "name: Trouble ORG-01",
            "name: [a]",
            2,
            "name must be one text, not a list or mapping",
            id="list for a text",
        ),
        pytest.param(
            "root_causes:\n  - nobody looked",
            "root_causes: nobody looked",
            15,
            "root_causes must be a list, one entry a line after a dash",
            id="text for a list",
        ),
        pytest.param(
            "effort: {first_step: days, people: 3}",
            "effort: days",
            14,
            "effort must be a mapping with keys of its own",
            id="text for a mapping",
        ),
        pytest.param(
            "people: 3",
            "people: many",
            14,
            'people must be a whole number, not "many"',
            id="text for a number",
        ),
        pytest.param("people: 3", "people: 1.5", 14, "people must be a whole number, not 1.5", id="part of a person"),
        pytest.param("people: 3", "people: 0", 14, "people is 0; it must be 1 or more", id="number too small"),
        pytest.param("people: 3", "people: 21", 14, "people is 21; it must be 20 or less", id="number too large"),
        pytest.param(
            "2026-11-01",
            "last autumn",
            36,
            'checked_on must be a date such as 2026-11-01, not "last autumn"',
            id="no date",
        ),
        pytest.param(
            "2026-11-01",
            "2026-13-01",
            36,
            '"2026-13-01" looks like a date or number but is none; mend it, or put it in quotes',
            id="thirteenth month",
        ),
        pytest.param(
            "summary:",
            "name: Again\nsummary:",
            3,
            'key "name" is given twice, first on line 2; remove one of them',
            id="key given twice",
        ),
        pytest.param(
            "name: Trouble ORG-01",
            "name: TODO a name",
            2,
            "name is still to be written: TODO a name",
            id="text yet to be written",
        ),
        pytest.param(
            "era: general",
            "era: TODO llm?",
            8,
            "era is still to be written: TODO llm?",
            id="word yet to be chosen",
        ),
        pytest.param(
            "name: T",
            "name: !!binary T",
            2,
            'the tag "binary" is not used here; remove it',
            id="tag of YAML's",
        ),
        pytest.param(
            "name: T", "name: !shell T", 2, 'the tag "!shell" is not used here; remove it', id="tag of others"
        ),
        pytest.param(
            "name: Trouble",
            "name: Trouble: again",
            2,
            'this is not YAML: mapping values are not allowed in this context; put a text that holds ": " in quotes',
            id="colon without quotes",
        ),
        pytest.param(
            "sources: [R01, R03]",
            "sources: [R01, R03\n",
            40,
            "this is not YAML: did not find expected ',' or ']'; check quotes, brackets and indentation here and in the line before",
            id="bracket left open",
        ),
        pytest.param(
            "  - nobody",
            "\t- nobody",
            16,
            "this is not YAML: found character that cannot start any token;"
            " indent with spaces, and put a text that starts with @, ` or % in quotes",
            id="tab",
        ),
        pytest.param(
            "era:",
            "---\nera:",
            8,
            "this is not YAML: but found another document; remove the line with ---",
            id="two documents",
        ),
        pytest.param(
            "name: T",
            "name: \x07T",
            2,
            "a control character is in this line; remove it",
            id="control character",
        ),
        pytest.param(
            "id: ORG-01\nname: Trouble ORG-01",
            "id: &id ORG-01\nname: *id",
            2,
            "aliases (*name) are not used here; write the text out",
            id="alias",
        ),
        pytest.param(
            "name: T",
            f"name: {'[' * 30}T",
            2,
            "lists and mappings are nested more than 20 deep; flatten them",
            id="deep nesting",
        ),
    ],
)
def test_a_mistake_is_named_at_its_line(path: Path, old: str, new: str, line: int, message: str):
    assert old in TEXT
    assert complaints(path, TEXT.replace(old, new, 1)) == [f"{line}: {message}"]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        pytest.param("", 1, "the file is empty; fill it or remove it", id="empty"),
        pytest.param("# nothing yet\n", 1, "the file is empty; fill it or remove it", id="comment only"),
        pytest.param(
            "# a list\n- a\n- b\n",
            2,
            "the file must hold keys and their values (key: value), one a line",
            id="list",
        ),
        pytest.param(b"id: ORG-01\nname: caf\xe9\n", 2, "this line is not UTF-8; save the file as UTF-8", id="Latin-1"),
        pytest.param("x" * (MAX_BYTES + 1), 1, "the file is larger than 1000 kB; split it or shorten it", id="huge"),
    ],
)
def test_what_is_no_record_at_all_is_refused(path: Path, text: str | bytes, line: int, message: str):
    assert isinstance(read(path, text), Broken)
    assert complaints(path, text) == [f"{line}: {message}"]


def test_an_alias_bomb_is_refused_before_it_grows(path: Path):
    bomb = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{f'*a{n - 1}, ' * 9}]\n" for n in range(1, 60))
    started = time.monotonic()
    assert complaints(path, bomb) == ["2: aliases (*name) are not used here; write the text out"]
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_a_pit_of_brackets_is_refused_at_once(path: Path, opening: str):
    started = time.monotonic()
    assert isinstance(read(path, opening * (MAX_BYTES // len(opening) - 1)), Broken)
    assert time.monotonic() - started < 2


def test_a_number_of_a_million_digits_is_just_a_text(path: Path):
    started = time.monotonic()
    assert isinstance(read(path, "id: " + "1:" * 400_000 + "1"), Broken)
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("kind", ["folder", "pipe", "dangling link"])
def test_what_is_no_file_is_refused(path: Path, kind: str):
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to(path.parent / "gone")
    assert isinstance(read_file(path, Barrier), Broken)


def test_a_file_has_all_its_problems_reported(path: Path):
    text = TEXT.replace("era: general", "era: old").replace("days", "years").replace("R03", "3")
    assert [complaint.split(":")[0] for complaint in complaints(path, text)] == ["8", "14", "38"]


def test_one_bad_entry_costs_that_entry_only(small: Small):
    small.edit("sources.yaml", "year: '2020'", "year: 2020")
    file = read_file(small.path / "sources.yaml", Sources)
    assert isinstance(file, File)
    assert len(file.problems) == 1
    assert [source.id for source in file.record.sources] == ["R02", "R03"]
    assert file.problem("", "sources", 0).line == small.line("sources.yaml", "id: R02")


PROPERTY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@PROPERTY
@given(raw=st.binary())
def test_no_bytes_whatever_raise(path: Path, raw: bytes):
    assert read(path, raw).problems


@PROPERTY
@given(raw=st.binary(max_size=12), at=st.integers(0, len(TEXT)), length=st.integers(0, 40))
def test_no_damage_to_a_good_file_raises(path: Path, raw: bytes, at: int, length: int):
    text = TEXT.encode()
    result = read(path, text[:at] + raw + text[at + length :])
    assert result.problems or isinstance(result, File)
    assert all(1 <= problem.line <= 200 and "\n" not in problem.message for problem in result.problems)


YAML_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@PROPERTY
@given(value=YAML_VALUES, key=st.sampled_from(sorted(Barrier.model_fields)))
def test_no_value_in_a_wrong_place_raises(path: Path, value: object, key: str):
    document = {**yaml.safe_load(TEXT), key: value}
    result = read(path, yaml.safe_dump(document, allow_unicode=True))
    assert result.problems or isinstance(result, File)
