"""Slack's payloads -> what the conversations take. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.channels.slack.deliver import NAME
from bot.channels.slack.markup import names, opens_with_another, plain
from bot.channels.slack.payloads import BlockActions, Envelope, EventMessage, SlashCommand, moment
from bot.conversations.commands import Command
from bot.conversations.incoming import ButtonAction, IncomingEdit, IncomingMessage, Kind
from bot.store import Room

SPOKEN = frozenset({None, "file_share", "thread_broadcast", "me_message"})
"""Subtypes of messages that a person wrote."""
DIRECT, PUBLIC = "im", "channel"


def message(event: EventMessage, envelope: Envelope, bot_user: str) -> IncomingMessage | None:
    """Read a message; None for what nobody wrote to be read: bots, joins, topics."""
    if event.subtype not in SPOKEN or event.bot_id or not event.user or not event.ts or event.user == bot_user:
        return None
    direct = event.channel_type == DIRECT or event.channel.startswith("D")
    kind: Kind = "direct" if direct else "mention" if _names_us(event, bot_user) else "thread"
    is_root = event.thread_ts in (None, event.ts)
    if kind == "thread" and is_root:
        return None
    room = Room(NAME, envelope.team_id, event.channel)
    other_team = {event.user_team, event.source_team} - {None, envelope.team_id}
    return IncomingMessage(
        id=room.key(event.ts),
        room=room,
        kind=kind,
        author=event.user,
        text=plain(event.text, bot_user),
        said_at=moment(event.ts),
        thread=event.thread_ts or event.ts,
        is_root=is_root,
        to_another=kind == "thread" and opens_with_another(event.text, bot_user),
        external_user=envelope.is_ext_shared_channel or bool(other_team),
        public=_is_public(event, envelope),
    )


def _is_public(event: EventMessage, envelope: Envelope) -> bool | None:
    """Tell whether the whole workspace may read the channel; a mention does not say, the `message` beside it does."""
    if envelope.is_ext_shared_channel:
        return False
    return None if event.channel_type is None else event.channel_type == PUBLIC


def edit(event: EventMessage, envelope: Envelope, bot_user: str) -> IncomingEdit | None:
    """Read a `message_changed`; None when the author did not edit the message (a preview, a reply count)."""
    inner = event.message
    if inner is None or inner.edited is None:
        return None
    where = {"channel": event.channel, "channel_type": event.channel_type}
    said = message(inner.model_copy(update=where), envelope, bot_user)
    if said is None and inner.user:  # an edit may have taken our name out: it still counts if we know the message
        said = message(inner.model_copy(update=where | {"text": f"<@{bot_user}> {inner.text}"}), envelope, bot_user)
        said = replace(said, kind="thread") if said else None
    return IncomingEdit(said, inner.edited.ts) if said else None


def deletion(event: EventMessage, envelope: Envelope) -> tuple[Room, str] | None:
    """Return the room and id of a message that was taken away. A thread's root leaves a tombstone in its place."""
    room = Room(NAME, envelope.team_id, event.channel)
    if event.subtype == "message_deleted" and event.deleted_ts:
        return room, room.key(event.deleted_ts)
    inner = event.message
    if event.subtype == "message_changed" and inner is not None and inner.subtype == "tombstone":
        return room, room.key(inner.ts)
    return None


def command(payload: SlashCommand) -> Command:
    """Tell what was typed after the command's name."""
    room = Room(NAME, payload.team_id, payload.channel_id)
    return Command(
        room,
        payload.user_id,
        payload.text,
        direct=payload.channel_id.startswith("D"),
        id=room.key("command", payload.trigger_id),
    )


def question(payload: SlashCommand, now: datetime) -> IncomingMessage:
    """Read a question that was put privately by a command."""
    room = Room(NAME, payload.team_id, payload.channel_id)
    id = room.key("command", payload.trigger_id)
    return IncomingMessage(
        id=id,
        room=room,
        kind="command",
        author=payload.user_id,
        text=plain(payload.text, ""),
        said_at=now,
        thread=id,
        is_root=True,
        external_user=False,
        reply_url=payload.response_url,
    )


def button_action(payload: BlockActions, turn: str) -> ButtonAction:
    action, container = payload.actions[0], payload.container
    room = Room(NAME, payload.team.id, container.channel_id)
    return ButtonAction(
        id=room.key("press", payload.user.id, container.message_ts, action.action_id, action.action_ts),
        room=room,
        person=payload.user.id,
        turn=turn,
        message=container.message_ts,
        private=container.is_ephemeral,
        external_user=payload.user.team_id not in (None, payload.team.id),
        reply_url=payload.response_url,
    )


def _names_us(event: EventMessage, bot_user: str) -> bool:
    return event.type == "app_mention" or names(event.text, bot_user)
