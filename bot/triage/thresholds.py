"""Thresholds and calibration, chosen on labelled messages by `python -m bot.training thresholds`."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

FILE = Path(__file__).with_name("thresholds.json")


class Thresholds(BaseModel):
    """`temperature` divides the logarithms of the barriers' probabilities; below 1 it makes them bolder."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    temperature: float = Field(gt=0, description="of the barriers' probabilities")
    decline_at: float = Field(ge=0, le=1, description="probability of near, far and about together")
    quite_sure_at: float = Field(ge=0, le=1, description="probability of the likeliest barrier")
    fairly_sure_at: float = Field(ge=0, le=1, description="probability of the likeliest barrier")
    chosen_on: str = Field(description="the labelled messages, by file name, count and hash")


def load_thresholds(file: Path = FILE) -> Thresholds:
    return Thresholds.model_validate_json(file.read_bytes())
