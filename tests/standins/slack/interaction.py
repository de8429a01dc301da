"""What people do besides talking: commands, buttons, checkboxes, shortcuts, modals."""

from __future__ import annotations

import json
from concurrent.futures import Future
from copy import deepcopy
from itertools import count
from typing import Any

from tests.standins.slack.api import Api
from tests.standins.slack.blocks import CHOOSABLE, PRESSABLE, STATEFUL, TICKABLE, Placed, elements, label, options
from tests.standins.slack.courier import Courier, Delivery
from tests.standins.slack.installation import Installation
from tests.standins.slack.limits import Refused
from tests.standins.slack.workspace import APP_ID, SLACKBOT, Channel, Message, Payload, Person, Workspace

TROUBLE = ":warning: We had some trouble connecting. Try again?"


class Interactions:
    def __init__(self, workspace: Workspace, installation: Installation, api: Api, courier: Courier) -> None:
        self.workspace, self.installation, self.api, self.courier = workspace, installation, api, courier
        self._filled: dict[tuple[str, str, str, str], Any] = {}
        self._action_ts = count(1)

    def command(self, person: Person, channel: Channel, command: str, text: str) -> Future[Delivery]:
        if "commands" not in self.installation.scopes:
            raise LookupError(f"{command} is not a valid command: the app has no scope `commands`")
        self.workspace.note(person.id, "types", channel=channel.id, text=f"{command} {text}".strip())
        trigger = self.api.new_trigger(person.id)
        form = {
            "token": "verification-token",
            "team_id": person.team_id,
            "team_domain": "example",
            "channel_id": channel.id,
            "channel_name": {"im": "directmessage", "group": "privategroup"}.get(channel.kind, channel.name),
            "user_id": person.id,
            "user_name": person.name,
            "command": command,
            "text": text,
            "api_app_id": APP_ID,
            "is_enterprise_install": str(self.installation.is_enterprise_install).lower(),
            "response_url": self.api.new_hook(person.id, channel.id, None),
            "trigger_id": trigger,
        }
        if self.installation.enterprise:
            form |= {"enterprise_id": str(self.installation.enterprise_id), "enterprise_name": "enterprise"}
        return self.courier.start(self._command(person, channel, command, trigger, form))

    async def _command(
        self, person: Person, channel: Channel, command: str, trigger: str, form: dict[str, str]
    ) -> Delivery:
        done = await self.courier.form("command", command, trigger, form, dict(form))
        if not done.acknowledged:
            error = "operation_timeout" if done.reason == "http_timeout" else "dispatch_failed"
            self.notice(person, channel, f'{command} failed with the error "{error}"')
        elif done.body.strip():
            try:
                body = json.loads(done.body)
            except json.JSONDecodeError:
                body = {"text": done.body}
            try:
                if isinstance(body, dict) and (body.get("text") or body.get("blocks")):
                    self.api.show(person.id, channel.id, body)
            except Refused as refused:
                self.notice(person, channel, f'{command} failed with the error "{refused.error}"')
        return done

    def press(
        self, person: Person, message: Message, wanted: str, value: str | None, state: Payload | None, at: str | None
    ) -> Future[Delivery]:
        placed, side = self._pressable(message, wanted)
        element = placed.element
        action: Payload = {"type": element["type"], "action_id": element["action_id"]}
        if side:
            action |= {"value": element[side]["value"], "text": element[side]["text"]}
        else:
            action |= {key: element[key] for key in ("value", "text", "style", "url") if key in element}
        if value is not None:
            action["value"] = value
        return self._act(person, message, placed, action, state, at, f"[{wanted}]")

    def tick(self, person: Person, message: Message, wanted: str, on: bool = True) -> Future[Delivery] | None:
        placed, option = self._option(message, wanted, TICKABLE)
        chosen = [o for o in self._value(person, message, placed) if o != option]
        chosen = [o for o in placed.element["options"] if o in chosen or (on and o == option)]
        return self._fill(
            person, message, placed, chosen, {"selected_options": chosen}, f"{'☑' if on else '☐'} {wanted}"
        )

    def choose(self, person: Person, message: Message, wanted: str) -> Future[Delivery] | None:
        placed, option = self._option(message, wanted, {**CHOOSABLE, "overflow": ""})
        return self._fill(person, message, placed, option, {"selected_option": option}, f"(•) {wanted}")

    def fill(self, person: Person, message: Message, action_id: str, text: str) -> Future[Delivery] | None:
        placed = next((p for p in elements(message.blocks) if p.element["action_id"] == action_id), None)
        if placed is None:
            raise LookupError(f"No field {action_id} in this message")
        return self._fill(person, message, placed, text, {"value": text}, f"{action_id}: {text}")

    def shortcut(self, person: Person, callback_id: str, message: Message | None) -> Future[Delivery]:
        self.workspace.note(
            person.id,
            "picks a shortcut on" if message else "picks a shortcut",
            message=message.ts if message else None,
            text=callback_id,
        )
        payload = self._payload(person, "message_action" if message else "shortcut")
        payload |= {"callback_id": callback_id, "action_ts": self._new_action_ts()}
        if message:
            channel = self.workspace.channels[message.channel]
            payload |= {
                "channel": _named(channel),
                "message_ts": message.ts,
                "message": self.workspace.payload(message),
                "response_url": self.api.new_hook(person.id, channel.id, None),
            }
        return self._send(person, None, payload)

    def submit(self, person: Person, view_id: str, values: Payload) -> Future[Delivery]:
        view = self.api.views[view_id]
        self.workspace.note(person.id, "submits view", text=str(values))
        payload = self._payload(person, "view_submission")
        payload["view"] = view.view | {"id": view.id, "hash": view.hash, "state": {"values": values}}
        payload["view"] |= {"team_id": self.installation.team_id, "app_id": APP_ID}
        return self._send(person, None, payload)

    def press_in_view(self, person: Person, view_id: str, action_id: str) -> Future[Delivery]:
        view = self.api.views[view_id]
        for placed in elements(view.view["blocks"]):
            if action_id in (placed.element["action_id"], label(placed.element)):
                payload = self._payload(person, "block_actions")
                payload["container"] = {"type": "view", "view_id": view.id}
                payload["view"] = view.view | {"id": view.id, "hash": view.hash, "state": {"values": {}}}
                kept = {k: placed.element[k] for k in ("type", "action_id", "value", "text") if k in placed.element}
                payload["actions"] = [kept | {"block_id": placed.block["block_id"], "action_ts": self._new_action_ts()}]
                self.workspace.note(person.id, "presses in view", text=action_id)
                return self._send(person, None, payload)
        raise LookupError(f"No {action_id} in this view")

    def notice(self, person: Person, channel: Channel, text: str) -> None:
        ts = self.workspace.new_ts()
        self.workspace.add(Message(ts, channel.id, SLACKBOT, text, only_for=person.id))

    def _act(
        self,
        person: Person,
        message: Message,
        placed: Placed,
        action: Payload,
        state: Payload | None,
        at: str | None,
        shown: str,
    ) -> Future[Delivery]:
        channel = self.workspace.channels[message.channel]
        verb = "presses on" if placed.element["type"] in PRESSABLE else "sets on"
        self.workspace.note(person.id, verb, channel=channel.id, message=message.ts, text=shown)
        ephemeral = message.only_for is not None
        container = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": channel.id,
            "is_ephemeral": ephemeral,
        } | ({"thread_ts": message.thread_ts} if message.thread_ts else {})
        payload = self._payload(person, "block_actions") | {
            "container": container,
            "channel": _named(channel),
            "state": {"values": state if state is not None else self._state(person, message)},
            "response_url": self.api.new_hook(person.id, channel.id, message.ts),
            "actions": [action | {"block_id": placed.block["block_id"], "action_ts": at or self._new_action_ts()}],
        }
        if not ephemeral:  # Slack does not send the content of an ephemeral message back
            payload["message"] = self.workspace.payload(message)
        return self._send(person, channel, payload)

    def _fill(
        self, person: Person, message: Message, placed: Placed, value: Any, action: Payload, shown: str
    ) -> Future[Delivery] | None:
        key = (person.id, message.ts, placed.block["block_id"], placed.element["action_id"])
        self._filled[key] = value
        if placed.sends_at_once and placed.element["type"] in ("overflow", *TICKABLE, *CHOOSABLE):
            action = {"type": placed.element["type"], "action_id": placed.element["action_id"]} | action
            return self._act(person, message, placed, action, None, None, shown)
        self.workspace.note(person.id, "sets on", channel=message.channel, message=message.ts, text=shown)
        return None

    def _value(self, person: Person, message: Message, placed: Placed) -> Any:
        key = (person.id, message.ts, placed.block["block_id"], placed.element["action_id"])
        empty = [] if placed.element["type"] in TICKABLE else None
        return self._filled.get(key, placed.element.get(STATEFUL.get(placed.element["type"], ""), empty))

    def _state(self, person: Person, message: Message) -> Payload:
        state: Payload = {}
        for placed in elements(message.blocks):
            kind = placed.element["type"]
            if kind not in STATEFUL:
                continue
            name = "selected_options" if kind in TICKABLE else "selected_option" if kind in CHOOSABLE else "value"
            value = {"type": kind, name: self._value(person, message, placed)}
            state.setdefault(placed.block["block_id"], {})[placed.element["action_id"]] = value
        return state

    def _pressable(self, message: Message, wanted: str) -> tuple[Placed, str | None]:
        """By action_id, else by the words on it; `feedback:positive` and `feedback:negative` for those two."""
        there = [p for p in elements(message.blocks) if p.element["type"] in PRESSABLE]
        found: list[tuple[Placed, str | None]] = []
        for placed in there:
            element = placed.element
            if element["type"] == "feedback_buttons":
                found += [
                    (placed, side)
                    for side in ("positive_button", "negative_button")
                    if wanted in (f"feedback:{side.removesuffix('_button')}", element[side]["text"]["text"])
                ]
            elif element["action_id"] == wanted:
                return placed, None
            elif label(element) == wanted:
                found.append((placed, None))
        if len(found) != 1:
            seen = [f"{label(p.element)} ({p.element['action_id']})" for p in there]
            raise LookupError(f"{'No' if not found else 'More than one'} button {wanted!r} among {seen}")
        return found[0]

    def _option(self, message: Message, wanted: str, kinds: dict[str, str]) -> tuple[Placed, Payload]:
        there = []
        for placed in elements(message.blocks):
            if placed.element["type"] in kinds:
                for option in options(placed.element):
                    there.append(option["text"]["text"])
                    if wanted in (option["text"]["text"], option["value"]):
                        return placed, option
        raise LookupError(f"No option {wanted!r} among {there}")

    def _payload(self, person: Person, kind: str) -> Payload:
        return {
            "type": kind,
            "user": {"id": person.id, "username": person.name, "name": person.name, "team_id": person.team_id},
            "api_app_id": APP_ID,
            "token": "verification-token",
            "team": {"id": self.installation.team_id, "domain": "example"},
            "enterprise": self.installation.enterprise,
            "is_enterprise_install": self.installation.is_enterprise_install,
            "trigger_id": self.api.new_trigger(person.id),
        }

    def _new_action_ts(self) -> str:
        return f"{self.workspace.clock.now():.0f}.{next(self._action_ts):06d}"

    def _send(self, person: Person, channel: Channel | None, payload: Payload) -> Future[Delivery]:
        async def send() -> Delivery:
            sent = deepcopy(payload)
            form = {"payload": json.dumps(sent)}
            done = await self.courier.form("interaction", payload["type"], payload["trigger_id"], form, sent)
            if done.status != 200 and channel:
                self.notice(person, channel, TROUBLE)
            return done

        return self.courier.start(send())


def _named(channel: Channel) -> Payload:
    return {"id": channel.id, "name": "directmessage" if channel.kind == "im" else channel.name}
