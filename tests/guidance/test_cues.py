from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.guidance.cues import asks_for_a_number, sounds_like_venting


@pytest.mark.parametrize(
    ("message", "vents"),
    [
        ("I'm sick of waiting for approvals", True),
        ("honestly I’m done with this cluster", True),
        ("deployment is a NIGHTMARE", True),
        ("it drives us mad", True),
        ("broken again!! every week", True),
        ("we are burnt out", True),
        ("nothing ships 😤", True),
        ("ugh, yaml", True),
        ("Deployments take three weeks.", False),
        ("It works now!", False),
        ("the grant is frustratingly small", True),
        ("our warrants model drifts", False),
        ("the burn rate of the project is high", False),
        ("we laugh about it", False),
    ],
)
def test_venting(message: str, vents: bool):
    assert sounds_like_venting(message) is vents


@pytest.mark.parametrize(
    ("message", "asks"),
    [
        ("How many projects fail?", True),
        ("how many of companies do this", True),
        ("what percentage of models is used", True),
        ("is there a benchmark for this", True),
        ("what's the industry average here?", True),
        ("How long does approval usually take?", True),
        ("How much does it typically cost?", True),
        ("how many servers do we need", False),
        ("we have many projects and few people", False),
        ("approval takes three weeks", False),
    ],
)
def test_asking_for_a_number(message: str, asks: bool):
    assert asks_for_a_number(message) is asks


@given(st.text(max_size=300))
def test_any_text_has_a_tone(message: str):
    assert sounds_like_venting(message) in (True, False)
    assert asks_for_a_number(message) in (True, False)
