"""Pages as a wiki of a few thousand has them: made of parts, the same for the same number."""

from __future__ import annotations

import random
from pathlib import Path

TOPICS = (
    ("GPU quota", "cards in the shared cluster", "compute for training"),
    ("Model registry", "versions, owners and the data they were trained on", "which model is live"),
    ("Deployment", "merge requests, staging and the promotion to production", "manual releases"),
    ("Feature store", "feature views, backfills and the online store", "features in training and in serving"),
    ("On-call", "who is paged when drift or latency alerts fire", "ownership of live models"),
    ("Data access", "forms, owners and the answer within five days", "access to data"),
    ("Model risk", "model cards, fairness reports and the sign-off", "approval of changes"),
    ("Retraining", "schedules, triggers and the comparison with the champion", "stale models"),
    ("Travel", "trains, hotels and the form for expenses", "business trips"),
    ("Cafeteria", "menus, opening hours and the card for guests", "lunch"),
    ("Payroll", "pay days, tax classes and the portal", "salaries"),
    ("Office moves", "boxes, desks and the new badges", "moving"),
    ("Cost allocation", "tags, budgets and the monthly report", "cloud bills of training and serving"),
    ("Monitoring", "dashboards, thresholds and the weekly review", "model quality in production"),
    ("Reproducibility", "seeds, lock files and data snapshots", "results that cannot be repeated"),
)
SENTENCES = (
    "The {team} team keeps {thing} in one place and answers questions about {about} on weekdays.",
    "To ask for a change, open a ticket with the {team} team, name the project, and say by when it is needed.",
    "Since {month} the rule is that {thing} are reviewed by two people before anything goes live.",
    "If {about} holds you up for more than {days} days, tell the {team} team in its channel and name the ticket.",
    "A checklist for {thing} stands at the end of this page; it takes about {days} minutes.",
    "Exceptions are written down with a date, a reason and the name of whoever granted them.",
    "The {team} team measures every {month} how long people waited, and shows it at the review.",
    "Older pages about {about} are out of date and point here.",
)
TEAMS = ("platform", "data", "risk", "research", "office", "finance", "search", "fraud")
MONTHS = ("January", "March", "May", "June", "September", "November")


def write_pages(folder: Path, count: int, seed: int = 1) -> None:
    """Write `count` Markdown files of some 1,600 characters under three headings each."""
    chosen = random.Random(seed)
    for number in range(count):
        topic, thing, about = chosen.choice(TOPICS)
        team = chosen.choice(TEAMS)
        parts = [f"# {topic} at the {team} team, page {number}\n"]
        for heading in chosen.sample(("How it works", "Ask for it", "Exceptions", "Contacts", "History"), 3):
            said = " ".join(
                sentence.format(
                    team=team, thing=thing, about=about, month=chosen.choice(MONTHS), days=chosen.randint(2, 30)
                )
                for sentence in chosen.sample(SENTENCES, 5)
            )
            parts.append(f"## {heading}\n{said}\n")
        file = folder / f"{number // 500:03}" / f"{number}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(parts), encoding="utf-8")
