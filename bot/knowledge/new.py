"""A barrier yet to be written: every text is a TODO, which the check names until it is gone."""

from __future__ import annotations

from pathlib import Path

from bot.errors import KnowledgeInvalid, KnowledgeMissing, KnowledgeUnwritable, ThemeUnknown
from bot.knowledge.files import Broken, read_file
from bot.knowledge.models import DimensionId, Theme, Themes

PREFIXES: dict[DimensionId, str] = {
    "organisational": "ORG",
    "technical": "TEC",
    "operational": "OPS",
    "business": "BUS",
}


def new_barrier(folder: Path, theme: str) -> Path:
    """Writes `barriers/<next free id>.yaml` and returns its path.

    Raises KnowledgeMissing, KnowledgeInvalid, ThemeUnknown, or KnowledgeUnwritable where nothing may be written.
    """
    if not folder.is_dir():
        raise KnowledgeMissing(folder)
    file = read_file(folder / "themes.yaml", Themes)
    if isinstance(file, Broken):
        raise KnowledgeInvalid(file.problems, files=1)
    themes = {known.id: known for known in file.record.themes}
    if theme not in themes:
        raise ThemeUnknown(theme, list(themes))
    barriers = folder / "barriers"
    try:
        barriers.mkdir(exist_ok=True)
        barrier_id = next_id(barriers, PREFIXES[themes[theme].dimension])
        path = barriers / f"{barrier_id}.yaml"
        with path.open("x", encoding="utf-8") as new:  # x: two people who start at once must not share a file
            new.write(skeleton(barrier_id, themes[theme]))
    except OSError as error:
        raise KnowledgeUnwritable(folder, error.strerror or str(error)) from error
    return path


def next_id(barriers: Path, prefix: str) -> str:
    """Return one past the highest, never a gap: an id that was once used stays used."""
    numbers = [int(tail) for path in barriers.glob(f"{prefix}-*") if (tail := path.stem[len(prefix) + 1 :]).isdecimal()]
    return f"{prefix}-{max(numbers, default=0) + 1:02}"


def skeleton(barrier_id: str, theme: Theme) -> str:
    codes = "".join(f"\n#   {code}" for code in theme.study_codes)
    symptoms = "\n".join(f"  - TODO symptom {number}, a sentence such as a team would write" for number in range(1, 8))
    return f"""\
# yaml-language-server: $schema=../schema/barrier.json
id: {barrier_id}
name: TODO the barrier in a few words
summary: TODO what holds adoption back, in a sentence
theme: {theme.id}
provenance: TODO study-code, related or extension
# The study's codes of this theme; none for an extension:{codes}
study_codes: []
devops: TODO shared, shared-harder-with-ml or mlops-only
era: TODO general or llm
editorial:  # our own judgement; no source stands behind it
  one_line: TODO the barrier as one would say it aloud
  title_question: TODO the question that a team would ask
  ask_back: TODO the question that shows how bad it is
  deliverable: TODO what exists after the first step
  effort:
    first_step: TODO hours, days or weeks
    people: TODO a number
root_causes:
  - TODO why it is so
symptoms:
{symptoms}
recommendations:
  - horizon: this-week
    text: TODO the first step
  - horizon: next-quarter
    text: TODO a step that takes longer
good_looks_like: TODO how it is when the barrier is gone
fixed_when: TODO a check that can fail
evidence:
  barrier: TODO strong, moderate or thin
  remedy: TODO measured, reported or reasoned
caused_by: []  # - id and why; the other barrier lists this one in leads_to
leads_to: []
confusable_with: []
sources:
  - TODO an id from sources.yaml
"""
