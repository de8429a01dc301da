"""Tells a team which barriers hold its MLOps adoption back, and what to do first."""

from importlib.metadata import version

from bot.telemetry import switch_off

__version__ = version("mlops-triage")
switch_off()
