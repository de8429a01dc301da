"""The stand-in refuses what Slack refuses, and tells a bot what Slack tells it."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections.abc import Awaitable, Callable, Iterator
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import httpx
import pytest
import uvicorn
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook import WebhookClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.standins.slack import Slack, limits


class Receiver:
    """A bot that only writes down what it gets, and answers what it is told to."""

    def __init__(self) -> None:
        self.got: list[tuple[httpx.Headers, dict[str, Any], bytes]] = []
        self.statuses: list[int] = []
        self.body = ""
        self.slow_s = 0.0
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(64)  # whoever is first must not be refused
        app = Starlette(routes=[Route("/slack/events", self._take, methods=["POST"])])
        self._server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
        self._thread = Thread(target=lambda: asyncio.run(self._server.serve(sockets=[self._socket])), daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    async def _take(self, request: Request) -> Response:
        raw = await request.body()
        if "json" in request.headers["content-type"]:
            body = json.loads(raw)
        else:
            form = {key: values[0] for key, values in parse_qs(raw.decode(), keep_blank_values=True).items()}
            body = json.loads(form["payload"]) if "payload" in form else form
        self.got.append((httpx.Headers(dict(request.headers)), body, raw))
        await asyncio.sleep(self.slow_s)
        return Response(self.body, self.statuses.pop(0) if self.statuses else 200)

    def events(self) -> list[dict[str, Any]]:
        return [body["event"] for _, body, _ in self.got]

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(5)
        self._socket.close()


@pytest.fixture
def slack() -> Iterator[Slack]:
    with Slack() as slack:
        yield slack


@pytest.fixture
def receiver(slack: Slack) -> Iterator[Receiver]:
    receiver = Receiver()
    slack.connect(receiver.url)
    slack.retry_delays_s = (0.01, 0.02, 0.03)
    slack.echo = False
    yield receiver
    receiver.stop()


def call(slack: Slack, method: str, token: str | None = None, **args: Any) -> dict[str, Any]:
    """One call by the SDK; a refusal is an answer too."""

    async def go(client: AsyncWebClient) -> dict[str, Any]:
        try:
            return dict((await client.api_call(method, json=args)).data)
        except SlackApiError as error:
            data = error.response.data
            return dict(data) if isinstance(data, dict) else {"status": error.response.status_code}

    return with_client(slack, go, token)


def with_client(slack: Slack, work: Callable[[AsyncWebClient], Awaitable[Any]], token: str | None = None) -> Any:
    client = AsyncWebClient(token=token or slack.token, base_url=slack.base_url, retry_handlers=[], timeout=5)
    return asyncio.run(work(client))


def section(text: str = "text", **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}} | more


def button(text: str = "Go", **more: Any) -> dict[str, Any]:
    return {"type": "button", "text": {"type": "plain_text", "text": text}} | more


def actions(*elements: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)} | more


def header(text: str) -> dict[str, Any]:
    return {"type": "header", "text": {"type": "plain_text", "text": text}}


def options(count: int, text: int = 5, value: int = 5) -> list[dict[str, Any]]:
    return [{"text": {"type": "mrkdwn", "text": f"{n:0{text}}"}, "value": f"{n:0{value}}"} for n in range(count)]


def ticks(options: list[dict[str, Any]]) -> dict[str, Any]:
    return actions({"type": "checkboxes", "action_id": "ticks", "options": options})


def context(count: int) -> dict[str, Any]:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * count}


def markdown(length: int) -> dict[str, Any]:
    return {"type": "markdown", "text": "x" * length}


FEEDBACK = {
    "type": "context_actions",
    "elements": [
        {
            "type": "feedback_buttons",
            "action_id": "feedback",
            "positive_button": {"text": {"type": "plain_text", "text": "Helpful"}, "value": "yes"},
            "negative_button": {"text": {"type": "plain_text", "text": "Not helpful"}, "value": "no"},
        }
    ],
}


@pytest.mark.parametrize(
    ("at_the_limit", "beyond"),
    [
        pytest.param([section()] * 50, [section()] * 51, id="blocks"),
        pytest.param([section("x" * 3000)], [section("x" * 3001)], id="section text"),
        pytest.param(
            [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 200}] * 10}],
            [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 200}] * 11}],
            id="fields",
        ),
        pytest.param(
            [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2000}]}],
            [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2001}]}],
            id="field text",
        ),
        pytest.param([section("x")], [section("")], id="empty text"),
        pytest.param([header("x" * 150)], [header("x" * 151)], id="header"),
        pytest.param([context(10)], [context(11)], id="context elements"),
        pytest.param([actions(*[button()] * 25)], [actions(*[button()] * 26)], id="actions"),
        pytest.param([actions(button("x" * 75))], [actions(button("x" * 76))], id="button text"),
        pytest.param([actions(button(value="x" * 2000))], [actions(button(value="x" * 2001))], id="button value"),
        pytest.param([actions(button(url="x" * 3000))], [actions(button(url="x" * 3001))], id="button url"),
        pytest.param([actions(button(action_id="x" * 255))], [actions(button(action_id="x" * 256))], id="action_id"),
        pytest.param([section(block_id="x" * 255)], [section(block_id="x" * 256)], id="block_id"),
        pytest.param([section(block_id="a"), section(block_id="b")], [section(block_id="a")] * 2, id="same block_id"),
        pytest.param(
            [actions(button(action_id="a"), button(action_id="b"))],
            [actions(button(action_id="a"), button(action_id="a"))],
            id="same action_id",
        ),
        pytest.param([ticks(options(10))], [ticks(options(11))], id="checkboxes"),
        pytest.param([ticks(options(1, text=75))], [ticks(options(1, text=76))], id="option text"),
        pytest.param([ticks(options(1, value=150))], [ticks(options(1, value=151))], id="option value"),
        pytest.param([markdown(6000)] * 2, [markdown(6000), markdown(6001)], id="markdown together"),
        pytest.param(
            [FEEDBACK | {"elements": FEEDBACK["elements"] * 1}],
            [FEEDBACK | {"elements": [FEEDBACK["elements"][0] | {"action_id": f"f{n}"} for n in range(6)]}],
            id="context actions",
        ),
        pytest.param([{"type": "divider"}], [{"type": "zzz"}], id="unknown type"),
        pytest.param([{"type": "divider"}], [{"type": "divider", "colour": "red"}], id="unknown property"),
        pytest.param(
            [section()], [{"type": "section", "text": {"type": "html", "text": "x"}}], id="unknown type of text"
        ),
        pytest.param([{"type": "divider"}], [actions(button(), style="primary")], id="property of another block"),
    ],
)
def test_blocks_are_refused_just_beyond_each_limit(at_the_limit, beyond):
    assert limits.problems(at_the_limit) == []
    assert limits.problems(beyond)


def test_a_refusal_says_which_block_is_wrong(slack):
    channel = slack.channel("ml")
    answer = call(slack, "chat.postMessage", channel=channel, text="x", blocks=[section(), section("x" * 3001)])
    assert answer["error"] == "invalid_blocks"
    assert answer["response_metadata"]["messages"] == [
        "[ERROR] must be no more than 3000 characters [json-pointer:/blocks/1/text/text]"
    ]


@pytest.mark.parametrize(
    ("args", "error"),
    [
        pytest.param({"text": "x" * 4000}, None, id="longest text"),
        pytest.param({"text": "x" * 4001}, "msg_too_long", id="text too long"),
        pytest.param({}, "no_text", id="nothing to say"),
        pytest.param({"blocks": [section("x" * 3000)] * 4 + [section("x" * 1200)]}, None, id="longest blocks"),
        pytest.param(
            {"blocks": [section("x" * 3000)] * 4 + [section("x" * 1201)]}, "msg_blocks_too_long", id="blocks too long"
        ),
        pytest.param({"text": "x", "thread_ts": "1.000001"}, "thread_not_found", id="no such thread"),
        pytest.param({"text": "x", "metadata": {"a": 1}}, "invalid_metadata_format", id="metadata without a type"),
    ],
)
def test_posts_and_updates_have_the_same_limits(slack, args, error):
    channel = slack.channel("ml")
    posted = call(slack, "chat.postMessage", channel=channel, text="first")
    assert call(slack, "chat.postMessage", channel=channel, **args).get("error") == error
    if args.keys() <= {"text", "blocks"}:
        assert call(slack, "chat.update", channel=channel, ts=posted["ts"], **args).get("error") == error


def test_who_may_post_where(slack):
    slack.channel("open", with_bot=False, members=["ana"])
    secret = slack.channel("secret", with_bot=False, private=True)
    old = slack.channel("old")
    slack.archive("old")
    mine = slack.channel("mine", members=["ana"])
    ana, ben = slack.person("ana"), slack.person("ben")
    opened = slack.workspace.find("open").id
    hers = slack.say("ana", "mine", "hello")

    def post(channel, method="chat.postMessage", **args):
        return call(slack, method, channel=channel, text="x", **args).get("error")

    assert post("C404") == "channel_not_found"
    assert post(opened) == "not_in_channel"
    assert post(secret) == "channel_not_found"
    assert post(old) == "is_archived"
    assert post(mine, "chat.postEphemeral", user=ben) == "user_not_in_channel"
    assert post(mine, "chat.postEphemeral", user=ana) is None
    assert post(mine, "chat.update", ts=hers) == "cant_update_message"
    assert post(mine, "chat.update", ts="1.000001") == "message_not_found"
    assert post(ana) is None
    assert [line.channel for line in slack.seen_by("ana")] == ["#mine", "#mine", "@ana"]
    slack.scopes.add("chat:write.public")
    assert post(opened) is None


def test_tokens_and_scopes(slack):
    channel = slack.channel("ml")
    slack.scopes.remove("channels:history")
    refused = call(slack, "conversations.history", channel=channel)
    assert (refused["error"], refused["needed"]) == ("missing_scope", "channels:history")
    assert "chat:write" in refused["provided"]
    assert call(slack, "chat.postMessage", token="xoxb-other", channel=channel, text="x")["error"] == "invalid_auth"
    assert call(slack, "chat.somethingNew")["error"] == "unknown_method"
    assert httpx.post(f"{slack.base_url}auth.test").json()["error"] == "not_authed"

    async def scopes(client):
        return (await client.auth_test()).headers["x-oauth-scopes"]

    assert "chat:write" in with_client(slack, scopes)
    slack.revoke()
    assert call(slack, "auth.test")["error"] == "token_revoked"


def test_replies_come_parent_first_then_oldest_first_on_every_page(slack):
    channel = slack.channel("ml", members=["ana"])
    root = slack.say("ana", "ml", "root")
    said = [slack.say("ana", "ml", f"reply {n}", thread=root) for n in range(5)]

    async def pages(client):
        found, cursor = [], None
        while cursor != "":
            page = await client.conversations_replies(channel=channel, ts=root, limit=3, cursor=cursor)
            found.append([message["ts"] for message in page["messages"]])
            cursor = page["response_metadata"]["next_cursor"]
        later = await client.conversations_replies(channel=channel, ts=root, oldest=said[2])
        return found, [message["ts"] for message in later["messages"]]

    found, later = with_client(slack, pages)
    assert found == [[root, *said[:2]], [root, *said[2:4]], [root, said[4]]]
    assert later == [root, *said[3:]]


def test_history_holds_roots_newest_first_and_metadata_only_when_asked_for(slack):
    channel = slack.channel("ml", members=["ana"])
    metadata = {"event_type": "turn", "event_payload": {"id": "t1"}}
    root = slack.say("ana", "ml", "root")

    async def read(client):
        await client.chat_postMessage(channel=channel, thread_ts=root, text="reply")
        await client.chat_postMessage(channel=channel, thread_ts=root, text="to all", reply_broadcast=True)
        await client.chat_postMessage(channel=channel, text="last", metadata=metadata)
        plain = await client.conversations_history(channel=channel)
        full = await client.conversations_history(channel=channel, include_all_metadata=True)
        return plain["messages"], full["messages"]

    plain, full = with_client(slack, read)
    assert [message["text"] for message in plain] == ["last", "to all", "root"]
    assert "metadata" not in plain[0]
    assert full[0]["metadata"] == metadata


def test_an_update_leaves_what_it_does_not_name_and_keeps_every_version(slack):
    channel = slack.channel("ml")
    posted = call(slack, "chat.postMessage", channel=channel, text="one", blocks=[section("one")])
    call(slack, "chat.update", channel=channel, ts=posted["ts"], text="two")
    assert slack.message(posted["ts"]).blocks
    call(slack, "chat.update", channel=channel, ts=posted["ts"], text="three", blocks=[])
    assert slack.message(posted["ts"]).blocks == []
    assert [version.text for version in slack.message(posted["ts"]).versions] == ["one", "two", "three"]
    assert slack.visible("ml")[0].edited


@pytest.mark.parametrize(
    ("fault", "outcome", "posted"),
    [
        ("429:2", "429 after 2", 0),
        ("500", "500", 0),
        ("503", "503", 0),
        ("error:fatal_error", "fatal_error", 0),
        ("timeout", "cut off", 0),
        ("withheld", "cut off", 1),
        ("drop", "cut off", 0),
        ("drop-after", "cut off", 1),
    ],
)
def test_the_sdk_meets_each_fault(slack, fault, outcome, posted):
    channel = slack.channel("ml")
    slack.hang_s = 0.1
    slack.fail("chat.postMessage", fault)

    async def post(client):
        try:
            await client.chat_postMessage(channel=channel, text="x")
        except SlackApiError as error:
            answer = error.response
            if answer.status_code == 200:
                return answer["error"]
            after = answer.headers.get("Retry-After")
            return f"{answer.status_code}{f' after {after}' if after else ''}"
        except aiohttp.ClientConnectionError:
            return "cut off"
        return "posted"

    assert with_client(slack, post) == outcome
    assert len(slack.visible("ml")) == posted
    assert with_client(slack, post) == "posted"
    assert [one.fault for one in slack.calls_of("chat.postMessage")] == [fault, "ok"]


def test_slack_stops_at_once_though_a_call_hangs():
    with Slack() as slack:
        slack.fail("auth.test", "timeout")

        async def leave(client):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(client.auth_test(), 0.1)

        with_client(slack, leave)
        started = time.monotonic()
    assert time.monotonic() - started < 2


def test_a_share_of_chance_is_the_same_for_the_same_seed():
    def drawn():
        with Slack() as slack:
            slack.fail_share("auth.test", {"500": 0.3, "503": 0.2}, seed=7)
            with httpx.Client(headers={"Authorization": f"Bearer {slack.token}"}) as client:
                return [client.post(f"{slack.base_url}auth.test").status_code for _ in range(40)]

    first = drawn()
    assert first == drawn()
    assert set(first) == {200, 500, 503}


def test_a_channel_takes_a_burst_and_then_one_message_a_second(slack):
    channel = slack.channel("ml")
    slack.pace, slack.pace_burst = True, 2
    answers = [call(slack, "chat.postMessage", channel=channel, text="x") for _ in range(3)]
    assert [answer.get("error") for answer in answers] == [None, None, "ratelimited"]
    assert len(slack.posted_at("ml")) == 2


def test_events_are_signed_and_a_mention_has_a_twin(slack, receiver):
    slack.channel("ml", members=["ana", "ben"])
    ts = slack.say("ana", "ml", "@bot is @ben right?", wait=True)
    verifier = SignatureVerifier(slack.signing_secret)
    assert all(verifier.is_valid_request(raw, dict(headers)) for headers, _, raw in receiver.got)
    mention, message = receiver.events()
    assert (mention["type"], message["type"]) == ("app_mention", "message")
    assert mention["ts"] == message["ts"] == ts
    assert mention["text"] == f"<@U0BOT> is <@{slack.person('ben')}> right?"
    first, second = (body for _, body, _ in receiver.got)
    assert first["event_id"] != second["event_id"]
    assert first["authorizations"][0]["user_id"] == "U0BOT"


def test_a_bot_hears_only_where_it_is_and_what_its_scopes_allow(slack, receiver):
    slack.channel("with", members=["ana"])
    slack.channel("without", members=["ana"], with_bot=False)
    slack.say("ana", "without", "@bot hello", wait=True)
    slack.scopes.remove("channels:history")
    slack.say("ana", "with", "@bot hello", wait=True)
    slack.say("ana", "dm", "hello", wait=True)
    assert [(event["type"], event.get("channel_type")) for event in receiver.events()] == [
        ("app_mention", None),
        ("message", "im"),
    ]


def test_what_is_not_acknowledged_comes_again_three_times(slack, receiver):
    receiver.statuses = [500, 404]
    slack.say("ana", slack.dm("ana"), "hello", wait=True)
    retries = [(h.get("x-slack-retry-num"), h.get("x-slack-retry-reason")) for h, _, _ in receiver.got]
    assert retries == [(None, None), ("1", "http_error"), ("2", "http_error")]
    assert len({body["event_id"] for _, body, _ in receiver.got}) == 1

    slack.ack_s, receiver.slow_s = 0.05, 0.2
    slack.deliveries.clear()
    slack.say("ana", "dm", "slow", wait=True)
    assert [d.reason for d in slack.deliveries] == ["http_timeout"] * 4


def test_edits_previews_and_deletions(slack, receiver):
    slack.channel("ml", members=["ana"])
    ts = slack.say("ana", "ml", "hello", wait=True)
    reply = slack.say("ana", "ml", "reply", thread=ts, wait=True)
    slack.edit(ts, "@bot hello", wait=True)
    slack.unfurl(ts, wait=True)
    slack.delete(ts, wait=True)
    slack.delete(reply, wait=True)
    edit, mention, preview, tombstone, deletion = receiver.events()[2:]
    assert (edit["subtype"], edit["previous_message"]["text"]) == ("message_changed", "hello")
    assert mention["type"] == "app_mention"
    assert mention["edited"] == edit["message"]["edited"]
    assert preview["message"]["edited"] == preview["previous_message"]["edited"]
    assert tombstone["message"]["subtype"] == "tombstone"
    assert (deletion["subtype"], deletion["deleted_ts"]) == ("message_deleted", reply)


def test_events_may_come_twice_or_in_the_other_order(slack, receiver):
    slack.person("ana")
    slack.duplicate = True
    slack.say("ana", "dm", "one", wait=True)
    assert len({body["event_id"] for _, body, _ in receiver.got}) == 1
    assert len(receiver.got) == 2

    slack.duplicate = False
    with slack.held(reverse=True):
        slack.say("ana", "dm", "two")
        slack.say("ana", "dm", "three")
    slack.wait_for(lambda: len(receiver.got) == 4)
    assert [event["text"] for event in receiver.events()[2:]] == ["three", "two"]


def test_the_bot_hears_itself_and_others(slack, receiver):
    slack.echo = True
    channel = slack.channel("ml")
    call(slack, "chat.postMessage", channel=channel, text="mine")
    slack.wait_for(lambda: len(receiver.got) == 1)
    slack.bot_says("jenkins", "ml", "build failed", wait=True)
    mine, other = receiver.events()
    assert (mine["user"], mine["bot_id"]) == ("U0BOT", "B0BOT")
    assert other["subtype"] == "bot_message"


def test_a_command_is_answered_privately_or_fails_before_the_person_only(slack, receiver):
    slack.channel("ml", members=["ana", "ben"], with_bot=False)
    receiver.body = json.dumps({"text": "Here you are", "blocks": [section("Here you are")]})
    slack.command("ana", "ml", "/mlops", "help", wait=True)
    assert [line.text for line in slack.ephemerals("ana")] == ["Here you are"]
    assert slack.visible("ml", viewer="ben") == []

    receiver.statuses = [404]
    slack.command("ana", "ml", "/mlops", "help", wait=True)
    assert slack.ephemerals("ana")[-1].text == '/mlops failed with the error "dispatch_failed"'
    form = receiver.got[0][1]
    assert (form["channel_name"], form["user_name"], form["text"]) == ("ml", "ana", "help")


def test_a_response_url_serves_five_times_in_thirty_minutes(slack, receiver):
    slack.channel("ml", members=["ana"])
    slack.command("ana", "ml", "/mlops", wait=True)
    hook = WebhookClient(receiver.got[0][1]["response_url"])
    assert hook.send(text="x", blocks=[section("")]).status_code == 400
    assert hook.send(text="for all", response_type="in_channel").body == "ok"
    answers = [hook.send(text="for you") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 4 + [404]
    assert "used_url" in answers[-1].body
    assert [line.text for line in slack.visible("ml")] == ["for all"]
    assert len(slack.ephemerals("ana")) == 4

    slack.command("ana", "ml", "/mlops", wait=True)
    slack.clock.advance(30 * 60 + 1)
    assert "expired_url" in WebhookClient(receiver.got[1][1]["response_url"]).send(text="x").body


def test_a_press_carries_what_was_ticked_and_may_replace_the_message(slack, receiver):
    channel = slack.channel("ml", members=["ana", "ben"])
    ask = {
        "type": "input",
        "block_id": "which",
        "label": {"type": "plain_text", "text": "Which?"},
        "element": {"type": "checkboxes", "action_id": "reasons", "options": options(2)},
    }
    shown = call(
        slack,
        "chat.postEphemeral",
        channel=channel,
        user=slack.person("ana"),
        text="x",
        blocks=[ask, actions(button("Go", action_id="go", value="v1"))],
    )["message_ts"]
    assert slack.tick("ana", shown, "00001") is None
    slack.press("ana", shown, "Go", wait=True)
    payload = receiver.got[0][1]
    assert [o["value"] for o in payload["state"]["values"]["which"]["reasons"]["selected_options"]] == ["00001"]
    assert (payload["actions"][0]["action_id"], payload["actions"][0]["value"]) == ("go", "v1")
    assert payload["container"]["is_ephemeral"]
    assert "message" not in payload
    with pytest.raises(LookupError, match="ben does not see"):
        slack.press("ben", shown, "Go")
    with pytest.raises(LookupError, match="No button"):
        slack.press("ana", shown, "Stop")

    WebhookClient(payload["response_url"]).send(text="done", replace_original=True)
    assert [(line.text, line.buttons) for line in slack.ephemerals("ana")] == [("done", ())]


def test_feedback_buttons_and_a_press_that_fails(slack, receiver):
    channel = slack.channel("ml", members=["ana"])
    ts = call(slack, "chat.postMessage", channel=channel, text="x", blocks=[section("x"), FEEDBACK])["ts"]
    slack.press("ana", ts, "feedback:positive", wait=True)
    slack.press("ana", ts, "Not helpful", value_override="forged", action_ts="1.5", wait=True)
    first, second = (body["actions"][0] for _, body, _ in receiver.got)
    assert (first["type"], first["action_id"], first["value"]) == ("feedback_buttons", "feedback", "yes")
    assert (second["value"], second["action_ts"]) == ("forged", "1.5")

    receiver.statuses = [500]
    slack.press("ana", ts, "feedback:negative", wait=True)
    assert "trouble" in slack.ephemerals("ana")[-1].text


def test_status_prompts_reactions_and_views(slack, receiver):
    slack.open_dm("ana", wait=True)
    opened = receiver.events()[0]
    assert (opened["type"], opened["tab"]) == ("app_home_opened", "messages")
    dm, prompt = opened["channel"], {"title": "Ask", "message": "Our deploys take weeks"}
    set_prompts = "assistant.threads.setSuggestedPrompts"
    assert call(slack, set_prompts, channel_id=dm, prompts=[prompt] * 5)["error"] == "invalid_arguments"
    call(slack, set_prompts, channel_id=dm, prompts=[prompt] * 4)
    ts = slack.say("ana", "dm", "hello", wait=True)
    call(slack, set_prompts, channel_id=dm, prompts=[prompt], thread_ts=ts)
    assert [prompts.shown for prompts in slack.prompts] == [True, False]

    call(slack, "assistant.threads.setStatus", channel_id=dm, thread_ts=ts, status="is reading…")
    assert slack.status_of(ts) == "is reading…"
    call(slack, "chat.postMessage", channel=dm, thread_ts=ts, text="answer")
    assert slack.status_of(ts) == ""
    assert [line.text for line in slack.answers_to(ts)] == ["answer"]

    react = {"channel": dm, "timestamp": ts, "name": "eyes"}
    errors = [call(slack, f"reactions.{do}", **react).get("error") for do in ("add", "add", "remove", "remove")]
    assert errors == [None, "already_reacted", None, "no_reaction"]

    slack.command("ana", "dm", "/mlops", wait=True)
    view = {"type": "modal", "title": {"type": "plain_text", "text": "Intake"}, "blocks": [section()]}
    trigger = receiver.got[-1][1]["trigger_id"]
    made = call(slack, "views.open", trigger_id=trigger, view=view)["view"]
    assert call(slack, "views.open", trigger_id="no", view=view)["error"] == "invalid_trigger_id"
    slack.submit("ana", made["id"], {"b": {"a": {"type": "plain_text_input", "value": "words"}}})
    assert receiver.got[-1][1]["type"] == "view_submission"


def test_people_of_other_teams_and_guests(slack, receiver):
    shared = slack.channel("shared", members=["eve", "gus"], ext_shared=True)
    eve, gus = slack.person("eve", team="T0002"), slack.person("gus", guest=True)
    slack.say("eve", "shared", "@bot hello", wait=True)
    assert receiver.got[0][1]["is_ext_shared_channel"]
    assert receiver.events()[0]["user_team"] == "T0002"
    assert call(slack, "users.info", user=eve)["user"]["is_stranger"]
    assert call(slack, "users.info", user=gus)["user"]["is_restricted"]
    assert call(slack, "conversations.info", channel=shared)["channel"]["is_ext_shared"]
    slack.deactivate("gus", wait=True)
    assert receiver.events()[-1]["user"]["deleted"]


def test_attacks_can_be_sent_as_they_are(slack, receiver):
    body = slack.envelope({"type": "app_mention"})
    slack.post_raw("/slack/events", body, slack.sign(body, ts=1, secret="wrong"))
    headers, _, raw = receiver.got[0]
    assert headers["x-slack-request-timestamp"] == "1"
    assert not SignatureVerifier(slack.signing_secret).is_valid_request(raw, dict(headers))


def test_the_transcript_reads_as_a_script(slack):
    slack.echo = False
    channel = slack.channel("ml", members=["ana"])
    ts = slack.say("ana", "ml", "@bot our deploys take weeks")
    answer = call(
        slack,
        "chat.postMessage",
        channel=channel,
        thread_ts=ts,
        text="x",
        blocks=[section("See <https://example.com|this> &amp; ask <@" + slack.person("ana") + ">"), actions(button())],
    )["ts"]
    call(slack, "chat.update", channel=channel, ts=answer, text="Done", blocks=[])
    assert slack.transcript().splitlines() == [
        "  m1  #ml  ana: @bot our deploys take weeks",
        "  m2  #ml ↳m1  bot: See this (https://example.com) & ask @ana",
        "        [Go]",
        "      #ml ↳m1  bot edits m2: Done",
    ]
    line = slack.seen_by("ana")[1]
    assert (line.author, line.text, line.versions, line.ephemeral) == ("bot", "Done", 2, False)


def test_waiting_ends_when_the_answer_comes_or_says_what_happened(slack):
    channel = slack.channel("ml", members=["ana"])
    ts = slack.say("ana", "ml", "@bot hello")
    with pytest.raises(TimeoutError, match="ana: @bot hello"):
        slack.wait_answer(ts, timeout_s=0.1)
    later = Thread(target=lambda: call(slack, "chat.postMessage", channel=channel, thread_ts=ts, text="hi"))
    later.start()
    assert [line.text for line in slack.wait_answer(ts)] == ["hi"]
    later.join()
    slack.settled(quiet_s=0.05)
