"""What a turn asks -> what it is answered. Computing alone: no store and no platform, so that any process can do it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.bot import Bot, Reply
from bot.conversations.dialogue import Said, continued, wants_quiet, worth_reading
from bot.conversations.message_view import HOW_TO_ASK, MAX_REFUSALS, OUT_OF_GUESSES, STOP, Body, Notice
from bot.documents import Viewer
from bot.errors import MessageUnreadable
from bot.guidance import listed
from bot.guidance.cues import acknowledged
from bot.guidance.declined import declined
from bot.knowledge import Choice
from bot.retrieval.documents import DocumentIndex
from bot.triage import Answer, Clarify, Decline, Message, ShortList

if TYPE_CHECKING:  # the store takes 30 MB, which the process that computes can do without
    from bot.store.tables import TurnAction


@dataclass(frozen=True, slots=True)
class Selections:
    """What the asker selected in a turn: the answer to a question (`chosen` is a place in `offered`), a barrier.

    `refusals` counts how often "none of these", `rejected` is what that took back.
    """

    asked: bool = False
    offered: tuple[Choice, ...] = ()
    chosen: int | None = None
    picked: str | None = None
    refusals: int = 0
    rejected: tuple[str, ...] = ()

    def on(self, message: Message) -> Message:
        rejected = tuple(dict.fromkeys((*message.rejected, *self.rejected)))
        message = replace(message, rejected=rejected, picked=self.picked or message.picked)
        if self.refusals:
            message = replace(message, none_fits=not self.asked, picked=self.picked)
        if not self.asked:
            return message
        taken = None if self.chosen is None else self.offered[self.chosen]
        return replace(message, asked=True, offered=self.offered, chosen=taken, unsure=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """A turn's texts and what came before: the conversation, and what we said last in it.

    `external_user`: its author may not read what an organisation has added of its own. `index_version` is the one that
    the conversation began with, None at its beginning. `workspace` and `room` are where the answer is shown.
    """

    texts: tuple[str, ...]
    selections: Selections
    is_aside: bool
    earlier: Message | None
    said: Said
    external_user: bool
    index_version: int | None = None
    workspace: str = ""
    room: str = ""

    @property
    def viewer(self) -> Viewer:
        return Viewer(self.workspace, self.room, external=self.external_user)


@dataclass(frozen=True, slots=True)
class Labels:
    """What a turn came to; what is left of it when its texts go."""

    action: TurnAction
    theme: str | None = None
    barrier: str | None = None
    confidence: float | None = None
    decline_kind: str | None = None
    question: str | None = None
    notice: str | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """`is_aside`: the conversation stays as it was. `offered` are a question's choices, `picked` what was chosen."""

    body: Body
    labels: Labels
    index_version: int
    is_aside: bool
    rejected: tuple[str, ...] = ()
    offered: tuple[Choice, ...] = ()
    picked: str | None = None


def answered(bot: Bot, asked: Asked, documents: DocumentIndex | None = None) -> Answered:
    """Answer on `bot`; cite `documents`, as far as they may be read where it is shown."""
    number, selections = bot.version.number, asked.selections
    if selections.refusals > MAX_REFUSALS:
        return _noted(OUT_OF_GUESSES, number, is_aside=asked.is_aside, rejected=selections.rejected)
    if not any(text.strip() for text in asked.texts):
        return _noted(HOW_TO_ASK, number)

    if asked.earlier is not None and len(asked.texts) == 1 and wants_quiet(asked.texts[0]):
        return _noted(STOP, number)

    try:
        text = "\n".join(worth_reading(asked.texts, bot.look))
        now = continued(asked.earlier, text, asked.said, bot.look)
        known = bot.version.knowledge.barrier_by_id.keys()
        if now.about and asked.said.barrier and asked.said.barrier in known:
            return _noted(Notice("detail", bot.detail(now.about, asked.said.barrier)), number)
        message = _of_known(selections.on(now.message), known)
        reply = bot.reply(message, asked.viewer, documents)
    except MessageUnreadable as error:
        return _noted(Notice("unreadable", str(error)), number)
    outcome = reply.outcome
    return Answered(
        body=_body(bot, reply, opening=asked.earlier is None),
        labels=_labels(bot, reply),
        index_version=number,
        is_aside=now.is_aside or isinstance(outcome, Decline),
        rejected=message.rejected,
        offered=outcome.question.choices if isinstance(outcome, Clarify) else (),
        picked=message.picked,
    )


def _of_known(message: Message, known: Collection[str]) -> Message:
    """Leave out barriers that this index does not have: the conversation began with one that is gone."""

    def kept(choice: Choice) -> Choice | None:
        barriers = tuple(barrier for barrier in choice.barriers if barrier in known)
        return choice.model_copy(update={"barriers": barriers}) if barriers else None

    return replace(
        message,
        picked=message.picked if message.picked in known else None,
        rejected=tuple(barrier for barrier in message.rejected if barrier in known),
        offered=tuple(choice for each in message.offered if (choice := kept(each))),
        chosen=kept(message.chosen) if message.chosen else None,
    )


def _noted(notice: Notice, number: int, *, is_aside: bool = True, rejected: tuple[str, ...] = ()) -> Answered:
    return Answered(notice, Labels("notice", notice=notice.about), number, is_aside, rejected)


def _body(bot: Bot, reply: Reply, *, opening: bool) -> Body:
    """Say once to who is fed up that it sounds so: at the opening of a conversation."""
    match reply.outcome:
        case Answer():
            assert reply.guidance is not None, "an answer comes with its guidance"
            return reply.guidance if opening else replace(reply.guidance, acknowledgement=None)
        case ShortList() as shortlist:
            text = reply.explanation.message.text if opening else ""
            return listed(shortlist, text, bot.version.knowledge, bot.version.number)
        case Clarify(question=question):
            return acknowledged(question, reply.explanation.message.text) if opening else question
        case Decline() as decline:
            return declined(decline, bot.version.knowledge)


def _labels(bot: Bot, reply: Reply) -> Labels:
    outcome = reply.outcome
    match outcome:
        case Answer():
            assert reply.guidance is not None, "an answer comes with its guidance"
            barrier = reply.guidance.barrier.id
            theme = bot.version.knowledge.barrier_by_id[barrier].theme
            return Labels("answer", theme, barrier, outcome.confidence)
        case ShortList():
            return Labels("shortlist", outcome.barriers[0].theme, confidence=outcome.confidence)
        case Clarify(question=question):
            theme = outcome.ranking.barriers[0].theme
            return Labels("clarify", theme, confidence=outcome.confidence, question=question.id)
        case Decline(kind=kind):
            return Labels("decline", confidence=outcome.confidence, decline_kind=kind)
