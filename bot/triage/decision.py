"""Is a message ours to answer, and how sure may its likeliest barrier be called? The only place that compares.

`triager` decides by it, and `training/choose` chooses the thresholds by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.triage.outcome import Sureness
from bot.triage.scope import outside, vagueness
from bot.triage.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class Weighed:
    """How likely a message is beyond us, names no barrier, and means its likeliest barrier; each from 0 to 1."""

    beyond: float
    vague: float
    meant: float

    def is_declined(self, thresholds: Thresholds) -> bool:
        return self.beyond >= thresholds.decline_at

    def sureness(self, thresholds: Thresholds) -> Sureness:
        """Name how sure its likeliest barrier is; a first guess is listed beside others, never answered alone."""
        if self.meant >= thresholds.quite_sure_at:
            return "quite sure"
        return "fairly sure" if self.meant >= thresholds.fairly_sure_at else "a first guess"


def weigh(scope: Mapping[str, float], first: float, text: str, *, is_chosen: bool = False) -> Weighed:
    """Weigh what the models say of a message.

    `scope` maps each of SCOPES to its probability; `first` is the calibrated probability of the likeliest barrier;
    `is_chosen`: the asker chose among barriers, so that the message is no longer vague.
    """
    vague = 0.0 if is_chosen else vagueness(scope)
    return Weighed(outside(scope, first, text), vague, first * (1 - vague))
