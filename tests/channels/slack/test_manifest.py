"""deploy/slack/manifest.yaml asks for what the code listens to and calls, and for nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.channels.slack import words

ROOT = Path(__file__).parents[3]
MANIFEST: dict[str, Any] = yaml.safe_load((ROOT / "deploy" / "slack" / "manifest.yaml").read_text(encoding="utf-8"))
CODE = "\n".join(file.read_text(encoding="utf-8") for file in (ROOT / "bot" / "channels" / "slack").glob("*.py"))
SCOPE_OF_EVENT = {
    "app_home_opened": None, "app_mention": "app_mentions:read", "message.channels": "channels:history",
    "message.groups": "groups:history", "message.im": "im:history", "user_change": "users:read",
}  # fmt: skip
SCOPES_OF_METHOD = {
    "chat.postMessage": {"chat:write"},
    "chat.postEphemeral": {"chat:write"},
    "chat.update": {"chat:write"},
    "conversations.open": {"im:write"},
    "conversations.history": {"channels:history", "groups:history", "im:history"},
    "conversations.replies": {"channels:history", "groups:history", "im:history"},
    "reactions.add": {"reactions:write"},
    "reactions.remove": {"reactions:write"},
    "assistant.threads.setStatus": {"assistant:write"},
    "assistant.threads.setSuggestedPrompts": {"assistant:write"},
    "users.info": {"users:read"},
}
SCOPES = set(MANIFEST["oauth_config"]["scopes"]["bot"])


def test_the_events_are_those_that_are_listened_to():
    listened = set(re.findall(r'app\.event\("(\w+)"\)', CODE))
    assert {event.partition(".")[0] for event in MANIFEST["settings"]["event_subscriptions"]["bot_events"]} == listened


def test_the_commands_are_those_that_are_answered():
    assert [each["command"] for each in MANIFEST["features"]["slash_commands"]] == [words.COMMAND]


def test_the_scopes_are_those_of_the_events_and_of_the_methods_that_are_called():
    called = set(re.findall(r'"((?:chat|conversations|reactions|assistant|users)\.[a-zA-Z.]+)"', CODE))
    assert called == SCOPES_OF_METHOD.keys()
    events = MANIFEST["settings"]["event_subscriptions"]["bot_events"]
    needed = {scope for method in called for scope in SCOPES_OF_METHOD[method]}
    needed |= {scope for event in events if (scope := SCOPE_OF_EVENT[event])} | {"commands"}
    assert needed == SCOPES


def test_the_prompts_are_those_that_the_bot_offers():
    prompts = MANIFEST["features"]["agent_view"]["suggested_prompts"]
    assert [(each["title"], each["message"]) for each in prompts] == list(words.PROMPTS)
    assert len(MANIFEST["features"]["agent_view"]["agent_description"]) <= 300


@pytest.mark.parametrize("field", ["agent_view", "app_home", "bot_user"])
def test_people_can_write_to_it(field: str):
    assert MANIFEST["features"][field]
    assert MANIFEST["features"]["app_home"]["messages_tab_read_only_enabled"] is False
    assert MANIFEST["settings"]["interactivity"]["is_enabled"] is True


def test_the_readme_names_it_and_each_scope():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "deploy/slack/manifest.yaml" in readme
    assert [scope for scope in sorted(SCOPES) if f"`{scope}`" not in readme] == []
