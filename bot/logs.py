"""Logs: JSON lines on standard error. They carry ids, never what anybody wrote."""

from __future__ import annotations

import logging
import sys
import traceback
from types import TracebackType

import structlog
from structlog.typing import EventDict, WrappedLogger

TALKATIVE = ("slack_bolt", "slack_sdk", "aiosqlite", "alembic", "sqlalchemy", "chromadb", "httpx", "aiohttp")
"""They log bodies, statements with their values, or what nobody reads."""
FRAMES = 12


def configure(level: str) -> None:
    """For a process that serves. `level` is debug, info, warning or error."""
    for name in TALKATIVE:
        silenced = logging.getLogger(name)
        silenced.handlers = [logging.NullHandler()]
        silenced.propagate = False
    numeric = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(
        stream=sys.stderr, level=max(numeric, logging.WARNING), format="%(levelname)s %(name)s %(message)s"
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            without_values,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(numeric),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def without_values(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Return an exception as its type and where it was raised: its sentence may quote a message."""
    found = event.pop("exc_info", None)
    error = sys.exc_info()[1] if found is True else found
    if isinstance(error, BaseException):
        event["error"] = _chain(error)
        event["at"] = _frames(error.__traceback__)
    return event


def _chain(error: BaseException | None) -> list[str]:
    names: list[str] = []
    while error is not None and len(names) < FRAMES:
        names.append(type(error).__qualname__)
        error = error.__cause__ or error.__context__
    return names


def _frames(trace: TracebackType | None) -> list[str]:
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)[-FRAMES:]]
