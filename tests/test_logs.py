from __future__ import annotations

import json
import subprocess
import sys

SCRIPT = """
import structlog
from bot.logs import configure
configure("info")
log = structlog.get_logger()
try:
    try:
        int("what hurts: quokkamarker")
    except ValueError as error:
        raise RuntimeError("xoxb-secret") from error
except RuntimeError:
    log.exception("answering failed", turn="slack:T1:C1:1.1")
log.debug("left out")
"""


def test_a_logged_failure_has_types_and_places_but_no_values():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    (line,) = done.stderr.splitlines()
    told = json.loads(line)
    assert told["error"] == ["RuntimeError", "ValueError"]
    assert told["turn"] == "slack:T1:C1:1.1"
    assert told["at"][-1].startswith("<string>:")
    assert "quokkamarker" not in line
    assert "xoxb" not in line
