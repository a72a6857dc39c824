"""What makes the bot start by itself: filled in for a folder with an awkward name, and what is run then."""

from __future__ import annotations

import plistlib
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path, PureWindowsPath
from xml.etree import ElementTree

import pytest

from bot.setup.autostart import AutostartError, install, plan, program

FOLDER = Path('/home/ann/50% "bot" & <notes>/')
TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


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
    ((shell, _, script),) = start.commands
    assert shell == "sh"
    assert script.startswith("launchctl bootout gui/501/org.footnote.bot")  # one that runs with other settings
    assert script.endswith(f"exec launchctl bootstrap gui/501 {shlex.quote(str(start.file))}")


def test_a_windows_task_is_whole(tmp_path: Path) -> None:
    start = plan(tmp_path, system="win32")
    assert start
    root = ElementTree.fromstring(start.content.encode("utf-16"))  # noqa: S314  # our own file
    assert root.findtext(f".//{TASK}WorkingDirectory") == str(tmp_path)
    assert root.findtext(f".//{TASK}Command") == str(program())
    assert root.findtext(f".//{TASK}ExecutionTimeLimit") == "PT0S"
    assert PureWindowsPath(start.file).name == "footnote-task.xml"
    assert start.encoding == "utf-16"


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
    assert [command[-1] for command in machine.ran] == ["daemon-reload", "footnote", "enable-linger", "footnote"]


def test_a_command_that_fails_is_named_with_those_that_are_left(tmp_path: Path) -> None:
    start, machine = plan(FOLDER, system="linux", home=tmp_path), Machine(fails="enable")
    assert start
    with pytest.raises(AutostartError) as caught:
        install(start, run=machine)
    assert "No medium found" in str(caught.value)
    assert caught.value.remedy.endswith(
        "systemctl --user enable footnote; loginctl enable-linger; systemctl --user restart --no-block footnote"
    )
    assert len(machine.ran) == 2
