from __future__ import annotations

import numpy as np
import pytest

from bot.retrieval.encoder import MAX_PARTS, PACKAGED_ENCODER, OnnxEncoder, Vectors

SECURITY = "our releases wait three weeks for a security review"
QUEUE = "every deployment is stuck until compliance has signed it off"
PIZZA = "which cheese goes best on a pizza"
AS_NEAR = 0.452
LONG = "the model in production drifts and nobody looks at it. " * 60


@pytest.fixture(scope="module")
def encoder() -> OnnxEncoder:
    return OnnxEncoder(PACKAGED_ENCODER)


def cosine(vectors: Vectors) -> float:
    return float(vectors[0] @ vectors[1])


def test_vectors_are_of_unit_length(encoder: OnnxEncoder):
    vectors = encoder.encode([SECURITY, PIZZA, LONG, "", "🤖", "\0", "ein Satz über Daten"])
    assert (vectors.shape, vectors.dtype) == ((7, 384), np.float32)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("others", [1, 3, 40])
def test_a_text_has_the_same_vector_alone_and_among_others(encoder: OnnxEncoder, others: int):
    among = encoder.encode([*(f"{QUEUE} {number}" for number in range(others)), SECURITY, LONG[:300]])
    assert (among[others] == encoder.encode([SECURITY])[0]).all()


def test_two_encoders_of_one_folder_agree(encoder: OnnxEncoder):
    again = OnnxEncoder(encoder._folder, threads=2)
    assert again.id == encoder.id
    assert again.encode([SECURITY]) == pytest.approx(encoder.encode([SECURITY]), abs=1e-4)


def test_like_texts_are_nearer_than_unlike_ones(encoder: OnnxEncoder):
    assert cosine(encoder.encode([SECURITY, QUEUE])) > cosine(encoder.encode([SECURITY, PIZZA])) + 0.2


# As this encoder gave it when it was exported; an export or an int8 step gone wrong shows here.
def test_two_sentences_are_as_near_as_they_were(encoder: OnnxEncoder):
    assert cosine(encoder.encode([SECURITY, QUEUE])) == pytest.approx(AS_NEAR, abs=0.03)


def test_the_end_of_a_long_text_counts(encoder: OnnxEncoder):
    vectors = encoder.encode([LONG, f"{LONG} {PIZZA}", LONG[:1000]])
    assert (vectors[0] != vectors[1]).any()
    assert vectors[0] @ vectors[2] > 0.9


def test_what_is_beyond_the_last_part_does_not_count(encoder: OnnxEncoder):
    endless = LONG * MAX_PARTS
    assert (encoder.encode([endless]) == encoder.encode([f"{endless} {PIZZA}"])).all()


def test_no_texts_have_no_vectors(encoder: OnnxEncoder):
    assert encoder.encode([]).shape == (0, 384)
