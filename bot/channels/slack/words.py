"""What the bot is called in Slack, what it says there alone, and what it offers to ask."""

from __future__ import annotations

COMMAND = "/mlops"
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
