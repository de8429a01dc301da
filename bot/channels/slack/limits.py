"""Slack's limits, each with its source. What slack_sdk's classes check by themselves is not repeated here."""

BLOCKS = 50
"""https://docs.slack.dev/reference/block-kit/blocks"""
MESSAGE_CHARACTERS = 12_000
"""Of all blocks of a message: `msg_blocks_too_long` was met near 13,200 (slackapi/bolt-js#2509), undocumented."""
FALLBACK_CHARACTERS = 3_000
"""Of `text`: 40,000 are documented, `msg_too_long` was met from about 4,000 (seratch/ChatGPT-in-Slack#102)."""
BUTTON_CHARACTERS = 75
"""https://docs.slack.dev/reference/block-kit/block-elements/button-element"""
OPTION_CHARACTERS = 75
"""https://docs.slack.dev/reference/block-kit/composition-objects/option-object"""
BODY_BYTES = 1_000_000
"""Ours: what is accepted of a request. Slack's own are far smaller."""
POST_EVERY_S = 1.0
"""One message a second a channel: https://docs.slack.dev/apis/web-api/rate-limits"""
