"""The tables. Every text has its author beside it; what outlives the texts are labels and counts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import JSON, DateTime, ForeignKey, Index, MetaData, String, TypeDecorator
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

TurnState = Literal["received", "sending", "delivered", "undeliverable"]
TurnAction = Literal["answer", "shortlist", "clarify", "decline", "notice", "shared", "failed"]
Erasure = Literal["deleted", "forgotten", "expired"]
ReplyMode = Literal["open", "mentions-only", "quiet"]


class Moment(TypeDecorator[datetime]):
    """A time in UTC. SQLite keeps no zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return value if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)


class Table(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        datetime: Moment(),
        dict[str, Any]: JSON(),
        list[str]: JSON(),
        list[int]: JSON(),
        list[dict[str, Any]]: JSON(),
    }


class Conversation(Table):
    """A thread, a thread of a direct message, or one private command. `asker` began it."""

    __tablename__ = "conversations"
    __table_args__ = (Index(None, "workspace", "room", "thread"), Index(None, "asker"))

    id: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    workspace: Mapped[str]
    room: Mapped[str]
    thread: Mapped[str]
    asker: Mapped[str]
    opened_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    index_version: Mapped[int | None]


class Turn(MappedAsDataclass, Table, kw_only=True):
    """One visible outcome: what it answers, what was answered, and where that stands.

    `conversations/turns.py` says what it may become; it is never changed in place, but replaced by what follows it.
    `revision` counts what it is to answer (bursts, edits, buttons); `answered` and `delivered` follow it.
    `reply` is what was said, as JSON; the labels beside it stay when the texts go (`erased` says why). `reply_url` is
    a secret, erased once used. `posted` is the platform's id of the one visible message. `waits`: more may be typed.
    `closed`: its question was answered in words. `picked` is the barrier that the asker chose, `tapped`: by a tap on
    this turn; `refusals` counts "none of these". `shares` is the turn that this one is a copy of.
    """

    __tablename__ = "turns"
    __table_args__ = (Index(None, "conversation"), Index(None, "received_at"), Index(None, "asker"))

    id: Mapped[str] = mapped_column(primary_key=True)
    conversation: Mapped[str] = mapped_column(ForeignKey("conversations.id"))
    asker: Mapped[str]
    state: Mapped[TurnState] = mapped_column(String, default="received")
    revision: Mapped[int] = mapped_column(default=1)
    answered: Mapped[int] = mapped_column(default=0)
    delivered: Mapped[int] = mapped_column(default=0)
    received_at: Mapped[datetime]
    answered_at: Mapped[datetime | None] = mapped_column(default=None)
    delivered_at: Mapped[datetime | None] = mapped_column(default=None)

    private: Mapped[bool] = mapped_column(default=False)
    waits: Mapped[bool] = mapped_column(default=False)
    external_user: Mapped[bool] = mapped_column(default=True)
    post_in: Mapped[str]
    post_under: Mapped[str | None]
    posted: Mapped[str | None] = mapped_column(default=None)
    reply_url: Mapped[str | None] = mapped_column(default=None)
    sender: Mapped[str | None] = mapped_column(default=None)
    sending_since: Mapped[datetime | None] = mapped_column(default=None)
    repeated: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str | None] = mapped_column(default=None)
    erased: Mapped[Erasure | None] = mapped_column(String, default=None)

    shares: Mapped[str | None] = mapped_column(default=None)
    with_quotes: Mapped[bool] = mapped_column(default=True)
    more: Mapped[bool] = mapped_column(default=False)
    is_aside: Mapped[bool] = mapped_column(default=False)
    asked: Mapped[bool] = mapped_column(default=False)
    closed: Mapped[bool] = mapped_column(default=False)
    offered: Mapped[list[dict[str, Any]]] = mapped_column(default_factory=list)
    chosen: Mapped[int | None] = mapped_column(default=None)
    picked: Mapped[str | None] = mapped_column(default=None)
    tapped: Mapped[bool] = mapped_column(default=False)
    refusals: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[list[str]] = mapped_column(default_factory=list)

    action: Mapped[TurnAction | None] = mapped_column(String, default=None)
    decline_kind: Mapped[str | None] = mapped_column(default=None)
    question: Mapped[str | None] = mapped_column(default=None)
    notice: Mapped[str | None] = mapped_column(default=None)
    theme: Mapped[str | None] = mapped_column(default=None)
    barrier: Mapped[str | None] = mapped_column(default=None)
    confidence: Mapped[float | None] = mapped_column(default=None)
    index_version: Mapped[int | None] = mapped_column(default=None)
    reply: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True), default=None)


class Message(Table):
    """What somebody wrote. `text` is None once it is erased; the row stays, so that a replay is not received again."""

    __tablename__ = "messages"
    __table_args__ = (Index(None, "turn"), Index(None, "author"), Index(None, "room", "author", "said_at"))

    id: Mapped[str] = mapped_column(primary_key=True)
    turn: Mapped[str] = mapped_column(ForeignKey("turns.id"))
    workspace: Mapped[str]
    room: Mapped[str]
    author: Mapped[str]
    said_at: Mapped[datetime]
    edited: Mapped[str | None]
    text: Mapped[str | None]


class Outcome(Table):
    """What became of a recommendation: `person` said so."""

    __tablename__ = "outcomes"
    __table_args__ = (Index(None, "turn"), Index(None, "workspace", "room"))

    id: Mapped[int] = mapped_column(primary_key=True)
    turn: Mapped[str] = mapped_column(ForeignKey("turns.id"))
    workspace: Mapped[str]
    room: Mapped[str]
    barrier: Mapped[str]
    recommendation: Mapped[str]
    person: Mapped[str]
    state: Mapped[str]
    at: Mapped[datetime]


class Feedback(Table):
    """One opinion a person and turn; the last one counts."""

    __tablename__ = "feedback"

    turn: Mapped[str] = mapped_column(ForeignKey("turns.id"), primary_key=True)
    person: Mapped[str] = mapped_column(primary_key=True)
    helpful: Mapped[bool]
    at: Mapped[datetime]


class RoomSettings(Table):
    """How the bot behaves in a room, as its members set it."""

    __tablename__ = "rooms"

    workspace: Mapped[str] = mapped_column(primary_key=True)
    room: Mapped[str] = mapped_column(primary_key=True)
    reply_mode: Mapped[ReplyMode] = mapped_column(String)
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]


class Audit(Table):
    """Who did what, when. Never a message's text."""

    __tablename__ = "audit"
    __table_args__ = (Index(None, "workspace", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    workspace: Mapped[str]
    actor: Mapped[str]
    act: Mapped[str]
    subject: Mapped[str]
    details: Mapped[dict[str, Any]]


class Refresh(MappedAsDataclass, Table, kw_only=True):
    """A refresh of the index that an admin asked for on a platform, and the one message that tells how it goes.

    `room` and `posted` are where that message is, once it is there; `number` the version that came of it.
    """

    __tablename__ = "refreshes"
    __table_args__ = (Index(None, "number"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str]
    workspace: Mapped[str]
    person: Mapped[str]
    room: Mapped[str | None] = mapped_column(default=None)
    posted: Mapped[str | None] = mapped_column(default=None)
    number: Mapped[int | None] = mapped_column(default=None)
    asked_at: Mapped[datetime]
    done_at: Mapped[datetime | None] = mapped_column(default=None)


class PublicRoom(Table):
    """A room that everybody of the workspace may read, as the platform said last."""

    __tablename__ = "public_rooms"

    workspace: Mapped[str] = mapped_column(primary_key=True)
    room: Mapped[str] = mapped_column(primary_key=True)


class Agreement(Table):
    """A person wants to be told when there is a better answer to what a turn was asked."""

    __tablename__ = "agreements"

    turn: Mapped[str] = mapped_column(ForeignKey("turns.id"), primary_key=True)
    person: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class GapDraft(Table):
    """A barrier that was drafted for what turns were asked."""

    __tablename__ = "gap_drafts"

    barrier: Mapped[str] = mapped_column(primary_key=True)
    turn: Mapped[str] = mapped_column(ForeignKey("turns.id"), primary_key=True)


class IndexVersionFiles(Table):
    """A version of the index, packed, for hosts that share no disk. `collection` is where its vectors are."""

    __tablename__ = "index_versions"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    collection: Mapped[str]
    files: Mapped[bytes]


class IndexPointer(Table):
    """Which of them serves, in a single row: `served` are the ones a rollback goes back through, that one first."""

    __tablename__ = "index_pointer"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    served: Mapped[list[int]]
    candidate: Mapped[int | None]


class Replica(Table):
    """A process that serves, and when it last said so."""

    __tablename__ = "replicas"

    executor: Mapped[str] = mapped_column(primary_key=True)
    beat_at: Mapped[datetime]
