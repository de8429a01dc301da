"""No text becomes a mention, a link, a date or markup; every message is within Slack's limits, whatever it says."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import product
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.channels.slack import limits
from bot.channels.slack.blocks import PICK, Rendered, render
from bot.channels.slack.markup import WORD_JOINER, escape, inert, names, opens_with_another, plain
from bot.conversations.message_view import HOW_TO_ASK, STOP, Body, Failed, MessageView, Notice, Withdrawn
from bot.guidance import Guidance, Listed, compose, listed
from bot.guidance.declined import Declined
from bot.knowledge import Choice, load_knowledge, packaged_knowledge
from bot.retrieval.documents import OwnDocument
from bot.triage import AskedQuestion, Sureness
from tests.guidance.made import answer_with, list_of
from tests.standins.slack.limits import check_message

TODAY = date(2026, 11, 23)
KNOWLEDGE = load_knowledge(packaged_knowledge(), TODAY)
ATTACKS = (
    "<!channel>", "<!here>", "<@U0001>", "<#C0001|general>", "<https://evil.example|click>", "https://evil.example",
    "evil.example", "www.evil.example", "mailto:a@b.example", "a@b.example", "*bold* _it_ ~no~ `code` ```block```",
    "<!date^1392734382^{date}|now>", "<!subteam^S0001>", "@channel", "@here", "@everyone", "&lt;!channel&gt;",
    ":rotating_light:", "[click](https://evil.example)", "\u202egnp.exe", "</text>", "{{1}}", "a" * 3000, "&" * 2000,
    "> quote",
)  # fmt: skip
attacks = st.sampled_from(ATTACKS)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
texts = st.lists(attacks | words, min_size=1, max_size=4).map(" ".join).filter(str.strip)


SURENESS = ("quite sure", "fairly sure", None)


def guidance_with(
    reason: str | None, first: str = "ORG-08", message: str = "x", sureness: Sureness | None = "fairly sure",
    documents: Sequence[OwnDocument] = (),
) -> Guidance:  # fmt: skip
    answer = answer_with(KNOWLEDGE, first, reason=reason, sureness=sureness)
    return compose(answer, message, KNOWLEDGE, [], [], TODAY, 1, documents)


def list_with(reason: str | None, barriers: list[str]) -> Listed:
    return listed(list_of(KNOWLEDGE, *barriers, reason=reason), "x", KNOWLEDGE, 1)


WIKI = "https://wiki.example.org/"
documents = st.lists(
    st.builds(
        OwnDocument,
        id=texts,
        title=texts.map(lambda text: text[:120]),
        section=texts.map(lambda text: text[:120]),
        link=st.none() | texts.map(lambda text: f"{WIKI}{quote(text[:200])}"),
        score=st.floats(0.2, 1),
    ),
    max_size=3,
)
ids = st.sampled_from([barrier.id for barrier in KNOWLEDGE.barriers])
bodies: st.SearchStrategy[Body] = st.one_of(
    st.builds(guidance_with, st.none() | texts, ids, st.just("x"), st.sampled_from(SURENESS), documents),
    st.builds(list_with, st.none() | texts, st.lists(ids, min_size=2, max_size=5, unique=True)),
    st.builds(
        AskedQuestion,
        st.just("Q"),
        texts.map(lambda text: text[:300]),
        st.lists(texts.map(lambda text: text.strip()[:75].strip() or "x"), min_size=2, max_size=4).map(
            lambda labels: tuple(Choice(label=label, barriers=("ORG-08",)) for label in labels)
        ),
    ),
    st.builds(Declined, texts, st.none() | texts, st.none() | texts),
    st.builds(Notice, st.sampled_from(["unreadable", "stop"]), texts),
    st.just(HOW_TO_ASK) | st.just(STOP) | st.just(Failed("0badc0de")) | st.just(Withdrawn()),
)
people = st.sampled_from(["U0ANA", "W0BO", "<!channel>", "U0ANA> <!here", "u-lower", ""])
shown_ones = st.builds(
    MessageView,
    turn=st.just("slack:T0001:C0001:1700000000.000100"),
    body=bodies,
    asker=st.just("U0ANA"),
    private=st.booleans(),
    more=st.booleans(),
    messages=st.integers(1, 5),
    tried_by=st.lists(people, max_size=4).map(tuple),
    shared_by=st.none() | people,
    repeated=st.booleans(),
    with_quotes=st.booleans(),
    closed=st.booleans(),
    tapped=st.booleans(),
)


def parts(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        yield part
        for value in part.values():
            yield from parts(value)
    elif isinstance(part, list):
        for value in part:
            yield from parts(value)


@settings(max_examples=400, deadline=None)
@given(shown_ones, st.booleans(), st.none() | texts)
def test_whatever_is_said_stays_text_and_within_the_limits(view: MessageView, buttons: bool, opening: str | None):
    rendered = render(view, buttons=buttons, opening=opening and opening[:500])
    check_message(rendered.text, rendered.payload)
    assert len(rendered.payload) <= limits.BLOCKS
    assert len(rendered.text) <= limits.FALLBACK_CHARACTERS
    known_links = {source.url for source in KNOWLEDGE.sources}
    for part in parts(rendered.payload):
        assert part.get("type") not in ("mrkdwn", "markdown", "broadcast", "date", "usergroup", "channel", "color")
        if part.get("type") == "user":
            assert re.fullmatch(r"[UW][A-Z0-9]+", part["user_id"])
        if part.get("type") == "link":
            assert part["url"] in known_links or part["url"].startswith(WIKI)
            assert part["url"].startswith("https://")
        if part.get("type") == "plain_text" and part["text"] not in ("Helpful", "Not helpful"):
            assert part.get("emoji", False) is False
    only_people = re.sub(r"<@[UW][A-Z0-9]{1,30}>", "", rendered.text)
    assert "<" not in only_people
    assert ">" not in only_people
    assert not re.search(r"&(?!amp;|lt;|gt;)", only_people)


@given(texts)
def test_what_is_escaped_reads_as_it_was(text: str):
    escaped = escape(text)
    assert not re.search(r"[<>]", escaped)
    assert plain(escaped, "U0BOT") == text.strip()


@given(texts)
def test_an_askers_words_hold_nothing_that_a_client_would_link(text: str):
    broken = inert(text)
    assert broken.replace(WORD_JOINER, "") == text.replace(WORD_JOINER, "")
    assert not re.search(r"\w\.\w|://|(?<!\w)@\w|www\.\w", broken)


@pytest.mark.parametrize(
    ("raw", "read"),
    [
        ("<@U0BOT> hello", "hello"),
        ("ask <@U0BO|bo> first", "ask somebody first"),
        ("see <https://x.example/a|the page>", "see the page"),
        ("see <https://x.example/a>", "see https://x.example/a"),
        ("mail <mailto:a@b.example|a@b.example>", "mail a@b.example"),
        ("<!channel> look", "everyone look"),
        ("<!subteam^S1|@team> look", "@team look"),
        ("in <#C1|general>", "in #general"),
        ("a &lt;b&gt; &amp; c", "a <b> & c"),
    ],
)
def test_slacks_markup_is_read_as_a_person_reads_it(raw: str, read: str):
    assert plain(raw, "U0BOT") == read


def test_who_is_named():
    assert names("hi <@U0BOT>", "U0BOT")
    assert names("hi <@U0BOT|bot>", "U0BOT")
    assert not names("hi <@U0BOTX>", "U0BOT")
    assert opens_with_another(" <@U0BO> hi", "U0BOT")
    assert not opens_with_another("<@U0BOT> hi", "U0BOT")


class TestEachLimitAtItsBoundary:
    """The stand-in refuses what is one beyond; what is drawn at the boundary passes, and nothing passes it."""

    @pytest.mark.parametrize("length", [74, 75, 76, 300])
    def test_a_buttons_label(self, length: int):
        question = AskedQuestion("Q", "Which?", tuple(choice("x" * min(length, 75)) for _ in range(2)))
        labels = [part["text"]["text"] for part in parts(drawn(question).payload) if part.get("type") == "button"]
        assert max(map(len, labels)) == min(length, limits.BUTTON_CHARACTERS)

    @pytest.mark.parametrize("length", [limits.FALLBACK_CHARACTERS - 1, limits.FALLBACK_CHARACTERS, 3001, 9000])
    def test_the_plain_text(self, length: int):
        text = drawn(Declined("x" * length)).text
        assert len(text) <= limits.FALLBACK_CHARACTERS
        assert text.endswith("…") is (length > limits.FALLBACK_CHARACTERS)

    def test_the_plain_text_is_cut_before_it_is_escaped(self):
        text = drawn(Declined("&" * 3000)).text
        assert len(text) <= limits.FALLBACK_CHARACTERS
        assert not re.search(r"&(?!amp;)", text)

    @pytest.mark.parametrize("length", [11_000, limits.MESSAGE_CHARACTERS, 13_300, 40_000])
    def test_all_characters_of_a_message(self, length: int):
        rendered = drawn(replace(guidance_with(None), good_looks_like="x" * length), more=True)
        check_message(rendered.text, rendered.payload)

    def test_the_number_of_blocks(self):
        assert len(drawn(guidance_with(None), more=True, tried_by=("U0ANA",), repeated=True).payload) <= limits.BLOCKS

    @pytest.mark.parametrize("count", [limits.BLOCKS - 3, limits.BLOCKS - 2, limits.BLOCKS - 1, 80])
    def test_as_many_blocks_as_slack_takes(self, count: int):
        barriers = [barrier.id for barrier in KNOWLEDGE.barriers[:count]]
        rendered = drawn(list_with(None, barriers))
        assert len(rendered.payload) == min(count + 2, limits.BLOCKS)  # the question above, what leads elsewhere below
        check_message(rendered.text, rendered.payload)

    @pytest.mark.parametrize("length", [74, 75, 76, 300])
    def test_an_option_of_the_menu(self, length: int):
        guidance = guidance_with(None, sureness="quite sure")
        others = tuple(replace(other, name="x" * length, one_line="y" * length) for other in guidance.others)
        rendered = drawn(replace(guidance, others=others))
        (menu,) = [part for part in parts(rendered.payload) if part.get("type") == "static_select"]
        for option in menu["options"]:
            assert len(option["text"]["text"]) == min(length, limits.OPTION_CHARACTERS)
            assert len(option["description"]["text"]) == min(length, limits.OPTION_CHARACTERS)
        check_message(rendered.text, rendered.payload)

    def test_every_barrier_unfolded_is_taken(self):
        for barrier, more, sureness in product(KNOWLEDGE.barriers, (False, True), SURENESS):
            rendered = drawn(guidance_with("their own words", barrier.id, sureness=sureness), more=more)
            check_message(rendered.text, rendered.payload)

    @pytest.mark.parametrize("named", [0, 10, 120])
    def test_a_short_answer_is_short(self, named: int):
        document = OwnDocument("wiki/a.md", "t" * named, "s" * named, None, 0.9)
        for barrier in KNOWLEDGE.barriers:
            documents = [document] if named else []
            rendered = drawn(guidance_with("they wait for weeks", barrier.id, documents=documents))
            said = [block for block in rendered.payload if block["type"] in ("rich_text", "context")]
            assert sum(len(part["text"]) for part in parts(said) if isinstance(part.get("text"), str)) <= 700


def test_each_line_of_a_list_has_its_button_and_the_last_leads_elsewhere():
    rendered = drawn(list_with("they wait <!channel>", ["ORG-08", "ORG-07", "OPS-10"]))
    buttons = [part for part in parts(rendered.payload) if part.get("type") == "button"]
    assert [button["text"]["text"] for button in buttons] == ["This one"] * 3 + [
        "Something else",
        "Tell me when you know more",
    ]
    assert [button["value"].partition("|")[2] for button in buttons] == ["ORG-08", "ORG-07", "OPS-10", "", ""]
    closed = drawn(list_with(None, ["ORG-08", "ORG-07"]), closed=True)
    assert not [part for part in parts(closed.payload) if part.get("type") == "button"]


@pytest.mark.parametrize(
    ("sureness", "kind"), [("quite sure", "static_select"), ("fairly sure", "button"), (None, "static_select")]
)
def test_what_else_it_could_be_is_more_visible_the_less_sure_the_answer_is(sureness: Sureness | None, kind: str):
    guidance = guidance_with(None, sureness=sureness)
    payload = drawn(guidance, tapped=sureness is None).payload
    names = [other.name for other in guidance.others]
    if kind == "button":
        shown = [part["text"]["text"] for part in parts(payload) if str(part.get("action_id")).startswith(PICK)]
    else:
        (menu,) = [part for part in parts(payload) if part.get("type") == "static_select"]
        shown = [option["text"]["text"] for option in menu["options"]]
    assert shown == names
    labels = [part["text"]["text"] for part in parts(payload) if part.get("type") == "button"]
    assert "None of these" in labels
    assert ("Back" in labels) is (sureness is None)


def choice(label: str) -> Choice:
    return Choice(label=label, barriers=("ORG-08",))


def drawn(body: Body, **more: Any) -> Rendered:
    return render(MessageView("slack:T0001:C0001:1.1", body, "U0ANA", **more))
