from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.knowledge import Messages, RealMessage
from bot.triage import training_examples
from bot.triage.fitting import UNTRAINED
from bot.triage.heads import HEAD_SCALE, SCOPES, Heads, Linear, TrainedHead
from bot.triage.training_examples import TrainingExample, fit_key, training_examples_of
from tests.triage.made import OUTSIDE, THEMES_OF, WORDS, fitted, small_examples, vector_of


@pytest.fixture(scope="module")
def heads() -> Heads:
    return fitted()


@pytest.mark.parametrize(("barrier", "text"), WORDS.items())
def test_examples_are_ranked_as_they_are_labelled(heads: Heads, barrier: str, text: str):
    themes, barriers = heads.rank(vector_of(text), text)
    assert heads.barriers[np.argmax(barriers)] == barrier
    assert heads.themes[np.argmax(themes)] == THEMES_OF[barrier]


@pytest.mark.parametrize(("scope", "text"), [*OUTSIDE.items(), *(("in", text) for text in WORDS.values())])
def test_scope_is_judged_as_labelled(heads: Heads, scope: str, text: str):
    assert SCOPES[np.argmax(heads.scope(vector_of(text), text))] == scope


KEY = fit_key(small_examples(), THEMES_OF, "encoder")
FIRST, *OTHERS = small_examples()


@pytest.mark.parametrize(
    ("examples", "themes_of", "encoder"),
    [
        pytest.param([replace(FIRST, text="other"), *OTHERS], THEMES_OF, "encoder", id="a text"),
        pytest.param([replace(FIRST, scope="vague"), *OTHERS], THEMES_OF, "encoder", id="a scope"),
        pytest.param([replace(FIRST, theme="people"), *OTHERS], THEMES_OF, "encoder", id="a theme"),
        pytest.param([replace(FIRST, shares=(("A-02", 1.0),)), *OTHERS], THEMES_OF, "encoder", id="a barrier"),
        pytest.param([replace(FIRST, weight=3.0), *OTHERS], THEMES_OF, "encoder", id="a weight"),
        pytest.param(OTHERS, THEMES_OF, "encoder", id="a example fewer"),
        pytest.param([*OTHERS, FIRST], THEMES_OF, "encoder", id="another order"),
        pytest.param(small_examples(), THEMES_OF | {"A-01": "people"}, "encoder", id="a barrier's theme"),
        pytest.param(small_examples(), THEMES_OF, "other", id="the encoder"),
    ],
)
def test_other_ingredients_have_another_key(examples: list[TrainingExample], themes_of: dict[str, str], encoder: str):
    assert fit_key(examples, themes_of, encoder) != KEY


def test_the_same_ingredients_have_the_same_key():
    assert fit_key(small_examples(), dict(reversed(THEMES_OF.items())), "encoder") == KEY


def test_another_recipe_has_another_key(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(training_examples, "RECIPE", training_examples.RECIPE + 1)
    assert fit_key(small_examples(), THEMES_OF, "encoder") != KEY


def test_the_head_that_the_encoder_was_trained_with_stays_and_an_unknown_barrier_gets_its_examples_mean():
    known = tuple(barrier for barrier in THEMES_OF if barrier != "C-02")
    weights = np.random.default_rng(0).normal(size=(24, len(known))).astype(np.float32)
    bias = np.arange(len(known), dtype=np.float32)
    head = fitted(TrainedHead(known, Linear(weights, bias))).own_head
    np.testing.assert_array_equal(head.weights[:, : len(known)], weights)
    np.testing.assert_array_equal(head.bias, [*bias, bias.mean() + UNTRAINED])
    assert np.linalg.norm(head.weights[:, -1]) == pytest.approx(HEAD_SCALE, rel=1e-5)
    by_lessons = HEAD_SCALE * vector_of(WORDS["C-02"]) @ vector_of(f"{WORDS['C-02']} for us")
    assert head.weights[:, -1] @ vector_of(WORDS["C-02"]) == pytest.approx(by_lessons, rel=0.3)


def test_a_trained_head_is_read_as_it_was_saved(tmp_path: Path):
    head = TrainedHead(("A-01", "B-01"), Linear(np.ones((3, 2), np.float32), np.array([0.5, -1], np.float32)))
    head.save(tmp_path / "head.npz")
    loaded = TrainedHead.load(tmp_path / "head.npz")
    assert loaded.barriers == head.barriers
    np.testing.assert_array_equal(loaded.linear.weights, head.linear.weights)
    np.testing.assert_array_equal(loaded.linear.bias, head.linear.bias)


REAL = RealMessage(
    id="r0001",
    text="x",
    barriers=("ORG-01", "ORG-02"),
    also_barriers=("ORG-03",),
    readings=2,
    lang="en",
    source="",
    url="",
)


@pytest.mark.parametrize(
    ("message", "shares", "weight"),
    [
        pytest.param(REAL, {"ORG-01": 0.35, "ORG-02": 0.35, "ORG-03": 0.3}, 3.0, id="two first, one that would do"),
        pytest.param(
            REAL.model_copy(update={"barriers": ("ORG-01",), "also_barriers": (), "readings": 1}),
            {"ORG-01": 1.0}, 2.4, id="one alone, read once",
        ),
    ],
)  # fmt: skip
def test_a_real_message_speaks_for_each_barrier_that_was_named(bot, message: RealMessage, shares, weight: float):
    messages = Messages(learning=(), real=(message,), contrast=(), scope=())
    (example,) = [each for each in training_examples_of(bot.version.knowledge, messages) if each.real]
    assert dict(example.shares) == pytest.approx(shares)
    assert (example.weight, example.theme) == (weight, bot.version.knowledge.barrier_by_id["ORG-01"].theme)


def test_every_barrier_and_every_scope_has_examples(bot):
    examples = training_examples_of(bot.version.knowledge, Messages(learning=(), real=(), contrast=(), scope=()))
    assert len(set(examples)) == len(examples)
    assert {barrier for example in examples for barrier, _ in example.shares} == set(
        bot.version.knowledge.barrier_by_id
    )
    assert {example.scope for example in examples} == set(SCOPES)
    assert all((example.theme is None) == (example.scope != "in") for example in examples)
