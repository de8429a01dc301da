"""Labelled sets and how well the bot does on them."""

from bot.evaluation.labelled import Labelled, read_labelled
from bot.evaluation.measures import ReliabilityRow, Report, measure

__all__ = ["Labelled", "ReliabilityRow", "Report", "measure", "read_labelled"]
