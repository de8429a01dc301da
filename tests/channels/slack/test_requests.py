"""The attack list: which requests are refused, with which status, and that nothing of it is stored."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.scenarios.serving import Served
from tests.standins.slack import Slack

MARKER = "narwhalmarker"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
Attack = Callable[[Slack], tuple[bytes, dict[str, str]]]


def event(slack: Slack, **changed: Any) -> dict[str, Any]:
    told = {
        "type": "app_mention", "user": slack.person("ana"), "ts": f"{time.time():.6f}", "event_ts": "1.1",
        "channel": "C0001", "text": f"<@{slack.bot_user}> legal needs six weeks {MARKER}",
    }  # fmt: skip
    return told | changed


def mention(slack: Slack, **changed: Any) -> bytes:
    return slack.envelope(event(slack, **changed)).encode()


def signed(body: Callable[[Slack], bytes], **headers: str) -> Attack:
    def attack(slack: Slack) -> tuple[bytes, dict[str, str]]:
        made = body(slack)
        return made, slack.sign(made) | headers

    return attack


def with_signature(**headers: str | bytes) -> Attack:
    def attack(slack: Slack) -> tuple[bytes, dict[str, str]]:
        made = mention(slack)
        return made, slack.sign(made) | headers

    return attack


def at(offset_s: float) -> Attack:
    def attack(slack: Slack) -> tuple[bytes, dict[str, str]]:
        made = mention(slack)
        return made, slack.sign(made, ts=int(time.time() + offset_s))

    return attack


def tampered(slack: Slack) -> tuple[bytes, dict[str, str]]:
    made = mention(slack)
    return made.replace(b"six", b"ten"), slack.sign(made)


def of_event(slack: Slack, event: str) -> bytes:
    return slack.envelope({}).replace('"event": {}', f'"event": {event}').encode()


def form(**fields: str) -> Callable[[Slack], bytes]:
    return lambda _slack: urlencode(fields).encode()


def command(**changed: str) -> Callable[[Slack], bytes]:
    fields = {
        "command": "/mlops", "team_id": "T0001", "channel_id": "C0001", "user_id": "U1", "trigger_id": "1.2",
        "response_url": "http://127.0.0.1:9/hooks/x", "text": MARKER,
    }  # fmt: skip
    return form(**(fields | changed))


ATTACKS: dict[str, tuple[Attack, int]] = {
    "no signature": (lambda slack: (mention(slack), {}), 401),
    "a wrong signature": (with_signature(**{"X-Slack-Signature": "v0=" + "0" * 64}), 401),
    "a signature that is no ASCII": (with_signature(**{"X-Slack-Signature": "v0=\xe4\xf6\xfc".encode("latin-1")}), 401),
    "an empty signature": (with_signature(**{"X-Slack-Signature": ""}), 401),
    "a timestamp that is no number": (with_signature(**{"X-Slack-Request-Timestamp": "soon"}), 401),
    "a timestamp of the wrong age": (at(-400), 401),
    "a timestamp of the future": (at(400), 401),
    "another secret": (lambda slack: (made := mention(slack), slack.sign(made, secret="other")), 401),
    "a tampered body": (tampered, 401),
    "an oversized body": (signed(lambda slack: mention(slack) + b" " * 1_000_001), 413),
    "no JSON": (signed(lambda _: b"{"), 400),
    "a JSON list": (signed(lambda _: b"[]"), 400),
    "a JSON string": (signed(lambda _: b'"x"'), 400),
    "no UTF-8": (signed(lambda _: b"\xff\xfe{}"), 401),
    "nested beyond reason": (signed(lambda _: b'{"a":' * 100_000), 400),
    "an event of null": (signed(lambda slack: of_event(slack, "null")), 400),
    "an event without a type": (signed(lambda slack: slack.envelope({"user": "U1"}).encode()), 400),
    "an event that is a list": (signed(lambda slack: of_event(slack, "[]")), 400),
    "a junk ts": (signed(lambda slack: mention(slack, ts="yesterday")), 400),
    "a ts of another type": (signed(lambda slack: mention(slack, ts=17)), 400),
    "a junk thread": (signed(lambda slack: mention(slack, thread_ts="../../etc/passwd")), 400),
    "NUL in the text": (signed(lambda slack: mention(slack, text=f"<@{slack.bot_user}> {MARKER}\0")), 400),
    "half a character": (signed(lambda slack: mention(slack).replace(b"six", b"\\ud800")), 400),
    "a text of another type": (signed(lambda slack: mention(slack, text={"a": MARKER})), 400),
    "a form with NUL": (signed(command(text=f"{MARKER}\0"), **FORM), 400),
    "a form that is none": (signed(lambda _: b"%%%", **FORM), 400),
    "a payload that is no JSON": (signed(form(payload="{"), **FORM), 400),
    "a payload that is a list": (signed(form(payload="[]"), **FORM), 400),
    "a press without actions": (signed(form(payload='{"type": "block_actions", "actions": []}'), **FORM), 400),
    "a press of null": (signed(form(payload='{"type": "block_actions", "actions": null}'), **FORM), 400),
    "a press by nobody": (signed(form(payload='{"type": "block_actions", "actions": [{}]}'), **FORM), 400),
    "a payload without a type": (signed(form(payload="{}"), **FORM), 404),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_it_is_refused_and_nothing_of_it_is_stored(slack: Slack, running: Served, name: str):
    attack, status = ATTACKS[name]
    body, headers = attack(slack)
    answer = slack.post_raw("/slack/events", body, headers)
    assert answer.status_code == status, answer.text
    assert MARKER not in answer.text
    assert "Traceback" not in answer.text
    slack.settled(0.2)
    assert not [f for f in running.home.rglob("*") if f.is_file() and MARKER.encode() in f.read_bytes()]


@pytest.mark.parametrize(
    ("body", "headers", "is_signed"),
    [
        pytest.param(b"ssl_check=1&token=x", FORM, False, id="Slack looks whether we are there"),
        pytest.param(
            b'{"type": "app_rate_limited", "team_id": "T0001", "minute_rate_limited": 1, "api_app_id": "A1"}',
            {}, True, id="Slack holds events back",
        ),
        pytest.param(b'{"type": "url_verification", "challenge": "c"}', {}, True, id="Slack verifies the address"),
    ],
)  # fmt: skip
def test_what_slack_itself_asks_is_answered(
    slack: Slack, running: Served, body: bytes, headers: dict[str, str], is_signed: bool
):
    answer = slack.post_raw("/slack/events", body, headers | (slack.sign(body) if is_signed else {}))
    assert answer.status_code == 200


def test_a_replay_of_the_very_request_is_answered_once(slack: Slack, running: Served):
    slack.channel("replays", members=["ana"])
    ts = slack.say("ana", "replays", "@bot legal needs six weeks for every model update")
    slack.wait_answer(ts)
    (first, *_) = [d for d in slack.deliveries_of("app_mention") if d.payload["event"]["ts"] == ts]
    body = json.dumps(first.payload).encode()
    for _ in range(3):
        assert slack.post_raw("/slack/events", body, slack.sign(body)).status_code == 200
    slack.settled(1)
    assert len(slack.answers_to(ts)) == 1
