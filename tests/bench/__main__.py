"""`make bench`: speed and size, the two sides of a ratio measured in turns in one run. Machines differ, ratios less."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bot.bot import Bot
from bot.evaluation import read_labelled
from bot.knowledge import load_knowledge, packaged_knowledge
from bot.settings import Settings
from bot.triage import Message
from bot.wiring import encoder_of, open_index
from tests.bench.documents import MEMBER, made_documents
from tests.bench.slack import load, show

if TYPE_CHECKING:
    from tests.bench.tutorial import Tutorial

TRIAGE, TUTORIAL = "reasons included", "tutorial (torch)"
DEV = Path("tests/eval/dev.jsonl")
COMMAND = [sys.executable, "-c", "from bot.cli import main; main()"]
QUESTION = "our releases wait three weeks for a security sign-off"
COLD_RUNS = 7
LOADS = ((10, 20), (25, 20), (50, 20))
"""Questions a second, for so many seconds; each comes as two events."""


def main() -> None:
    with TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        _first_start(home)
        _cold_start(home)
        _in_process(home)
        _documents(home, Path(folder))
        _slack(home, Path(folder))
        _refresh(home, Path(folder))


def _first_start(home: Path) -> None:
    seconds, memory = _ask(home)
    print(f"first start on an empty home, to the first answer   {seconds:6.1f} s   (bar 20 s)")
    print(f"  its peak memory                                   {memory:6.0f} MB")


def _cold_start(home: Path) -> None:
    asked, imported = [], []
    for _ in range(COLD_RUNS):  # in turns, so that a busy moment hits both
        asked.append(_ask(home)[0])
        imported.append(_timed([sys.executable, "-c", "import chromadb"], os.environ))
    print(f"cold `triage ask`                                   {median(asked):6.2f} s")
    print(f'cold `python -c "import chromadb"`                  {median(imported):6.2f} s')
    print(f"  ratio                                             {median(asked) / median(imported):6.2f}     (bar 2)")
    print(f"  peak memory of `triage ask`                       {_ask(home)[1]:6.0f} MB")


def _in_process(home: Path) -> None:
    settings = Settings(triage_home=home)
    encoder = encoder_of(settings)
    today = datetime.now(UTC).date()
    bot = Bot(open_index(settings, encoder).open(today, lambda *_: None, print), encoder, lambda: today)
    texts = [message.text for message in read_labelled(DEV) if message.scope == "in"]
    runs: dict[str, Callable[[str], object]] = {
        TRIAGE: lambda text: bot.triage(Message(text)),
        "with guidance": lambda text: bot.reply(Message(text)),
    }
    if tutorial := _tutorial(today):
        runs[TUTORIAL] = lambda text: tutorial.answer("", text)
    times: dict[str, list[float]] = {name: [] for name in runs}
    for text in texts:
        for name, run in runs.items():  # in turns, so that a busy moment hits all
            started = time.perf_counter()
            run(text)
            times[name].append(time.perf_counter() - started)
    p50 = {name: median(of) * 1000 for name, of in times.items()}
    for name, value in p50.items():
        print(f"p50 of one triage, {name:<33}{value:6.1f} ms   {'(bar 15 ms)' if name == TRIAGE else ''}")
    if tutorial:
        print(f"  ratio to the tutorial                             {p50[TRIAGE] / p50[TUTORIAL]:6.2f}     (bar 0.5)")
    else:
        print("  ratio to the tutorial in torch                    not compared: the extra `train` is not installed")


def _documents(home: Path, folder: Path) -> None:
    """Ten documents against ten thousand of three passages, four audiences, each passage under a barrier or two."""
    settings = Settings(triage_home=home)
    encoder = encoder_of(settings)
    today = datetime.now(UTC).date()
    version = open_index(settings, encoder).open(today, lambda *_: None, print)
    bot = Bot(version, encoder, lambda: today)
    barriers = [barrier.id for barrier in version.knowledge.barriers]
    shelves = {count: made_documents(folder / f"{count}-documents", count, barriers) for count in (10, 10_000)}
    texts = [message.text for message in read_labelled(DEV) if message.scope == "in"]
    times: dict[int, list[float]] = {count: [] for count in shelves}
    for text in (*texts, *texts):
        for count, shelf in shelves.items():
            started = time.perf_counter()
            reply = bot.reply(Message(text))
            shelf.search(reply.explanation.ranking.barriers[0].id, MEMBER, reply.explanation.vector, 20)
            times[count].append(time.perf_counter() - started)
    p50 = {count: median(of) * 1000 for count, of in times.items()}
    for count, value in p50.items():
        print(f"p50 of one triage with {count:6,} documents, top 20        {value:6.1f} ms")
    print(f"  ratio                                             {p50[10_000] / p50[10]:6.2f}     (bar 2)")
    for shelf in shelves.values():
        shelf.close()


def _tutorial(today: date) -> Tutorial | None:
    if find_spec("torch") is None:
        return None
    import torch

    from tests.bench.tutorial import TorchEmbeddings, Tutorial

    torch.set_num_threads(1)  # ours has one, too
    return Tutorial(load_knowledge(packaged_knowledge(), today), TorchEmbeddings())


def _slack(home: Path, folder: Path) -> None:
    from tests.standins.postgres import NotInstalled, fresh_database, serving_postgres

    def on(title: str, database_url: str | None) -> None:
        for per_s, for_s in LOADS:
            fresh = shutil.copytree(home, folder / f"{title}-{per_s}")
            show(f"Slack on {title}, {per_s} questions/s for {for_s} s", load(fresh, per_s, for_s, database_url), per_s)

    on("SQLite", None)
    try:
        with serving_postgres() as server:
            on("Postgres", fresh_database(server.url))
    except NotInstalled as error:
        print(f"Slack on Postgres: not measured. {error}")


def _refresh(home: Path, folder: Path) -> None:
    """A barrier gets another symptom: everything is fitted again."""
    from bot.refresh.wiring import proposer_of

    knowledge = folder / "knowledge"
    shutil.copytree(packaged_knowledge(), knowledge)
    barrier = knowledge / "barriers" / "ORG-08.yaml"
    text = barrier.read_text(encoding="utf-8")
    barrier.write_text(
        text.replace("symptoms:\n", "symptoms:\n  - nine signatures for one model file\n"), encoding="utf-8"
    )
    proposer = proposer_of(Settings(triage_home=home, triage_knowledge=knowledge))
    started = time.perf_counter()
    proposer.propose("bench", lambda *_: None)
    took = time.perf_counter() - started
    print(f"refresh after a changed barrier, heads fitted anew and judged  {took:6.1f} s   (bar 60 s)")


def _ask(home: Path) -> tuple[float, float]:
    """Seconds, and the peak resident memory in MB."""
    environment = {**os.environ, "TRIAGE_HOME": str(home)}
    started = time.perf_counter()
    process = subprocess.Popen([*COMMAND, "ask", QUESTION], env=environment, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, "triage ask failed"
    return seconds, _megabytes(usage)


def _megabytes(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)


def _timed(command: list[str], environment: os._Environ[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, env=environment, check=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
