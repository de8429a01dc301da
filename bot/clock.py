"""What time it is, where the time is a parameter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

Clock = Callable[[], datetime]
"""In UTC."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def today() -> date:
    return utc_now().date()
