"""What the bot is told of: each happening as the Events API words it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, Literal

from tests.standins.slack.blocks import mentions
from tests.standins.slack.courier import Courier, Delivery
from tests.standins.slack.installation import Installation
from tests.standins.slack.workspace import APP_ID, BOT_USER, Channel, Message, Payload, Person, Workspace

TWIN_GAP_S = 0.02


class Events:
    def __init__(self, workspace: Workspace, installation: Installation, courier: Courier) -> None:
        self.workspace, self.installation, self.courier = workspace, installation, courier
        self.echo = True
        self.duplicate = False
        self.twins_first: Literal["app_mention", "message"] = "app_mention"
        self.twin_gap_s = TWIN_GAP_S
        self._held: list[Payload] | None = None

    def posted(self, message: Message) -> list[Future[Delivery]]:
        """A `message`, and its twin `app_mention` when it speaks to the bot."""
        if message.by_bot and not self.echo:
            return []
        channel = self.workspace.channels[message.channel]
        event = self._in_channel(self.workspace.payload(message), channel, message.ts)
        if message.team and message.team != self.workspace.team_id:
            event |= {"team": message.team, "user_team": message.team, "source_team": message.team}
        events = [event]
        if self._speaks_to_bot(message, channel):
            keep = ("client_msg_id", "user", "text", "ts", "team", "user_team", "source_team", "thread_ts")
            mention = {k: v for k, v in event.items() if k in (*keep, "parent_user_id", "blocks", "bot_id", "app_id")}
            mention |= {"type": "app_mention", "channel": channel.id, "event_ts": message.ts}
            events.insert(0 if self.twins_first == "app_mention" else 1, mention)
        return self._send_in_turn(events, channel)

    def changed(self, message: Message, before: Payload, **extra: Any) -> list[Future[Delivery]]:
        if message.by_bot and not self.echo:
            return []
        channel = self.workspace.channels[message.channel]
        ts = self.workspace.new_ts()
        after = self.workspace.payload(message) | extra
        event = {"type": "message", "subtype": "message_changed", "hidden": True, "ts": ts}
        event |= {"message": after, "previous_message": before}
        events = [self._in_channel(event, channel, ts)]
        was_edited = not message.deleted and before.get("edited") != after.get("edited")
        if was_edited and self._speaks_to_bot(message, channel):
            keep = ("client_msg_id", "user", "text", "ts", "team", "thread_ts", "parent_user_id", "edited", "blocks")
            mention = {k: v for k, v in after.items() if k in keep}
            events.append(mention | {"type": "app_mention", "channel": channel.id, "event_ts": ts})
        return self._send_in_turn(events, channel)

    def deleted(self, message: Message, before: Payload) -> list[Future[Delivery]]:
        channel = self.workspace.channels[message.channel]
        if any(not reply.deleted for reply in channel.threads.get(message.ts, [])):
            return self.changed(message, before)  # a parent with replies becomes a tombstone
        if message.by_bot and not self.echo:
            return []
        ts = self.workspace.new_ts()
        event = {"type": "message", "subtype": "message_deleted", "hidden": True, "ts": ts, "deleted_ts": message.ts}
        return self._send_in_turn([self._in_channel(event | {"previous_message": before}, channel, ts)], channel)

    def of(self, event: Payload, channel: Channel | None = None) -> list[Future[Delivery]]:
        return self._send_in_turn([event], channel)

    def envelope(self, event: Payload, **more: Any) -> Payload:
        return {
            "token": "verification-token",
            "team_id": self.installation.team_id,
            "context_team_id": self.installation.team_id,
            "context_enterprise_id": self.installation.enterprise_id,
            "api_app_id": APP_ID,
            "event": event,
            "type": "event_callback",
            "event_id": self.courier.new_id("Ev"),
            "event_time": int(self.workspace.clock.now()),
            "authorizations": [self.installation.authorization()],
            "is_ext_shared_channel": False,
            "event_context": "4-standin",
        } | more

    def send(self, *envelopes: Payload) -> list[Future[Delivery]]:
        """In this order; the next goes out a moment after the one before, acknowledged or not."""
        with self.workspace.lock:
            if self._held is not None:
                self._held.extend(envelopes)
                return []
        if self.courier.url is None:
            return []
        if self.duplicate:
            envelopes = tuple(envelope for envelope in envelopes for _ in range(2))
        return [
            self.courier.start(self._after(number * self.twin_gap_s, envelope))
            for number, envelope in enumerate(envelopes)
        ]

    @contextmanager
    def held(self, reverse: bool) -> Iterator[None]:
        """What happens inside reaches the bot at the end, and in the other order when `reverse`."""
        with self.workspace.lock:
            self._held = []
        try:
            yield
        finally:
            with self.workspace.lock:
                held, self._held = self._held or [], None
            self.send(*(reversed(held) if reverse else held))

    async def _after(self, delay_s: float, envelope: Payload) -> Delivery:
        if delay_s:
            await asyncio.sleep(delay_s)
        return await self.courier.event(envelope)

    def _send_in_turn(self, events: list[Payload], channel: Channel | None) -> list[Future[Delivery]]:
        if channel and BOT_USER not in channel.members:
            return []
        shared = bool(channel and channel.ext_shared)
        heard = [event for event in events if self.installation.hears(event)]
        return self.send(*(self.envelope(event, is_ext_shared_channel=shared) for event in heard))

    def _in_channel(self, event: Payload, channel: Channel, ts: str) -> Payload:
        return event | {"channel": channel.id, "channel_type": channel.kind, "event_ts": ts}

    def _speaks_to_bot(self, message: Message, channel: Channel) -> bool:
        return channel.kind != "im" and not message.by_bot and BOT_USER in mentions(message.text)


def user_change(person: Person) -> Payload:
    return {"type": "user_change", "user": profile(person, person.team_id), "event_ts": "0"}


def profile(person: Person, home_team: str) -> Payload:
    return {
        "id": person.id,
        "team_id": person.team_id,
        "name": person.name,
        "real_name": person.name.title(),
        "deleted": person.deleted,
        "is_admin": person.admin,
        "is_owner": person.owner,
        "is_primary_owner": False,
        "is_restricted": bool(person.guest),
        "is_ultra_restricted": person.guest == "single",
        "is_bot": person.is_bot,
        "is_app_user": False,
        "is_stranger": person.team_id != home_team,
        "tz": "Europe/Paris",
        "tz_offset": 3600,
        "profile": {"display_name": person.name, "real_name": person.name.title(), "team": person.team_id},
    }
