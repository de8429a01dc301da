"""`triage serve` where it cannot, or can just so, run."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import httpx
import pytest

from bot.channels.configured import configured_channels
from bot.commands.serve import _listening
from bot.errors import PortTaken, SettingsInvalid
from bot.guidance import Guidance
from bot.settings import Settings
from tests.scenarios.processes import Serve
from tests.scenarios.serving import served_channels
from tests.standins.carrier import CarrierApp
from tests.standins.postgres import fresh_database, postgres  # noqa: F401 - a fixture
from tests.standins.slack import Slack

APPROVAL = "legal needs six weeks for every model update"
UNPRIVILEGED = ("setpriv", "--bounding-set=-dac_override", "--inh-caps=-all")


@pytest.fixture
def slack() -> Iterator[Slack]:
    with Slack() as slack:
        yield slack


@pytest.fixture
def read_only_home(own_home: Path) -> Iterator[Path]:
    if os.geteuid() == 0 and which("setpriv") is None:
        pytest.skip("root may write anywhere, and there is no setpriv to take that away")
    entries = [own_home, *own_home.rglob("*")]
    for entry in entries:
        entry.chmod(0o555 if entry.is_dir() else 0o444)
    yield own_home
    for entry in entries:
        entry.chmod(0o755 if entry.is_dir() else 0o644)


def under() -> tuple[str, ...]:
    return UNPRIVILEGED if os.geteuid() == 0 else ()


def test_an_index_on_a_read_only_volume_is_served_with_postgres(
    slack: Slack,
    read_only_home: Path,
    tmp_path: Path,
    postgres: str,  # noqa: F811
):
    serve = Serve(slack, read_only_home, fresh_database(postgres), log=tmp_path / "log", under=under()).start()
    try:
        slack.connect(serve.url)
        slack.channel("ml", members=["ana"])
        slack.wait_answer(slack.say("ana", "ml", f"@bot {APPROVAL}"))
        assert serve.stop() == 0
    finally:
        if serve.process is not None and serve.process.poll() is None:
            serve.kill()


def test_a_home_that_takes_no_store_is_told(slack: Slack, read_only_home: Path, tmp_path: Path):
    serve = Serve(slack, read_only_home, log=tmp_path / "log", under=under()).start(ready=False)
    assert serve.process is not None
    assert serve.process.wait(40) == 1
    told = (tmp_path / "log").read_text()
    assert f"Cannot write to {read_only_home}" in told
    assert "Traceback" not in told


def test_ready_and_alive(slack: Slack, own_home: Path):
    serve = Serve(slack, own_home).start()
    try:
        assert httpx.get(f"{serve.url}/healthz").text == "ok"
        assert httpx.get(f"{serve.url}/readyz").json() == {
        "status": "ready", "store": True, "workflows": True, "index": 1,
    }  # fmt: skip
    finally:
        assert serve.stop() == 0


def test_another_channel_is_served_without_slack(own_home: Path):
    carrier = CarrierApp()
    settings = Settings(_env_file=None, triage_home=own_home, slack_bot_token=None, slack_signing_secret=None)
    with (
        served_channels(settings, lambda _settings: [carrier]) as running,
        httpx.Client(base_url=running.url, timeout=30) as client,
    ):
        sent = client.post("/carrier", json={"id": "1", "from": "ana", "text": APPROVAL})
        until = time.monotonic() + 30
        while not carrier.channel.posts and time.monotonic() < until:
            time.sleep(0.05)
        status = client.post("/carrier", json={"id": "2", "from": "ana", "text": "!bot status"})
        assert client.post("/slack/events").status_code == 404
        assert client.get("/readyz").status_code == 200
    (view,) = carrier.channel.posts.values()
    assert sent.json() == {"turn": view.turn}
    assert isinstance(view.body, Guidance)
    assert "I keep one message of yours" in status.json()["said"]
    assert carrier.closed


@pytest.mark.parametrize("missing", ["SLACK_BOT_TOKEN", "SLACK_SIGNING_SECRET"])
def test_a_channel_that_is_named_by_half_is_told(tmp_path: Path, missing: str):
    given = {"slack_bot_token": "xoxb-1", "slack_signing_secret": "secret"} | {missing.lower(): None}
    with pytest.raises(SettingsInvalid, match=f"^{missing} must be set to serve Slack"):
        configured_channels(Settings(_env_file=None, triage_home=tmp_path, **given))


def test_a_taken_port_is_told():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen(1)
        port = taken.getsockname()[1]
        with pytest.raises(PortTaken, match=rf"Cannot listen on 127\.0\.0\.1:{port}.*Set PORT to a free one"):
            _listening("127.0.0.1", port)


def test_it_listens_where_it_is_told_to():
    with _listening("127.0.0.1", 0) as listener:
        assert listener.getsockname()[0] == "127.0.0.1"
        assert listener.proto == socket.IPPROTO_TCP
