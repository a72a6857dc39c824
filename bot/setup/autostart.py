"""How the bot is made to start by itself: systemd, launchd or a scheduled task, from the templates beside this file.

Says what would be written and run; `install` does it. Knows nothing of what is asked.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path
from shlex import quote

from rag.errors import FootnoteError


class AutostartError(FootnoteError):
    """The bot could not be made to start by itself."""


@dataclass(frozen=True, kw_only=True)
class Autostart:
    """What makes the bot start by itself.

    Attributes:
        file: what is written, with its content.
        encoding: of that file.
        commands: what is run then, in this order.
        later: how its owner looks after it.
    """

    file: Path
    content: str
    encoding: str
    commands: tuple[tuple[str, ...], ...]
    later: str


def plan(folder: Path, *, system: str = sys.platform, home: Path | None = None, user: str = "") -> Autostart | None:
    """What makes the bot in `folder` start by itself on this system; None where that is not known.

    Args:
        folder: with its `.env`.
        system: as `sys.platform` names it.
        home: of its owner.
        user: number of its owner's account, for launchd.
    """
    home = home or Path.home()
    if system == "linux":
        return _systemd(folder, home)
    if system == "darwin":
        return _launchd(folder, home, user)
    return _task(folder) if system == "win32" else None


def program() -> Path:
    """The `footnote` command of this installation. Raises AutostartError where there is none."""
    beside = Path(sys.executable).with_name("footnote.exe" if sys.platform == "win32" else "footnote")
    found = beside if beside.exists() else shutil.which("footnote")
    if not found:
        raise AutostartError("The command footnote is not to be found.", remedy="Install Footnote, then try again.")
    return Path(found).absolute()


def _systemd(folder: Path, home: Path) -> Autostart:
    command = '"' + _unit(str(program())).replace("\\", "\\\\").replace('"', '\\"').replace("$", "$$") + '"'
    return Autostart(
        file=home / ".config" / "systemd" / "user" / "footnote.service",
        content=_filled("footnote.service", folder=_unit(str(folder)), command=command),
        encoding="utf-8",
        commands=(
            ("systemctl", "--user", "daemon-reload"),
            ("systemctl", "--user", "enable", "footnote"),
            ("loginctl", "enable-linger"),  # so that it runs while its owner is not logged in
            ("systemctl", "--user", "restart", "--no-block", "footnote"),  # connecting may take a while
        ),
        later="Look at it: systemctl --user status footnote; its log: journalctl --user -u footnote",
    )


def _unit(text: str) -> str:
    return text.replace("%", "%%")


def _launchd(folder: Path, home: Path, user: str) -> Autostart:
    file = home / "Library" / "LaunchAgents" / "org.footnote.bot.plist"
    command, agent = f"<string>{escape(str(program()))}</string>", f"gui/{user}/org.footnote.bot"
    start = f"launchctl bootstrap gui/{user} {quote(str(file))}"
    return Autostart(
        file=file,
        content=_filled(file.name, folder=escape(str(folder)), command=command),
        encoding="utf-8",
        commands=(("sh", "-c", f"launchctl bootout {agent} 2>/dev/null; exec {start}"),),
        later=f"Look at it: launchctl print gui/{user}/org.footnote.bot; its log: {folder / 'footnote.log'}",
    )


def _task(folder: Path) -> Autostart:
    file = folder / "footnote-task.xml"
    content = _filled(file.name, folder=escape(str(folder)), command=escape(str(program())))
    return Autostart(
        file=file,
        content=content,
        encoding="utf-16",
        commands=(
            ("schtasks", "/Create", "/F", "/TN", "Footnote", "/XML", str(file)),
            ("schtasks", "/Run", "/TN", "Footnote"),
        ),
        later="Look at it: schtasks /Query /TN Footnote",
    )


def _filled(template: str, *, folder: str, command: str) -> str:
    text = files("bot").joinpath("setup", "templates", template).read_text("utf-8")
    head, _, body = text.partition("[Unit]" if template.endswith(".service") else "-->")
    mark = text[len(head) : len(text) - len(body)]
    return head + mark + body.replace("@FOLDER@", folder).replace("@COMMAND@", command)


Run = Callable[[Sequence[str]], str]


def run(command: Sequence[str]) -> str:
    """Run a command; "" where it succeeded, else what it said."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        return f"{type(error).__name__}"
    return "" if done.returncode == 0 else (done.stderr or done.stdout).strip() or f"code {done.returncode}"


def install(start: Autostart, run: Run = run) -> None:
    """Write the file and run the commands. Raises AutostartError with what is left to do by hand."""
    try:
        start.file.parent.mkdir(parents=True, exist_ok=True)
        start.file.write_text(start.content, encoding=start.encoding)
    except OSError as error:
        raise AutostartError(f"{start.file} cannot be written: {error.strerror}.") from error
    for number, command in enumerate(start.commands):
        if said := run(command):
            rest = "; ".join(" ".join(each) for each in start.commands[number:])
            raise AutostartError(
                f"{start.file} is written, but `{' '.join(command)}` says: {said.splitlines()[-1]}.",
                remedy=f"When that is mended, run: {rest}",
            )
