from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from inline_snapshot import snapshot
from rich.console import Console, RenderableType

from bot.bot import Bot
from bot.channels.terminal import (
    decline_block,
    explanation_block,
    guidance_block,
    listed_block,
    question_block,
    render,
)
from bot.errors import MessageUnreadable
from bot.guidance import Guidance, compose, listed
from bot.guidance.declined import NO_WORDS, declined
from bot.guidance.outline import QUOTE_LIMIT, quoted
from bot.knowledge import load_knowledge, packaged_knowledge
from bot.retrieval.hits import Hit
from bot.triage import Answer, AskedQuestion, Decline, Explanation, Message
from bot.triage.message import clean
from tests.conftest import TODAY
from tests.guidance.made import REASON, VENTING, answer_with, list_of
from tests.triage.made import ranking_of

KNOWLEDGE = load_knowledge(packaged_knowledge(), TODAY)
ANSWER = answer_with(KNOWLEDGE, "ORG-08")
GUIDANCE = compose(ANSWER, VENTING, KNOWLEDGE, (), (), TODAY, 7)


def shown(block: RenderableType, width: int = 100, *, colour: bool = False) -> str:
    console = Console(
        width=width, color_system="truecolor" if colour else None, force_terminal=colour, highlight=False, _environ={}
    )
    with console.capture() as capture:
        console.print(block)
    return "\n".join(line.rstrip() for line in capture.get().split("\n"))


def explanation_of(answer: Answer, text: str, by_clause: dict[str, float], hits: tuple[Hit, ...] = ()) -> Explanation:
    return Explanation(
        message=Message(text),
        vector=np.zeros((1, 384), dtype=np.float32),
        language=None,
        scope={"in": 0.9, "vague": 0.05, "near": 0.03, "far": 0.01, "about": 0.01},
        hits=hits,
        ranking=answer.ranking,
        question_similarity={"model-got-worse": 0.31, "deployment-is-a-nightmare": 0.42},
        reply_similarity={"greeting": 0.12},
        clauses=by_clause,
        outcome=answer,
    )


def test_a_short_answer():
    assert shown(guidance_block(GUIDANCE, more=False)) == snapshot("""\
That sounds wearing. Here is where I would start.
Approval and change processes do not fit models  (fairly sure)
Organizational Challenges · Slow Processes
Why           you wrote “the models wait for months until somebody finds the time to look at them”
This week     Draft three change classes with examples (same code with new data; new features or
              algorithm; new purpose) and ask the risk team which checks each really needs.
Fixed when    Last quarter every routine retrain (same code, new data) was live within a day, and
              every release carried evidence produced by the pipeline.
Rather this?  1 Features are rebuilt for every model (or a feature store came too early)
""")


def test_a_long_answer():
    assert shown(guidance_block(GUIDANCE, more=True)) == snapshot("""\
That sounds wearing. Here is where I would start.
Approval and change processes do not fit models  (fairly sure)
Organizational Challenges · Slow Processes
Why           you wrote “the models wait for months until somebody finds the time to look at them”
In short      Release boards, security reviews and model validation were designed for quarterly
              software releases and hold up frequent retraining.
This week     Draft three change classes with examples (same code with new data; new features or
              algorithm; new purpose) and ask the risk team which checks each really needs.
              You then have: A one-page table of three change classes, marked up by the risk team.
              It takes days, 3 people.
Next quarter  • Get the pipeline approved once: if data tests, the evaluation gate, the fairness
              check and rollback are automatic and logged, treat a routine retrain as a standard
              change.
              • Move evidence collection into the pipeline, so that the approver sees test results
              instead of screenshots.
              • Agree on a fast lane for a model that starts to do harm: roll back first, and do the
              paperwork within 48 hours.
The aim       Routine retrains go live without a meeting, material changes get real scrutiny, and
              both leave evidence automatically.
Fixed when    Last quarter every routine retrain (same code, new data) was live within a day, and
              every release carried evidence produced by the pipeline.
Not now if    If models change less often than the board meets, follow its calendar and spend your
              effort elsewhere.
Ask the team  For your last routine retrain, how many days went on waiting for an approval, and
              whose?
Tools         Registry with approval states (alias or tag based); CI/CD with required checks; ITSM
              standard changes (ServiceNow, Jira Service Management).
Rather this?  1 Features are rebuilt for every model (or a feature store came too early) · 2 No
              realistic staging: data and access differ between environments · 3 Knowledge lives in
              one person's head, and onboarding takes months · 4 Reuse against simplicity: one
              pipeline for all, or one for each?
The study     names this under Slow Processes: “Multiple approvals needed.”, “Multiple checks to
              move to production”, “Long chain of approvals” (Kolar Narayanappa & Amrit 2023)
Our advice    Some sources describe this barrier. The steps are our reasoning, not yet tested by
              others.
Records       ORG-08/card, ORG-08/step/0, ORG-08/step/1, ORG-08/step/2, ORG-08/step/3; index 7
Sources
  R01  Kolar Narayanappa et al. 2023: An Analysis of the Barriers Preventing the Implementation of
MLOps  https://doi.org/10.1007/978-3-031-50188-3_10
  R06  Paleyes et al. 2022: Challenges in Deploying Machine Learning: A Survey of Case Studies
https://doi.org/10.1145/3533378
  R54  Federal Reserve 2026: Revised model risk management guidance (SR 26-2, OCC Bulletin 2026-13)
agency bulletins
  R44  Google Cloud 2020: MLOps
https://cloud.google.com/architecture/mlops-continuous-delivery-and-automation-pipelines-in-machine-
learning
  R46  DORA 2025: State of AI-assisted Software Development
https://dora.dev/research/2025/dora-report
  R58  MLflow project 2023-2026: RFC  https://github.com/mlflow/mlflow/issues/10336
""")


def test_a_list():
    shortlist = list_of(KNOWLEDGE, "ORG-08", "ORG-07", "OPS-10", "TEC-17", reason="we wait for legal")
    assert shown(listed_block(listed(replace(shortlist, language="de"), REASON, KNOWLEDGE, 7))) == snapshot("""\
This looks like German; I read English best, so check the quote before you rely on the rest.
It could be one of these. Which comes closest?
  1  Every routine update is treated as if it were a brand-new system.  “we wait for legal”
  2  The new way asks for extra work before it gives anything back.
  3  Going live takes one particular person, a long checklist and some luck.
  4  The live model sees different numbers from those it was trained on.
  5  Something else
""")


def test_a_question():
    question = next(q for q in KNOWLEDGE.questions if q.id == "deployment-is-a-nightmare")
    assert shown(question_block(AskedQuestion(question.id, question.ask, question.choices))) == snapshot("""\
What hurts most when you deploy?
  1  Too many manual steps
  2  Waiting for people to do their part
  3  Waiting for approval
  4  Fear of breaking things
  5  Something else
""")


def test_a_decline():
    reply = next(r for r in KNOWLEDGE.scope.replies if r.belongs and r.barriers)
    assert shown(decline_block(declined(Decline(ANSWER.ranking, reply.kind, reply, 0.9), KNOWLEDGE))) == snapshot("""\
I do not debug single errors. If such failures keep coming back across machines or runs, describe
the pattern and I can help with that.
It belongs here: the project's issue tracker or a code help channel.
What I can help with: Environments differ between laptop, training and production; Data and training
pipelines fail silently or often.
""")


def test_a_wordless_decline():
    assert (
        shown(decline_block(declined(Decline(ANSWER.ranking, "wordless", None, 1.0), KNOWLEDGE))).split()
        == NO_WORDS.split()
    )


def test_an_explanation():
    hits = (Hit("ORG-08/symptom/2", "symptom", "ORG-08", "nothing moves until the board has met " * 3, 0.0325, "both"),)
    ranking = ranking_of(KNOWLEDGE, {"ORG-08": 0.5, "OPS-11": 0.2, "BUS-01": 0.1, "TEC-01": 0.09, "ORG-01": 0.06})
    explanation = replace(explanation_of(ANSWER, REASON, {REASON: 0.0731, "we wait": 0.4}, hits), ranking=ranking)
    assert shown(explanation_block(explanation)) == snapshot("""\
How I got there
language   en
scope      in 0.90, vague 0.05, near 0.03, far 0.01, about 0.01
dimensions
  0.57  organisational
  0.21  operational
  0.11  business
  0.11  technical
themes
  0.50  slow-processes
  0.21  deployment-process
  0.10  business-value
  0.10  infrastructure-and-data-management
  0.06  human-resources-and-skills
  0.01  standards-and-framework
barriers
  0.50  ORG-08
  0.20  OPS-11
  0.10  BUS-01
  0.09  TEC-01
  0.06  ORG-01
  0.00  BUS-02
by the clause alone, the first barrier has
  0.07  the models wait for months until somebody finds the time to look at them
  0.40  we wait
questions that sound alike
  0.42  deployment-is-a-nightmare
  0.31  model-got-worse
out-of-scope replies that sound alike
  0.12  greeting
records
  0.0325  ORG-08/symptom/2 (both) nothing moves until the board has met nothing moves until th
""")


@pytest.mark.parametrize("width", [20, 40, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int):
    assert max(map(len, shown(guidance_block(GUIDANCE, more=True), width).split("\n"))) <= width


def test_each_outcome_has_its_block(bot: Bot):
    for text, says in (
        ("deployment is a nightmare", "What hurts most when you deploy?"),
        ("👍", "I see no words in that."),
        ("Every release waits three weeks for the security board to sign it off", "This week"),
        ("something with the data", "Something else"),
    ):
        assert says in shown(render(bot.reply(Message(text)), KNOWLEDGE, 1))


def test_a_long_clause_is_not_quoted_and_others_are_on_one_line():
    for reason, says in (("x" * (QUOTE_LIMIT + 1), None), ("first\nline", "you wrote “first line”")):
        why = [row for row in shown(guidance_block(with_reason(reason), more=False), 900).split("\n") if "Why" in row]
        assert [row.split(maxsplit=1)[1] for row in why] == ([says] if says else [])


HOSTILE = (
    "[bold]", "[/bold]", "[red]x[/]", "[link=https://evil.example]click[/link]", "[/]", "\\[bold]", ":warning:",
    "\x1b[31m", "\x1b]8;;https://evil.example\x1b\\", "\x1b]0;title\x07", "\x9b31m", "\u202e", "\u2066", "\u200f",
    "\x00", "\x08\x08", "\r", "\n", "models", "wait", "“", "”", "<b>", "`", "*",
)  # fmt: skip
STYLING = re.compile(r"\x1b\[[0-9;]*m")
FORBIDDEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200c\u200e-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
MESSAGES = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=5)), min_size=1, max_size=8).map(" ".join)


def with_reason(reason: str) -> Guidance:
    return replace(GUIDANCE, barrier=replace(GUIDANCE.barrier, reason=reason))


@settings(deadline=None, max_examples=60)
@given(text=MESSAGES)
@example(text=" ".join(HOSTILE[:12]))
@example(text=" ".join(HOSTILE[7:20]))
def test_what_was_written_is_never_markup_nor_an_escape_sequence(text: str):
    try:
        phrase = clean(text)
    except MessageUnreadable:
        return
    guidance = with_reason(phrase)
    blocks = [
        guidance_block(guidance, more=False),
        listed_block(listed(list_of(KNOWLEDGE, "ORG-08", "ORG-07", reason=phrase), "", KNOWLEDGE, 7)),
        explanation_block(explanation_of(ANSWER, phrase, {phrase: 0.1})),
    ]
    for block in blocks:
        plain = shown(block, 2000)
        assert not FORBIDDEN.search(plain)
        one_line = " ".join(phrase.split())
        assert one_line in " ".join(plain.split()) or len(one_line) > QUOTE_LIMIT
        coloured = shown(block, 2000, colour=True)
        assert "\x1b" not in STYLING.sub("", coloured)
        assert STYLING.sub("", coloured) == plain
    harmless = shown(guidance_block(with_reason("models wait"), more=True), 2000, colour=True)
    hostile = shown(guidance_block(guidance, more=True), 2000, colour=True)
    if quoted(phrase):
        assert len(STYLING.findall(hostile)) == len(STYLING.findall(harmless))
