from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import live
from bot.live import LiveBots
from bot.triage import Answer, Message
from tests.conftest import TODAY
from tests.index.desk import Desk, desk, original, silent

__all__ = ["desk", "original"]

MONDAYS = Message("ORG-01 hurts on mondays")


@pytest.fixture
def bots(desk: Desk) -> Iterator[LiveBots]:
    bots = LiveBots(desk.index, desk.encoder, lambda: TODAY)
    bots.open(silent, desk.said.append)
    yield bots
    for opened in bots._opened.values():
        opened.bot.version.close()


def changed(desk: Desk, number: int) -> None:
    """Let another version serve, which calls ORG-01 after its number."""
    name = next((desk.small.path / "barriers").glob("ORG-01.yaml")).read_text(encoding="utf-8").splitlines()[1]
    desk.small.edit("barriers/ORG-01.yaml", name, f"name: Trouble {number}")
    desk.index.versions.promote(desk.build())


def answers(bots: LiveBots, number: int | None = None) -> tuple[int, str]:
    with bots.answering(number) as bot:
        reply = bot.reply(MONDAYS)
        assert isinstance(reply.outcome, Answer)
        assert reply.guidance is not None
        return bot.version.number, reply.guidance.barrier.name


def open_versions(bots: LiveBots) -> list[int]:
    return sorted(bots._opened)


def test_what_is_promoted_is_taken_and_a_conversation_keeps_its_own(desk: Desk, bots: LiveBots):
    assert answers(bots) == (1, "Trouble ORG-01")
    changed(desk, 2)
    assert answers(bots) == (1, "Trouble ORG-01")
    bots.follow()
    assert bots.current == 2
    assert answers(bots) == (2, "Trouble 2")
    assert answers(bots, 1) == (1, "Trouble ORG-01")


def test_what_was_rolled_back_is_left_also_by_conversations_that_began_with_it(desk: Desk, bots: LiveBots):
    changed(desk, 2)
    bots.follow()
    desk.index.versions.roll_back()
    bots.follow()
    assert (answers(bots)[0], answers(bots, 2)[0]) == (1, 1)
    assert open_versions(bots) == [1]


def test_what_nobody_asks_for_is_closed_and_opened_again(desk: Desk, bots: LiveBots, monkeypatch: pytest.MonkeyPatch):
    changed(desk, 2)
    monkeypatch.setattr(live, "CLOSED_AFTER_S", 0.0)
    bots.follow()
    assert open_versions(bots) == [2]
    assert answers(bots, 1) == (1, "Trouble ORG-01")
    assert open_versions(bots) == [1, 2]
    with bots.answering(1):
        bots.follow()
        assert open_versions(bots) == [1, 2]
    bots.follow()
    assert open_versions(bots) == [2]


def test_a_version_that_was_dropped_is_closed_and_its_conversations_go_on_with_the_current(desk: Desk, bots: LiveBots):
    for number in (2, 3, 4):
        changed(desk, number)
        bots.follow()
    assert desk.index.versions.numbers() == [1, 2, 3, 4]  # read here still, when the fourth was promoted
    assert open_versions(bots) == [2, 3, 4]
    assert answers(bots, 1) == (4, "Trouble 4")
    changed(desk, 5)
    assert desk.index.versions.numbers() == [2, 3, 4, 5]


def test_one_that_cannot_be_opened_leaves_what_serves(desk: Desk, bots: LiveBots):
    changed(desk, 2)
    (desk.home / "index" / "2" / "phrases.npy").write_bytes(b"")
    bots.follow()
    bots.follow()
    assert answers(bots) == (1, "Trouble ORG-01")
    changed(desk, 3)
    bots.follow()
    assert answers(bots) == (3, "Trouble 3")
    (desk.home / "index" / "current").write_text("nonsense")
    bots.follow()
    assert answers(bots) == (3, "Trouble 3")


def test_a_conversations_version_that_was_damaged_meanwhile_is_left(
    desk: Desk, bots: LiveBots, monkeypatch: pytest.MonkeyPatch
):
    changed(desk, 2)
    monkeypatch.setattr(live, "CLOSED_AFTER_S", 0.0)
    bots.follow()
    (desk.home / "index" / "1" / "manifest.json").unlink()
    assert answers(bots, 1) == (2, "Trouble 2")


def test_nobody_who_asks_meanwhile_is_failed_or_told_two_versions_at_once(desk: Desk, bots: LiveBots):
    wrong: list[object] = []
    stop = threading.Event()

    def asking() -> None:
        while not stop.is_set():
            try:
                number, name = answers(bots)
                if name != ("Trouble ORG-01" if number == 1 else f"Trouble {number}"):
                    wrong.append((number, name))
            except Exception as error:  # noqa: BLE001 - whatever it is, it is wrong
                wrong.append(error)

    threads = [threading.Thread(target=asking) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(2, 8):
        changed(desk, number)
        bots.follow()
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert answers(bots) == (7, "Trouble 7")


def test_the_one_for_guests_follows_the_files_by_itself(desk: Desk):
    desk.small.edit("barriers/ORG-01.yaml", "name: Trouble", "name: Real trouble")
    bots = LiveBots(desk.index, desk.encoder, lambda: TODAY)
    bots.open(silent, desk.said.append, up_to_date=True)
    assert (answers(bots), desk.said) == ((2, "Real trouble ORG-01"), [])
    bots.follow()
    assert os.listdir(Path(desk.home / "index")).count("candidate-2") == 0
    bots._opened[2].bot.version.close()
