"""What a turn may become. Pure: a turn, and what happens to it -> the turn that follows it; the store keeps that one.

Three counters say where a turn stands, and everything else follows them:

    delivered <= answered <= revision        (seen, thought, asked for)

                     joined · edited · pressed: revision + 1
                    ┌──────────────────────────────────┐
                    ▼                                  │
    received ──► to answer ──answered──► to deliver ──claimed──► sending ──delivered──► settled
    revision 1   answered < revision     delivered < answered       │                   all three equal
                    ▲                        ▲      ▲               │ the platform refuses: undeliverable
                    │                        │      └───────────────┤ its sender died: claimed by another
                    └── answered, but asked for more meanwhile      │
    shared: a copy, answered already ────────┘                      │
    erased: from anywhere, for good; what was seen, or may have been, is withdrawn if its author deleted the question

| what happens  | who may                                                | when                                       |
|---------------|--------------------------------------------------------|--------------------------------------------|
| joined        | its asker, in the same place and breath                | not shared, erased or undeliverable        |
| edited        | the message's author                                   | within five minutes, not erased            |
| answered      | a workflow                                             | the revision that was thought about stands |
| closed        | the answer, in words, to its question                  | nothing else is under way                  |
| claimed       | one workflow; another when that one is gone            | something is to be delivered               |
| delivered     | the workflow that claimed it, and what it claimed      |                                            |
| pressed       | its asker; for what stands open in a room, anybody     | it is seen, where the button stands        |
| shared        | its asker                                              | private, not shared before                 |
| erased        | the author, retention, who deletes the question        | any time                                   |
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from bot.conversations.channel import PRIVATE
from bot.conversations.dialogue import Said, taken_back
from bot.conversations.incoming import BURST_WITHIN, ButtonAction, IncomingMessage, can_be_a_burst
from bot.conversations.message_view import MAX_REFUSALS, Failed, Notice, body_of, said_by, stored
from bot.conversations.replying import Answered
from bot.guidance import Guidance
from bot.store.tables import Conversation, Erasure, Turn

SENDER_IS_GONE_AFTER = timedelta(seconds=90)
"""A post that another workflow began this long ago is not coming: it is looked up and taken over."""
AT_ONCE_ACTIONS = ("answer", "shortlist", "failed")
"""What goes out while more may be typed."""

GONE = "I no longer have this answer; ask me again and I will find it."
NOT_YOURS = "Only the person who asked can press this. Ask me yourself, and I will answer you."
ELSEWHERE = "This button does not belong here."
LOOKING = "I am looking already."
OUTDATED = "This answer has changed meanwhile; please look at it again."


class Refused(Exception):
    """The sentence for the person who action."""


def received(incoming: IncomingMessage, conversation: str, now: datetime, *, private: bool) -> Turn:
    """Open a turn for a message that begins one."""
    return Turn(
        id=incoming.id,
        conversation=conversation,
        asker=incoming.author,
        received_at=now,
        post_in=incoming.room.id,
        post_under=incoming.thread,
        private=private,
        external_user=incoming.external_user,
        reply_url=incoming.reply_url,
        waits=can_be_a_burst(incoming),
    )


def takes_in(turn: Turn, *, at_its_place: bool) -> bool:
    """Tell whether a message that came close to it belongs to it, not to an answer that it may reply to."""
    if turn.erased is not None or turn.shares is not None or turn.state == "undeliverable":
        return False
    return turn.posted is None or (turn.waits and at_its_place)


def joined(turn: Turn) -> Turn:
    """Ask for an answer to one message more."""
    return _asking_anew(turn)


def edited(turn: Turn) -> Turn:
    """Ask for an answer to what a message reads now. What was erased stays so."""
    return turn if turn.erased is not None else _asking_anew(turn)


def is_to_answer(turn: Turn) -> bool:
    return turn.erased is None and turn.answered < turn.revision


def answered(turn: Turn, revision: int, answer: Answered | None, now: datetime, *, external_user: bool) -> Turn | None:
    """Keep what its `revision` came to; None when it asks for something else by now, and is to be thought about again.

    A copy comes with its `answer`, and has none of its own.
    """
    if turn.erased is not None:
        return turn
    if turn.revision != revision:
        return None
    if answer is not None:
        turn = _labelled(replace(turn, external_user=external_user, reply=stored(answer.body)), answer)
    return _checked(replace(turn, answered=revision, answered_at=now))


def closed(turn: Turn) -> Turn:
    """Take the buttons from a question that was answered in words."""
    if turn.closed or turn.erased is not None or turn.answered != turn.revision:
        return turn
    return _checked(replace(turn, closed=True, revision=turn.revision + 1, answered=turn.revision + 1))


def is_to_deliver(turn: Turn) -> bool:
    """Tell whether something else is to be seen of it than was delivered last."""
    if turn.erased is not None:
        may_be_seen = turn.posted is not None or turn.state == "sending"
        return turn.erased == "deleted" and may_be_seen and turn.delivered < turn.answered
    return turn.delivered < turn.answered


def waits_for_more(turn: Turn, last_said_at: datetime | None, now: datetime) -> timedelta:
    """Tell how long a greeting or a question back waits for what is still being typed; an answer goes out at once."""
    if not turn.waits or turn.posted or turn.erased or turn.action in AT_ONCE_ACTIONS or last_said_at is None:
        return timedelta()
    return max(timedelta(), last_said_at + BURST_WITHIN - now)


def claimed(turn: Turn, sender: str, now: datetime) -> Turn | None:
    """Give the right to send it to `sender`; None while another has it and may be alive.

    Whoever takes over a post that was begun keeps the moment at which it was.
    """
    if turn.state == "sending" and turn.sender != sender and not _sender_is_gone(turn, now):
        return None
    since = turn.sending_since if turn.state == "sending" and turn.sending_since else now
    return _checked(replace(turn, state="sending", sender=sender, sending_since=since))


def delivered(
    turn: Turn, revision: int, sender: str, now: datetime, *, posted: str | None, failure: str | None,
    used_url: str | None, unsure: bool,
) -> Turn:  # fmt: skip
    """Keep what is seen of it since `sender` sent `revision`, or why nothing is.

    `posted` is the platform's id of the message; `used_url` the address for private replies that served. `unsure`: it
    was sent without knowing whether an earlier try had been seen.
    """
    turn = replace(
        turn,
        posted=posted or turn.posted,
        delivered=max(turn.delivered, revision),
        delivered_at=now,
        failure=failure or turn.failure,
        repeated=turn.repeated + unsure,
        reply_url=None if turn.reply_url == used_url else turn.reply_url,
    )
    if turn.sender == sender:
        turn = replace(
            turn, state="undeliverable" if failure else "delivered", sender=None, sending_since=None
        )  # fmt: skip
    return _checked(turn)


def allowed(
    turn: Turn | None, conversation: Conversation | None, action: ButtonAction, *, asker_only: bool
) -> tuple[Turn, Conversation]:
    """Let a button do what it does, if it stands where, and for whom, the platform says that it was action.

    Raises Refused: what a button claims is looked up, never trusted.
    """
    if turn is None or conversation is None or conversation.workspace != action.room.workspace:
        raise Refused(GONE)
    if turn.post_in != action.room.id or conversation.channel != action.room.channel:
        raise Refused(ELSEWHERE)
    if turn.posted != (PRIVATE if turn.private else action.message) or turn.private != action.private:
        raise Refused(ELSEWHERE)
    if turn.erased is not None or turn.reply is None:
        raise Refused(GONE)
    if (asker_only or turn.private) and turn.asker != action.person:
        raise Refused(NOT_YOURS)
    return turn, conversation


def chosen(turn: Turn, choice: int | None) -> Turn:
    """Answer its question: the place of a choice, or None for "something else". Raises Refused."""
    if turn.action != "clarify":
        raise Refused(OUTDATED)
    if choice is not None and not 0 <= choice < len(turn.offered):
        raise Refused(ELSEWHERE)
    return _asking_anew(replace(turn, asked=True, chosen=choice))


def picked(turn: Turn, barrier: str) -> Turn:
    """Show a barrier of its list, or one that stands beside its answer. Raises Refused."""
    if barrier not in options(turn).options or turn.shares is not None:
        raise Refused(OUTDATED)
    return _asking_anew(replace(turn, picked=barrier, tapped=True, more=False))


def went_back(turn: Turn) -> Turn:
    """Show what stood there before a barrier was picked. Raises Refused."""
    if not turn.tapped:
        raise Refused(OUTDATED)
    return _asking_anew(replace(turn, picked=None, tapped=False, more=False))


def fitted_nothing(turn: Turn) -> Turn:
    """Take back what was told and what stood beside it: ask, or where that was done, give in. Raises Refused."""
    said = options(turn)
    if not (said.barrier or said.options) or turn.shares is not None:
        raise Refused(OUTDATED)
    if is_to_answer(turn):  # pressed again before the next question came
        raise Refused(LOOKING)
    refusals = MAX_REFUSALS + 1 if turn.asked else turn.refusals + 1
    rejected = list(taken_back(turn.rejected, said.barrier, *said.options))
    return _asking_anew(replace(turn, rejected=rejected, refusals=refusals, picked=None, tapped=False, more=False))


def unfolded(turn: Turn, wanted: bool) -> Turn:
    """Show all of its answer, or the short form of it."""
    return _asking_anew(replace(turn, more=wanted))


def tried(turn: Turn) -> tuple[Turn, Guidance]:
    """Show that somebody takes its first step on, and what that is of. Raises Refused."""
    guidance = body_of(turn)
    if not isinstance(guidance, Guidance):
        raise Refused(OUTDATED)
    return _asking_anew(turn), guidance


def reachable(turn: Turn, reply_url: str | None) -> Turn:
    """Replace a private answer by the address that the press came with: it has no other."""
    return replace(turn, reply_url=reply_url) if turn.private else turn


def shared(turn: Turn, id: str, conversation: str, now: datetime, *, with_quotes: bool) -> Turn:
    """Copy a private answer for its room, the asker's own words only if they say so. Raises Refused.

    Without the organisation's documents: who reads it there was not known when they were cited.
    """
    body = body_of(turn)
    if not turn.private or body is None:
        raise Refused(OUTDATED)
    return _checked(
        Turn(
            id=id,
            conversation=conversation,
            asker=turn.asker,
            received_at=now,
            answered=1,
            answered_at=now,
            external_user=turn.external_user,
            post_in=turn.post_in,
            post_under=None,
            shares=turn.id,
            with_quotes=with_quotes,
            action="shared",
            theme=turn.theme,
            barrier=turn.barrier,
            confidence=turn.confidence,
            index_version=turn.index_version,
            reply=stored(replace(body, documents=()) if isinstance(body, Guidance) else body),
        )
    )


def told_later(turn: Turn, id: str, person: str, now: datetime, notice: Notice) -> Turn:
    """Open a turn that tells something in the thread of another one, unasked."""
    return _checked(
        Turn(
            id=id,
            conversation=turn.conversation,
            asker=person,
            received_at=now,
            answered=1,
            answered_at=now,
            external_user=turn.external_user,
            post_in=turn.post_in,
            post_under=turn.post_under,
            is_aside=True,
            action="notice",
            notice=notice.about,
            reply=stored(notice),
        )
    )


def erased(turn: Turn, why: Erasure) -> Turn:
    """Take its words out, for good; labels and counts stay. What is to be seen afterwards needs no thought."""
    if turn.erased is not None:
        return turn
    revision = turn.revision + 1
    return _checked(
        replace(turn, erased=why, reply=None, reply_url=None, offered=[], revision=revision, answered=revision)
    )


def options(turn: Turn) -> Said:
    """Tell what it told, and what stands beside it to choose from."""
    return said_by(body_of(turn))


def _asking_anew(turn: Turn) -> Turn:
    return _checked(replace(turn, revision=turn.revision + 1))


def _labelled(turn: Turn, answer: Answered) -> Turn:
    labels = answer.labels
    return replace(
        turn,
        action=labels.action,
        theme=labels.theme,
        barrier=labels.barrier,
        confidence=labels.confidence,
        decline_kind=labels.decline_kind,
        question=labels.question,
        notice=labels.notice,
        failure=answer.body.reference if isinstance(answer.body, Failed) else None,
        picked=answer.picked,
        is_aside=answer.is_aside,
        rejected=list(answer.rejected),
        index_version=answer.index_version,
        offered=[choice.model_dump(mode="json") for choice in answer.offered] or turn.offered,
    )


def _sender_is_gone(turn: Turn, now: datetime) -> bool:
    return turn.sending_since is not None and now - turn.sending_since > SENDER_IS_GONE_AFTER


def _checked(turn: Turn) -> Turn:
    assert 0 <= turn.delivered <= turn.answered <= turn.revision, "seen, thought, asked for: in this order"
    return turn
