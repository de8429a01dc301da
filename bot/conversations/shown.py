"""What one turn shows, as data that the store keeps and every channel draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import TypeAdapter

from bot.guidance import Guidance
from bot.guidance.declined import Declined
from bot.triage import AskedQuestion

MAX_REJECTED = 3
"""After so many "not this", another guess would only annoy."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to know about asking: nothing was triaged. `about` is what is counted."""

    about: Literal["how-to-ask", "out-of-guesses", "unreadable", "stop"]
    text: str


HOW_TO_ASK = Notice(
    "how-to-ask",
    "Tell me in a sentence or two what hurts in getting machine learning into use, for example: "
    "“our releases wait three weeks for security”.",
)
OUT_OF_GUESSES = Notice(
    "out-of-guesses",
    "None of my guesses fits, then. Tell me in one more sentence what I misread: who waits for what, or what breaks.",
)


STOP = Notice("stop", "All right, I leave it there.")


@dataclass(frozen=True, slots=True)
class Failed:
    """Answering failed; `reference` finds the trace in the log."""

    reference: str
    kind: Literal["failed"] = "failed"


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The question was deleted by its author, and what was stored of it with it."""

    kind: Literal["withdrawn"] = "withdrawn"


Body = Guidance | AskedQuestion | Declined | Notice | Failed | Withdrawn


@dataclass(frozen=True, slots=True)
class Shown:
    """A turn's one visible message. `tried_by` are people, `messages` how many it answers.

    `closed`: its question was answered already.
    """

    turn: str
    body: Body
    asker: str
    private: bool = False
    direct: bool = False
    more: bool = False
    messages: int = 1
    tried_by: tuple[str, ...] = ()
    shared_by: str | None = None
    repeated: bool = False
    with_quotes: bool = True
    closed: bool = False


_BODIES: dict[str, TypeAdapter[Any]] = {
    "guidance": TypeAdapter(Guidance),
    "question": TypeAdapter(AskedQuestion),
    "declined": TypeAdapter(Declined),
    "notice": TypeAdapter(Notice),
    "failed": TypeAdapter(Failed),
    "withdrawn": TypeAdapter(Withdrawn),
}


def stored(body: Body) -> dict[str, Any]:
    name = _name(body)
    return {name: _BODIES[name].dump_python(body, mode="json")}


def restored(document: dict[str, Any]) -> Body:
    """Raises pydantic.ValidationError for what another release stored differently."""
    ((name, value),) = document.items()
    body: Body = _BODIES[name].validate_python(value, strict=False)
    return body


def _name(body: Body) -> str:
    match body:
        case Guidance():
            return "guidance"
        case AskedQuestion():
            return "question"
        case Declined():
            return "declined"
        case Notice():
            return "notice"
        case Failed():
            return "failed"
        case Withdrawn():
            return "withdrawn"
