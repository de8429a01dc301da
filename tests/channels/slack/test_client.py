"""Turns at a channel, a second apart."""

from __future__ import annotations

from bot.channels.slack.client import Pace


class Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_first_of_a_channel_goes_at_once_and_the_others_in_line():
    pace = Pace(1.0, Time())
    assert [pace.wait_s("C1") for _ in range(3)] == [0.0, 1.0, 2.0]
    assert pace.wait_s("C2") == 0.0


def test_who_comes_later_waits_less():
    time = Time()
    pace = Pace(1.0, time)
    pace.wait_s("C1")
    time.now += 0.4
    assert round(pace.wait_s("C1"), 6) == 0.6
    time.now += 5
    assert pace.wait_s("C1") == 0.0


def test_channels_that_are_free_again_are_forgotten():
    time = Time()
    pace = Pace(1.0, time)
    for number in range(1500):
        pace.wait_s(f"C{number}")
    time.now += 10
    pace.wait_s("C0")
    assert len(pace._free_at) == 1
