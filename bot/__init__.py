"""Tells a team which barriers hold its MLOps adoption back, and what to do first."""

from importlib.metadata import version

__version__ = version("mlops-triage")
