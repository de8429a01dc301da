"""Message -> Answer | ShortList | Clarify | Decline."""

from bot.triage.bounds import Bounds, load_bounds
from bot.triage.message import Message
from bot.triage.outcome import (
    Answer,
    AskedQuestion,
    Clarify,
    Decline,
    Ranked,
    RankedBarrier,
    Ranking,
    ShortList,
    Sureness,
    Triage,
)  # fmt: skip
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
    "ShortList",
    "Stages",
    "Sureness",
    "Triage",
    "Triager",
    "load_bounds",
]
