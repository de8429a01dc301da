"""Settings -> the channels that are served. The only module that names them all."""

from __future__ import annotations

from bot.channels.app import ChannelApp
from bot.errors import SettingsInvalid
from bot.settings import Settings


def configured_channels(settings: Settings) -> list[ChannelApp]:
    """Return those whose settings are there; to be called inside the running loop.

    Raises SettingsInvalid where there is none, or where one is named by half.
    """
    token, secret = settings.slack_bot_token, settings.slack_signing_secret
    if token is None or secret is None:
        missing = [name for name, it in (("SLACK_BOT_TOKEN", token), ("SLACK_SIGNING_SECRET", secret)) if it is None]
        raise SettingsInvalid(f"{' and '.join(missing)} must be set to serve Slack: see the README's part on Slack.")
    from bot.channels.slack.app import SlackApp  # imported where it is served alone

    return [SlackApp(token.get_secret_value(), secret.get_secret_value(), settings.slack_api_base_url)]
