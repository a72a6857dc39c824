"""Draws messages of the bot as Discord shows them, dark, light and on a telephone, for the README and to be looked at.

Run `python -m scripts.pictures` from the repository's root once the index is built; `--browser` names a Chromium. What
is drawn is what the bot would send: real answers from the sample notes, through the functions that render them.
"""

from __future__ import annotations

import argparse
import html
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import discord
from markdown_it import MarkdownIt

from bot.answering.assistant import open_assistant
from bot.discord.buttons import actions_for, buttons, cancel_button
from bot.discord.owner_pages import gaps_page
from bot.discord.render import place_in_line, render, writing
from bot.language import speaking
from bot.line.worker import Place
from bot.settings import load_settings
from bot.state.conversations import Asked, Kind
from bot.state.conversations import Place as Where
from bot.state.gaps import Gap
from rag.map_types import TopicSummary
from rag.protocols import Assistant
from rag.types import Answer, NotCovered, Outcome

FOLDER = Path("docs/pictures")
STYLE = Path(__file__).with_name("pictures.css")
BROWSERS = ("chromium", "chromium-headless-shell", "chromium-browser", "google-chrome", "chrome")
MISSING = (
    "There is no Chromium to draw with. Install one (on Debian: apt-get install chromium-headless-shell "
    "fonts-noto-color-emoji) or name one with --browser."
)
SCALE = 1.25
WIDE, NARROW = 620, 380  # pixels of the page
TOKEN = "0" * 16
HERE = Where(user=1, channel=2, guild=3)


@dataclass(frozen=True, kw_only=True)
class Post:
    """One message: the command it is a reply to, and what it shows. `used`: what Discord says around the command."""

    asked: str
    used: tuple[str, str] = ("used", "")
    content: str = ""
    embed: discord.Embed | None = None
    below: discord.ui.View | None = None


@dataclass(frozen=True, kw_only=True)
class Picture:
    """One file for each look."""

    name: str
    posts: Sequence[Post]
    width: int = WIDE


def main(arguments: Sequence[str]) -> int:
    """Draw everything; 2 where there is nothing to draw with."""
    asked = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    asked.add_argument("--browser", default=next(filter(shutil.which, BROWSERS), ""), help="the Chromium to draw with")
    asked.add_argument("--data", help="folder with the index of the sample notes")
    asked.add_argument("--to", type=Path, default=FOLDER, help="folder for the pictures")
    chosen = asked.parse_args(arguments)
    if not shutil.which(chosen.browser):
        print(MISSING, file=sys.stderr)  # noqa: T201
        return 2
    chosen.to.mkdir(parents=True, exist_ok=True)
    assistant = open_assistant(load_settings(data=chosen.data))
    try:
        pictures = list(_pictures(assistant))
    finally:
        assistant.close()
    for picture in pictures:
        for look in ("dark", "light"):
            _draw(chosen.browser, picture, look, chosen.to / f"{picture.name}-{look}.png")
    return 0


def _pictures(assistant: Assistant) -> Iterator[Picture]:
    answer = _posted(assistant, "What did the 1202 alarm mean?")
    closest = _posted(assistant, "How long does sourdough keep in the freezer?")
    refusal = _posted(assistant, "What is the best pizza in Rome?")
    yield Picture(name="answer", posts=[answer])
    yield Picture(name="closest", posts=[closest])
    yield Picture(name="refusal", posts=[refusal])
    yield Picture(name="topic", posts=[_posted(assistant, "fermentation", topic=True)])
    yield Picture(name="waiting", posts=list(_waiting(assistant)))
    yield Picture(name="gaps", posts=[Post(asked="/footnote gaps", embed=gaps_page(GAPS))])
    yield Picture(name="phone", posts=[answer, refusal], width=NARROW)
    with speaking("de"):
        posts = [_posted(assistant, "What did the 1202 alarm mean?"), _in_line(3, 25)]
        yield Picture(name="german", posts=[replace(post, asked="/frag", used=("hat", "verwendet")) for post in posts])


def _posted(assistant: Assistant, text: str, *, topic: bool = False) -> Post:
    """What is posted for a question or a topic."""
    result: Answer | NotCovered | TopicSummary = assistant.topic(text) if topic else assistant.ask(text)
    kind: Kind = "topic" if topic else "ask"
    pages = render(result)
    cited = Asked.of(HERE, result, kind=kind, build="").cited
    actions = actions_for(result, kind=kind, cited=cited, pages=len(pages))
    return Post(asked=f"/{kind}", embed=pages[0], below=buttons(TOKEN, actions, pages=len(pages)))


def _waiting(assistant: Assistant) -> Iterator[Post]:
    """In line, then while a model writes."""
    question = "How hot is the surface of Venus?"
    found = assistant.ask(question)
    yield _in_line(3, 25)
    cited = found.closest if isinstance(found, NotCovered) else found.citations
    yield Post(asked="/ask", embed=writing(question, cited, ()), below=cancel_button(TOKEN))


def _in_line(position: int, seconds: float) -> Post:
    said = place_in_line(Place(position=position, seconds=seconds, loading=False))
    return Post(asked="/ask", content=said, below=cancel_button(TOKEN))


def _gap(question: str, count: int, files: tuple[str, ...] = (), also: tuple[str, ...] = ()) -> Gap:
    outcome: Outcome = "closest" if files else "not_covered"
    return Gap(
        question=question,
        searched=question,
        count=count,
        outcome=outcome,
        last_asked=1.7e9,
        nearest=(),
        files=files,
        also=also,
    )


GAPS = (
    _gap(
        "How do I keep a sourdough starter in the fridge?", 7, ("slow-crumb-starter-summary.txt",), ("Starter cold?",)
    ),
    _gap("Who wrote the software for Voyager?", 4, ("paper-tape-apollo.md",)),
    _gap("When is the next transit of Venus?", 3, ("clear-sky-venus-notes.txt", "clear-sky-venus-minutes.txt")),
    _gap("Is there an episode about beekeeping?", 2),
    _gap("What is the best pizza in Rome?", 1),
)


def _draw(browser: str, picture: Picture, look: str, to: Path) -> None:
    """Draw a picture as high as its page is, which the browser says the first time."""
    page = _page(picture, look)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "page.html")
        file.write_text(page, encoding="utf-8")
        run = _run(browser, "--dump-dom", f"--window-size={picture.width},2000", file.as_uri())
        height = re.search(r'data-height="(\d+)"', run)
        if not height:
            raise SystemExit(f"{browser} did not say how high {to.name} is:\n{run[:2000]}")
        size = f"--window-size={picture.width},{height[1]}"
        _run(browser, f"--screenshot={to.resolve()}", size, f"--force-device-scale-factor={SCALE}", file.as_uri())


def _run(browser: str, *arguments: str) -> str:
    always = ("--headless", "--disable-gpu", "--no-sandbox", "--hide-scrollbars", "--virtual-time-budget=2000")
    return subprocess.run([browser, *always, *arguments], check=True, capture_output=True, text=True, timeout=60).stdout


def _page(picture: Picture, look: str) -> str:
    posts = "\n".join(map(_post, picture.posts))
    kind = "phone" if picture.width == NARROW else ""
    measure = "document.documentElement.dataset.height = Math.ceil(document.body.getBoundingClientRect().height)"
    return (
        f'<!doctype html><html class="{look}"><meta charset="utf-8"><style>{STYLE.read_text(encoding="utf-8")}</style>'
        f'<body class="{kind}" style="width: {picture.width}px">{posts}<script>{measure}</script></body></html>'
    )


def _post(post: Post) -> str:
    content = f'<div class="content">{_markdown(post.content)}</div>' if post.content else ""
    return (
        f'<div class="post"><div class="used"><span class="face">M</span><b>Mara</b> {post.used[0]} '
        f'<span class="command">{html.escape(post.asked)}</span> {post.used[1]}</div>'
        '<div class="avatar">¹</div><div class="body"><div class="who"><b>Footnote</b><span class="app">APP</span>'
        f"<time>20:15</time></div>{content}{_embed(post.embed)}{_buttons(post.below)}</div></div>"
    )


def _embed(embed: discord.Embed | None) -> str:
    if embed is None:
        return ""
    colour = f"#{embed.colour.value:06x}" if embed.colour else "#888"
    footer = f'<div class="footer">{html.escape(embed.footer.text)}</div>' if embed.footer.text else ""
    title = f'<div class="title">{html.escape(embed.title or "")}</div>'
    text = _markdown(embed.description or "")
    return f'<div class="embed" style="border-color: {colour}">{title}<div class="text">{text}</div>{footer}</div>'


def _buttons(view: discord.ui.View | None) -> str:
    if view is None:
        return ""
    rows = ("".join(map(_button, row["components"])) for row in view.to_components())
    return "".join(f'<div class="row">{row}</div>' for row in rows)


def _button(button: dict[str, Any]) -> str:
    sign, label = (button.get("emoji") or {}).get("name", ""), button.get("label") or ""
    kind = "button disabled" if button.get("disabled") else "button"
    return f'<span class="{kind}">{html.escape(f"{sign} {label}".strip())}</span>'


_INLINE = MarkdownIt("zero").enable(["emphasis", "link", "escape", "backticks"])
_BLOCKS = (("> ", "quote"), ("-# ", "small"), ("- ", "item"), ("  - ", "item below"))


def _markdown(text: str) -> str:
    """A message as HTML, as far as the bot uses what Discord formats; of a time only how long ago it is told."""
    return "\n".join(_line(line) for line in text.splitlines())


def _line(line: str) -> str:
    if not line:
        return '<div class="gap"></div>'
    mark, kind = next(((mark, kind) for mark, kind in _BLOCKS if line.startswith(mark)), ("", "line"))
    shown = _INLINE.renderInline(re.sub(r"<t:\d+:\w>", "3 hours ago", line.removeprefix(mark)))
    return f'<div class="{kind}">{shown}</div>'


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
