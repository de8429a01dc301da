"""What the bot says of itself in Slack, and what it offers to ask."""

from __future__ import annotations

from bot.store.tables import Manners

COMMAND = "/mlops"
HELP = f"""\
Tell me what holds your machine learning work back, in your own words, and I tell you which barrier it looks like, \
why I think so, and what to do first.
• Mention me in a channel, or write to me directly: I answer in the thread. Go on there for a day without naming me.
• {COMMAND} and a question: only you see the answer, and you may share it.
• {COMMAND} status: how I behave in this channel, what I keep of you.
• {COMMAND} quiet: in this channel I answer only to the one who asks. {COMMAND} quiet mentions: I answer only when \
named. {COMMAND} quiet off: back to normal.
• {COMMAND} forget-me: what I keep of your words is erased now.
For example: {COMMAND} our releases wait three weeks for security"""
MANNERS: dict[Manners, str] = {
    "open": "In this channel I answer mentions in their thread, and the asker's follow-ups there for a day.",
    "mentions-only": "In this channel I answer only messages that name me.",
    "quiet": "In this channel I am quiet: whoever asks is the only one to see the answer.",
}
QUIET_WORDS: dict[str, Manners] = {
    "": "quiet", "on": "quiet", "mentions": "mentions-only", "mentions-only": "mentions-only", "off": "open",
}  # fmt: skip
QUIETER = f"To hear less of me in a channel: {COMMAND} quiet mentions, or {COMMAND} quiet."
QUIET_UNKNOWN = f"I know {COMMAND} quiet, {COMMAND} quiet mentions and {COMMAND} quiet off."
NOT_IN_DIRECT = "That is for channels; here there are only the two of us."
ENTERPRISE = (
    "I am installed for a whole Enterprise organisation, which I do not support yet. Install me in one workspace."
)
PROMPTS_TITLE = "What holds your machine learning work back?"
PROMPTS = (
    ("A model that never ships", "Our model sits in a notebook since March; infra says deploying is not their job."),
    ("Approvals", "Legal needs six weeks for every model update."),
    ("Hiring", "We can't hire ML engineers, they all go to big tech."),
    ("Cost", "Half our cloud budget goes on idle GPUs."),
)  # fmt: skip


def manners_changed(person: str, manners: Manners) -> str:
    """For the whole channel. `person` is an id of Slack's."""
    return f"<@{person}> has changed how I behave here. {MANNERS[manners]} {COMMAND} quiet off takes it back."


def kept(texts: int, days: int) -> str:
    """What is kept of a person. `texts` counts messages, `days` is how long."""
    if not texts:
        return "I keep none of your words."
    what = "one message of yours" if texts == 1 else f"{texts} messages of yours"
    return f"I keep {what}, each for {days} days at most; {COMMAND} forget-me erases them now."


def forgotten(texts: int) -> str:
    if not texts:
        return "There was nothing of your words to erase. Your feedback and steps are gone, too, if there were any."
    what = "One message of yours is" if texts == 1 else f"{texts} messages of yours are"
    return f"{what} erased, with every answer that quoted you, your feedback and your steps. My posts in Slack stay."
