from __future__ import annotations

import io
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.console import Console

from bot.bot import Bot
from bot.channels.terminal import guidance_block
from bot.guidance import Guidance, compose, listed
from bot.guidance.outline import SHORT_LIMIT, source_title
from bot.index.records import records_of
from bot.knowledge import Barrier, Knowledge, Source, load_knowledge, packaged_knowledge
from bot.retrieval.documents import OwnDocument
from bot.retrieval.hits import Hit
from bot.triage import Answer, Message, Sureness
from tests.conftest import TODAY
from tests.guidance.made import REASON, VENTING, answer_with, list_of

KNOWLEDGE = load_knowledge(packaged_knowledge(), TODAY)
BARRIERS = [pytest.param(barrier, id=barrier.id) for barrier in KNOWLEDGE.barriers]
WITH_CAUSES = [barrier for barrier in KNOWLEDGE.barriers if barrier.caused_by]


def composed(answer: Answer, message: str = REASON, *, knowledge: Knowledge = KNOWLEDGE, today=TODAY) -> Guidance:
    return compose(answer, message, knowledge, (), (), today, 7)


def shown(guidance: Guidance, *, more: bool = False, width: int = 5000) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    with console.capture() as capture:
        console.print(guidance_block(guidance, more=more))
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


@pytest.mark.parametrize("barrier", BARRIERS)
def test_guidance_is_whole_and_its_short_form_short(barrier: Barrier):
    guidance = composed(answer_with(KNOWLEDGE, barrier.id))
    assert guidance.barrier.id == barrier.id
    assert guidance.first_step.text in barrier.steps("this-week")
    assert 1 <= len(guidance.next_quarter) <= 3
    assert {citation.record for citation in guidance.citations} <= {record.id for record in records_of(KNOWLEDGE)}
    assert all(citation.sources == barrier.sources for citation in guidance.citations)
    assert [source.id for source in guidance.sources] == list(barrier.sources)

    short = shown(guidance)
    for text in [barrier.name, "(fairly sure)", REASON, guidance.first_step.text, barrier.fixed_when]:
        assert text in short
    assert f"Rather this?  1 {guidance.others[0].name}" in short
    assert len(short) <= SHORT_LIMIT
    assert len(shown(guidance, width=80).splitlines()) <= 12


@pytest.mark.parametrize("barrier", BARRIERS)
@pytest.mark.parametrize("characters", [8, 40, 120])
def test_a_document_of_ones_own_is_named_where_there_is_room(barrier: Barrier, characters: int):
    guidance = composed(answer_with(KNOWLEDGE, barrier.id))
    document = OwnDocument("wiki/a.md", "t" * characters, "s" * characters, None, 0.9)
    cited = replace(guidance, documents=(document,))
    short = shown(cited)
    assert len(short) <= SHORT_LIMIT
    assert len(shown(cited, width=80).splitlines()) <= 12
    assert f"Rather this?  1 {guidance.others[0].name}" in short
    assert document.title in shown(cited, more=True)


def test_for_many_barriers_there_is_room():
    document = OwnDocument("wiki/a.md", "Requesting GPUs", "Quota", None, 0.9)
    named = [
        "Your docs" in shown(replace(composed(answer_with(KNOWLEDGE, barrier.id)), documents=(document,)))
        for barrier in KNOWLEDGE.barriers
    ]
    assert sum(named) > len(named) / 3


@pytest.mark.parametrize("barrier", BARRIERS)
def test_the_long_form_leaves_nothing_out(barrier: Barrier):
    guidance = composed(answer_with(KNOWLEDGE, barrier.id))
    long = shown(guidance, more=True)
    texts = [*(step.text for step in guidance.next_quarter), guidance.good_looks_like, guidance.ask_back]
    texts += [guidance.deliverable, guidance.not_yet_when or "", guidance.tools or "", guidance.upstream or ""]
    texts += [source.url for source in guidance.sources] + [other.name for other in guidance.others]
    assert [text for text in [*texts, barrier.summary, "Our advice"] if text not in long] == []
    assert "index 7" in long


@pytest.mark.parametrize("barrier", BARRIERS)
def test_the_study_is_cited_for_its_codes_alone(barrier: Barrier):
    guidance = composed(answer_with(KNOWLEDGE, barrier.id))
    line = next(line for line in shown(guidance, more=True).splitlines() if line.startswith("The study"))
    match barrier.provenance:
        case "study-code":
            assert "names this under" in line
            assert "(Kolar Narayanappa & Amrit 2023)" in line
        case "related":
            assert "related codes" in line
            assert "the match is ours" in line
        case "extension":
            assert line.endswith("has no code for this; we put it under the nearest of its themes")
            assert "Kolar" not in line
    assert guidance.study.codes == barrier.study_codes
    assert all(f"“{code}”" in line for code in barrier.study_codes)


TOOLED = next(barrier for barrier in KNOWLEDGE.barriers if barrier.tools)


@pytest.mark.parametrize(("days", "fresh"), [(0, True), (365, True), (366, False)])
def test_tools_are_named_for_a_year_after_they_were_checked(days: int, fresh: bool):
    assert TOOLED.tools
    today = TOOLED.tools.checked_on + timedelta(days=days)
    guidance = composed(answer_with(KNOWLEDGE, TOOLED.id), today=today)
    assert guidance.tools == (TOOLED.tools.names if fresh else None)
    assert (TOOLED.tools.names in shown(guidance, more=True)) is fresh


@pytest.mark.parametrize("probability", [0.125, 0.124])
def test_a_cause_is_named_only_when_it_scored(probability: float):
    barrier = WITH_CAUSES[0]
    cause = barrier.caused_by[0]
    guidance = composed(answer_with(KNOWLEDGE, barrier.id, also={cause.id: probability}))
    if probability >= 0.125:
        assert guidance.upstream == f"{KNOWLEDGE.barrier_by_id[cause.id].name} ({cause.why})"
        assert f"Caused by     {guidance.upstream}" in shown(guidance, more=True)
    else:
        assert guidance.upstream is None


def test_the_same_answer_reads_the_same():
    answer = answer_with(KNOWLEDGE, "ORG-08")
    assert composed(answer) == composed(answer)
    assert shown(composed(answer)) == shown(composed(answer))


def test_a_number_asked_for_gets_a_way_to_measure_ones_own():
    answer = answer_with(KNOWLEDGE, "ORG-08")
    guidance = composed(answer, "What percentage of companies wait this long for approval?")
    assert guidance.measure_note
    assert KNOWLEDGE.barrier_by_id["ORG-08"].fixed_when in guidance.measure_note
    assert "I quote no industry figure" in shown(guidance)
    assert composed(answer).measure_note is None


def test_venting_gets_one_line_of_recognition_first():
    guidance = composed(answer_with(KNOWLEDGE, "ORG-08"), VENTING)
    assert shown(guidance).splitlines()[0] == "That sounds wearing. Here is where I would start."
    assert composed(answer_with(KNOWLEDGE, "ORG-08")).acknowledgement is None


@pytest.mark.parametrize(("language", "name"), [("de", "German"), ("ja", "a language other than English")])
def test_another_language_is_owned_up_to(language: str, name: str):
    guidance = composed(answer_with(KNOWLEDGE, "ORG-08", language=language))
    assert f"This looks like {name}; I read English best" in shown(guidance)
    assert composed(answer_with(KNOWLEDGE, "ORG-08")).language_note is None


@pytest.mark.parametrize(
    ("sureness", "says"), [("quite sure", "(quite sure)"), ("fairly sure", "(fairly sure)"), (None, "(you chose it)")]
)
def test_sureness_is_said_in_words(sureness: Sureness | None, says: str):
    shortened = shown(composed(answer_with(KNOWLEDGE, "ORG-08", sureness=sureness)))
    assert f"Approval and change processes do not fit models  {says}" in shortened


def test_what_the_message_speaks_of_is_the_first_step_of_the_quarter():
    barrier = KNOWLEDGE.barrier_by_id["ORG-08"]
    first, *_, last = barrier.steps("next-quarter")
    hits = [Hit(text, "step", "ORG-08", text, score, "vectors") for text, score in ((last, 0.8), (first, 0.2))]
    without, told = (
        compose(answer_with(KNOWLEDGE, "ORG-08"), REASON, KNOWLEDGE, found, (), TODAY, 7) for found in ((), hits)
    )
    assert without.next_quarter[0].text == first
    assert [told.next_quarter[0].text, told.next_quarter[1].text] == [last, first]


def test_a_list_says_what_it_is_and_who_is_fed_up_is_recognised():
    shortlist = list_of(KNOWLEDGE, "ORG-08", "ORG-07", "BUS-02", reason=REASON)
    plain, wearing = (listed(shortlist, text, KNOWLEDGE, 7) for text in (REASON, VENTING))
    assert plain.ask == "It could be one of these. Which comes closest?"
    assert wearing.ask == f"That sounds wearing. {plain.ask}"
    assert [line.id for line in plain.barriers] == ["ORG-08", "ORG-07", "BUS-02"]
    assert [line.reason for line in plain.barriers] == [REASON, None, None]


def test_a_real_reply_cites_what_the_message_was_matched_with(bot: Bot):
    cited = {}
    for message in (
        "Every release waits three weeks for the security board to sign it off",
        "legal signs each retrain",
    ):
        reply = bot.reply(Message(message, picked="ORG-08"))
        assert reply.guidance
        assert reply.guidance.index_version == bot.version.number
        cited[message] = [citation.record for citation in reply.guidance.citations]
        matched = [hit.id for hit in reply.explanation.hits if hit.barrier == "ORG-08"]
        assert cited[message][: len(matched)] == matched
        assert set(cited[message]) <= {record.id for record in records_of(bot.version.knowledge)}
    assert len({tuple(records) for records in cited.values()}) == 2


@pytest.mark.parametrize("source", KNOWLEDGE.sources, ids=lambda source: source.id)
def test_a_source_is_told_by_a_short_title(source: Source):
    title = source_title(source)
    assert len(title) <= 130
    assert re.match(r".+ (\d{4}([-–]\d{2,4})?|n\.d\.|undated.*): \S", title), title
