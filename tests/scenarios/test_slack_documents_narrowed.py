"""Who may no longer read a document is not shown it, wherever they go on. By itself: one server a process."""

from __future__ import annotations

import time
from pathlib import Path

import httpx

from bot.settings import Settings
from bot.wiring import sources_of
from tests.scenarios.serving import served
from tests.scenarios.test_slack_documents import ASKED, EVERYBODYS, indexed, refreshed
from tests.standins.slack import Slack


def test_who_may_no_longer_read_it_does_not_in_an_old_thread_either(tmp_path: Path):
    with Slack() as slack:
        slack.channel("ml", members=["ana"])
        settings = Settings(_env_file=None, triage_home=tmp_path / "home", triage_embeddings=None)
        indexed(settings.triage_home, tmp_path / "documents", "C0NOWHERE")
        with served(slack, settings.triage_home) as running:
            ts = slack.say("ana", "ml", f"@bot {ASKED}")
            (answer,) = slack.wait_answer(ts, timeout_s=60)
            assert EVERYBODYS in answer.text
            sources_of(settings).add(tmp_path / "documents" / "all", channels=["C0NOWHERE"])
            number = refreshed(settings)
            until = time.monotonic() + 20
            while httpx.get(f"{running.url}/readyz").json()["index"] != number:
                assert time.monotonic() < until
                time.sleep(0.2)
            slack.say("ana", "ml", "and security wants a form for each of them, too", thread=ts)
            *_, later = slack.wait_answer(ts, count=2, timeout_s=30)
            assert "Approval and change processes" in later.text
            assert EVERYBODYS not in later.text
