"""`python -m tests.scenarios.transcript`: a day in a Slack channel, printed as its members see it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.scenarios.processes import Serve
from tests.standins.slack import Slack
from tests.standins.slack.blocks import elements


def main() -> None:
    with TemporaryDirectory() as folder, Slack() as slack:
        serve = Serve(slack, Path(folder)).start()
        try:
            slack.connect(serve.url)
            _a_day(slack)
        finally:
            serve.stop()
        print(slack.transcript())


def _a_day(slack: Slack) -> None:
    slack.channel("ml-platform", members=["ana", "bo", "mei"])
    rant = slack.say("ana", "ml-platform", "@bot deployment is a nightmare")
    slack.wait_answer(rant)
    slack.say("ana", "ml-platform", "Bo, you know more about this", thread=rant)
    slack.settled(1)
    slack.say("ana", "ml-platform", "dunno", thread=rant)
    _, possibilities = slack.wait_answer(rant, count=2)
    slack.press("ana", possibilities.ts, elements(possibilities.blocks)[0].element["action_id"], wait=True)
    slack.wait_for(lambda: "This week" in slack.answers_to(rant)[1].text)
    slack.press("bo", possibilities.ts, "We'll try this", wait=True)
    slack.settled(1)
    slack.command("mei", "ml-platform", "/mlops", "half our cloud budget goes on idle GPUs", wait=True)
    slack.wait_for(lambda: any("Compute and platform costs" in line.text for line in slack.ephemerals("mei")))
    slack.press("mei", slack.ephemerals("mei")[-1], "Share with the channel", wait=True)
    slack.settled(1)
    slack.command("bo", "ml-platform", "/mlops", "quiet mentions", wait=True)
    slack.settled(1)
    slack.say("ana", "ml-platform", "stop", thread=rant)
    slack.settled(1)
    hiring = slack.say("mei", "dm", "we can't hire ML engineers, they all go to big tech")
    slack.wait_answer(hiring)
    slack.say("mei", "dm", "no, it's more that nobody here knows how to run models", thread=hiring)
    slack.settled(2)
    slack.command("mei", "ml-platform", "/mlops", "forget me", wait=True)
    slack.settled(1)


if __name__ == "__main__":
    main()
