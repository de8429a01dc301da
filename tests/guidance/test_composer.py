from __future__ import annotations

import io
from dataclasses import replace
from datetime import timedelta

import pytest
from rich.console import Console

from bot.app import Bot
from bot.channels.terminal import guidance_block
from bot.guidance import Guidance, compose
from bot.guidance.composer import STUDY_SOURCES
from bot.guidance.outline import SHORT_LIMIT
from bot.index.records import records_of
from bot.knowledge import Barrier, Knowledge, load_knowledge, packaged_knowledge
from bot.retrieval.hits import Hit
from bot.triage import Answer, Message
from tests.conftest import TODAY
from tests.guidance.made import REASON, VENTING, answer_with

KNOWLEDGE = load_knowledge(packaged_knowledge(), TODAY)
BARRIERS = [pytest.param(barrier, id=barrier.id) for barrier in KNOWLEDGE.barriers]
WITH_CAUSES = [barrier for barrier in KNOWLEDGE.barriers if barrier.caused_by]


def composed(answer: Answer, message: str = REASON, *, knowledge: Knowledge = KNOWLEDGE, today=TODAY) -> Guidance:
    return compose(answer, message, knowledge, (), today, 7)


def shown(guidance: Guidance, *, more: bool = False) -> str:
    console = Console(file=io.StringIO(), width=5000, color_system=None)
    with console.capture() as capture:
        console.print(guidance_block(guidance, more=more))
    return "\n".join(line.rstrip() for line in capture.get().splitlines())


@pytest.mark.parametrize("barrier", BARRIERS)
def test_guidance_is_whole_and_its_short_form_short(barrier: Barrier):
    guidance = composed(answer_with(KNOWLEDGE, barrier.id))
    assert guidance.barrier.id == barrier.id
    assert guidance.first_step.text in barrier.steps("this-week")
    assert 1 <= len(guidance.next_quarter) <= 3
    assert [step.text for step in guidance.next_quarter] == [
        step for step in barrier.steps("next-quarter") if step in [cited.text for cited in guidance.next_quarter]
    ]
    assert guidance.runner_up.theme != guidance.study.theme
    assert {citation.record for citation in guidance.citations} <= {record.id for record in records_of(KNOWLEDGE)}
    assert all(citation.sources == barrier.sources for citation in guidance.citations)
    assert [source.id for source in guidance.sources] == list(barrier.sources)

    short = shown(guidance)
    kept = [barrier.name, barrier.summary, REASON, guidance.first_step.text, guidance.next_quarter[0].text]
    for text in [*kept, barrier.fixed_when, guidance.runner_up.name, "The study", "Our advice"]:
        assert text in short
    assert len(short) <= SHORT_LIMIT


@pytest.mark.parametrize("barrier", BARRIERS)
def test_the_short_form_is_short_at_its_longest(barrier: Barrier):
    causes = {cause.id: 0.15 for cause in barrier.caused_by[:1]}
    answer = answer_with(KNOWLEDGE, barrier.id, reason="very long " * 500, also=causes, language="de")
    guidance = composed(answer, f"{VENTING}. What is the industry average?")
    assert guidance.acknowledgement
    assert guidance.language_note
    assert guidance.measure_note
    assert len(shown(guidance)) <= SHORT_LIMIT


@pytest.mark.parametrize("barrier", BARRIERS)
def test_the_long_form_leaves_nothing_out(barrier: Barrier):
    guidance = composed(answer_with(KNOWLEDGE, barrier.id))
    long = shown(guidance, more=True)
    texts = [*(step.text for step in guidance.next_quarter), guidance.good_looks_like, guidance.ask_back]
    texts += [guidance.deliverable, guidance.not_yet_when or "", guidance.tools or "", guidance.upstream or ""]
    texts += [source.url for source in guidance.sources] + [guidance.second.one_line if guidance.second else ""]
    assert [text for text in texts if text not in long] == []
    assert "index 7" in long


@pytest.mark.parametrize("barrier", BARRIERS)
def test_the_study_is_cited_for_its_codes_alone(barrier: Barrier):
    guidance = composed(answer_with(KNOWLEDGE, barrier.id))
    line = next(line for line in shown(guidance).splitlines() if line.startswith("The study"))
    match barrier.provenance:
        case "study-code":
            assert "names this under" in line
            assert "[R01]" in line
        case "related":
            assert "related codes" in line
            assert "the match is ours" in line
        case "extension":
            assert line.endswith("has no code for this; we put it under the nearest of its themes")
            assert "[R01]" not in line
    assert guidance.study.codes == barrier.study_codes
    assert all(f"“{code}”" in line for code in barrier.study_codes)


def test_the_study_is_among_our_sources():
    assert set(STUDY_SOURCES) <= set(KNOWLEDGE.source_by_id)


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
        assert f"Often from    {guidance.upstream}" in shown(guidance, more=True)
    else:
        assert guidance.upstream is None


def test_of_two_as_likely_the_one_that_causes_the_other_comes_first():
    effect, cause = next(
        (barrier, cause.id)
        for barrier in WITH_CAUSES
        for cause in barrier.caused_by
        if KNOWLEDGE.barrier_by_id[cause.id].theme == barrier.theme
    )
    answer = answer_with(KNOWLEDGE, effect.id, also={cause: 0.1})
    upstream = next(b for b in answer.ranking.barriers if b.id == cause)

    def first_with(probability: float) -> str:
        told = (answer.barriers[0], replace(upstream, probability=probability), answer.barriers[1])
        return composed(replace(answer, barriers=told)).barrier.id

    assert first_with(0.4) == cause
    assert first_with(0.39) == effect.id


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
    ("confidence", "word"),
    [(0.7, "quite sure"), (0.69, "fairly sure"), (0.45, "fairly sure"), (0.44, "a first guess")],
)
def test_sureness_is_said_in_words(confidence: float, word: str):
    assert composed(replace(answer_with(KNOWLEDGE, "ORG-08"), confidence=confidence)).sureness == word


def test_what_was_retrieved_is_told_of_more_steps_than_are_shown():
    barrier = next(b for b in KNOWLEDGE.barriers if len(b.steps("next-quarter")) >= 2)
    last = barrier.steps("next-quarter")[-1]
    recommendations = (
        barrier.recommendations[0],
        *(barrier.recommendations[-1].model_copy(update={"text": text}) for text in ("one", "two", "three", last)),
    )
    larger = barrier.model_copy(update={"recommendations": recommendations})
    knowledge = KNOWLEDGE.model_copy(
        update={"barriers": tuple(larger if b.id == barrier.id else b for b in KNOWLEDGE.barriers)}
    )
    knowledge.__dict__.pop("barrier_by_id", None)
    hits = [Hit(f"{barrier.id}/step/4", "step", barrier.id, last, 1.0, "both")]
    answer = answer_with(knowledge, barrier.id)
    without, told = (compose(answer, REASON, knowledge, found, TODAY, 7) for found in ((), hits))
    assert [step.text for step in without.next_quarter] == ["one", "two", "three"]
    assert [step.text for step in told.next_quarter] == ["one", "two", last]


def test_a_real_reply_cites_what_the_index_holds(bot: Bot):
    from bot.triage import Message

    reply = bot.reply(Message("Every release waits three weeks for the security board to sign it off"))
    assert reply.guidance
    assert reply.guidance.index_version == bot.version.number
    assert {c.record for c in reply.guidance.citations} <= {r.id for r in records_of(bot.version.knowledge)}
    assert [hit.score for hit in reply.hits] == sorted((hit.score for hit in reply.hits), reverse=True)


def test_an_answer_cites_only_what_was_retrieved(bot: Bot) -> None:
    for message in ("our releases wait three weeks for a security sign-off", "nobody knows which version is live"):
        reply = bot.reply(Message(message))
        assert reply.guidance is not None
        assert {citation.record for citation in reply.guidance.citations} <= {hit.id for hit in reply.hits}
