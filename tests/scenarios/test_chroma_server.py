"""Replicas on machines of their own: vectors on a Chroma server, the store on Postgres, and nothing else in common."""

from __future__ import annotations

import time
from pathlib import Path

import httpx

from tests.knowledge.small import write_small
from tests.scenarios.processes import Serve
from tests.scenarios.test_index_swap import WITHIN_S, within
from tests.standins.chroma import ChromaRun, chroma
from tests.standins.postgres import postgres, postgres_url
from tests.standins.slack import Slack

__all__ = ["chroma", "postgres", "postgres_url"]

MONDAYS = "ORG-01 hurts on mondays"


def state(replica: Serve) -> tuple[int, dict[str, object]]:
    said = httpx.get(f"{replica.url}/readyz", timeout=10)
    return said.status_code, said.json()


def test_hosts_follow_each_other_and_outlive_the_server(tmp_path: Path, postgres_url: str, chroma: ChromaRun):
    small = write_small(tmp_path / "knowledge")
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "TRIAGE_KNOWLEDGE": str(small.path),
        "CHROMA_URL": chroma.url,
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    homes = [tmp_path / name for name in ("first", "second")]
    for home in homes:
        home.mkdir()
    with Slack() as slack:
        slack.channel("ml", members=["ana"])
        replicas = [Serve(slack, home, postgres_url, environment=environment) for home in homes]
        try:
            for each in replicas:
                each.start()
            slack.connect(replicas[0].url)

            def ask() -> str:
                (answer,) = slack.wait_answer(slack.say("ana", "ml", f"@bot {MONDAYS}"), timeout_s=30)
                return answer.text

            assert [state(each) for each in replicas] == [
                (200, {"status": "ready", "store": True, "workflows": True, "index": 1, "chroma": True})
            ] * 2
            assert len(chroma.collections()) == 1
            small.edit("barriers/ORG-01.yaml", "name: ", "name: Now ")
            assert "Index 2 serves now" in replicas[1].triage("index", "refresh", "--yes")
            took = within(WITHIN_S, lambda: [state(each)[1]["index"] for each in replicas] == [2, 2])
            print(f"both hosts took it within {took:.1f} s")
            assert "Now " in ask()

            chroma.kill()
            assert [state(each)[0] for each in replicas] == [200, 200]
            assert {state(each)[1]["status"] for each in replicas} == {"degraded"}
            assert "Now " in ask()
            replicas[1].triage("index", "rollback")  # which needs the store alone, and what the hosts have
            within(WITHIN_S, lambda: [state(each)[1]["index"] for each in replicas][1] in (1, 2))
            assert ask()

            chroma.start()
            within(WITHIN_S, lambda: {state(each)[1]["status"] for each in replicas} == {"ready"})
            within(WITHIN_S, lambda: [state(each)[1]["index"] for each in replicas] == [1, 1])
            time.sleep(0.5)
            assert "Now " not in ask()
        finally:
            for each in replicas:
                each.kill()
