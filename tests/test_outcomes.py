from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from bot.bot import Bot, Reply
from bot.outcomes import BARRIERS_LISTED, BatchMessage, BatchOutcome, batch_outcome, guidance_document
from bot.triage import Message

FIELDS = [
    "id", "action", "sureness", "kind", "reply", "belongs", "confidence", "dimensions", "themes", "barriers", "options",
    "question", "citations",
]  # fmt: skip
TEXTS = {
    "answer": "Every release waits three weeks for the security board. It signs off even a one line fix, on paper",
    "shortlist": "something with the data",
    "clarify": "deployment is a nightmare",
    "decline": "Where can I get lunch near the office?",
}


@pytest.fixture(scope="module")
def replies(bot: Bot) -> dict[str, Reply]:
    return {action: bot.reply(Message(text)) for action, text in TEXTS.items()}


@pytest.mark.parametrize("action", TEXTS)
def test_every_outcome_has_the_fields_that_others_rely_on(replies: dict[str, Reply], action: str):
    line = json.loads(batch_outcome("m1", replies[action], 4).model_dump_json())
    assert list(line) == [*FIELDS, "index_version"]
    assert (line["id"], line["action"], line["index_version"]) == ("m1", action, 4)
    assert (line["kind"] == "far") is (action == "decline")
    assert [len(line[name]) for name in ("dimensions", "themes", "barriers")] == [4, 11, BARRIERS_LISTED]
    assert set(line["themes"][0]) == set(line["dimensions"][0]) == {"id", "score"}
    assert set(line["barriers"][0]) == {"id", "theme", "dimension", "score", "reason"}
    for name in ("dimensions", "themes", "barriers"):
        scores = [item["score"] for item in line[name]]
        assert scores == sorted(scores, reverse=True)
    assert (line["question"] is not None) is (action == "clarify")
    assert bool(line["citations"]) is (action == "answer")
    assert (line["sureness"] is not None) is (action == "answer")
    assert bool(line["options"]) is (action in ("answer", "shortlist"))
    assert bool(line["reply"]) is (action == "decline")


def test_an_answer_tells_its_reason(replies: dict[str, Reply]):
    outcome = batch_outcome(None, replies["answer"], 1)
    reason = outcome.barriers[0].reason
    assert reason
    assert reason in TEXTS["answer"]
    guidance = replies["answer"].guidance
    assert guidance
    assert outcome.barriers[0].id == guidance.barrier.id
    assert all(each["record"].startswith(f"{guidance.barrier.id}/") for each in outcome.citations)


def test_a_list_is_of_the_likeliest(replies: dict[str, Reply]):
    outcome = batch_outcome(None, replies["shortlist"], 1)
    ranked = [barrier.id for barrier in outcome.barriers]
    assert outcome.options[0] == ranked[0]
    assert 4 <= len(outcome.options) <= 5
    assert [id for id in ranked if id in outcome.options] == outcome.options


def test_a_picked_barrier_comes_first_and_nobody_is_sure(bot: Bot, replies: dict[str, Reply]):
    listed = batch_outcome(None, replies["shortlist"], 1).options
    outcome = batch_outcome(None, bot.reply(Message(TEXTS["shortlist"], picked=listed[2])), 1)
    assert (outcome.action, outcome.sureness, outcome.barriers[0].id) == ("answer", None, listed[2])
    assert listed[0] in outcome.options


def test_a_question_is_told_with_its_choices(replies: dict[str, Reply]):
    question = batch_outcome(None, replies["clarify"], 1).question
    assert question
    assert question.id == "deployment-is-a-nightmare"
    assert question.choices[0] == "Too many manual steps"


@pytest.mark.parametrize("id", ["m1", 7, None, "ünï\u2028"])
@pytest.mark.parametrize("action", TEXTS)
def test_a_line_reads_back_as_it_was_written(replies: dict[str, Reply], action: str, id: str | int | None):
    outcome = batch_outcome(id, replies[action], 4)
    line = outcome.model_dump_json()
    assert "\n" not in line
    read = BatchOutcome.model_validate_json(line)
    assert (read.id, read.model_dump_json()) == (id, line)


def test_guidance_is_plain_data(replies: dict[str, Reply]):
    guidance = replies["answer"].guidance
    assert guidance
    document = guidance_document(guidance)
    assert json.loads(json.dumps(document))["first_step"]["text"] == guidance.first_step.text
    assert document["sources"][0]["id"] == guidance.sources[0].id


@pytest.mark.parametrize(
    "line",
    ['{"id": 1}', '{"text": "a"}', '{"id": true, "text": "a"}', '{"id": 1.5, "text": "a"}', '{"id": 1, "text": 2}'],
)
def test_a_message_needs_an_id_and_a_text(line: str):
    with pytest.raises(ValidationError):
        BatchMessage.model_validate_json(line)


@pytest.mark.parametrize("empty", ["themes", "dimensions"])
def test_an_outcome_without_a_ranking_is_none(replies: dict[str, Reply], empty: str):
    line = batch_outcome("m1", replies["answer"], 4).model_dump() | {empty: []}
    with pytest.raises(ValidationError):
        BatchOutcome.model_validate(line)
