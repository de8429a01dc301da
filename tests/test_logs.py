from __future__ import annotations

import json
import logging
import subprocess
import sys

import pytest
import structlog

from bot import logs

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


def test_levels_and_talkative_libraries_are_quiet(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    with structlog.testing.capture_logs():  # structlog is put back afterwards
        pass
    before = structlog.get_config()
    levels = {name: (logging.getLogger(name).handlers, logging.getLogger(name).propagate) for name in logs.TALKATIVE}
    try:
        logs.configure("warning")
        log = structlog.get_logger("of this test")
        log.info("left out")
        log.warning("kept", turn="t")
        logging.getLogger("slack_bolt").error("a whole body")
        told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
        assert [(each["event"], each["level"], each["turn"]) for each in told] == [("kept", "warning", "t")]
    finally:
        structlog.configure(**before)
        for name, (handlers, propagate) in levels.items():
            logging.getLogger(name).handlers, logging.getLogger(name).propagate = handlers, propagate


def test_a_failure_in_a_chain_is_told_by_its_types():
    try:
        try:
            raise ValueError("quokkamarker")
        except ValueError as error:
            raise RuntimeError("xoxb-secret") from error
    except RuntimeError as error:
        told = logs.without_values(None, "error", {"event": "x", "exc_info": error})
    assert told["error"] == ["RuntimeError", "ValueError"]
    assert "quokkamarker" not in str(told)
    assert told["at"][-1].endswith("test_a_failure_in_a_chain_is_told_by_its_types")
    assert logs.without_values(None, "info", {"event": "x"}) == {"event": "x"}
