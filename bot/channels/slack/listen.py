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
    FEEDBACK,
    HELPFUL,
    LESS,
    MORE,
    NONE,
    NOTHING_CHOSEN,
    PICK,
    RATHER_MENU,
    SHARE,
    TRY_THIS,
    WITH_QUOTES,
    render,
)  # fmt: skip
from bot.channels.slack.client import Api
from bot.channels.slack.payloads import Envelope, EventMessage, HomeOpened, Press, SlashCommand, UserChange
from bot.channels.slack.receipts import Receipts
from bot.conversations.inbox import Remembered
from bot.conversations.presses import Refused

log = structlog.get_logger()
_ANY = re.compile(".*")
Body = dict[str, Any]
"""As Bolt hands it over; each listener makes a model of it first."""


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

    def __init__(self, identity: Identity, conversations: Conversations, receipts: Receipts, command: str) -> None:
        self._identity = identity
        self._inbox = conversations.inbox
        self._presses = conversations.presses
        self._commands = conversations.commands(command)
        self._privacy = conversations.privacy
        self._backlog = conversations.backlog
        self._clock = conversations.clock
        self._receipts = receipts
        self._command = command
        self._told = Remembered()

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
        app.command(self._command)(self._on_command)
        app.action(re.compile(f"{CHOOSE}_.*"))(self._on_choose)
        app.action(re.compile(f"{PICK}_.*"))(self._on_pick)
        for action, listener in {
            RATHER_MENU: self._on_pick, BACK: self._on_back, NONE: self._on_none,
            MORE: self._on_more, LESS: self._on_more, TRY_THIS: self._on_try_this,
            SHARE: self._on_share, FEEDBACK: self._on_feedback,
        }.items():  # fmt: skip
            app.action(action)(listener)
        app.action(_ANY)(_acknowledge)
        app.error(_failed)
        return app

    async def _on_message(self, body: Body, event: Body) -> None:
        envelope, message = Envelope.model_validate(body), EventMessage.model_validate(event)
        if not self._serves(envelope):
            self._tell_enterprise(message, envelope)
            return
        if gone := parse.deletion(message, envelope):
            await self._inbox.delete(*gone)
        elif message.subtype == "message_changed":
            if edited := parse.edit(message, envelope, self._identity.bot_user):
                await self._inbox.edit(edited)
        elif (incoming := parse.message(message, envelope, self._identity.bot_user)) and await self._inbox.receive(
            incoming
        ):
            self._receipts.received(incoming, waits=self._backlog.is_long)

    async def _on_home_opened(self, body: Body, event: Body) -> None:
        opened = HomeOpened.model_validate(event)
        if self._serves(Envelope.model_validate(body)) and opened.tab == "messages":
            self._receipts.suggest(opened.channel)

    async def _on_user_change(self, body: Body, event: Body) -> None:
        """What a deactivated account wrote is erased."""
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

    async def _on_choose(self, body: Body, ack: AsyncAck, respond: AsyncRespond) -> None:
        async def choose(press: Press, turn: str, choice: str) -> None:
            if choice != NOTHING_CHOSEN and not choice.isdecimal():
                raise Refused("That is none of the choices.")
            taken = None if choice == NOTHING_CHOSEN else int(choice)
            await self._presses.choose(parse.button_action(press, turn), taken)

        await self._pressed(body, ack, respond, choose)

    async def _on_pick(self, body: Body, ack: AsyncAck, respond: AsyncRespond) -> None:
        async def pick(press: Press, turn: str, barrier: str) -> None:
            await self._presses.pick(parse.button_action(press, turn), barrier)

        await self._pressed(body, ack, respond, pick)

    async def _on_back(self, body: Body, ack: AsyncAck, respond: AsyncRespond) -> None:
        async def back(press: Press, turn: str, _argument: str) -> None:
            await self._presses.back(parse.button_action(press, turn))

        await self._pressed(body, ack, respond, back)

    async def _on_none(self, body: Body, ack: AsyncAck, respond: AsyncRespond) -> None:
        async def none(press: Press, turn: str, _argument: str) -> None:
            await self._presses.none_of_these(parse.button_action(press, turn))

        await self._pressed(body, ack, respond, none)

    async def _on_more(self, body: Body, ack: AsyncAck, respond: AsyncRespond) -> None:
        async def more(press: Press, turn: str, _argument: str) -> None:
            shown = await self._presses.more(parse.button_action(press, turn), press.actions[0].action_id == MORE)
            if shown is not None:
                rendered = render(shown, buttons=False)
                private: dict[str, Any] = {"response_type": "ephemeral", "replace_original": False}
                self._receipts.whisper(respond(text=rendered.text, blocks=rendered.payload, **private))

        await self._pressed(body, ack, respond, more)

    async def _on_try_this(self, body: Body, ack: AsyncAck, respond: AsyncRespond) -> None:
        async def try_this(press: Press, turn: str, _argument: str) -> None:
            await self._presses.try_this(parse.button_action(press, turn))

        await self._pressed(body, ack, respond, try_this)

    async def _on_share(self, body: Body, ack: AsyncAck, respond: AsyncRespond) -> None:
        async def share(press: Press, turn: str, _argument: str) -> None:
            await self._presses.share(parse.button_action(press, turn), with_quotes=press.state.is_ticked(WITH_QUOTES))

        await self._pressed(body, ack, respond, share)

    async def _on_feedback(self, body: Body, ack: AsyncAck, respond: AsyncRespond) -> None:
        async def feedback(press: Press, turn: str, opinion: str) -> None:
            thanks = await self._presses.helpful(parse.button_action(press, turn), opinion == HELPFUL)
            self._receipts.whisper(respond(thanks, response_type="ephemeral", replace_original=False))

        await self._pressed(body, ack, respond, feedback)

    async def _pressed(
        self, body: Body, ack: AsyncAck, respond: AsyncRespond, act: Callable[[Press, str, str], Awaitable[None]]
    ) -> None:
        """Act, then acknowledge; a refusal is told to the presser alone."""
        press = Press.model_validate(body)
        turn, _, argument = press.actions[0].carried.partition("|")
        try:
            await act(press, turn, argument)
        except Refused as refusal:
            self._receipts.whisper(respond(str(refusal), response_type="ephemeral", replace_original=False))
        await ack()

    def _serves(self, envelope: Envelope) -> bool:
        """Whether it is for this app, as installed in this one workspace."""
        me = self._identity
        if envelope.of_enterprise:
            log.warning("event of an Enterprise installation dropped", workspace=envelope.team_id)
            return False
        if me.workspace not in envelope.workspaces or (me.app_id and envelope.api_app_id not in ("", me.app_id)):
            log.warning("event for another installation dropped", workspace=envelope.team_id, app=envelope.api_app_id)
            return False
        return True

    def _tell_enterprise(self, message: EventMessage, envelope: Envelope) -> None:
        """One sentence instead of silence to whoever names us or writes to us directly."""
        said = parse.message(message, envelope, self._identity.bot_user) if envelope.of_enterprise else None
        if said is None or said.kind == "thread" or said.id in self._told:
            return
        self._told.add(said.id)
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
