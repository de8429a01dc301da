"""What is taken out again: by author, by age, by deletion. Labels and counts stay; texts and quotes do not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.store.tables import Audit, Conversation, Erasure, Feedback, Message, Outcome, Turn

REPLY_URL_LIVES = timedelta(minutes=30)
"""https://docs.slack.dev/interactivity/handling-user-interaction: five uses within 30 minutes."""

AT_ONCE = 500
"""Rows in one statement: SQLite and Postgres bound how many values it may name."""


async def erase_messages(session: AsyncSession, ids: Sequence[str], why: Erasure) -> None:
    """The texts of these messages, and the whole reply of each turn that answered one: it quotes them."""
    for some in _parts(ids):
        turns = list(await session.scalars(select(Message.turn).where(Message.id.in_(some)).distinct()))
        await session.execute(update(Message).where(Message.id.in_(some)).values(text=None))
        await erase_turns(session, turns, why)


async def erase_turns(session: AsyncSession, turns: Sequence[str], why: Erasure) -> None:
    """Everything that was said in these turns and in the copies of them that were shared."""
    for some in _parts(turns):
        shared = list(await session.scalars(select(Turn.id).where(Turn.shares.in_(some))))
        every = [*some, *shared]
        await session.execute(update(Message).where(Message.turn.in_(every)).values(text=None))
        await session.execute(
            update(Turn)
            .where(Turn.id.in_(every), Turn.erased.is_(None))
            .values(erased=why, reply=None, reply_url=None, offered=[], revision=Turn.revision + 1)
        )


async def forget_person(session: AsyncSession, workspace: str, person: str, now: datetime) -> int:
    """All that this person wrote or pressed in this workspace; how many of their messages had a text."""
    theirs = select(Message.id).where(Message.author == person, Message.workspace == workspace)
    ids = list(await session.scalars(theirs))
    texts = (
        await session.scalar(select(func.count()).select_from(theirs.where(Message.text.is_not(None)).subquery())) or 0
    )
    await erase_messages(session, ids, "forgotten")
    asked = select(Turn.id).join(Conversation, Conversation.id == Turn.conversation)
    asked = asked.where(Turn.asker == person, Conversation.workspace == workspace)
    await erase_turns(session, list(await session.scalars(asked)), "forgotten")
    of_workspace = select(Turn.id).join(Conversation, Conversation.id == Turn.conversation)
    of_workspace = of_workspace.where(Conversation.workspace == workspace)
    await session.execute(delete(Feedback).where(Feedback.person == person, Feedback.turn.in_(of_workspace)))
    await session.execute(delete(Outcome).where(Outcome.person == person, Outcome.workspace == workspace))
    session.add(
        Audit(at=now, workspace=workspace, actor=person, act="forget", subject=person, details={"texts": texts})
    )
    return texts


async def expire(session: AsyncSession, now: datetime, keep_for: timedelta) -> int:
    """Some of what is older than `keep_for`, and addresses for private replies that no longer work; how many turns.

    To be repeated until it returns 0: one call holds the database for a moment only.
    """
    await session.execute(
        update(Turn).where(Turn.reply_url.is_not(None), Turn.heard_at < now - REPLY_URL_LIVES).values(reply_url=None)
    )
    old = select(Turn.id).where(Turn.heard_at < now - keep_for, Turn.erased.is_(None)).limit(AT_ONCE)
    turns = list(await session.scalars(old))
    await erase_turns(session, turns, "expired")
    return len(turns)


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))
