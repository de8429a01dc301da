from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shutil import copytree

import pytest

from tests.scenarios.killing import SHORT_RETRIES_S, kill_while_asked
from tests.scenarios.processes import Serve
from tests.standins.postgres import fresh_database, postgres  # noqa: F401 - a fixture
from tests.standins.slack import Slack


@pytest.fixture
def slack() -> Iterator[Slack]:
    with Slack() as slack:
        yield slack


def ended(replicas: list[Serve]) -> None:
    for replica in replicas:
        if replica.process is not None:
            replica.kill()


def test_every_question_is_answered_once_though_the_server_is_killed(slack: Slack, own_home: Path):
    replicas = [Serve(slack, own_home)]
    try:
        found = kill_while_asked(slack, replicas, questions=8, kills=1, over_s=4, retries_s=SHORT_RETRIES_S)
    finally:
        ended(replicas)
    assert found.answers == {1: 8}, str(found)


@pytest.mark.soak
def test_two_hundred_questions_and_twenty_kills_on_sqlite(slack: Slack, own_home: Path):
    replicas = [Serve(slack, own_home)]
    try:
        found = kill_while_asked(slack, replicas, questions=200, kills=20, over_s=120)
    finally:
        ended(replicas)
    print(found)
    assert found.answers == {1: 200}, str(found)


@pytest.mark.soak
def test_two_replicas_on_postgres_of_which_one_never_returns(
    slack: Slack,
    own_home: Path,
    tmp_path: Path,
    postgres: str,  # noqa: F811
):
    url = fresh_database(postgres)
    other = copytree(own_home, tmp_path / "other-home")
    replicas = [Serve(slack, own_home, url), Serve(slack, other, url)]
    try:
        found = kill_while_asked(slack, replicas, questions=200, kills=20, over_s=120, one_never_returns=True)
    finally:
        ended(replicas)
    print(found)
    assert found.answers == {1: 200}, str(found)
