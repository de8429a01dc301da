from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from bot.triage.terms import Terms, characters, words

TEXTS = [
    "Our models wait three weeks for the security board, every single time",
    "the models wait and wait and wait; nobody owns the pipeline",
    "Niemand besitzt die Pipeline – die Modelle warten wochenlang",
    "a b c GPU GPU GPU quota is full, naïve façade",
    "nobody in finance can tell what a model earns",
]
WORD_MODEL = TfidfVectorizer(analyzer=words, sublinear_tf=True).fit(TEXTS)
CHARACTER_MODEL = TfidfVectorizer(analyzer=characters, sublinear_tf=True).fit(TEXTS)
NAMES = [*WORD_MODEL.get_feature_names_out(), *CHARACTER_MODEL.get_feature_names_out()]
TERMS = Terms(
    {name: column for column, name in enumerate(NAMES)},
    np.concatenate([WORD_MODEL.idf_, CHARACTER_MODEL.idf_]).astype(np.float32),
)
SEEN_WORDS = st.lists(st.sampled_from(" ".join(TEXTS).split()), max_size=30).map(" ".join)


def weighed(text: str) -> np.ndarray:
    columns, weights = TERMS.weigh(text)
    assert len(set(columns)) == len(columns), "a column is weighed once"
    row = np.zeros(len(NAMES))
    row[columns] = weights
    return row


@settings(deadline=None)
@given(text=st.one_of(SEEN_WORDS, st.text(max_size=80)))
def test_terms_are_weighed_as_scikit_learn_weighs_them(text: str):
    expected = [*WORD_MODEL.transform([text]).toarray()[0], *CHARACTER_MODEL.transform([text]).toarray()[0]]
    np.testing.assert_allclose(weighed(text), expected, atol=1e-5)


def test_words_and_characters_each_have_unit_length():
    row = weighed(TEXTS[0])
    count = len(WORD_MODEL.idf_)
    assert np.linalg.norm(row[:count]) == pytest.approx(1, abs=1e-5)
    assert np.linalg.norm(row[count:]) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("text", ["", "   ", "zzqx", "😤"])
def test_a_text_of_unknown_terms_weighs_nothing(text: str):
    assert not weighed(text).any()


def test_words_are_one_and_two_in_lower_case_without_single_letters():
    assert list(words("I am A Model's fan")) == ["am", "model", "fan", "am model", "model fan"]


def test_characters_are_padded_within_each_word():
    assert list(characters("Ab c")) == ["~ ab", "~ab ", "~ ab ", "~ ab ", "~ c ", "~ c ", "~ c "]
