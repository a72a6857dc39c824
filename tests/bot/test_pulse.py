"""Beats: over a real socket as systemd has it, and as a file; none while the bot is not well."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.health.pulse import Pulse, alive_file, beating, last_beat, pulse_of, silence

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="there is no systemd here")


class Systemd:
    """The end of the socket at which systemd listens."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address.replace("@", "\0", 1))
        self._socket.setblocking(False)

    def heard(self) -> list[str]:
        said: list[str] = []
        while True:
            try:
                said += self._socket.recv(4096).decode().split("\n")
            except BlockingIOError:
                return said

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def address(tmp_path: Path) -> str:
    return str(tmp_path / "notify")


@pytest.fixture
def systemd(address: str) -> Iterator[Systemd]:
    listening = Systemd(address)
    yield listening
    listening.close()


def test_what_is_told_arrives(systemd: Systemd, address: str) -> None:
    Pulse(address=address).tell("READY=1", "STATUS=Connected")
    assert systemd.heard() == ["READY=1", "STATUS=Connected"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such addresses")
def test_an_address_without_a_file_is_understood() -> None:
    listening = Systemd(f"@footnote-{os.getpid()}")
    Pulse(address=f"@footnote-{os.getpid()}").tell("READY=1")
    assert listening.heard() == ["READY=1"]
    listening.close()


def test_a_listener_that_is_gone_costs_nothing(address: str) -> None:
    Pulse(address=address).beat()


async def test_beats_come_while_it_is_well_and_stop_when_it_is_not(systemd: Systemd, address: str) -> None:
    well = True
    async with beating(Pulse(address=address, every=0.01), lambda: well):
        await asyncio.sleep(0.1)
        assert set(systemd.heard()) == {"WATCHDOG=1"}
        well = False
        await asyncio.sleep(0.05)
        systemd.heard()
        await asyncio.sleep(0.1)
        assert systemd.heard() == []
    assert systemd.heard() == ["STOPPING=1"]


async def test_an_event_loop_that_is_held_up_is_silent(systemd: Systemd, address: str) -> None:
    async with beating(Pulse(address=address, every=0.01), lambda: True):
        await asyncio.sleep(0.05)
        systemd.heard()
        time.sleep(0.2)  # noqa: ASYNC251  # what a hanging bot does
        assert systemd.heard() == []


async def test_where_nobody_is_told_nothing_runs() -> None:
    before = asyncio.all_tasks()
    async with beating(Pulse(), lambda: True):
        assert asyncio.all_tasks() == before


async def test_a_file_tells_how_long_ago_and_goes_at_the_end(tmp_path: Path) -> None:
    file = tmp_path / "alive"
    assert silence(file) is None
    async with beating(Pulse(file=file, every=0.01), lambda: True):
        await asyncio.sleep(0.05)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert (silence(file) or 0.0) < 5
        os.utime(file, (time.time() - 500,) * 2)
        assert (silence(file) or 0.0) > 400
    assert silence(file) is None


def test_a_link_in_the_files_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_text("keep")
    os.utime(tmp_path / "victim", (1, 1))
    (tmp_path / "alive").symlink_to(tmp_path / "victim")
    Pulse(file=tmp_path / "alive").beat()
    assert (tmp_path / "victim").read_text() == "keep"
    assert (tmp_path / "victim").stat().st_mtime == 1


def test_what_the_environment_says(tmp_path: Path) -> None:
    said = {
        "NOTIFY_SOCKET": "/run/n",
        "WATCHDOG_USEC": "120000000",
        "WATCHDOG_PID": "7",
        "XDG_RUNTIME_DIR": str(tmp_path),
    }
    data = tmp_path / "data"
    assert pulse_of(said, 7, data) == Pulse(address="/run/n", file=alive_file(said, data), every=60.0)
    assert pulse_of(said, 8, data).every == 30.0, "the watchdog is meant for another process"
    assert pulse_of({}, 7, data) == Pulse()


def test_the_folder_of_the_unit_comes_before_the_users(tmp_path: Path) -> None:
    (tmp_path / "unit").mkdir()
    both = {"RUNTIME_DIRECTORY": f"{tmp_path / 'unit'}:/other", "XDG_RUNTIME_DIR": str(tmp_path)}
    file = alive_file(both, tmp_path)
    assert file
    assert file.parent == tmp_path / "unit"
    assert last_beat({"XDG_RUNTIME_DIR": str(tmp_path)}, tmp_path) == tmp_path / file.name
    (tmp_path / "footnote").mkdir()
    (tmp_path / "footnote" / file.name).touch()
    assert last_beat({"XDG_RUNTIME_DIR": str(tmp_path)}, tmp_path) == tmp_path / "footnote" / file.name
    assert alive_file({"XDG_RUNTIME_DIR": str(tmp_path / "gone")}, tmp_path) is None


def test_the_file_is_that_of_a_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = {"XDG_RUNTIME_DIR": str(tmp_path)}
    monkeypatch.chdir(tmp_path)
    assert alive_file(here, Path("data")) == alive_file(here, tmp_path / "x" / ".." / "data")
    assert alive_file(here, Path("data")) != alive_file(here, Path("other"))
