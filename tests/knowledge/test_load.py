from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from bot.errors import KnowledgeInvalid, KnowledgeMissing
from bot.knowledge import check_knowledge, load_knowledge, packaged_knowledge, read_knowledge, write_schemas
from tests.knowledge.small import TODAY, Small


def test_the_knowledge_that_we_ship_has_no_problems():
    reading = check_knowledge(packaged_knowledge(), date.today())
    assert [str(problem) for problem in reading.problems] == []


def test_a_whole_folder_is_read(small: Small):
    reading = read_knowledge(small.path, TODAY)
    assert small.problems() == []
    assert reading.knowledge is not None and reading.messages is not None
    assert len(reading.knowledge.barriers) == 11
    assert [source.id for source in reading.knowledge.sources] == ["R01", "R02", "R03"]
    assert reading.knowledge.scope.defaults["far"] == "far-one"
    assert reading.knowledge.theme_of("ORG-03").id == "slow-processes"
    assert reading.messages.contrast[0].looks_like == "cost-and-budget"
    assert reading.files == 11 + 6 + 4


def test_every_problem_is_found_in_one_run(small: Small):
    small.edit("barriers/ORG-01.yaml", "summary: Something", "sumary: Something")
    small.edit("barriers/ORG-02.yaml", "R03", "R99")
    small.edit("barriers/ORG-03.yaml", "id: ORG-03", "id: [ORG-03")
    small.edit("plays.yaml", "ORG-02", "ORG-20")
    small.edit("training/scope.jsonl", "out_far", "outer")
    assert [problem.split(": ")[0] for problem in small.problems()] == [
        "barriers/ORG-01.yaml:1",  # summary is missing
        "barriers/ORG-01.yaml:3",  # sumary is unknown
        "barriers/ORG-02.yaml:38",
        "barriers/ORG-03.yaml:2",
        "plays.yaml:10",
        "training/scope.jsonl:1",
    ]


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        pytest.param("barriers/ORG-01.yaml", "id: ORG-01", "id: [", id="a barrier that is not YAML"),
        pytest.param("barriers/ORG-01.yaml", "era: general", "era: old", id="a barrier with a wrong word"),
        pytest.param("barriers/ORG-01.yaml", "why: it", "wy: it", id="a barrier with a wrong link"),
        pytest.param("themes.yaml", "themes:", "themes: [", id="themes that are not YAML"),
        pytest.param("themes.yaml", "dimension: organisational", "dimension: org", id="one wrong theme"),
        pytest.param("sources.yaml", "year: '2020'", "year: 2020", id="one wrong source"),
        pytest.param("sources.yaml", "sources:", "sources: [", id="sources that are not YAML"),
        pytest.param("scope.yaml", "id: near-one", "id: near one", id="a reply with a wrong id"),
    ],
)
def test_a_broken_file_has_no_follow_on_problems(small: Small, name: str, old: str, new: str):
    small.edit(name, old, new)
    problems = small.problems()
    assert problems and all(problem.startswith(f"{name}:") for problem in problems), problems
    assert not any(re.search("twice|does not list|circle|no barrier has", problem) for problem in problems)


def test_a_file_with_one_bad_entry_still_has_its_other_entries_checked(small: Small):
    small.edit("questions.yaml", "questions:\n", "questions:\n  - id: half-written\n    kind: confusable\n")
    small.edit("questions.yaml", "[ORG-02]", "[ORG-22]")
    line = small.line("questions.yaml", "ORG-22")
    assert f'questions.yaml:{line}: barrier "ORG-22" is unknown; did you mean "ORG-02"?' in small.problems()


@pytest.mark.parametrize(
    "name",
    ["themes.yaml", "sources.yaml", "questions.yaml", "scope.yaml", "plays.yaml", "banned_claims.yaml"],
)
def test_a_missing_file_is_the_only_problem(small: Small, name: str):
    (small.path / name).unlink()
    assert small.problems() == [f"{name}:1: the file is missing; restore it"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("barriers/notes.txt", "nothing reads this file; remove it", id="notes"),
        pytest.param("barriers/ORG-09.yml", "nothing reads this file; rename it to .yaml", id="yml"),
        pytest.param("barriers/old/ORG-09.yaml", "nothing reads this file; remove it", id="too deep"),
        pytest.param("training/more.jsonl", "nothing reads this file; remove it", id="more messages"),
        pytest.param("schema/thing.json", "nothing reads this file; remove it", id="another schema"),
    ],
)
def test_a_stray_file_is_reported(small: Small, name: str, message: str):
    (small.path / name).parent.mkdir(exist_ok=True)
    small.write(name, "id: ORG-09\n")
    assert small.problems() == [f"{name}:1: {message}"]


def test_hidden_files_are_nobodys_business(small: Small):
    small.write(".DS_Store", "")
    small.write("barriers/.ORG-01.yaml.swp", "")
    assert small.problems() == []


def test_the_error_has_a_line_for_each_problem_and_a_total(small: Small, monkeypatch: pytest.MonkeyPatch):
    small.edit("barriers/ORG-01.yaml", "theme: human-resources-and-skills", "theme: human-resource-and-skills")
    small.edit("barriers/ORG-02.yaml", "R03", "R99")
    monkeypatch.chdir(small.path.parent)
    with pytest.raises(KnowledgeInvalid) as caught:
        load_knowledge(small.path, TODAY)
    assert str(caught.value).splitlines() == [
        'knowledge/barriers/ORG-01.yaml:4: theme "human-resource-and-skills" is unknown;'
        ' did you mean "human-resources-and-skills"?',
        "knowledge/barriers/ORG-02.yaml:38: source R99 is not in knowledge/sources.yaml",
        "2 problems in 21 files. The current index is unchanged.",
    ]
    assert [problem.split(":")[1] for problem in caught.value.problems] == ["4", "38"]


def test_whole_knowledge_loads(small: Small):
    assert load_knowledge(small.path, TODAY).barrier_by_id["TEC-01"].leads_to == ("OPS-01",)


def test_no_folder_says_what_to_name(tmp_path: Path):
    with pytest.raises(KnowledgeMissing, match="Name a folder that exists"):
        read_knowledge(tmp_path / "nowhere", TODAY)


def test_stale_schemas_are_told_to_authors_and_stop_no_load(small: Small):
    stale = check_knowledge(small.path, TODAY)
    assert stale.knowledge is not None
    assert len(stale.problems) == 7 and "triage knowledge schema" in stale.problems[0].message
    write_schemas(small.path)
    assert check_knowledge(small.path, TODAY).problems == ()


def test_a_mistake_in_the_real_knowledge_is_found_at_its_line(real: Small):
    before = set(real.problems())
    real.edit("barriers/ORG-08.yaml", "theme: slow-processes", "theme: slow-proceses")
    line = real.line("barriers/ORG-08.yaml", "slow-proceses")
    message = f'barriers/ORG-08.yaml:{line}: theme "slow-proceses" is unknown; did you mean "slow-processes"?'
    assert set(real.problems()) - before == {message}


def test_wrong_values_hide_no_wrong_reference(real: Small) -> None:
    file = "barriers/ORG-08.yaml"
    real.edit(file, "theme: slow-processes", "theme: slow-proceses")
    real.edit(file, "good_looks_like:", "good_look_like:")
    real.edit(file, "remedy: reasoned", "remedy: proven")
    real.edit(file, "R54", "R99")
    real.edit(file, "Long chain of approvals", "Long chain of approval")
    problems = "\n".join(real.problems())
    for part in ("slow-proceses", "good_look_like", "proven", "R99", "Long chain of approval"):
        assert f'"{part}"' in problems or f" {part} " in problems
