"""What one turn shows, as data that the store keeps and every channel draws."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import TypeAdapter, ValidationError

from bot.conversations.dialogue import Said
from bot.guidance import Guidance, Listed
from bot.guidance.declined import Declined
from bot.refresh.figure import Figure
from bot.triage import AskedQuestion

if TYPE_CHECKING:  # the store takes 30 MB, which the process that computes can do without
    from bot.store.tables import Turn

MAX_REFUSALS = 1
"""After so many "none of these", another list would only annoy."""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to know, about asking or about an answer: nothing was triaged. `about` is what is counted."""

    about: Literal["how-to-ask", "out-of-guesses", "unreadable", "stop", "detail", "news"]
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


@dataclass(frozen=True, slots=True)
class IndexChange:
    """How a refresh of the index goes, for its admin. `changed` tells whose answers change.

    `figures` compare the versions `base` and `number`. `offers`: what may be decided about `number`.
    """

    headline: str
    lines: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = ()
    changed: tuple[str, ...] = ()
    base: int | None = None
    number: int | None = None
    offers: Literal["nothing", "promotion", "override"] = "nothing"


Body = Guidance | Listed | AskedQuestion | Declined | Notice | Failed | Withdrawn | IndexChange


@dataclass(frozen=True, slots=True)
class MessageView:
    """A turn's one visible message. `tried_by` are people, `messages` how many it answers.

    `closed`: its question was answered already. `tapped`: the asker tapped on a barrier, and may go back.
    """

    turn: str
    body: Body
    asker: str
    private: bool = False
    more: bool = False
    messages: int = 1
    tried_by: tuple[str, ...] = ()
    shared_by: str | None = None
    repeated: bool = False
    with_quotes: bool = True
    closed: bool = False
    tapped: bool = False


_BODIES: dict[str, TypeAdapter[Any]] = {
    "guidance": TypeAdapter(Guidance),
    "list": TypeAdapter(Listed),
    "question": TypeAdapter(AskedQuestion),
    "declined": TypeAdapter(Declined),
    "notice": TypeAdapter(Notice),
    "failed": TypeAdapter(Failed),
    "withdrawn": TypeAdapter(Withdrawn),
    "index-change": TypeAdapter(IndexChange),
}


def stored(body: Body) -> dict[str, Any]:
    name = _name(body)
    return {name: _BODIES[name].dump_python(body, mode="json")}


def restored(document: dict[str, Any]) -> Body:
    """Raises pydantic.ValidationError for what another release stored differently."""
    ((name, value),) = document.items()
    body: Body = _BODIES[name].validate_python(value, strict=False)
    return body


def body_of(turn: Turn) -> Body | None:
    """Tell what a turn shows; None where there is nothing, or another release stored it differently."""
    try:
        return restored(turn.reply) if turn.reply else None
    except ValidationError:
        return None


def said_by(body: Body | None) -> Said:
    """Tell what a typed or pressed choice can refer to."""
    match body:
        case AskedQuestion():
            return Said(question=body)
        case Listed(barriers=barriers):
            return Said(options=tuple(barrier.id for barrier in barriers))
        case Guidance(barrier=barrier, others=others):
            return Said(barrier=barrier.id, options=tuple(other.id for other in others))
        case _:
            return Said()


def _name(body: Body) -> str:
    match body:
        case Guidance():
            return "guidance"
        case Listed():
            return "list"
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
        case IndexChange():
            return "index-change"
