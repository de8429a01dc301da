from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bot.triage import lessons
from bot.triage.heads import SCOPES, Heads
from bot.triage.lessons import Lesson, fit_key, lessons_of
from tests.triage.made import OUTSIDE, THEMES_OF, WORDS, fitted, small_lessons, vector_of


@pytest.fixture(scope="module")
def heads() -> Heads:
    return fitted()


@pytest.mark.parametrize(("barrier", "text"), WORDS.items())
def test_lessons_are_ranked_as_they_taught(heads: Heads, barrier: str, text: str):
    themes, barriers = heads.rank(vector_of(text), text)
    assert heads.barriers[np.argmax(barriers)] == barrier
    assert heads.themes[np.argmax(themes)] == THEMES_OF[barrier]


@pytest.mark.parametrize(("scope", "text"), [*OUTSIDE.items(), *(("in", text) for text in WORDS.values())])
def test_scope_is_judged_as_taught(heads: Heads, scope: str, text: str):
    assert SCOPES[np.argmax(heads.scope(vector_of(text), text))] == scope


KEY = fit_key(small_lessons(), THEMES_OF, ("plain", "ranking"))
FIRST, *OTHERS = small_lessons()


@pytest.mark.parametrize(
    ("taught", "themes_of", "encoders"),
    [
        pytest.param([replace(FIRST, text="other"), *OTHERS], THEMES_OF, ("plain", "ranking"), id="a text"),
        pytest.param([replace(FIRST, scope="vague"), *OTHERS], THEMES_OF, ("plain", "ranking"), id="a scope"),
        pytest.param([replace(FIRST, theme="people"), *OTHERS], THEMES_OF, ("plain", "ranking"), id="a theme"),
        pytest.param([replace(FIRST, barrier="A-02"), *OTHERS], THEMES_OF, ("plain", "ranking"), id="a barrier"),
        pytest.param(OTHERS, THEMES_OF, ("plain", "ranking"), id="a lesson fewer"),
        pytest.param([*OTHERS, FIRST], THEMES_OF, ("plain", "ranking"), id="another order"),
        pytest.param(small_lessons(), THEMES_OF | {"A-01": "people"}, ("plain", "ranking"), id="a barrier's theme"),
        pytest.param(small_lessons(), THEMES_OF, ("other", "ranking"), id="the records' encoder"),
        pytest.param(small_lessons(), THEMES_OF, ("plain", "other"), id="the ranking's encoder"),
        pytest.param(small_lessons(), THEMES_OF, ("ranking", "plain"), id="encoders swapped"),
    ],
)
def test_other_ingredients_have_another_key(taught: list[Lesson], themes_of: dict[str, str], encoders: tuple[str, str]):
    assert fit_key(taught, themes_of, encoders) != KEY


def test_the_same_ingredients_have_the_same_key():
    assert fit_key(small_lessons(), dict(reversed(THEMES_OF.items())), ("plain", "ranking")) == KEY


def test_another_recipe_has_another_key(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(lessons, "RECIPE", lessons.RECIPE + 1)
    assert fit_key(small_lessons(), THEMES_OF, ("plain", "ranking")) != KEY


def test_every_barrier_and_every_scope_is_taught(bot):
    from bot.knowledge import Messages

    taught = lessons_of(bot.version.knowledge, Messages(learning=(), contrast=(), scope=()))
    assert len(set(taught)) == len(taught)
    assert {lesson.barrier for lesson in taught if lesson.barrier} == set(bot.version.knowledge.barrier_by_id)
    assert {lesson.scope for lesson in taught} == set(SCOPES)
    assert all((lesson.theme is None) == (lesson.scope != "in") for lesson in taught)
