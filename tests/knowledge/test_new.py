from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import KnowledgeInvalid, KnowledgeUnwritable, ThemeUnknown
from bot.knowledge import new_barrier
from tests.knowledge.small import Small


@pytest.mark.parametrize(
    ("theme", "name"),
    [
        pytest.param("slow-processes", "ORG-05.yaml", id="organisational"),
        pytest.param("technical-tools", "TEC-04.yaml", id="technical"),
        pytest.param("deployment-process", "OPS-03.yaml", id="operational"),
        pytest.param("business-value", "BUS-03.yaml", id="business"),
    ],
)
def test_a_new_barrier_takes_the_next_id_of_its_dimension(small: Small, theme: str, name: str):
    assert new_barrier(small.path, theme) == small.path / "barriers" / name


def test_the_check_names_each_todo_and_nothing_else(small: Small):
    path = new_barrier(small.path, "slow-processes")
    lines = path.read_text(encoding="utf-8").splitlines()
    todos = [number for number, line in enumerate(lines, start=1) if "TODO" in line]
    assert len(todos) == 26
    problems = small.problems()
    assert [int(problem.split(":")[1]) for problem in problems] == todos
    assert all("is still to be written" in problem for problem in problems)


def test_the_codes_of_the_theme_are_offered(small: Small):
    assert "#   Long chain of approvals\n" in new_barrier(small.path, "slow-processes").read_text(encoding="utf-8")


def test_an_id_is_never_used_again(small: Small):
    (small.path / "barriers/ORG-02.yaml").unlink()
    first = new_barrier(small.path, "slow-processes")
    first.rename(first.with_name("ORG-41.yml"))
    assert new_barrier(small.path, "slow-processes").name == "ORG-42.yaml"


def test_the_first_barrier_of_a_folder_is_number_one(small: Small):
    for path in (small.path / "barriers").iterdir():
        path.unlink()
    (small.path / "barriers").rmdir()
    assert new_barrier(small.path, "cost-and-budget").name == "BUS-01.yaml"


def test_nothing_is_overwritten(small: Small, monkeypatch: pytest.MonkeyPatch):
    def taken(barriers: Path, prefix: str) -> str:
        return "ORG-01"  # as in a race for the next number

    monkeypatch.setattr("bot.knowledge.new.next_id", taken)
    before = (small.path / "barriers/ORG-01.yaml").read_bytes()
    with pytest.raises(KnowledgeUnwritable, match="File exists"):
        new_barrier(small.path, "slow-processes")
    assert (small.path / "barriers/ORG-01.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("theme", "message"),
    [
        pytest.param("slow-proceses", 'theme "slow-proceses" is unknown; did you mean "slow-processes"?', id="near"),
        pytest.param("zzz", 'theme "zzz" is unknown; use one of: human-resources-and-skills, user-', id="none near"),
    ],
)
def test_an_unknown_theme_is_answered_with_the_nearest(small: Small, theme: str, message: str):
    with pytest.raises(ThemeUnknown) as caught:
        new_barrier(small.path, theme)
    assert str(caught.value).startswith(message)


def test_broken_themes_are_reported_first(small: Small):
    small.write("themes.yaml", "themes: [")
    with pytest.raises(KnowledgeInvalid, match=r"themes\.yaml:"):
        new_barrier(small.path, "slow-processes")
