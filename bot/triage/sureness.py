"""How sure the likeliest barrier may be called: by its own calibrated probability, and by nothing else."""

from __future__ import annotations

from bot.triage.outcome import Sureness
from bot.triage.thresholds import Thresholds


def sureness(first: float, vague: float, thresholds: Thresholds) -> Sureness:
    """`first` is the probability of the likeliest barrier if the message names one, `vague` that it names none.

    A first guess is listed beside others, never told alone.
    """
    meant = first * (1 - vague)
    if meant >= thresholds.quite_sure_at:
        return "quite sure"
    return "fairly sure" if meant >= thresholds.fairly_sure_at else "a first guess"
