"""How sure the likeliest barrier may be called: by its own calibrated probability, and by nothing else."""

from __future__ import annotations

from bot.triage.bounds import Bounds
from bot.triage.outcome import Sureness


def sureness(first: float, vague: float, bounds: Bounds) -> Sureness:
    """`first` is the probability of the likeliest barrier if the message names one, `vague` that it names none.

    A first guess is listed beside others, never told alone.
    """
    meant = first * (1 - vague)
    if meant >= bounds.quite_sure_at:
        return "quite sure"
    return "fairly sure" if meant >= bounds.fairly_sure_at else "a first guess"
