"""A barrier asked for at a terminal: what is typed wrong is asked again, and what is written passes the check."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.errors import KnowledgeMissing, KnowledgeUnwritable, ThemeUnknown
from bot.knowledge import BarrierAuthor, read_knowledge
from tests.conftest import TODAY
from tests.knowledge.small import Small

SYMPTOMS = [f"the batch job waits for the mainframe on day {day} of the month" for day in range(1, 8)]
REST = [
    "3", "1",  # mlops-only, general
    "The mainframe decides when models run", "When do our models get data?", "How many hours does a batch wait?",
    "A list of what waits", "2", "3",
    "nobody may change the schedule", "",
    *SYMPTOMS, "",
    "Write down what waits for which job", "",
    "Ask for a window at noon", "",
    "Data is there when a model runs", "For a month no batch waited more than an hour",
    "3", "3",
]  # fmt: skip


class Typist:
    """Types these lines, and remembers what was said."""

    def __init__(self, *lines: str) -> None:
        self._lines: Iterator[str] = iter(lines)
        self.told: list[str] = []

    def ask(self, what: str) -> str:
        self.told.append(what)
        return next(self._lines)


def author(folder: Path, *lines: str) -> tuple[BarrierAuthor, Typist]:
    typist = Typist(*lines)
    return BarrierAuthor(folder, typist.ask, typist.told.append), typist


def test_what_was_typed_is_a_file_that_passes_the_check(small: Small):
    writer, _ = author(
        small.path, "Batches wait for the mainframe", "Jobs run when it lets them.", "1", *REST, "r01 R01", "R03"
    )
    path = writer.write(writer.asked("slow-processes"))
    assert path == small.path / "barriers" / "ORG-05.yaml"
    reading = read_knowledge(small.path, TODAY)
    assert reading.problems == ()
    assert reading.knowledge is not None
    barrier = reading.knowledge.barrier_by_id["ORG-05"]
    assert (barrier.provenance, barrier.editorial.effort.people, barrier.symptoms) == ("extension", 3, tuple(SYMPTOMS))
    assert barrier.steps("this-week") == ("Write down what waits for which job",)


def test_what_is_wrong_is_asked_again(small: Small):
    writer, typist = author(
        small.path,
        "99", "x", "1",  # the theme
        "", "x" * 601, "Batches wait for the mainframe", "Jobs run when it lets them.", "1",
        *REST[:8], "", *REST[8:10], SYMPTOMS[0], SYMPTOMS[0], "", *SYMPTOMS[1:], "", *REST[18:],
        "", "R99", "R03",
    )  # fmt: skip
    barrier = writer.asked()
    assert barrier.symptoms == tuple(SYMPTOMS)
    said = "\n".join(typist.told)
    for complaint in (
        "a number from 1 to 11", "at least 1 character", "at most 600 characters", "1 line more", "6 lines more",
        "stands there already", "nothing is cited", "source R99 is unknown",
    ):  # fmt: skip
        assert complaint in said


def test_a_code_of_the_study_rests_on_the_study(small: Small):
    writer, typist = author(small.path, "Name", "Summary.", "2", "1", *REST, "R03", "R01")
    barrier = writer.asked("slow-processes")
    assert (barrier.provenance, len(barrier.study_codes), barrier.sources) == ("study-code", 1, ("R01",))
    assert "add R01" in "\n".join(typist.told)


def test_an_overlay_gets_the_organisations_own(tmp_path: Path):
    (tmp_path / "own").mkdir()
    writer, typist = author(
        tmp_path / "own",
        "acme",
        "ACME",
        "Batches wait for the mainframe",
        "Jobs run when it lets them.",
        *REST,
        "R01",
        "",
    )
    path = writer.write(writer.asked("slow-processes"))
    assert path.name == "ACME-01.yaml"
    reading = read_knowledge(tmp_path / "own", TODAY)
    assert reading.problems == ()
    assert reading.knowledge is not None
    assert reading.knowledge.barrier_by_id["ACME-01"].provenance == "organisation"
    assert "leave R01 and R02 out" in "\n".join(typist.told)
    writer, typist = author(tmp_path / "own", "", "Another", "It is another.", *REST, "")
    assert writer.asked("slow-processes").id == "ACME-02"
    assert "[ACME]" in typist.told[0]


def test_nothing_is_overwritten_and_nothing_is_written_where_nobody_answers(small: Small):
    writer, _ = author(small.path, "Name", "Summary.", "1", *REST, "R03")
    barrier = writer.asked("slow-processes")
    writer.write(barrier)
    with pytest.raises(KnowledgeUnwritable, match="File exists"):
        writer.write(barrier)
    before = sorted((small.path / "barriers").iterdir())
    ended, _ = author(small.path, "Name")
    with pytest.raises(StopIteration):
        ended.asked("slow-processes")
    assert sorted((small.path / "barriers").iterdir()) == before


def test_a_theme_and_a_folder_that_are_not_there(small: Small, tmp_path: Path):
    writer, _ = author(small.path)
    with pytest.raises(ThemeUnknown, match="did you mean"):
        writer.asked("slow-proceses")
    with pytest.raises(KnowledgeMissing):
        author(tmp_path / "gone")
