"""From an empty folder to a bot that answers: `footnote init`, `footnote doctor` and the beats, over real sockets."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.checkup import online
from bot.health.reach import PERMISSIONS, DiscordAway, TokenRefused, gateway_answers, guilds, identify, lacking
from bot.settings import DiscordSettings
from tests.conftest import MODELS, ROOT, model_file
from tests.integration.discord_gateway import TOKEN
from tests.integration.discord_standin import Standin, running_standin

SECONDS = 300.0  # on a machine that has much else to do


def reach(standin: Standin, token: str = TOKEN) -> DiscordSettings:
    return DiscordSettings(token=SecretStr(token), api_base=standin.api_base, gateway=standin.gateway)


def environment(standin: Standin, folder: Path) -> dict[str, str]:
    """What a program needs to find the stand-in and the models that are on disk; no settings of its owner's."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FOOTNOTE_")}
    return kept | {
        "FOOTNOTE_DISCORD__API_BASE": standin.api_base,
        "FOOTNOTE_DISCORD__GATEWAY": standin.gateway,
        "FOOTNOTE_MODELS": str(MODELS),
        "PYTHONPATH": str(ROOT),
        "XDG_RUNTIME_DIR": str(folder),
        "LANGUAGE": "en",
    }


@asynccontextmanager
async def footnote(
    *words: str, folder: Path, env: dict[str, str], typed: bytes = b""
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bot.cli",
        *words,
        cwd=folder,
        env=env,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdin
    process.stdin.write(typed)
    process.stdin.close()
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def said(*words: str, folder: Path, env: dict[str, str], typed: bytes = b"") -> tuple[int, str]:
    """Exit code and everything that was printed."""
    async with footnote(*words, folder=folder, env=env, typed=typed) as process, asyncio.timeout(SECONDS):
        printed, _ = await process.communicate()
        return process.returncode or 0, printed.decode()


async def test_discord_says_whose_a_token_is() -> None:
    async with running_standin() as standin:
        identity = await asyncio.to_thread(identify, reach(standin))
        (guild,) = await asyncio.to_thread(guilds, reach(standin))
        await asyncio.to_thread(gateway_answers, reach(standin))
    assert (identity.name, identity.application) == ("footnote", int(standin.application_id))
    assert abs(identity.skew or 0.0) < 30
    assert (guild.name, lacking(guild)) == ("Home", standin.granted & PERMISSIONS != PERMISSIONS)


@pytest.mark.parametrize("token", ["wrong", "schlüssel", "two words"])
async def test_a_wrong_token_is_told_from_no_network_and_not_repeated(token: str) -> None:
    async with running_standin() as standin:
        with pytest.raises(TokenRefused) as refused:
            await asyncio.to_thread(identify, reach(standin, token))
    with pytest.raises(DiscordAway, match=r"ConnectError.+network") as away:
        await asyncio.to_thread(identify, reach(standin))  # nobody listens there any longer
    for error in (refused.value, away.value):
        assert token not in f"{error} {error.__cause__}"
    with pytest.raises(DiscordAway, match="gateway"):
        await asyncio.to_thread(gateway_answers, reach(standin))


async def test_a_server_that_is_not_discord_is_away() -> None:
    async with running_standin() as standin:
        elsewhere = reach(standin).model_copy(update={"api_base": f"{standin.base}/elsewhere"})
        with pytest.raises(DiscordAway, match="status 404"):
            await asyncio.to_thread(identify, elsewhere)


async def test_the_doctor_finds_discord_well_and_says_what_is_not() -> None:
    async with running_standin() as standin:
        well = await asyncio.to_thread(lambda: list(online.checks(reach(standin))))
        follows = reach(standin).model_copy(update={"thread_follow_ups": True, "guild_id": 5})
        ill = await asyncio.to_thread(lambda: list(online.checks(follows)))
        (refused,) = await asyncio.to_thread(lambda: list(online.checks(reach(standin, "wrong"))))
    assert [check.outcome for check in well] == ["ok"] * 5, well
    assert {check.name for check in ill if check.outcome == "bad"} == {"intents", "permissions"}
    assert (refused.name, refused.outcome) == ("token", "bad")


@pytest.mark.models
async def test_init_answers_for_everything_and_the_bot_then_runs(tmp_path: Path) -> None:
    """One run from an empty folder; what it leaves is private, holds the token in one place only, and is well."""
    model_file("embed"), model_file("rank/write")
    (tmp_path / ".env").write_text("OTHER_APP=1\n")
    async with running_standin() as standin:
        env = environment(standin, tmp_path)
        code, printed = await said(
            "init", "--yes", "--token-file", "-", folder=tmp_path, env=env, typed=f"{TOKEN}\n".encode()
        )
        assert code == 0, printed
        assert "it is footnote" in printed
        assert f"client_id={standin.application_id}" in printed
        assert "/ask" in printed
        assert TOKEN not in printed
        assert "OTHER_APP=1\n" in (tmp_path / ".env").read_text()
        assert TOKEN in (tmp_path / ".env").read_text()
        assert wide(tmp_path) == []
        assert holding(tmp_path, TOKEN) == [".env"]
        code, printed = await said("doctor", folder=tmp_path, env=env)
        assert code == 0, printed
        assert "0 to mend" in printed
        await runs_and_is_well(tmp_path, env)


def wide(folder: Path) -> list[str]:
    """What others on the machine could read."""
    if os.name == "nt":
        return []
    return [str(path) for path in folder.rglob("*") if not path.is_symlink() and path.stat().st_mode & 0o077]


def holding(folder: Path, secret: str) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]


def modes(folder: Path, pattern: str) -> list[int]:
    return [stat.S_IMODE(path.stat().st_mode) for path in folder.glob(pattern)]


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def shown_by_ps(pid: int) -> str:
    """The command line of a process and of its children, as everybody on the machine may see it."""
    return subprocess.run(
        ["ps", "-o", "args=", "--pid", str(pid), "--ppid", str(pid)], capture_output=True, text=True, check=False
    ).stdout


async def runs_and_is_well(folder: Path, env: dict[str, str]) -> None:
    """The bot tells systemd that it is ready and well; `doctor --alive` believes it while it runs, and not after."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(folder / "notify"))
        systemd.setblocking(False)
        watched = env | {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "400000"}
        async with footnote("bot", folder=folder, env=watched) as bot, asyncio.timeout(SECONDS):
            heard = await until(systemd, "READY=1")
            assert any(line.startswith("STATUS=Connected to Discord as footnote") for line in heard)
            await until(systemd, "WATCHDOG=1")
            assert TOKEN not in shown_by_ps(bot.pid)
            assert (await said("doctor", "--alive", folder=folder, env=env))[0] == 0
            assert modes(folder, "footnote-*.alive") == [0o600]
            bot.terminate()
            await until(systemd, "STOPPING=1")
            assert await bot.wait() == 0
    assert (await said("doctor", "--alive", folder=folder, env=env))[0] == 1


async def until(systemd: socket.socket, line: str) -> list[str]:
    """What was said until this line came."""
    heard: list[str] = []
    while line not in heard:
        heard += (await asyncio.get_running_loop().sock_recv(systemd, 4096)).decode().split("\n")
    return heard


async def test_init_without_a_terminal_wants_the_answers(tmp_path: Path) -> None:
    async with running_standin() as standin:
        code, printed = await said("init", folder=tmp_path, env=environment(standin, tmp_path))
    assert (code, "--yes" in printed) == (1, True)
    assert names_in(tmp_path) == []


async def test_init_with_a_wrong_token_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("wrong-token\n")
    async with running_standin() as standin:
        words = ("init", "--yes", "--token-file", "token", "--notes", "n")
        code, printed = await said(*words, folder=tmp_path, env=environment(standin, tmp_path))
    assert (code, "does not accept" in printed, "wrong-token" in printed) == (1, True, False)
    assert names_in(tmp_path) == ["token"]
