"""Whether a message is ours to answer: from the scope head, and from how much the ranking makes of it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

PEAK_FROM, PEAK_COUNTS = 0.5, 0.3
"""A ranking that peaks higher than this vetoes a decline, the more the higher it peaks."""
UNREAD = 0.85
"""What is said counts less in a script that the encoder hardly reads: all of it looks strange to it."""


def outside(scope: Mapping[str, float], first_barrier: float, text: str) -> float:
    """Tell how likely it is that the message is beyond us, from 0 to 1.

    `scope` maps each of SCOPES to its probability; `first_barrier` is the probability of the likeliest barrier.
    """
    beyond = scope["near"] + scope["far"] + scope["about"]
    veto = PEAK_COUNTS * max(first_barrier - PEAK_FROM, 0.0)
    return beyond * (1 - veto) * (UNREAD if _hardly_read(text) else 1.0)


def vagueness(scope: Mapping[str, float]) -> float:
    """Return the share of vague in what is not declined."""
    return scope["vague"] / (scope["vague"] + scope["in"])


def _hardly_read(text: str) -> bool:
    """Tell whether less than half of its letters are Latin."""
    letters = [character for character in text if character.isalpha()]
    return 2 * sum(unicodedata.name(letter, "").startswith("LATIN") for letter in letters) < len(letters)
