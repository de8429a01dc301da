"""Libraries that would phone home, told not to before they are first used. SECURITY.md says what each would do."""

from __future__ import annotations

import os

TRACING_SWITCHES = ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING", "LANGCHAIN_TRACING_V2")
SWITCHED_OFF = {
    "ORT_DISABLE_TELEMETRY": "1",
    "ANONYMIZED_TELEMETRY": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "DBOS__CLOUD": "false",
    "CHROMA_OTEL_COLLECTION_ENDPOINT": "",
}
"""onnxruntime, Chroma, huggingface_hub, whoever honours DO_NOT_TRACK, DBOS' cloud, Chroma's traces."""


def switch_off() -> None:
    """Whatever the environment asks for. `bot` itself calls it, so that it comes before any of their imports."""
    os.environ.update(SWITCHED_OFF)


def switch_off_tracing() -> None:
    """LangSmith would send every message that passes a LangChain component."""
    os.environ.update(dict.fromkeys(TRACING_SWITCHES, "false"))
