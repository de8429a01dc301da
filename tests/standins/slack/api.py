"""The Web API: what each method needs, does and refuses."""

from __future__ import annotations

import base64
import binascii
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.standins.slack.blocks import with_ids
from tests.standins.slack.events import Events, profile
from tests.standins.slack.installation import Installation
from tests.standins.slack.limits import (
    HOOK_LIFE_S,
    HOOK_USES,
    LOADING_MESSAGES,
    SUGGESTED_PROMPTS,
    Refused,
    check_message,
    check_view,
)
from tests.standins.slack.workspace import APP_ID, BOT_ID, BOT_USER, Channel, Message, Payload, Person, Workspace

TRIGGER_LIFE_S = 3.0
STATUS_LIFE_S = 120.0
PACE_BURST = 5

PREFIX = {"channel": "channels", "group": "groups", "im": "im"}
SCOPES: dict[str, tuple[str, ...]] = {
    "chat.postMessage": ("chat:write",),
    "chat.postEphemeral": ("chat:write",),
    "chat.update": ("chat:write",),
    "chat.delete": ("chat:write",),
    "conversations.open": ("im:write",),
    "users.info": ("users:read",),
    "reactions.add": ("reactions:write",),
    "reactions.remove": ("reactions:write",),
    "assistant.threads.setStatus": ("chat:write", "assistant:write"),
    "assistant.threads.setSuggestedPrompts": ("assistant:write",),
}
"""Any one of them will do."""
SCOPES_BY_KIND = {
    "conversations.replies": "history",
    "conversations.history": "history",
    "conversations.info": "read",
    "conversations.members": "read",
}
JSON_ARGUMENTS = {"blocks", "attachments", "metadata", "prompts", "view", "loading_messages", "unfurls"}


@dataclass(frozen=True)
class Call:
    method: str
    args: Payload
    at: float
    fault: str = "ok"


@dataclass(frozen=True)
class Status:
    channel: str
    thread_ts: str
    status: str
    at: float
    loading_messages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Prompts:
    channel: str
    prompts: list[Payload]
    title: str | None
    thread_ts: str | None

    @property
    def shown(self) -> bool:
        """Under agent view a `thread_ts` makes the call do nothing, and say nothing."""
        return self.thread_ts is None


@dataclass
class Hook:
    """A response_url."""

    id: str
    person: str
    channel: str
    origin: str | None
    made_at: float
    uses: int = 0


@dataclass
class View:
    id: str
    person: str
    view: Payload
    hash: str
    versions: list[Payload] = field(default_factory=list)


class Api:
    def __init__(self, workspace: Workspace, installation: Installation, events: Events) -> None:
        self.workspace, self.installation, self.events = workspace, installation, events
        self.url = ""
        self.pace = False
        self.pace_burst = PACE_BURST
        self.posted_at: dict[str, list[float]] = defaultdict(list)
        self.statuses: list[Status] = []
        self.prompts: list[Prompts] = []
        self.views: dict[str, View] = {}
        self.homes: dict[str, View] = {}
        self.hooks: dict[str, Hook] = {}
        self.triggers: dict[str, tuple[str, float]] = {}
        self._buckets: dict[str, tuple[float, float]] = {}
        self._methods: dict[str, Callable[[Payload], Payload]] = {
            "auth.test": self._auth_test,
            "chat.postMessage": self._post,
            "chat.postEphemeral": self._post_ephemeral,
            "chat.update": self._update,
            "chat.delete": self._delete,
            "chat.getPermalink": self._permalink,
            "conversations.replies": self._replies,
            "conversations.history": self._history,
            "conversations.info": self._info,
            "conversations.open": self._open,
            "conversations.members": self._members,
            "users.info": self._user,
            "reactions.add": self._react,
            "reactions.remove": self._unreact,
            "assistant.threads.setStatus": self._set_status,
            "assistant.threads.setSuggestedPrompts": self._set_prompts,
            "views.open": self._open_view,
            "views.push": self._open_view,
            "views.publish": self._publish_view,
            "views.update": self._update_view,
        }

    def answer(self, method: str, args: Payload, token: str | None) -> Payload:
        with self.workspace.lock:
            try:
                self._check_token(token)
                if method not in self._methods:
                    raise Refused("unknown_method", req_method=method)
                _check_parsed(args)
                self._check_scope(method, args)
                return {"ok": True} | self._methods[method](args)
            except Refused as refused:
                body: Payload = {"ok": False, "error": refused.error} | refused.more
                if refused.messages:
                    body |= {"errors": refused.messages, "response_metadata": {"messages": refused.messages}}
                return body
            finally:
                self.workspace.touch()

    def retry_after_s(self, method: str, args: Payload) -> int | None:
        """One message a second and channel, with a burst; None: go ahead."""
        if not self.pace or method != "chat.postMessage":
            return None
        with self.workspace.lock:
            channel, now = str(args.get("channel")), time.monotonic()
            left, at = self._buckets.get(channel, (float(self.pace_burst), now))
            left = min(float(self.pace_burst), left + now - at)
            self._buckets[channel] = (left - 1 if left >= 1 else left, now)
            return None if left >= 1 else 1

    def respond(self, hook_id: str, body: Payload) -> tuple[int, str]:
        """What a POST to a response_url does: status and error."""
        with self.workspace.lock:
            hook = self.hooks.get(hook_id)
            if hook is None:
                return 404, "no_such_url"
            if self.workspace.clock.now() - hook.made_at > HOOK_LIFE_S:
                return 404, "expired_url"
            if hook.uses >= HOOK_USES:
                return 404, "used_url"
            try:
                self._respond(hook, body)
            except Refused as refused:
                return 400, refused.error
            hook.uses += 1
            return 200, "ok"

    def show(self, person: str, channel: str, body: Payload, thread_ts: str | None = None) -> Message:
        """A message from the bot by command answer or response_url: to one person, or in the channel."""
        check_message(body.get("text"), body.get("blocks"))
        return self._say(
            self.workspace.channels[channel],
            body,
            thread_ts=thread_ts,
            only_for=None if body.get("response_type") == "in_channel" else person,
        )

    def new_hook(self, person: str, channel: str, origin: str | None) -> str:
        with self.workspace.lock:
            hook = Hook(self.workspace.new_id("hook"), person, channel, origin, self.workspace.clock.now())
            self.hooks[hook.id] = hook
            return f"{self.url}/hooks/{hook.id}"

    def new_trigger(self, person: str) -> str:
        with self.workspace.lock:
            trigger = f"{self.workspace.new_id('1')}.{self.workspace.new_id('2')}.standin"
            self.triggers[trigger] = (person, time.monotonic())
            return trigger

    # --- who may ---

    def _check_token(self, token: str | None) -> None:
        if not token:
            raise Refused("not_authed")
        if token != self.installation.token:
            raise Refused("invalid_auth")
        if self.installation.revoked:
            raise Refused(self.installation.revoked)

    def _check_scope(self, method: str, args: Payload) -> None:
        allowed = SCOPES.get(method, ())
        if kind_scope := SCOPES_BY_KIND.get(method):
            channel = self.workspace.channels.get(str(args.get("channel")))
            allowed = (f"{PREFIX[channel.kind]}:{kind_scope}",) if channel else ()
        if allowed and not self.installation.scopes & set(allowed):
            raise Refused("missing_scope", needed=allowed[0], provided=",".join(sorted(self.installation.scopes)))

    def _channel(self, args: Payload, key: str = "channel", member: bool = True) -> Channel:
        channel = self.workspace.channels.get(str(args.get(key, "")))
        if channel is None:
            raise Refused("channel_not_found")
        if BOT_USER not in channel.members:
            if channel.kind != "channel":
                raise Refused("channel_not_found")
            if member:
                raise Refused("not_in_channel")
        return channel

    def _post_channel(self, args: Payload) -> Channel:
        target = str(args.get("channel", ""))
        if (person := self.workspace.people.get(target)) and not person.is_bot:
            return self.workspace.dm(person)
        channel = self._channel(args, member="chat:write.public" not in self.installation.scopes)
        if channel.archived:
            raise Refused("is_archived")
        return channel

    def _own(self, args: Payload, refusal: str) -> Message:
        channel = self._channel(args, member=False)
        message = self.workspace.messages.get(str(args.get("ts")))
        if message is None or message.deleted or message.channel != channel.id:
            raise Refused("message_not_found")
        if not message.by_bot:
            raise Refused(refusal)
        if channel.archived:
            raise Refused("is_archived")
        return message

    def _person(self, id: Any) -> Person:
        person = self.workspace.people.get(str(id))
        if person is None:
            raise Refused("user_not_found")
        return person

    # --- writing ---

    def _say(self, channel: Channel, args: Payload, **more: Any) -> Message:
        metadata = args.get("metadata")
        if metadata is not None and not (
            isinstance(metadata, dict)
            and isinstance(metadata.get("event_type"), str)
            and isinstance(metadata.get("event_payload"), dict)
        ):
            raise Refused("invalid_metadata_format")
        message = Message(
            self.workspace.new_ts(),
            channel.id,
            BOT_USER,
            args.get("text") or "",
            with_ids(args.get("blocks") or []),
            metadata,
            bot_id=BOT_ID,
            app_id=APP_ID,
            team=self.installation.team_id,
            options={key: args[key] for key in ("unfurl_links", "unfurl_media", "mrkdwn", "parse") if key in args},
            **more,
        )
        self.workspace.add(message)
        if message.only_for is None:
            self.events.posted(message)
        return message

    def _thread(self, channel: Channel, args: Payload) -> str | None:
        ts = args.get("thread_ts")
        if ts in (None, ""):
            return None
        root = self.workspace.messages.get(str(ts))
        if root is None or root.channel != channel.id:
            raise Refused("thread_not_found")
        if root.thread_ts and root.thread_ts != root.ts:
            raise Refused("cannot_reply_to_message")
        return root.ts

    def _post(self, args: Payload) -> Payload:
        channel = self._post_channel(args)
        check_message(args.get("text"), args.get("blocks"))
        thread_ts = self._thread(channel, args)
        broadcast = bool(thread_ts and _flag(args, "reply_broadcast"))
        message = self._say(
            channel,
            args,
            thread_ts=thread_ts,
            broadcast=broadcast,
            subtype="thread_broadcast" if broadcast else None,
        )
        self.posted_at[channel.id].append(time.monotonic())
        return {"channel": channel.id, "ts": message.ts, "message": self.workspace.payload(message, with_metadata=True)}

    def _post_ephemeral(self, args: Payload) -> Payload:
        channel = self._post_channel(args)
        person = self._person(args.get("user"))
        if person.id not in channel.members:
            raise Refused("user_not_in_channel")
        check_message(args.get("text"), args.get("blocks"))
        message = self._say(channel, args, thread_ts=self._thread(channel, args), only_for=person.id)
        return {"message_ts": message.ts}

    def _update(self, args: Payload) -> Payload:
        message = self._own(args, "cant_update_message")
        text = args.get("text") if args.get("text") is not None else message.text
        check_message(args.get("text"), args.get("blocks"))
        # Fields that are left out stay as they were; an empty array takes the blocks away.
        blocks = with_ids(args["blocks"]) if args.get("blocks") is not None else message.blocks
        self._rewrite(message, str(text), blocks, args.get("metadata", message.metadata))
        return {
            "channel": message.channel,
            "ts": message.ts,
            "text": message.text,
            "message": self.workspace.payload(message, with_metadata=True),
        }

    def _rewrite(self, message: Message, text: str, blocks: list[Payload], metadata: Payload | None) -> None:
        before = self.workspace.payload(message)
        message.write(self.workspace.clock.now(), text, blocks, metadata or None)
        message.edited = {"user": BOT_USER, "ts": self.workspace.new_ts()}
        self._noted(message, "edits")
        if message.only_for is None:
            self.events.changed(message, before)

    def _delete(self, args: Payload) -> Payload:
        message = self._own(args, "cant_delete_message")
        self._remove(message)
        return {"channel": message.channel, "ts": message.ts}

    def _remove(self, message: Message) -> None:
        before = self.workspace.payload(message)
        message.deleted = True
        self._noted(message, "deletes")
        if message.only_for is None:
            self.events.deleted(message, before)

    def _noted(self, message: Message, what: str) -> None:
        self.workspace.note(
            BOT_USER,
            what,
            channel=message.channel,
            message=message.ts,
            thread=message.thread_ts,
            only_for=message.only_for,
            version=len(message.versions) - 1,
        )

    def _respond(self, hook: Hook, body: Payload) -> None:
        origin = self.workspace.messages.get(hook.origin or "") or self.workspace.private.get(hook.origin or "")
        if _flag(body, "delete_original"):
            if origin and not origin.deleted:
                self._remove(origin)
            if not body.get("text") and not body.get("blocks"):
                return
        # A command has no original: Slack then posts a new message.
        if _flag(body, "replace_original") and origin and not origin.deleted:
            check_message(body.get("text"), body.get("blocks"))
            self._rewrite(origin, body.get("text") or "", with_ids(body.get("blocks") or []), body.get("metadata"))
            return
        self.show(hook.person, hook.channel, body, self._thread(self.workspace.channels[hook.channel], body))

    # --- reading ---

    def _auth_test(self, _args: Payload) -> Payload:
        installed = self.installation
        return {
            "url": "https://example.slack.com/",
            "team": "Example",
            "user": "bot",
            "team_id": installed.team_id,
            "user_id": BOT_USER,
            "bot_id": BOT_ID,
            "app_id": APP_ID,
            "is_enterprise_install": installed.is_enterprise_install,
        } | ({"enterprise_id": installed.enterprise_id} if installed.enterprise_id else {})

    def _permalink(self, args: Payload) -> Payload:
        channel = self._channel(args, member=False)
        message = self.workspace.messages.get(str(args.get("message_ts")))
        if message is None or message.channel != channel.id:
            raise Refused("message_not_found")
        link = f"https://example.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
        if message.thread_ts:
            link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
        return {"channel": channel.id, "permalink": link}

    def _replies(self, args: Payload) -> Payload:
        channel = self._channel(args)
        asked = self.workspace.messages.get(str(args.get("ts")))
        root = self.workspace.messages.get(asked.root) if asked else None
        if root is None or root.channel != channel.id:
            raise Refused("thread_not_found")
        replies = [m for m in channel.threads.get(root.ts, []) if not m.deleted and _within(m, args)]
        # The parent counts towards the limit and comes first on every page.
        page, rest = _page(replies, args, taken=1)
        return self._messages([root, *page], rest, args)

    def _history(self, args: Payload) -> Payload:
        channel = self._channel(args)
        broadcasts = [m for replies in channel.threads.values() for m in replies if m.broadcast]
        shown = [
            m
            for m in sorted([*channel.roots.values(), *broadcasts], key=lambda m: float(m.ts), reverse=True)
            if (not m.deleted or channel.threads.get(m.ts)) and _within(m, args)
        ]
        page, rest = _page(shown, args)
        return self._messages(page, rest, args)

    def _messages(self, page: list[Message], rest: str, args: Payload) -> Payload:
        with_metadata = _flag(args, "include_all_metadata")
        return {
            "messages": [self.workspace.payload(message, with_metadata) for message in page],
            "has_more": bool(rest),
            "response_metadata": {"next_cursor": rest},
        }

    def _info(self, args: Payload) -> Payload:
        channel = self._channel(args, member=False)
        return {"channel": self._described(channel)}

    def _described(self, channel: Channel) -> Payload:
        is_im = channel.kind == "im"
        described: Payload = {
            "id": channel.id,
            "is_channel": channel.kind == "channel",
            "is_group": channel.kind == "group",
            "is_im": is_im,
            "is_mpim": False,
            "is_private": channel.kind != "channel",
            "is_archived": channel.archived,
            "is_ext_shared": channel.ext_shared,
            "is_shared": channel.ext_shared,
            "is_org_shared": False,
            "is_general": False,
            "context_team_id": self.installation.team_id,
        }
        if is_im:
            return described | {"user": channel.members[0]}
        return described | {"name": channel.name, "is_member": BOT_USER in channel.members}

    def _open(self, args: Payload) -> Payload:
        if args.get("channel"):
            channel = self._channel(args)
        else:
            users = [user for user in str(args.get("users", "")).split(",") if user]
            if not users:
                raise Refused("users_list_not_supplied")
            if len(users) > 1:
                raise Refused("not_enough_users")  # group DMs are not part of this stand-in
            person = self._person(users[0])
            if person.deleted:
                raise Refused("user_disabled")
            if person.is_bot:
                raise Refused("cannot_dm_bot")
            channel = self.workspace.dm(person)
        return {"channel": self._described(channel) if _flag(args, "return_im") else {"id": channel.id}}

    def _members(self, args: Payload) -> Payload:
        channel = self._channel(args, member=False)
        page, rest = _page(channel.members, args)
        return {"members": page, "response_metadata": {"next_cursor": rest}}

    def _user(self, args: Payload) -> Payload:
        return {"user": profile(self._person(args.get("user")), self.installation.team_id)}

    # --- reactions, status, prompts, views ---

    def _reacted(self, args: Payload) -> tuple[Message, str]:
        channel = self._channel(args)
        message = self.workspace.messages.get(str(args.get("timestamp")))
        if message is None or message.deleted or message.channel != channel.id:
            raise Refused("message_not_found")
        if not args.get("name"):
            raise Refused("invalid_name")
        return message, str(args["name"]).strip(":")

    def _react(self, args: Payload) -> Payload:
        message, name = self._reacted(args)
        users = message.reactions.setdefault(name, [])
        if BOT_USER in users:
            raise Refused("already_reacted")
        users.append(BOT_USER)
        self.workspace.note(BOT_USER, "reacts to", channel=message.channel, message=message.ts, text=name)
        return {}

    def _unreact(self, args: Payload) -> Payload:
        message, name = self._reacted(args)
        if BOT_USER not in message.reactions.get(name, []):
            raise Refused("no_reaction")
        message.reactions[name].remove(BOT_USER)
        if not message.reactions[name]:
            del message.reactions[name]
        self.workspace.note(
            BOT_USER, "takes a reaction back from", channel=message.channel, message=message.ts, text=name
        )
        return {}

    def _set_status(self, args: Payload) -> Payload:
        channel = self._channel(args, "channel_id")
        loading = args.get("loading_messages") or []
        if not args.get("thread_ts") or args.get("status") is None or len(loading) > LOADING_MESSAGES:
            raise Refused("invalid_arguments")
        self._thread(channel, args)
        status = Status(channel.id, args["thread_ts"], args["status"], self.workspace.clock.now(), tuple(loading))
        self.statuses.append(status)
        self.workspace.note(
            BOT_USER, "sets status", channel=channel.id, thread=args["thread_ts"], text=args["status"] or "(none)"
        )
        return {}

    def _set_prompts(self, args: Payload) -> Payload:
        channel = self._channel(args, "channel_id")
        prompts = args.get("prompts")
        if (
            not isinstance(prompts, list)
            or not 1 <= len(prompts) <= SUGGESTED_PROMPTS
            or not all(isinstance(p, dict) and p.get("title") and p.get("message") for p in prompts)
        ):
            raise Refused("invalid_arguments")
        made = Prompts(channel.id, prompts, args.get("title"), args.get("thread_ts"))
        self.prompts.append(made)
        if made.shown:
            titles = " | ".join(prompt["title"] for prompt in prompts)
            self.workspace.note(BOT_USER, "suggests", channel=channel.id, text=titles)
        return {}

    def _open_view(self, args: Payload) -> Payload:
        check_view(args.get("view"))
        person, at = self.triggers.get(str(args.get("trigger_id")), (None, 0.0))
        if person is None:
            raise Refused("invalid_trigger_id")
        if time.monotonic() - at > TRIGGER_LIFE_S:
            raise Refused("expired_trigger_id")
        return self._shown(View(self.workspace.new_id("V"), person, args["view"], ""), args["view"])

    def _publish_view(self, args: Payload) -> Payload:
        check_view(args.get("view"))
        person = self._person(args.get("user_id"))
        home = self.homes.setdefault(person.id, View(self.workspace.new_id("V"), person.id, args["view"], ""))
        return self._shown(home, args["view"])

    def _update_view(self, args: Payload) -> Payload:
        check_view(args.get("view"))
        view = self.views.get(str(args.get("view_id")))
        if view is None:
            raise Refused("not_found")
        if args.get("hash") and args["hash"] != view.hash:
            raise Refused("hash_conflict")
        return self._shown(view, args["view"])

    def _shown(self, view: View, body: Payload) -> Payload:
        body = body | {"blocks": with_ids(body["blocks"])}
        view.view, view.hash = body, f"{self.workspace.new_ts()}.hash"
        view.versions.append(body)
        self.views[view.id] = view
        title = body.get("title", {}).get("text", body["type"])
        self.workspace.note(BOT_USER, "shows view", text=title, only_for=view.person)
        return {"view": body | {"id": view.id, "hash": view.hash, "team_id": self.installation.team_id}}


def _check_parsed(args: Payload) -> None:
    """Form bodies carry structures as JSON in a string, which was read by now."""
    for key in JSON_ARGUMENTS & args.keys():
        if isinstance(args[key], str):
            raise Refused("invalid_blocks_format" if key == "blocks" else "invalid_arguments")


def _flag(args: Payload, key: str) -> bool:
    return args.get(key) in (True, 1, "1", "true", "True")


def _within(message: Message, args: Payload) -> bool:
    oldest, latest = str(args.get("oldest") or "0"), str(args.get("latest") or "9999999999")
    at, first, last = float(message.ts), float(oldest), float(latest)
    return first <= at <= last if _flag(args, "inclusive") else first < at < last


def _page(items: list[Any], args: Payload, taken: int = 0) -> tuple[list[Any], str]:
    """One page and the cursor of the next, empty at the end."""
    try:
        start = int(base64.b64decode(str(args.get("cursor") or "MA==")).decode())
        limit = int(args.get("limit") or 1000)
    except (ValueError, binascii.Error):
        raise Refused("invalid_cursor") from None
    if not 1 <= limit <= 1000:
        raise Refused("invalid_limit")
    end = start + max(limit - taken, 1)
    return items[start:end], base64.b64encode(str(end).encode()).decode() if end < len(items) else ""
