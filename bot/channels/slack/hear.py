"""Slack's events -> what is heard. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from bot.channels.slack.deliver import NAME
from bot.channels.slack.markup import names, opens_with_another, plain
from bot.channels.slack.payloads import Envelope, EventMessage, Press, SlashCommand, moment
from bot.conversations.commands import Command
from bot.conversations.heard import Edited, Heard, Kind, Pressed
from bot.store import Room

SPOKEN = frozenset({None, "file_share", "thread_broadcast", "me_message"})
"""Subtypes of messages that a person wrote."""
DIRECT = "im"


def heard(event: EventMessage, envelope: Envelope, bot_user: str) -> Heard | None:
    """None for what nobody wrote to be read: bots, joins, topics, and whatever else Slack calls a message."""
    if event.subtype not in SPOKEN or event.bot_id or not event.user or not event.ts or event.user == bot_user:
        return None
    direct = event.channel_type == DIRECT or event.channel.startswith("D")
    kind: Kind = "direct" if direct else "mention" if _names_us(event, bot_user) else "thread"
    is_root = event.thread_ts in (None, event.ts)
    if kind == "thread" and is_root:
        return None
    room = Room(NAME, envelope.team_id, event.channel)
    other_team = {event.user_team, event.source_team} - {None, envelope.team_id}
    return Heard(
        id=room.key(event.ts),
        room=room,
        kind=kind,
        author=event.user,
        text=plain(event.text, bot_user),
        said_at=moment(event.ts),
        thread=event.thread_ts or event.ts,
        is_root=is_root,
        to_another=kind == "thread" and opens_with_another(event.text, bot_user),
        outsider=envelope.is_ext_shared_channel or bool(other_team),
    )


def edited(event: EventMessage, envelope: Envelope, bot_user: str) -> Edited | None:
    """What a `message_changed` makes of a message; None when its author did not edit it (a preview, a reply count)."""
    message = event.message
    if message is None or message.edited is None:
        return None
    where = {"channel": event.channel, "channel_type": event.channel_type}
    said = heard(message.model_copy(update=where), envelope, bot_user)
    if said is None and message.user:  # an edit may have taken our name out: it still counts if we know the message
        said = heard(message.model_copy(update=where | {"text": f"<@{bot_user}> {message.text}"}), envelope, bot_user)
        said = replace(said, kind="thread") if said else None
    return Edited(said, message.edited.ts) if said else None


def deleted(event: EventMessage, envelope: Envelope) -> tuple[Room, str] | None:
    """The room and id of a message that was taken away. A thread's root leaves a tombstone in its place."""
    room = Room(NAME, envelope.team_id, event.channel)
    if event.subtype == "message_deleted" and event.deleted_ts:
        return room, room.key(event.deleted_ts)
    message = event.message
    if event.subtype == "message_changed" and message is not None and message.subtype == "tombstone":
        return room, room.key(message.ts)
    return None


def command(payload: SlashCommand) -> Command:
    """What was typed after the command's name."""
    room = Room(NAME, payload.team_id, payload.channel_id)
    return Command(room, payload.user_id, payload.text, direct=payload.channel_id.startswith("D"))


def asked(command: SlashCommand, now: datetime) -> Heard:
    """A question put privately by a command."""
    room = Room(NAME, command.team_id, command.channel_id)
    id = room.key("command", command.trigger_id)
    return Heard(
        id=id,
        room=room,
        kind="command",
        author=command.user_id,
        text=plain(command.text, ""),
        said_at=now,
        thread=id,
        is_root=True,
        outsider=False,
        reply_url=command.response_url,
    )


def pressed(press: Press, turn: str) -> Pressed:
    action, container = press.actions[0], press.container
    room = Room(NAME, press.team.id, container.channel_id)
    return Pressed(
        id=room.key("press", press.user.id, container.message_ts, action.action_id, action.action_ts),
        room=room,
        person=press.user.id,
        turn=turn,
        message=container.message_ts,
        private=container.is_ephemeral,
        outsider=press.user.team_id not in (None, press.team.id),
        reply_url=press.response_url,
    )


def _names_us(event: EventMessage, bot_user: str) -> bool:
    return event.type == "app_mention" or names(event.text, bot_user)
