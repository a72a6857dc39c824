"""What the documents say to type exists."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import discord
import pytest

from bot.cli import Services, run

ROOT = Path(__file__).parents[2]
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "knowledge/README.md")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def typed(pattern: str) -> set[str]:
    """What stands behind the pattern in code blocks and between backquotes of all documents."""
    texts = [(ROOT / name).read_text(encoding="utf-8") for name in DOCUMENTS]
    code = [part for text in texts for part in re.findall(r"```sh\n(.+?)```|`([^`\n]+)`", text, re.DOTALL)]
    return {match for pair in code for part in pair for match in re.findall(pattern, part, re.MULTILINE)}


def test_every_make_command_is_in_the_makefile() -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    wanted = typed(r"^\s*make ([\w-]+)")
    assert {"chat", "test", "bot"} <= wanted
    assert wanted <= targets


def test_every_command_is_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    def never(*_: object) -> str:
        raise AssertionError("--help does no work")

    run(["--help"], Services(open_assistant=never, refresh=never, build=never))  # type: ignore[arg-type]
    offered = set(re.findall(r"^  (\w+)  ", capsys.readouterr().out, re.MULTILINE))
    wanted = typed(r"(?:^|bin/)footnote ([a-z]+)")
    assert {"ask", "topic", "episodes", "chat", "calibrate"} <= wanted
    assert wanted <= offered


def test_every_link_to_a_file_leads_to_one() -> None:
    for name in DOCUMENTS:
        folder = (ROOT / name).parent
        text = (ROOT / name).read_text(encoding="utf-8")
        prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
        links = re.findall(r"\]\((?!https?://|#)([^)#\s]+)(?:#[^)\s]*)?\)", prose)
        assert [link for link in links if not (folder / link).exists()] == []


def test_the_invitation_asks_for_the_least() -> None:
    address = next(word for word in README.split() if "oauth2/authorize" in word)
    query = parse_qs(urlsplit(address).query)
    assert query["scope"] == ["bot applications.commands"]
    assert discord.Permissions(int(query["permissions"][0])) == discord.Permissions(
        view_channel=True,
        send_messages=True,
        send_messages_in_threads=True,
        embed_links=True,
        read_message_history=True,
    )


def test_settings_named_in_documents_exist() -> None:
    known = set(re.findall(r"FOOTNOTE_\w+", (ROOT / ".env.example").read_text()))
    assert typed(r"(FOOTNOTE_\w+)") <= known
