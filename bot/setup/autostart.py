"""How the bot is made to start by itself: systemd, launchd or a scheduled task, from the templates beside this file.

Says what would be written and run; `install` does it. Knows nothing of what is asked.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path

from rag.errors import FootnoteError
from rag.phrase import Phrase

LOOK_AND_LOG = Phrase("Look at it: {look}; its log: {log}")


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
        typed: a command as one types it there.
    """

    file: Path
    content: str
    encoding: str
    commands: tuple[tuple[str, ...], ...]
    later: str
    typed: Callable[[Sequence[str]], str] = shlex.join


def plan(folder: Path, *, system: str = sys.platform, home: Path | None = None, user: str = "") -> Autostart | None:
    """What makes the bot in `folder` start by itself on this system; None where that is not known.

    Args:
        folder: with its `.env`.
        system: as `sys.platform` names it.
        home: of its owner.
        user: its owner's account: for launchd its number, for Windows its name. "": whose program this is.
    """
    home = home or Path.home()
    user = user or account()
    if system == "linux":
        return _systemd(folder, home)
    if system == "darwin":
        return _launchd(folder, home, user)
    return _task(folder, user) if system == "win32" else None


def account() -> str:
    """Whose program this is: a number; on Windows DOMAIN\\name, as `whoami` says it."""
    if sys.platform == "win32":
        return f"{os.environ.get('USERDOMAIN', '.')}\\{os.environ.get('USERNAME', '')}"
    return str(os.getuid())


def program() -> Path:
    """The `footnote` command of this installation. Raises AutostartError where there is none."""
    beside = Path(sys.executable).with_name("footnote.exe" if sys.platform == "win32" else "footnote")
    found = beside if beside.exists() else shutil.which("footnote")
    if not found:
        missing = Phrase("The command footnote is not to be found.")
        raise AutostartError(missing, remedy=Phrase("Install Footnote, then try again."))
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
            ("systemctl", "--user", "restart", "--no-block", "footnote"),  # connecting may take a while
            ("loginctl", "enable-linger"),  # so that it runs while its owner is not logged in; not allowed everywhere
        ),
        later=LOOK_AND_LOG.format(look="systemctl --user status footnote", log="journalctl --user -u footnote"),
    )


def _unit(text: str) -> str:
    return text.replace("%", "%%")


def _launchd(folder: Path, home: Path, user: str) -> Autostart:
    file = home / "Library" / "LaunchAgents" / "org.footnote.bot.plist"
    command, agent = f"<string>{escape(str(program()))}</string>", f"gui/{user}/org.footnote.bot"
    start = f"launchctl bootstrap gui/{user} {shlex.quote(str(file))}"
    stop = f"launchctl bootout {agent} 2>/dev/null"  # it returns before the bot has stopped, and until then none starts
    retry = f"for pause in 1 2 3 4 5 6; do {start} 2>/dev/null && exit; sleep $pause; done"
    return Autostart(
        file=file,
        content=_filled(file.name, folder=escape(str(folder)), command=command),
        encoding="utf-8",
        commands=(("sh", "-c", f"{stop}; {retry}; exec {start}"),),
        later=LOOK_AND_LOG.format(
            look=f"launchctl print gui/{user}/org.footnote.bot", log=str(folder / "footnote.log")
        ),
    )


def _task(folder: Path, user: str) -> Autostart:
    file = folder / "footnote-task.xml"
    content = _filled(file.name, folder=escape(str(folder)), command=escape(str(program())), user=escape(user))
    return Autostart(
        file=file,
        content=content,
        encoding="utf-16",
        commands=(
            ("schtasks", "/Create", "/F", "/TN", "Footnote", "/XML", str(file)),
            ("schtasks", "/Run", "/TN", "Footnote"),
        ),
        later=Phrase("Look at it: {look}").format(look="schtasks /Query /TN Footnote"),
        typed=subprocess.list2cmdline,
    )


def _filled(template: str, **blanks: str) -> str:
    text = files("bot").joinpath("setup", "templates", template).read_text("utf-8")
    head, _, body = text.partition("[Unit]" if template.endswith(".service") else "-->")
    mark = text[len(head) : len(text) - len(body)]
    return head + mark + re.sub("@([A-Z]+)@", lambda found: blanks[found[1].lower()], body)


Run = Callable[[Sequence[str]], str]


def run(command: Sequence[str]) -> str:
    """Run a command; "" where it succeeded, else what it said."""
    try:
        done = subprocess.run(  # noqa: S603
            command, capture_output=True, text=True, errors="replace", timeout=60, check=False
        )
    except (OSError, subprocess.SubprocessError) as error:
        return f"{type(error).__name__}"
    return "" if done.returncode == 0 else (done.stderr or done.stdout).strip() or f"code {done.returncode}"


def install(start: Autostart, run: Run = run) -> None:
    """Write the file and run the commands. Raises AutostartError with what is left to do by hand."""
    try:
        start.file.parent.mkdir(parents=True, exist_ok=True)
        start.file.write_text(start.content, encoding=start.encoding)
    except OSError as error:
        unwritten = Phrase("{file} cannot be written: {why}.")
        raise AutostartError(unwritten.format(file=str(start.file), why=str(error.strerror))) from error
    for number, command in enumerate(start.commands):
        if said := run(command):
            rest = "; ".join(map(start.typed, start.commands[number:]))
            raise AutostartError(
                Phrase("{file} is written, but `{command}` says: {said}.").format(
                    file=str(start.file), command=start.typed(command), said=said.splitlines()[0]
                ),
                remedy=Phrase("When that is mended, run: {commands}").format(commands=rest),
            )
