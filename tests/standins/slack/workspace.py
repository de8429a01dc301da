"""What the workspace holds: people, channels, messages with their whole history, and a clock that a test may move."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import count
from threading import Condition, RLock
from typing import Any, Literal

BOT_USER, BOT_ID, APP_ID = "U0BOT", "B0BOT", "A0APP"
SLACKBOT = "USLACKBOT"

Payload = dict[str, Any]
Blocks = list[Payload]
Kind = Literal["channel", "group", "im"]


class Clock:
    def __init__(self) -> None:
        self._ahead_s = 0.0

    def now(self) -> float:
        return time.time() + self._ahead_s

    def advance(self, seconds: float) -> None:
        self._ahead_s += seconds


@dataclass
class Person:
    id: str
    name: str
    team_id: str
    guest: bool | Literal["single"] = False
    admin: bool = False
    owner: bool = False
    deleted: bool = False
    is_bot: bool = False


@dataclass(frozen=True)
class Version:
    at: float
    text: str
    blocks: Blocks
    metadata: Payload | None


@dataclass
class Message:
    ts: str
    channel: str
    user: str
    text: str
    blocks: Blocks = field(default_factory=list)
    metadata: Payload | None = None
    thread_ts: str | None = None
    broadcast: bool = False
    team: str = ""
    bot_id: str | None = None
    app_id: str | None = None
    subtype: str | None = None
    client_msg_id: str | None = None
    only_for: str | None = None
    edited: Payload | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    deleted: bool = False
    options: Payload = field(default_factory=dict)
    """What else the call asked for: unfurl_links, unfurl_media, mrkdwn, parse, link_names."""
    versions: list[Version] = field(default_factory=list)

    @property
    def root(self) -> str:
        return self.thread_ts or self.ts

    @property
    def by_bot(self) -> bool:
        return self.bot_id == BOT_ID

    def write(self, at: float, text: str, blocks: Blocks, metadata: Payload | None) -> None:
        self.text, self.blocks, self.metadata = text, blocks, metadata
        self.versions.append(Version(at, text, blocks, metadata))


@dataclass
class Channel:
    id: str
    name: str
    kind: Kind
    members: list[str] = field(default_factory=list)
    ext_shared: bool = False
    archived: bool = False
    roots: dict[str, Message] = field(default_factory=dict)
    threads: dict[str, list[Message]] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return f"@{self.name}" if self.kind == "im" else f"#{self.name}"


@dataclass(frozen=True)
class Happening:
    """One line of the script."""

    at: float
    who: str
    what: str
    channel: str | None = None
    message: str | None = None
    thread: str | None = None
    text: str = ""
    only_for: str | None = None
    version: int = 0


class Workspace:
    def __init__(self, team_id: str) -> None:
        self.team_id = team_id
        self.clock = Clock()
        self.lock = Condition(RLock())
        self.changed_at = time.monotonic()
        self.people: dict[str, Person] = {}
        self.channels: dict[str, Channel] = {}
        self.messages: dict[str, Message] = {}
        self.private: dict[str, Message] = {}
        """Ephemeral messages by their ts."""
        self.happenings: list[Happening] = []
        self._last_ts = 0
        self._numbers = count(1)
        self.people[BOT_USER] = Person(BOT_USER, "bot", team_id, is_bot=True)
        self.people[SLACKBOT] = Person(SLACKBOT, "slackbot", team_id, is_bot=True)

    def touch(self) -> None:
        with self.lock:
            self.changed_at = time.monotonic()
            self.lock.notify_all()

    def note(self, who: str, what: str, **more: Any) -> None:
        with self.lock:
            self.happenings.append(Happening(self.clock.now(), who, what, **more))
            self.touch()

    def new_ts(self) -> str:
        with self.lock:
            self._last_ts = max(self._last_ts + 100, int(self.clock.now() * 1_000_000))
            return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def new_id(self, letter: str) -> str:
        with self.lock:
            return f"{letter}{next(self._numbers):04d}"

    def person(self, name: str) -> Person:
        """By id or by name; made at need."""
        with self.lock:
            name = name.removeprefix("@")
            if found := self.people.get(name) or next((p for p in self.people.values() if p.name == name), None):
                return found
            made = Person(self.new_id(f"U{name[:3].upper()}"), name, self.team_id)
            self.people[made.id] = made
            return made

    def find(self, name: str) -> Channel:
        """By id or by name."""
        with self.lock:
            name = name.removeprefix("#")
            found = self.channels.get(name) or next(
                (c for c in self.channels.values() if c.name == name and c.kind != "im"), None
            )
            if found is None:
                raise LookupError(f"There is no channel {name}; there are {[c.label for c in self.channels.values()]}")
            return found

    def dm(self, person: Person) -> Channel:
        with self.lock:
            for channel in self.channels.values():
                if channel.kind == "im" and channel.members[0] == person.id:
                    return channel
            made = Channel(self.new_id("D"), person.name, "im", [person.id, BOT_USER])
            self.channels[made.id] = made
            return made

    def add(self, message: Message) -> Message:
        with self.lock:
            message.write(self.clock.now(), message.text, message.blocks, message.metadata)
            if message.only_for:
                self.private[message.ts] = message
            else:
                self.messages[message.ts] = message
                channel = self.channels[message.channel]
                if message.thread_ts and message.thread_ts != message.ts:
                    channel.threads.setdefault(message.thread_ts, []).append(message)
                else:
                    channel.roots[message.ts] = message
            self.note(
                message.options.get("username", message.user),
                "says",
                channel=message.channel,
                message=message.ts,
                thread=message.thread_ts,
                only_for=message.only_for,
            )
            return message

    def message(self, ts: str) -> Message:
        found = self.messages.get(ts) or self.private.get(ts)
        if found is None:
            raise LookupError(f"There is no message {ts}")
        return found

    def payload(self, message: Message, with_metadata: bool = False) -> Payload:
        """As the Web API and the events write a message."""
        with self.lock:
            replies = [m for m in self.channels[message.channel].threads.get(message.ts, []) if not m.deleted]
            if message.deleted:
                body: Payload = {"subtype": "tombstone", "user": SLACKBOT, "text": "This message was deleted."}
            else:
                body = {
                    "user": message.user,
                    "text": message.text,
                    "team": message.team or self.team_id,
                    "subtype": message.subtype,
                    "blocks": message.blocks,
                    "bot_id": message.bot_id,
                    "app_id": message.app_id,
                    "client_msg_id": message.client_msg_id,
                    "edited": message.edited,
                    "reactions": [
                        {"name": name, "users": list(users), "count": len(users)}
                        for name, users in message.reactions.items()
                    ],
                    "metadata": message.metadata if with_metadata else None,
                }
                if message.by_bot:
                    body["bot_profile"] = {"id": BOT_ID, "app_id": APP_ID, "name": "bot", "team_id": self.team_id}
                if message.subtype == "bot_message":  # no user, only a name
                    body |= {"user": None, "username": message.options.get("username")}
            body = {"type": "message", "ts": message.ts} | {k: v for k, v in body.items() if v not in (None, [])}
            if message.thread_ts and message.thread_ts != message.ts:
                body["thread_ts"] = message.thread_ts
                if parent := self.messages.get(message.thread_ts):
                    body["parent_user_id"] = parent.user
            elif replies:
                body |= {
                    "thread_ts": message.ts,
                    "reply_count": len(replies),
                    "reply_users": sorted({m.user for m in replies}),
                    "reply_users_count": len({m.user for m in replies}),
                    "latest_reply": replies[-1].ts,
                }
            return body
