"""Message -> Answer | Clarify | Decline."""

from bot.triage.bounds import Bounds, load_bounds
from bot.triage.message import Message
from bot.triage.outcome import Answer, AskedQuestion, Clarify, Decline, Ranked, RankedBarrier, Ranking, Triage
from bot.triage.triager import Stages, Triager

__all__ = [
    "Answer",
    "AskedQuestion",
    "Bounds",
    "Clarify",
    "Decline",
    "Message",
    "Ranked",
    "RankedBarrier",
    "Ranking",
    "Stages",
    "Triage",
    "Triager",
    "load_bounds",
]
