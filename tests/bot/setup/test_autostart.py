"""What makes the bot start by itself: filled in for a folder with an awkward name, and what is run then."""

from __future__ import annotations

import os
import plistlib
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path, PureWindowsPath
from typing import cast
from xml.etree import ElementTree

import pytest

from bot.setup.autostart import AutostartError, account, install, plan, program, run

FOLDER = Path('/home/ann/50% "bot" & <notes>/')
WINDOWS_FOLDER = cast(Path, PureWindowsPath("C:\\Users\\Jörg & Änne\\50% notes' bot"))
TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
LAUNCHD_KEYS = {"Label", "ProgramArguments", "WorkingDirectory", "RunAtLoad", "KeepAlive", "ThrottleInterval", "Umask"}
TRIGGER_ORDER = ["Enabled", "StartBoundary", "EndBoundary", "Repetition", "ExecutionTimeLimit", "UserId", "Delay"]


def test_a_systemd_unit_reports_is_watched_and_may_do_little(tmp_path: Path) -> None:
    start = plan(FOLDER, system="linux", home=tmp_path)
    assert start
    assert start.file == tmp_path / ".config" / "systemd" / "user" / "footnote.service"
    lines = start.content.splitlines()
    assert 'WorkingDirectory=/home/ann/50%% "bot" & <notes>' in lines
    assert f'ExecStart="{program()}" bot' in lines
    for line in ("Type=notify", "WatchdogSec=120", "Restart=on-failure", "UMask=0077", "NoNewPrivileges=yes"):
        assert line in lines
    assert start.commands[0] == ("systemctl", "--user", "daemon-reload")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    folder = tmp_path / "50% of it"
    folder.mkdir()
    start = plan(folder, system="linux", home=tmp_path)
    assert start
    install(start, run=lambda _: "")
    done = subprocess.run(
        ["systemd-analyze", "--user", "verify", "--man=no", str(start.file)],
        capture_output=True,
        text=True,
        check=False,
        env={"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )
    assert [line for line in done.stderr.splitlines() if "footnote.service" in line] == []


def test_a_launchd_agent_is_a_property_list(tmp_path: Path) -> None:
    start = plan(FOLDER, system="darwin", home=tmp_path, user="501")
    assert start
    agent = plistlib.loads(start.content.encode())
    assert agent["ProgramArguments"] == [str(program()), "bot"]
    assert agent["WorkingDirectory"] == str(FOLDER)
    assert agent["KeepAlive"] == {"SuccessfulExit": False}
    assert agent["Umask"] == 0o077
    assert set(agent) == LAUNCHD_KEYS | {"StandardOutPath", "StandardErrorPath"}, "a ProcessType would slow it down"


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script is run")
def test_a_launchd_agent_is_loaded_once_the_one_before_has_stopped(tmp_path: Path) -> None:
    """A bot that still stopped made launchctl refuse the new one with error 5, and it stayed away."""
    start = plan(FOLDER, system="darwin", home=tmp_path / "an n's", user="501")
    assert start
    for name, script in (("launchctl", LAUNCHCTL), ("sleep", ":")):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    (command,) = start.commands
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "CALLS": str(tmp_path / "calls")}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    stop, *loads = (tmp_path / "calls").read_text().splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert stop == "bootout gui/501/org.footnote.bot"
    assert loads == [f"bootstrap gui/501 {start.file}"] * 3


LAUNCHCTL = """echo "$*" >> "$CALLS"
test "$1" = bootout || test "$(wc -l < "$CALLS")" -gt 3 || { echo "Bootstrap failed: 5" >&2; exit 5; }"""


def windows_task() -> ElementTree.Element:
    start = plan(WINDOWS_FOLDER, system="win32", user="HOME\\Jörg & Änne")
    assert start
    assert start.encoding == "utf-16"
    assert str(start.file) == f"{WINDOWS_FOLDER}\\footnote-task.xml"
    return ElementTree.fromstring(start.content.encode(start.encoding))  # noqa: S314  # our own file


def test_a_windows_task_is_whole() -> None:
    root = windows_task()
    assert root.findtext(f".//{TASK}WorkingDirectory") == str(WINDOWS_FOLDER)
    assert root.findtext(f".//{TASK}Command") == str(program())
    assert root.findtext(f".//{TASK}ExecutionTimeLimit") == "PT0S"
    assert root.findtext(f".//{TASK}MultipleInstancesPolicy") == "IgnoreNew"


def test_a_windows_task_is_for_its_owner_alone() -> None:
    """Without a name in it the trigger meant anybody's logon: Windows denied it to all but administrators."""
    named = [each.text for each in windows_task().iter(f"{TASK}UserId")]
    assert named == ["HOME\\Jörg & Änne"] * 2


def test_a_windows_task_comes_back_after_a_crash() -> None:
    """Windows restarts a task that could not start, not one whose program ended; and 999 times was beyond the limit."""
    root = windows_task()
    assert root.findtext(f".//{TASK}TimeTrigger/{TASK}Repetition/{TASK}Interval") == "PT5M"
    assert root.findtext(f".//{TASK}TimeTrigger/{TASK}Repetition/{TASK}Duration") is None, "for ever"
    assert root.find(f".//{TASK}RestartOnFailure") is None


def test_a_windows_trigger_has_its_parts_in_the_order_of_the_schema() -> None:
    for trigger in windows_task().find(f"{TASK}Triggers") or ():
        places = [TRIGGER_ORDER.index(part.tag.removeprefix(TASK)) for part in trigger]
        assert places == sorted(places), trigger.tag


@pytest.mark.skipif(sys.platform == "win32", reason="elsewhere it is a number")
def test_whose_program_this_is() -> None:
    assert account() == str(os.getuid())


def test_what_a_program_says_in_another_encoding_is_not_lost() -> None:
    """`schtasks` speaks the terminal's old encoding, whose ü Python's own choice cannot read."""
    says = "import sys; sys.stderr.buffer.write(b'Zugriff f\\x81r Sie verweigert'); sys.exit(1)"
    assert run([sys.executable, "-c", says]).startswith("Zugriff f")


def test_elsewhere_nothing_is_known() -> None:
    assert plan(FOLDER, system="plan9") is None


class Machine:
    """Runs nothing; the command that holds `fails` says so.

    Attributes:
        ran: every command.
    """

    def __init__(self, fails: str = "") -> None:
        self.ran: list[Sequence[str]] = []
        self._fails = fails

    def __call__(self, command: Sequence[str]) -> str:
        self.ran.append(command)
        return "Failed to connect to bus: No medium found" if self._fails and self._fails in command else ""


def test_the_file_is_written_before_the_commands_run_in_their_order(tmp_path: Path) -> None:
    start, machine = plan(FOLDER, system="linux", home=tmp_path), Machine()
    assert start
    install(start, run=machine)
    assert start.file.read_text() == start.content
    assert [command[-1] for command in machine.ran] == ["daemon-reload", "footnote", "footnote", "enable-linger"]


def test_a_command_that_fails_is_named_with_those_that_are_left(tmp_path: Path) -> None:
    start, machine = plan(FOLDER, system="linux", home=tmp_path), Machine(fails="enable")
    assert start
    with pytest.raises(AutostartError) as caught:
        install(start, run=machine)
    assert "No medium found" in str(caught.value)
    assert caught.value.remedy.endswith(
        "systemctl --user enable footnote; systemctl --user restart --no-block footnote; loginctl enable-linger"
    )
    assert len(machine.ran) == 2


def test_what_is_left_to_do_can_be_typed_as_it_stands() -> None:
    """The path stood there bare, and a folder with a space made two arguments of it."""
    mac = plan(FOLDER, system="darwin", home=FOLDER, user="501")
    windows = plan(WINDOWS_FOLDER, system="win32")
    assert mac and windows
    assert shlex.split(mac.typed(mac.commands[0])) == list(mac.commands[0])
    assert windows.typed(windows.commands[0]).endswith(f'/XML "{windows.file}"')
