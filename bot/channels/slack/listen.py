"""Bolt's listeners: translate in, hand over, acknowledge. Nothing is acknowledged before it is safe."""

# pyright: reportUnknownMemberType=false
# Bolt's registration methods are typed in part only.

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import structlog
from pydantic import ValidationError
from slack_bolt.async_app import AsyncAck, AsyncApp, AsyncRespond
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse

from bot.channels.app import Conversations
from bot.channels.slack import parse, words
from bot.channels.slack.blocks import (
    BACK,
    CHOOSE,
    DISCARD,
    FEEDBACK,
    HELPFUL,
    LESS,
    MORE,
    NONE,
    NOTHING_CHOSEN,
    PICK,
    PROMOTE,
    RATHER_MENU,
    REASON,
    SHARE,
    TELL_ME,
    TRY_THIS,
    WITH_QUOTES,
    Rendered,
    render,
)  # fmt: skip
from bot.channels.slack.client import Api
from bot.channels.slack.payloads import BlockActions, Envelope, EventMessage, HomeOpened, SlashCommand, UserChange
from bot.channels.slack.receipts import Receipts
from bot.conversations.button_actions import Refused
from bot.conversations.inbox import Remembered
from bot.conversations.incoming import ButtonAction
from bot.conversations.message_view import MessageView
from bot.store import Room

log = structlog.get_logger()
_ANY = re.compile(".*")
Body = dict[str, Any]
"""As Bolt hands it over; each listener makes a model of it first."""
BoltListener = Callable[[Body, AsyncAck, AsyncRespond], Awaitable[None]]
Act = Callable[[ButtonAction, str, BlockActions], Awaitable[str | MessageView | None]]
"""Takes what was pressed, the argument that the button carries, and the payload; returns what to tell the presser."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the bot is in its workspace, as Slack says."""

    workspace: str
    bot_user: str
    bot_id: str
    app_id: str
    token: str


class Listeners:
    """What Slack's users can do, wired to the conversations."""

    def __init__(self, identity: Identity, conversations: Conversations, receipts: Receipts) -> None:
        self._identity = identity
        self._inbox = conversations.inbox
        self._button_actions = conversations.button_actions
        self._commands = conversations.commands(words.COMMAND)
        self._privacy = conversations.privacy
        self._index_admin = conversations.index_admin
        self._backlog = conversations.backlog
        self._clock = conversations.clock
        self._receipts = receipts
        self._notified = Remembered()

    def app(self, api: Api) -> AsyncApp:
        """Bolt, which runs each listener to its end before it acknowledges. Signatures were checked before."""
        me = self._identity

        async def authorize(team_id: str | None) -> AuthorizeResult:
            return AuthorizeResult(
                enterprise_id=None,
                team_id=team_id or me.workspace,
                bot_user_id=me.bot_user,
                bot_id=me.bot_id,
                bot_token=me.token,
            )

        app = AsyncApp(
            client=api.client,
            authorize=authorize,
            process_before_response=True,
            request_verification_enabled=False,
            ssl_check_enabled=False,
            raise_error_for_unhandled_request=False,
        )
        app.event("app_mention")(self._on_message)
        app.event("message")(self._on_message)
        app.event("app_home_opened")(self._on_home_opened)
        app.event("user_change")(self._on_user_change)
        app.event(_ANY)(self._on_other)
        app.command(words.COMMAND)(self._on_command)
        for action, act in self._acts().items():
            app.action(action)(self._button(act))
        app.action(_ANY)(_acknowledge)
        app.error(_failed)
        return app

    async def _on_message(self, body: Body, event: Body) -> None:
        envelope, message = Envelope.model_validate(body), EventMessage.model_validate(event)
        bot_user = self._identity.bot_user
        if not self._serves(envelope):
            self._tell_enterprise(message, envelope)
            return
        if gone := parse.deletion(message, envelope):
            await self._inbox.delete(*gone)
        elif message.subtype == "message_changed":
            if edited := parse.edit(message, envelope, bot_user):
                await self._inbox.edit(edited)
        elif (incoming := parse.message(message, envelope, bot_user)) and await self._inbox.receive(incoming):
            self._receipts.received(incoming, waits=self._backlog.is_long)

    async def _on_home_opened(self, body: Body, event: Body) -> None:
        opened = HomeOpened.model_validate(event)
        if self._serves(Envelope.model_validate(body)) and opened.tab == "messages":
            self._receipts.suggest(opened.channel)

    async def _on_user_change(self, body: Body, event: Body) -> None:
        """Erase what a deactivated account wrote."""
        envelope, change = Envelope.model_validate(body), UserChange.model_validate(event)
        if change.user.deleted and self._serves(envelope):
            await self._privacy.forget(envelope.team_id, change.user.id)

    async def _on_other(self) -> None:
        """Slack wants a 200 for every event that it was told to send."""

    async def _on_command(self, body: Body, ack: AsyncAck) -> None:
        command = SlashCommand.model_validate(body)
        if command.is_enterprise_install == "true":
            await ack(words.ENTERPRISE)
            return
        reply = await self._commands.answer(parse.command(command))
        if reply is None:
            await self._inbox.receive(parse.question(command, self._clock()))
            await ack()
            return
        if reply.announcement:
            self._receipts.announce(command.channel_id, f"<@{command.user_id}> {reply.announcement}")
        await ack(reply.text)

    def _button(self, act: Act) -> BoltListener:
        """Act, then acknowledge; a refusal, and what `act` returns, is told to the presser alone."""

        async def listener(body: Body, ack: AsyncAck, respond: AsyncRespond) -> None:
            payload = BlockActions.model_validate(body)
            turn, _, argument = payload.actions[0].carried.partition("|")
            try:
                private = await act(parse.button_action(payload, turn), argument, payload)
            except Refused as refusal:
                private = str(refusal)
            if private is not None:
                rendered = Rendered([], private) if isinstance(private, str) else render(private, buttons=False)
                blocks: Any = rendered.payload or None
                alone: Any = {"response_type": "ephemeral", "replace_original": False}
                self._receipts.whisper(lambda: respond(text=rendered.text, blocks=blocks, **alone))
            await ack()

        return listener

    def _acts(self) -> dict[str | re.Pattern[str], Act]:
        """Tell what each button does, by its action id."""
        buttons = self._button_actions

        async def choose(action: ButtonAction, choice: str, _payload: BlockActions) -> None:
            if choice != NOTHING_CHOSEN and not choice.isdecimal():
                raise Refused("That is none of the choices.")
            await buttons.choose(action, None if choice == NOTHING_CHOSEN else int(choice))

        def of_index(action: ButtonAction, number: str) -> tuple[Room, str, int]:
            if not number.isdecimal():
                raise Refused("That is no index.")
            return action.room, action.person, int(number)

        async def promote(action: ButtonAction, number: str, payload: BlockActions) -> str:
            return await self._index_admin.promote(*of_index(action, number), payload.state.typed(REASON))

        async def discard(action: ButtonAction, number: str, _payload: BlockActions) -> str:
            return await self._index_admin.discard(*of_index(action, number))

        return {
            PROMOTE: promote,
            DISCARD: discard,
            re.compile(f"{CHOOSE}_.*"): choose,
            re.compile(f"{PICK}_.*"): lambda action, barrier, _: buttons.pick(action, barrier),
            RATHER_MENU: lambda action, barrier, _: buttons.pick(action, barrier),
            BACK: lambda action, _, _payload: buttons.back(action),
            NONE: lambda action, _, _payload: buttons.none_of_these(action),
            MORE: lambda action, _, _payload: buttons.more(action, True),
            LESS: lambda action, _, _payload: buttons.more(action, False),
            TELL_ME: lambda action, _, _payload: buttons.tell_me(action),
            TRY_THIS: lambda action, _, _payload: buttons.try_this(action),
            SHARE: lambda action, _, payload: buttons.share(action, with_quotes=payload.state.is_ticked(WITH_QUOTES)),
            FEEDBACK: lambda action, opinion, _: buttons.helpful(action, opinion == HELPFUL),
        }

    def _serves(self, envelope: Envelope) -> bool:
        """Tell whether it is for this app, as installed in this one workspace."""
        me = self._identity
        if envelope.of_enterprise:
            log.warning("event of an Enterprise installation dropped", workspace=envelope.team_id)
            return False
        if me.workspace not in envelope.workspaces or (me.app_id and envelope.api_app_id not in ("", me.app_id)):
            log.warning("event for another installation dropped", workspace=envelope.team_id, app=envelope.api_app_id)
            return False
        return True

    def _tell_enterprise(self, message: EventMessage, envelope: Envelope) -> None:
        """Say one sentence instead of silence to whoever names us or writes to us directly."""
        said = parse.message(message, envelope, self._identity.bot_user) if envelope.of_enterprise else None
        if said is None or said.kind == "thread" or said.id in self._notified:
            return
        self._notified.add(said.id)
        self._receipts.announce(said.room.id, words.ENTERPRISE, thread=said.thread)


async def _acknowledge(ack: AsyncAck) -> None:
    await ack()


async def _failed(error: Exception) -> BoltResponse:
    """Slack sends an event again for a 500, and tells a person who pressed or typed that it failed."""
    if isinstance(error, ValidationError):
        log.warning("payload refused", fields=[".".join(map(str, each["loc"])) for each in error.errors()])
        return BoltResponse(status=400, body="The payload cannot be read.")
    reference = uuid4().hex[:8]
    log.exception("listener failed", reference=reference, exc_info=error)
    return BoltResponse(status=500, body="")
