"""`python -m tests.pictures IN.json OUT.png`: Slack messages as a picture. Needs node, npm and Chromium.

IN.json holds a list of messages, or an object with `title`, `subtitle`, `people`, `channels` and `messages`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.pictures.png import shrink

HERE = Path(__file__).parent
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SPARE = 200  # some versions take the height of a window bar off the page
LARGE = 300_000


def main() -> None:
    parser = ArgumentParser(prog="python -m tests.pictures", description="Draw Slack messages to a PNG file.")
    parser.add_argument("source", metavar="IN.json", help="messages, - for standard input")
    parser.add_argument("target", metavar="OUT.png", type=Path)
    parser.add_argument("--width", type=int, default=760, help="of the page, in CSS pixels (500 at least)")
    parser.add_argument("--scale", type=int, default=2, choices=(1, 2, 3), help="device pixels per CSS pixel")
    parser.add_argument("--title", help="instead of the one in the file")
    parser.add_argument("--html", type=Path, help="keep the page here too")
    given = parser.parse_args()
    read: Any = json.loads(sys.stdin.read() if given.source == "-" else Path(given.source).read_text("utf-8"))
    page: dict[str, Any] = {"messages": read} if isinstance(read, list) else read
    if given.title:
        page["title"] = given.title
    html = draw(page)
    if given.html:
        given.html.write_text(html, "utf-8")
    picture = photograph(html, width=max(given.width, 500), scale=given.scale)
    given.target.parent.mkdir(parents=True, exist_ok=True)
    given.target.write_bytes(picture)
    print(f"{given.target}: {len(picture) / 1000:.0f} kB" + (" (large)" if len(picture) > LARGE else ""))


def draw(page: dict[str, Any]) -> str:
    """One static page that fetches nothing."""
    if not (HERE / "node_modules").exists():
        _run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=HERE)
    drawn = _run(["node", str(HERE / "draw.mjs")], cwd=HERE, given=json.dumps(page))
    if drawn.stderr:
        print(drawn.stderr.strip(), file=sys.stderr)
    return drawn.stdout


def photograph(html: str, *, width: int, scale: int) -> bytes:
    """The whole page as a PNG: asked for its height first, then taken a bit taller and cut."""
    with TemporaryDirectory() as folder:
        page, shot = Path(folder) / "page.html", Path(folder) / "shot.png"
        page.write_text(html, "utf-8")
        dumped = _browse(folder, page, width, 1000, ["--dump-dom"])
        found = re.search(r'data-height="(\d+)"', dumped)
        if found is None:
            raise SystemExit("the browser did not say how tall the page is")
        height = int(found[1])
        taken = [f"--screenshot={shot}", f"--force-device-scale-factor={scale}", "--hide-scrollbars"]
        _browse(folder, page, width, height + SPARE, taken)
        return shrink(shot.read_bytes(), height * scale)


def _browse(folder: str, page: Path, width: int, height: int, wanted: list[str]) -> str:
    browser = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise SystemExit("no Chromium here: install it, or name it in CHROMIUM")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    command += [
        "--no-first-run",
        "--disable-component-update",
        "--disable-sync",
        "--host-resolver-rules=MAP * ~NOTFOUND",
    ]
    command += [f"--user-data-dir={folder}/profile", f"--window-size={width},{height}", "--virtual-time-budget=3000"]
    return _run([*command, *wanted, page.as_uri()]).stdout


def _run(command: list[str], *, cwd: Path | None = None, given: str | None = None) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, cwd=cwd, input=given, capture_output=True, text=True, encoding="utf-8", timeout=180, check=True
        )
    except FileNotFoundError as missing:
        raise SystemExit(f"{command[0]} is not installed") from missing
    except subprocess.CalledProcessError as failed:
        raise SystemExit(f"{command[0]} failed: {failed.stderr.strip()[-2000:]}") from failed


if __name__ == "__main__":
    main()
