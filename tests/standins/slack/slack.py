"""Slack on loopback: what a test does to it and asks of it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Literal, Self

import httpx

from tests.standins.slack.api import STATUS_LIFE_S, Api, Call, View
from tests.standins.slack.courier import Courier, Delivery, sign
from tests.standins.slack.events import Events, user_change
from tests.standins.slack.faults import Faults
from tests.standins.slack.installation import SCOPES, Installation
from tests.standins.slack.interaction import Interactions
from tests.standins.slack.seen import Line, Seen
from tests.standins.slack.server import Server
from tests.standins.slack.workspace import APP_ID, BOT_ID, BOT_USER, Channel, Clock, Message, Payload, Person, Workspace

WAIT_S = 15.0


class _In:
    """An attribute of the whole that lives in a part of it."""

    def __init__(self, part: str) -> None:
        self.part = part

    def __set_name__(self, _owner: type, name: str) -> None:
        self.name = name

    def __get__(self, slack: Slack, _owner: type) -> Any:
        return getattr(getattr(slack, self.part), self.name)

    def __set__(self, slack: Slack, value: Any) -> None:
        setattr(getattr(slack, self.part), self.name, value)


class Slack:
    """A workspace with one app in it. People and channels go by name or id; a DM is opened with `dm`.

    with Slack() as slack:
        slack.channel("ml-platform", members=["ana"])
        slack.connect("http://127.0.0.1:3000")
        asked = slack.say("ana", "ml-platform", "@bot our deploys take weeks")
        answer, = slack.wait_answer(asked)
    """

    scopes = _In("installation")  # a set; take one away to see missing_scope
    echo = _In("events")  # the bot hears its own posts
    duplicate = _In("events")  # each event twice, with one event_id
    twins_first = _In("events")  # "app_mention" | "message"
    twin_gap_s = _In("events")
    retry_delays_s = _In("courier")  # the first retry after the first, and so on
    ack_s = _In("courier")
    hang_s = _In("server")
    pace = _In("api")  # one chat.postMessage a second and channel, beyond pace_burst
    pace_burst = _In("api")
    down = _In("faults")  # 503 to everything
    statuses = _In("api")
    prompts = _In("api")
    views = _In("api")
    calls = _In("server")  # every request to the Web API and to response_urls (`response_url`), faulted ones included
    deliveries = _In("courier")

    def __init__(
        self,
        bot_scopes: Iterable[str] | str = SCOPES,
        team_id: str = "T0001",
        signing_secret: str = "signing-secret",
        token: str = "xoxb-standin",
        enterprise_id: str | None = None,
        is_enterprise_install: bool = False,
        bot_events: Iterable[str] | None = None,
    ) -> None:
        scopes = set(bot_scopes.replace(",", " ").split() if isinstance(bot_scopes, str) else bot_scopes)
        subscribed = None if bot_events is None else set(bot_events)
        self.installation = Installation(
            team_id, signing_secret, token, scopes, enterprise_id, is_enterprise_install, subscribed
        )
        self.workspace = Workspace(team_id)
        self.faults = Faults()
        self.courier = Courier(self.workspace, signing_secret)
        self.events = Events(self.workspace, self.installation, self.courier)
        self.api = Api(self.workspace, self.installation, self.events)
        self.interactions = Interactions(self.workspace, self.installation, self.api, self.courier)
        self.seen = Seen(self.workspace)
        self.server = Server(self.api, self.courier, self.faults)
        self.bot_user, self.bot_id, self.app_id = BOT_USER, BOT_ID, APP_ID
        self.team_id, self.token, self.signing_secret = team_id, token, signing_secret
        self.url = ""

    def __enter__(self) -> Self:
        self.url = self.server.start()
        self.api.url = self.url
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.stop()

    # --- switches ---

    @property
    def base_url(self) -> str:
        """For AsyncWebClient."""
        return f"{self.url}/api/"

    @property
    def clock(self) -> Clock:
        return self.workspace.clock

    def fail(self, method: str, *faults: str) -> None:
        """For the next calls of the method, one each; `response_url` is a method too. Names: faults.py."""
        self.faults.queue(method, *faults)

    def fail_share(self, method: str, shares: dict[str, float], seed: int) -> None:
        self.faults.share(method, shares, seed)

    def heal(self) -> None:
        self.faults.clear()

    def revoke(self, error: str = "token_revoked") -> None:
        self.installation.revoked = error

    # --- the world ---

    def person(
        self,
        name: str,
        guest: bool | Literal["single"] | None = None,
        team: str | None = None,
        admin: bool | None = None,
        owner: bool | None = None,
    ) -> str:
        """The id. What is given replaces what was."""
        with self.workspace.lock:
            person = self.workspace.person(name)
            person.guest = person.guest if guest is None else guest
            person.team_id = team or person.team_id
            person.admin = person.admin if admin is None else admin
            person.owner = person.owner if owner is None else owner
            return person.id

    def channel(
        self,
        name: str,
        members: Iterable[str] = (),
        private: bool = False,
        ext_shared: bool = False,
        with_bot: bool = True,
    ) -> str:
        with self.workspace.lock:
            ids = [self.workspace.person(member).id for member in members] + ([BOT_USER] if with_bot else [])
            name = name.removeprefix("#")
            made = Channel(self.workspace.new_id("C"), name, "group" if private else "channel", ids, ext_shared)
            self.workspace.channels[made.id] = made
            return made.id

    def dm(self, person: str) -> str:
        return self.workspace.dm(self.workspace.person(person)).id

    def join(self, person: str, channel: str) -> None:
        """`bot` is invited like everybody else."""
        who, where = self.workspace.person(person), self.workspace.find(channel)
        if who.id not in where.members:
            where.members.append(who.id)
            self.workspace.note(who.id, "joins", channel=where.id)
            event = {"type": "member_joined_channel", "user": who.id, "channel": where.id, "team": who.team_id}
            self.events.of(event | {"channel_type": where.id[0], "event_ts": self.workspace.new_ts()}, where)

    def leave(self, person: str, channel: str) -> None:
        who, where = self.workspace.person(person), self.workspace.find(channel)
        where.members.remove(who.id)
        self.workspace.note(who.id, "leaves", channel=where.id)
        if who.id == BOT_USER:
            self.events.of({"type": "channel_left", "channel": where.id, "event_ts": self.workspace.new_ts()})
        else:
            event = {"type": "member_left_channel", "user": who.id, "channel": where.id, "team": who.team_id}
            self.events.of(event | {"channel_type": where.id[0], "event_ts": self.workspace.new_ts()}, where)

    def archive(self, channel: str) -> None:
        where = self.workspace.find(channel)
        where.archived = True
        self.events.of({"type": "channel_archive", "channel": where.id, "event_ts": self.workspace.new_ts()}, where)

    def connect(self, url: str, path: str = "/slack/events") -> None:
        self.courier.url, self.courier.path = url.rstrip("/"), path

    # --- what people do ---

    def say(self, person: str, channel: str, text: str, thread: str | None = None, wait: bool = False) -> str:
        """The message's ts. `@name` becomes a mention. `channel="dm"`: their DM with the bot."""
        who = self.workspace.person(person)
        where = self.workspace.dm(who) if channel == "dm" else self.workspace.find(channel)
        if who.id not in where.members:
            raise LookupError(f"{who.name} is not in {where.label}: slack.join({who.name!r}, {where.name!r})")
        if where.archived:
            raise LookupError(f"{where.label} is archived")
        with self.workspace.lock:
            message = Message(
                self.workspace.new_ts(),
                where.id,
                who.id,
                self._with_mentions(text),
                thread_ts=self.workspace.message(thread).root if thread else None,
                team=who.team_id,
                client_msg_id=self.courier.new_id("client-"),
            )
            self.workspace.add(message)
            sent = self.events.posted(message)
        return self._after(sent, wait, message.ts)

    def bot_says(
        self,
        name: str,
        channel: str,
        text: str,
        thread: str | None = None,
        subtype: str | None = "bot_message",
        wait: bool = False,
    ) -> str:
        """Another app; newer ones post without a subtype, with a user and a bot_id."""
        with self.workspace.lock:
            message = Message(
                self.workspace.new_ts(),
                self.workspace.find(channel).id,
                f"U{name.upper()}",
                self._with_mentions(text),
                thread_ts=thread,
                bot_id=f"B{name.upper()}",
                app_id=f"A{name.upper()}",
                subtype=subtype,
                options={"username": name},
            )
            self.workspace.add(message)
            sent = self.events.posted(message)
        return self._after(sent, wait, message.ts)

    def edit(self, ts: str, text: str, wait: bool = False) -> None:
        with self.workspace.lock:
            message = self.workspace.message(ts)
            before = self.workspace.payload(message)
            message.write(self.clock.now(), self._with_mentions(text), message.blocks, message.metadata)
            message.edited = {"user": message.user, "ts": self.workspace.new_ts()}
            self._noted(message.user, "edits", message)
            sent = self.events.changed(message, before)
        self._after(sent, wait, None)

    def unfurl(self, ts: str, link: str = "https://example.com/", wait: bool = False) -> None:
        """Slack adds a preview: changed, yet not edited."""
        with self.workspace.lock:
            message = self.workspace.message(ts)
            attachments = [{"from_url": link, "title": "Example", "id": 1}]
            sent = self.events.changed(message, self.workspace.payload(message), attachments=attachments)
        self._after(sent, wait, None)

    def delete(self, ts: str, wait: bool = False) -> None:
        """A parent with replies becomes a tombstone, which arrives as message_changed."""
        with self.workspace.lock:
            message = self.workspace.message(ts)
            before = self.workspace.payload(message)
            message.deleted = True
            self._noted(message.user, "deletes", message)
            sent = self.events.deleted(message, before)
        self._after(sent, wait, None)

    def react(self, person: str, ts: str, name: str, wait: bool = False) -> None:
        who, message = self.workspace.person(person), self.workspace.message(ts)
        message.reactions.setdefault(name, []).append(who.id)
        self.workspace.note(who.id, "reacts to", channel=message.channel, message=ts, text=name)
        event = {
            "type": "reaction_added",
            "user": who.id,
            "reaction": name,
            "item_user": message.user,
            "item": {"type": "message", "channel": message.channel, "ts": ts},
            "event_ts": self.workspace.new_ts(),
        }
        self._after(self.events.of(event, self.workspace.channels[message.channel]), wait, None)

    def command(self, person: str, channel: str, command: str, text: str = "", wait: bool = False) -> Future[Delivery]:
        who = self.workspace.person(person)
        where = self.workspace.dm(who) if channel == "dm" else self.workspace.find(channel)
        return _done(self.interactions.command(who, where, command, text), wait)

    def press(
        self,
        person: str,
        message: str | Line,
        button: str,
        value_override: str | None = None,
        state: Payload | None = None,
        action_ts: str | None = None,
        wait: bool = False,
    ) -> Future[Delivery]:
        """By action_id or by the words on it; `feedback:positive`, `feedback:negative`."""
        who, what = self._in_view_of(person, message)
        return _done(self.interactions.press(who, what, button, value_override, state, action_ts), wait)

    def tick(
        self, person: str, message: str | Line, option: str, on: bool = True, wait: bool = False
    ) -> Future[Delivery] | None:
        """Outside an input block Slack tells the bot at once; the state goes with later presses in any case."""
        who, what = self._in_view_of(person, message)
        return _done(self.interactions.tick(who, what, option, on), wait)

    def choose(self, person: str, message: str | Line, option: str, wait: bool = False) -> Future[Delivery] | None:
        """Radio buttons, select or overflow."""
        who, what = self._in_view_of(person, message)
        return _done(self.interactions.choose(who, what, option), wait)

    def fill(self, person: str, message: str | Line, action_id: str, text: str) -> None:
        who, what = self._in_view_of(person, message)
        self.interactions.fill(who, what, action_id, text)

    def shortcut(
        self, person: str, callback_id: str, message: str | Line | None = None, wait: bool = False
    ) -> Future[Delivery]:
        """On a message, or the global one."""
        who, what = self._in_view_of(person, message) if message else (self.workspace.person(person), None)
        return _done(self.interactions.shortcut(who, callback_id, what), wait)

    def submit(self, person: str, view_id: str, values: Payload, wait: bool = True) -> Future[Delivery]:
        """`values` as in view.state.values. The bot's answer to it is in the delivery's body."""
        return _done(self.interactions.submit(self.workspace.person(person), view_id, values), wait)

    def press_in_view(self, person: str, view_id: str, button: str, wait: bool = False) -> Future[Delivery]:
        return _done(self.interactions.press_in_view(self.workspace.person(person), view_id, button), wait)

    def open_dm(self, person: str, wait: bool = False) -> str:
        return self._open_app(person, "messages", wait)

    def open_home(self, person: str, wait: bool = False) -> str:
        return self._open_app(person, "home", wait)

    def deactivate(self, person: str, wait: bool = False) -> None:
        who = self.workspace.person(person)
        who.deleted = True
        self.workspace.note(who.id, "is deactivated")
        self._after(self.events.of(user_change(who) | {"event_ts": self.workspace.new_ts()}), wait, None)

    def uninstall(self, wait: bool = False) -> None:
        """tokens_revoked, then app_uninstalled; the token no longer works."""
        self.revoke("account_inactive")
        revoked = {"type": "tokens_revoked", "tokens": {"oauth": [], "bot": [BOT_USER]}, "event_ts": "0"}
        self._after(self.events.of(revoked) + self.events.of({"type": "app_uninstalled", "event_ts": "0"}), wait, None)

    # --- raw ---

    def send_event(self, event: Payload, wait: bool = False, **envelope: Any) -> str:
        """Any event; keywords replace fields of the envelope. The event's id."""
        made = self.events.envelope(event, **envelope)
        return self._after(self.events.send(made), wait, made["event_id"])

    def verify_url(self, challenge: str = "challenge") -> httpx.Response:
        body = json.dumps({"type": "url_verification", "token": "verification-token", "challenge": challenge})
        return self.post_raw(self.courier.path, body, self.sign(body))

    def post_raw(
        self, path: str, body: str | bytes, headers: dict[str, str] | None = None, timeout_s: float = 10.0
    ) -> httpx.Response:
        """As it is: unsigned unless `headers` holds what `sign` returns."""
        content = body.encode() if isinstance(body, str) else body
        headers = {"Content-Type": "application/json"} | (headers or {})
        return self.courier.start(self.courier.raw(path, content, headers, timeout_s)).result()

    def sign(self, body: str | bytes, ts: int | str | None = None, secret: str | None = None) -> dict[str, str]:
        return sign(body, ts, self.signing_secret if secret is None else secret)

    def envelope(self, event: Payload, **more: Any) -> str:
        """The body that would carry it, for post_raw."""
        return json.dumps(self.events.envelope(event, **more))

    def held(self, reverse: bool = False) -> AbstractContextManager[None]:
        """Events of what happens inside go out at the end of the block, reversed if asked."""
        return self.events.held(reverse)

    # --- what was recorded ---

    def calls_of(self, method: str) -> list[Call]:
        with self.workspace.lock:
            return [call for call in self.server.calls if call.method == method]

    def deliveries_of(self, name: str) -> list[Delivery]:
        """Such as `app_mention`, `message`, `message.message_changed`, `/mlops`, `block_actions`."""
        with self.workspace.lock:
            return [delivery for delivery in self.courier.deliveries if delivery.name == name]

    def posted_at(self, channel: str) -> list[float]:
        """Monotonic times of chat.postMessage."""
        return self.api.posted_at[self.workspace.find(channel).id]

    def home_of(self, person: str) -> View | None:
        return self.api.homes.get(self.workspace.person(person).id)

    def status_of(self, thread_ts: str) -> str:
        """As shown now: a message by the bot or two minutes clear it."""
        with self.workspace.lock:
            last = next((s for s in reversed(self.api.statuses) if s.thread_ts == thread_ts), None)
            if last is None or self.clock.now() - last.at > STATUS_LIFE_S:
                return ""
            replies = self.workspace.channels[last.channel].threads.get(thread_ts, [])
            return "" if any(m.by_bot and m.versions[0].at > last.at for m in replies) else last.status

    def message(self, ts: str) -> Message:
        """With all its versions, deleted or not."""
        return self.workspace.message(ts)

    # --- what people see ---

    def seen_by(self, person: str) -> list[Line]:
        return self.seen.by(self.workspace.person(person).id)

    def visible(self, channel: str, viewer: str | None = None) -> list[Line]:
        """In one channel; without a viewer, all but the ephemeral."""
        return self.seen.in_channel(self.workspace.find(channel), self.workspace.person(viewer).id if viewer else None)

    def ephemerals(self, person: str) -> list[Line]:
        return self.seen.only(self.workspace.person(person).id)

    def answers_to(self, ts: str) -> list[Line]:
        return self.seen.answers_to(ts)

    def transcript(self) -> str:
        return self.seen.transcript()

    # --- waiting ---

    def wait_for(self, predicate: Callable[[], Any], timeout_s: float = WAIT_S) -> Any:
        """What the predicate returns as soon as it is true."""
        deadline = time.monotonic() + timeout_s
        while True:
            before = self.workspace.changed_at
            if found := predicate():  # without the lock: it may ask the bot something
                return found
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise TimeoutError(f"Not within {timeout_s} s. What happened:\n{self.transcript()}")
            with self.workspace.lock:
                if self.workspace.changed_at == before:
                    self.workspace.lock.wait(min(left_s, 0.1))

    def wait_answer(self, ts: str, count: int = 1, timeout_s: float = WAIT_S) -> list[Line]:
        def enough() -> list[Line] | None:
            answers = self.answers_to(ts)
            return answers if len(answers) >= count else None

        return self.wait_for(enough, timeout_s)

    def wait_ephemeral(self, person: str, count: int = 1, timeout_s: float = WAIT_S) -> list[Line]:
        def enough() -> list[Line] | None:
            shown = self.ephemerals(person)
            return shown if len(shown) >= count else None

        return self.wait_for(enough, timeout_s)

    def settled(self, quiet_s: float = 0.5, timeout_s: float = 60.0) -> None:
        """Returns when nothing was under way for so long; a retry that is due later does not count."""

        def quiet() -> bool:
            busy = self.courier.in_flight or self.server.answering
            return not busy and time.monotonic() - self.workspace.changed_at >= quiet_s

        self.wait_for(quiet, timeout_s)

    # --- inside ---

    def _open_app(self, person: str, tab: str, wait: bool) -> str:
        who = self.workspace.person(person)
        channel = self.workspace.dm(who)
        self.workspace.note(who.id, f"opens {tab}", channel=channel.id)
        event: Payload = {"type": "app_home_opened", "user": who.id, "channel": channel.id, "tab": tab}
        if tab == "home" and (home := self.api.homes.get(who.id)):
            event["view"] = home.view | {"id": home.id, "hash": home.hash}
        return self._after(self.events.of(event | {"event_ts": self.workspace.new_ts()}), wait, channel.id)

    def _in_view_of(self, person: str, message: str | Line) -> tuple[Person, Message]:
        who = self.workspace.person(person)
        what = self.workspace.message(message if isinstance(message, str) else message.ts)
        channel = self.workspace.channels[what.channel]
        hidden = (
            what.only_for != who.id if what.only_for else (who.id not in channel.members and channel.kind != "channel")
        )
        if what.deleted or hidden:
            raise LookupError(f"{who.name} does not see the message {what.ts} in {channel.label}")
        return who, what

    def _with_mentions(self, text: str) -> str:
        def mention(match: re.Match[str]) -> str:
            known = next((p for p in self.workspace.people.values() if p.name == match[1]), None)
            return f"<@{known.id}>" if known else match[0]

        return re.sub(r"(?<![\w<.])@([\w-]+)", mention, text)

    def _noted(self, who: str, what: str, message: Message) -> None:
        version = len(message.versions) - 1
        self.workspace.note(
            who, what, channel=message.channel, message=message.ts, thread=message.thread_ts, version=version
        )

    def _after(self, sent: list[Future[Delivery]], wait: bool, result: Any) -> Any:
        if wait:
            for one in sent:
                one.result()
        return result


def _done(sent: Any, wait: bool) -> Any:
    if wait and sent is not None:
        sent.result()
    return sent
