from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from bot.triage.heads import SCOPES, Heads, Linear, log_normalised
from tests.triage.made import fitted, vector_of

TEXTS = ["warehouse tables join again", "hiring engineers and a cloud bill", "lunch", "😤"]


@pytest.fixture(scope="module")
def heads() -> Heads:
    return fitted()


@pytest.mark.parametrize("text", TEXTS)
def test_probabilities_add_up(heads: Heads, text: str):
    themes, barriers = (np.exp(logs) for logs in heads.rank(vector_of(text), text))
    assert themes.sum() == pytest.approx(1, abs=1e-5)
    assert barriers.sum() == pytest.approx(1, abs=1e-5)
    of_theme = [barriers[heads.theme_of == theme].sum() for theme in range(len(heads.themes))]
    np.testing.assert_allclose(of_theme, themes, atol=1e-5)
    scope = heads.scope(vector_of(text), text)
    assert scope.shape == (len(SCOPES),)
    assert scope.sum() == pytest.approx(1, abs=1e-5)


def test_records_count_for_their_barrier(heads: Heads):
    text = "warehouse tables join"
    records = np.full(len(heads.barriers), -20.0)
    records[heads.barriers.index("C-02")] = 0.0
    plain, told = (heads.rank(vector_of(text), text, view)[1] for view in (None, records))
    assert told[heads.barriers.index("C-02")] > plain[heads.barriers.index("C-02")]
    assert np.exp(told).sum() == pytest.approx(1, abs=1e-5)


def test_loaded_heads_score_as_those_that_were_saved(heads: Heads, tmp_path: Path):
    heads.save(tmp_path / "heads")
    loaded = Heads.load(tmp_path / "heads")
    assert (loaded.barriers, loaded.themes) == (heads.barriers, heads.themes)
    for text in TEXTS:
        for before, after in zip(heads.rank(vector_of(text), text), loaded.rank(vector_of(text), text), strict=True):
            np.testing.assert_array_equal(before, after)
        np.testing.assert_array_equal(heads.scope(vector_of(text), text), loaded.scope(vector_of(text), text))


def test_saved_heads_hold_no_pickle(heads: Heads, tmp_path: Path):
    heads.save(tmp_path)
    with np.load(tmp_path / "heads.npz", allow_pickle=False) as arrays:
        assert all(arrays[name].dtype != object for name in arrays.files)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["heads.npz", "terms.json"]


def test_the_packaged_heads_add_up_too(bot):
    heads = bot.version.heads
    vector = np.full(heads.own_head.weights.shape[0], 1 / np.sqrt(heads.own_head.weights.shape[0]), dtype=np.float32)
    themes, barriers = (np.exp(logs) for logs in heads.rank(vector, "releases wait for approval"))
    of_theme = [barriers[heads.theme_of == theme].sum() for theme in range(11)]
    np.testing.assert_allclose(of_theme, themes, atol=1e-4)
    assert themes.sum() == pytest.approx(1, abs=1e-4)


def test_few_terms_score_as_the_whole_row_would():
    linear = Linear(np.array([[1.0, 0.0], [0.5, 2.0], [0.0, 1.0]], np.float32), np.array([0.1, 0.2], np.float32))
    sparse = linear.log_probabilities_of_terms(np.array([0, 2]), np.array([0.6, 0.8], np.float32))
    np.testing.assert_allclose(sparse, linear.log_probabilities(np.array([0.6, 0, 0.8], np.float32)), atol=1e-6)


def test_large_logarithms_are_normalised_without_overflow():
    np.testing.assert_allclose(np.exp(log_normalised(np.array([1000.0, 1000.0]))), [0.5, 0.5])
