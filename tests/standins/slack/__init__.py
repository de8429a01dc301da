"""A Slack workspace on loopback, strict where Slack is strict: Web API, events, commands, buttons, faults."""

from tests.standins.slack.api import Call
from tests.standins.slack.courier import Delivery
from tests.standins.slack.limits import Refused
from tests.standins.slack.seen import Line
from tests.standins.slack.slack import Slack
from tests.standins.slack.workspace import Message

__all__ = ["Call", "Delivery", "Line", "Message", "Refused", "Slack"]
