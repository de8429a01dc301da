"""`python -m tests.pictures.terminal`: what the terminal shows, drawn into deploy/pictures; the bot's own words."""

from __future__ import annotations

import io
import re
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from bot.bot import Bot
from bot.channels.terminal import render
from bot.index.index import Index
from bot.knowledge import packaged_knowledge
from bot.settings import Settings
from bot.triage import Message
from bot.wiring import encoder_of
from tests.pictures.__main__ import photograph
from tests.pictures.messages import RELEASES, TARGET, TODAY, UNSURE

COLUMNS, WIDTH, SCALE = 80, 780, 2
STYLE = "body{margin:0}svg{display:block;width:100%}"
TELL_HEIGHT = """<script>
document.body.dataset.height = Math.ceil(document.querySelector("svg").getBoundingClientRect().height)
</script>"""
FONTS = re.compile(r"@font-face\s*\{.*?\}", re.DOTALL)
"""Rich names fonts of a server; the page fetches nothing."""


def main() -> None:
    with TemporaryDirectory() as home:
        encoder = encoder_of(Settings(triage_embeddings=None))
        index = Index(Path(home), packaged_knowledge(), encoder)
        bot = Bot(index.open(TODAY, lambda _what, _done: None, print), encoder, lambda: TODAY)
        for name, text in (("answer", RELEASES), ("list", UNSURE)):
            picture = photograph(drawn(bot, text), width=WIDTH, scale=SCALE)
            (TARGET / f"{name}.png").write_bytes(picture)
            print(f"{name}.png: {len(picture) / 1000:.0f} kB")


def drawn(bot: Bot, text: str) -> str:
    console = Console(
        file=io.StringIO(), record=True, width=COLUMNS, force_terminal=True, color_system="truecolor", highlight=False
    )
    console.print(f'$ triage ask "{text}"', style="dim", markup=False)
    console.print(render(bot.reply(Message(text)), bot.version.knowledge, bot.version.number))
    svg = FONTS.sub("", console.export_svg(title="triage", clear=True))
    return f"<!doctype html><style>{STYLE}</style><body>{svg}{TELL_HEIGHT}"


if __name__ == "__main__":
    main()
