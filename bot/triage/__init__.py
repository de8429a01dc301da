"""Message -> Answer | ShortList | Clarify | Decline."""

from bot.triage.message import Message
from bot.triage.outcome import (
    Answer,
    AskedQuestion,
    Clarify,
    Decline,
    Look,
    Ranked,
    RankedBarrier,
    Ranking,
    ShortList,
    Sureness,
    Triage,
)  # fmt: skip
from bot.triage.thresholds import Thresholds, load_thresholds
from bot.triage.triager import Explanation, Triager

__all__ = [
    "Answer",
    "AskedQuestion",
    "Clarify",
    "Decline",
    "Explanation",
    "Look",
    "Message",
    "Ranked",
    "RankedBarrier",
    "Ranking",
    "ShortList",
    "Sureness",
    "Thresholds",
    "Triage",
    "Triager",
    "load_thresholds",
]
