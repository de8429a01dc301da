"""Labelled sets and how well the bot does on them."""

from bot.evaluation.gate import Verdict, judge, outcomes_of
from bot.evaluation.labelled import Labelled, gate_sets, read_labelled
from bot.evaluation.measures import ReliabilityRow, Report, measure

__all__ = [
    "Labelled",
    "ReliabilityRow",
    "Report",
    "Verdict",
    "gate_sets",
    "judge",
    "measure",
    "outcomes_of",
    "read_labelled",
]
