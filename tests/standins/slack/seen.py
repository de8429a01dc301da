"""What each person sees now, and the script of all that happened."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from textwrap import indent

from tests.standins.slack.blocks import buttons, pings, reading
from tests.standins.slack.workspace import Channel, Happening, Message, Payload, Workspace


@dataclass(frozen=True)
class Line:
    """A message as somebody sees it."""

    ts: str
    channel: str
    channel_id: str
    thread_ts: str | None
    author: str
    text: str
    ephemeral: bool
    buttons: tuple[str, ...]
    blocks: list[Payload]
    edited: bool
    reactions: tuple[str, ...]
    pings: tuple[str, ...]
    """Whom it notified: user ids, here, channel, everyone, user groups."""
    versions: int
    options: Payload

    def __str__(self) -> str:
        where = f"{self.channel}{' ↳' if self.thread_ts else ''}"
        keys = f" {' '.join(f'[{b}]' for b in self.buttons)}" if self.buttons else ""
        return f"{where} {self.author}{' (only you)' if self.ephemeral else ''}: {self.text}{keys}"


class Seen:
    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    def by(self, person_id: str) -> list[Line]:
        with self.workspace.lock:
            mine = [c for c in self.workspace.channels.values() if person_id in c.members]
            shown = [m for channel in mine for m in self._open(channel)] + self._private(person_id)
            return self._lines(shown)

    def in_channel(self, channel: Channel, person_id: str | None) -> list[Line]:
        with self.workspace.lock:
            private = [m for m in self._private(person_id) if m.channel == channel.id] if person_id else []
            may_read = person_id is None or channel.kind == "channel" or person_id in channel.members
            return self._lines([*(self._open(channel) if may_read else []), *private])

    def only(self, person_id: str) -> list[Line]:
        with self.workspace.lock:
            return self._lines(self._private(person_id))

    def answers_to(self, ts: str) -> list[Line]:
        """The bot's posts after it: in its thread, or in the DM when it was said there."""
        with self.workspace.lock:
            asked = self.workspace.message(ts)
            channel = self.workspace.channels[asked.channel]
            in_dm_root = channel.kind == "im" and asked.root == asked.ts
            return self._lines(
                m
                for m in self._open(channel)
                if m.by_bot and m.ts > ts and (m.root == asked.root or (in_dm_root and m.root == m.ts))
            )

    def line(self, message: Message) -> Line:
        return Line(
            message.ts,
            self.workspace.channels[message.channel].label,
            message.channel,
            message.thread_ts,
            self._author(message),
            reading(message.text, message.blocks, self.name_of),
            message.only_for is not None,
            tuple(buttons(message.blocks)),
            message.blocks,
            message.edited is not None,
            tuple(message.reactions),
            tuple(pings(message.text, message.blocks)),
            len(message.versions),
            message.options,
        )

    def name_of(self, id: str) -> str:
        if id in self.workspace.channels:
            return self.workspace.channels[id].name
        return self.workspace.people[id].name if id in self.workspace.people else id

    def transcript(self) -> str:
        with self.workspace.lock:
            numbers: dict[str, str] = {}
            for happening in self.workspace.happenings:
                if happening.message and happening.message not in numbers:
                    numbers[happening.message] = f"m{len(numbers) + 1}"
            return "\n".join(self._scripted(happening, numbers) for happening in self.workspace.happenings)

    def _scripted(self, happening: Happening, numbers: dict[str, str]) -> str:
        number = numbers.get(happening.message or "", "")
        channel = self.workspace.channels.get(happening.channel or "")
        where = channel.label if channel else ""
        if happening.thread and happening.thread != happening.message:
            where += f" ↳{numbers.get(happening.thread, happening.thread)}"
        who = self.name_of(happening.who)
        privately = f" (only {self.name_of(happening.only_for)} sees it)" if happening.only_for else ""
        text = happening.text
        keys = ""
        if happening.what in ("says", "edits") and happening.message:
            message = self.workspace.message(happening.message)
            version = message.versions[happening.version]
            text = reading(version.text, version.blocks, self.name_of)
            keys = "".join(f"\n        [{label}]" for label in buttons(version.blocks))
        said = f" {number}" if number and happening.what != "says" else ""
        head = f"{number if happening.what == 'says' else '':>4}  {where}  {who}"
        verb = "" if happening.what == "says" else f" {happening.what}"
        return f"{head}{privately}{verb}{said}{':' if text else ''}{_under(text)}{keys}"

    def _author(self, message: Message) -> str:
        return message.options.get("username") or self.name_of(message.user)

    def _open(self, channel: Channel) -> list[Message]:
        return [
            m
            for m in (*channel.roots.values(), *(r for replies in channel.threads.values() for r in replies))
            if not m.deleted
        ]

    def _private(self, person_id: str) -> list[Message]:
        return [m for m in self.workspace.private.values() if m.only_for == person_id and not m.deleted]

    def _lines(self, messages: Iterable[Message]) -> list[Line]:
        return [self.line(m) for m in sorted(messages, key=lambda m: float(m.ts))]


def _under(text: str) -> str:
    return f" {text}" if text and "\n" not in text else f"\n{indent(text, ' ' * 8)}" if text else ""
