"""`footnote doctor`: each check against a machine that is well and one that is not, and what is said of it."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from bot.checkup import Check, carried_out, files, machine, online
from bot.cli import Services, run
from bot.commands.doctor import is_alive, lines
from bot.health.pulse import alive_file
from bot.health.reach import Guild, Identity
from bot.json_face import schema
from bot.language import speaking
from bot.settings import DiscordSettings, Settings
from bot.state.store import open_store, state_path
from rag.errors import IndexMissing, ModelMissing, NotesError

SERVICES = Services(open_assistant=lambda _: 1 / 0, refresh=lambda _: None, build=lambda *_: "")  # type: ignore[arg-type,return-value]
NEEDED = 0x4000014C00
WELL = Identity(application=42, name="footnote", reads_messages=False, skew=1.0)


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder of its own, an environment without settings, an account that speaks English."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("FOOTNOTE_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LANGUAGE", "en")
    with speaking("en"):
        yield


def printing(text: str, code: int = 0) -> list[str]:
    """A command that stands in for loading llama.cpp."""
    return [
        sys.executable,
        "-c",
        f"import sys; print({text!r}, file=sys.stderr if {code} else sys.stdout); sys.exit({code})",
    ]


# The machine


@pytest.mark.parametrize(
    ("running", "outcome"), [("3.10.12", "bad"), ("3.11.0", "ok"), ("3.13.9", "ok"), ("3.14.0", "bad")]
)
def test_python(running: str, outcome: str) -> None:
    assert machine.python(running).outcome == outcome


def test_packages_that_drifted_are_named_with_what_was_found() -> None:
    assert machine.packages(["httpx>=0.1", "colorama; sys_platform == 'plan9'"]).outcome == "ok"
    check = machine.packages(["httpx>=999", "no-such-package"])
    assert check.outcome == "bad"
    assert "httpx>=999 and finds 0." in check.what
    assert "no-such-package, which is not there" in check.what


def test_llama_that_was_built_for_another_processor() -> None:
    killed = [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGILL)"]
    check = machine.llama(killed)
    assert (check.outcome, check.what) == ("bad", "llama.cpp was built for another processor than this one.")
    assert "--no-binary llama-cpp-python" in check.remedy


def test_llama_that_does_not_load_says_why() -> None:
    check = machine.llama(printing("OSError: libgomp.so.1: cannot open shared object file", 1))
    assert check.outcome == "bad"
    assert "libgomp.so.1" in check.what


def test_llama_that_could_be_quicker_or_cannot(tmp_path: Path) -> None:
    (tmp_path / "new").write_text("flags : avx avx2 fma f16c\n")
    (tmp_path / "old").write_text("flags : sse2\n")
    built, slow = printing("CPU : SSE3 = 1 | AVX2 = 1 | F16C = 1 | FMA = 1 | "), printing("CPU : SSE3 = 1 | ")
    assert machine.llama(built, tmp_path / "new").outcome == "ok"
    assert "without avx2, f16c, fma" in machine.llama(slow, tmp_path / "new").what
    assert "lacks avx2, f16c, fma" in machine.llama(slow, tmp_path / "old").what
    assert machine.llama(slow, tmp_path / "no such file").outcome == "ok", "another kind of processor"


def test_llama_that_could_be_quicker_on_arm64(tmp_path: Path) -> None:
    """A wheel that was built for any 64-bit processor is two to three times slower there, and nothing said so."""
    pi5, pi4 = tmp_path / "pi5", tmp_path / "pi4"
    pi5.write_text("processor\t: 0\nBogoMIPS\t: 108.00\nFeatures\t: fp asimd evtstrm aes fphp asimdhp asimddp\n\n")
    pi4.write_text("processor\t: 0\nFeatures\t: fp asimd evtstrm crc32 cpuid\n")
    (tmp_path / "other").write_text("processor\t: 0\nisa\t\t: rv64imafdc\n")
    built = printing("CPU : NEON = 1 | ARM_FMA = 1 | FP16_VA = 1 | DOTPROD = 1 | REPACK = 1 | ")
    slow = printing("CPU : NEON = 1 | ARM_FMA = 1 | REPACK = 1 | ")
    assert machine.llama(built, pi5).outcome == "ok"
    half = machine.llama(printing("CPU : NEON = 1 | DOTPROD = 1 | "), pi5)
    assert "built without asimdhp, which" in half.what
    assert "without asimddp, asimdhp, which this processor has" in machine.llama(slow, pi5).what
    assert "lacks asimddp, asimdhp" in machine.llama(slow, pi4).what
    assert machine.llama(slow, tmp_path / "other").outcome == "ok"
    assert machine.llama(printing("CPU : 1 | DOTPROD = 1 | FP16_VA = 1 | "), pi5).outcome == "ok", (
        "a part without a name"
    )


@pytest.mark.parametrize(
    ("free", "total", "outcome"), [(8 << 30, 8 << 30, "ok"), (1 << 28, 8 << 30, "look"), (1 << 28, 1 << 29, "bad")]
)
def test_memory(free: int, total: int, outcome: str) -> None:
    assert machine.memory(Settings(), free, total).outcome == outcome


def test_disk(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path / "not" / "yet", models=tmp_path)
    assert machine.disk(settings, spare=1).outcome == "ok"
    assert machine.disk(settings, spare=1 << 60).outcome == "bad"


def test_a_clock_that_was_never_set() -> None:
    assert machine.clock(86_400.0).outcome == "bad"
    assert machine.clock().outcome == "ok"


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
def test_a_token_that_others_may_read(tmp_path: Path) -> None:
    secret = tmp_path / ".env"
    secret.write_text("FOOTNOTE_DISCORD__TOKEN=hush\n")
    secret.chmod(0o640)
    check = machine.owner_only({"settings": secret, "memory": tmp_path / "gone"})
    assert (check.outcome, check.remedy) == ("look", f"chmod go-rwx {secret}")
    assert "(640)" in check.what
    secret.chmod(0o600)
    assert machine.owner_only({"settings": secret}).outcome == "ok"


# The files


def test_files_that_are_not_there_are_told_by_what_makes_them(tmp_path: Path) -> None:
    settings = Settings(notes=tmp_path / "notes", data=tmp_path / "data", models=tmp_path / "models")
    with pytest.raises(ModelMissing, match="footnote models pull"):
        files.models(settings)
    with pytest.raises(NotesError, match="FOOTNOTE_NOTES"):
        files.notes(settings)
    with pytest.raises(IndexMissing, match="footnote index"):
        files.index(settings)
    assert files.database(settings).outcome == "ok"


def test_the_database_is_looked_at_while_a_bot_uses_it(tmp_path: Path) -> None:
    with open_store(state_path(tmp_path)):
        check = files.database(Settings(data=tmp_path))
    assert check.outcome == "ok"
    assert check.what.startswith("Whole, at version ")


def test_a_check_that_fails_costs_the_others_nothing() -> None:
    def broken() -> Check:
        raise IndexMissing("There is no index in .data yet.", remedy="Run: footnote index")

    def worse() -> Check:
        raise RuntimeError("/home/ann/secret")

    last = Check(name="c", outcome="ok", what="Fine.")
    found = list(carried_out([("a", broken), ("b", worse), ("c", lambda: last)]))
    assert found == [
        Check(name="a", outcome="bad", what="There is no index in .data yet.", remedy="Run: footnote index"),
        Check(name="b", outcome="bad", what="It could not be looked at: RuntimeError."),
        last,
    ]


# Discord


def test_without_a_token_discord_is_not_asked() -> None:
    assert list(online.checks(DiscordSettings(api_base="http://127.0.0.1:9"))) == [online.NO_TOKEN]


@pytest.mark.parametrize(("skew", "outcome"), [(None, "ok"), (-29.0, "ok"), (31.0, "look"), (-3600.0, "look")])
def test_the_clock_against_discords(skew: float | None, outcome: str) -> None:
    assert online.exact_clock(Identity(application=1, name="b", reads_messages=False, skew=skew)).outcome == outcome


@pytest.mark.parametrize(
    ("reads", "follows", "outcome"),
    [(False, False, "ok"), (True, True, "ok"), (True, False, "look"), (False, True, "bad")],
)
def test_intents_are_those_the_settings_need(reads: bool, follows: bool, outcome: str) -> None:
    identity = Identity(application=1, name="b", reads_messages=reads, skew=None)
    assert online.intents(identity, DiscordSettings(thread_follow_ups=follows)).outcome == outcome


@pytest.mark.parametrize(
    ("guilds", "wanted", "outcome"),
    [
        ((), None, "look"),
        ((Guild(id=1, name="Home", permissions=NEEDED),), 1, "ok"),
        ((Guild(id=1, name="Home", permissions=8),), None, "ok"),
        ((Guild(id=1, name="Home", permissions=NEEDED - 2048),), None, "look"),
        ((Guild(id=1, name="Home", permissions=NEEDED),), 2, "bad"),
    ],
)
def test_permissions(guilds: tuple[Guild, ...], wanted: int | None, outcome: str) -> None:
    check = online.permissions(WELL, guilds, wanted)
    assert check.outcome == outcome
    assert ("client_id=42" in check.remedy) == (outcome != "ok")


# What is told


def test_a_bot_is_alive_by_its_last_beat(tmp_path: Path) -> None:
    here, data = {"XDG_RUNTIME_DIR": str(tmp_path)}, tmp_path / "data"
    assert is_alive({}, data).outcome == "bad"
    assert is_alive(here, data).what == f"No bot runs whose data is in {data}."
    beat = alive_file(here, data)
    assert beat
    beat.touch()
    assert is_alive(here, data).outcome == "ok"
    os.utime(beat, (time.time() - 200,) * 2)
    assert "for 200 s" in is_alive(here, data).what


def test_a_bot_is_not_taken_for_another_one_of_the_same_account(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All bots of an account once touched one file: as long as one of them was well, all seemed to be."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    running = alive_file({"XDG_RUNTIME_DIR": str(tmp_path)}, Path("one"))
    assert running
    running.touch()
    assert run(["doctor", "--alive", "--data", "one"], SERVICES) == 0
    assert run(["doctor", "--alive", "--data", str(tmp_path / "one")], SERVICES) == 0, "the same folder"
    capsys.readouterr()
    assert run(["doctor", "--alive", "--data", "two"], SERVICES) == 1
    assert str(tmp_path / "two") in capsys.readouterr().out


def test_lines_are_harmless_and_have_the_sum() -> None:
    told = list(lines([Check(name="notes", outcome="bad", what="\x1b[2Jgone", remedy="Mend it.")]))
    assert told == [" MEND  notes: \ufffd[2Jgone", "       Mend it.", "1 check: 1 to mend, 0 to look at."]


def test_json_matches_its_schema_and_says_no_secret(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTNOTE_DISCORD__TOKEN", "hush-hush")
    assert run(["doctor", "--offline", "--json"], SERVICES) == 1
    printed = capsys.readouterr().out
    Draft202012Validator(schema("doctor")).validate(json.loads(printed))
    assert "hush" not in printed
    names = [check["name"] for check in json.loads(printed)["checks"]]
    assert names[:3] == ["settings", "python", "packages"]
    assert {"models", "notes", "index", "database", "file modes"} <= set(names)


@pytest.mark.parametrize(
    ("account", "env", "said"),
    [
        ("en", "", "settings: They can be read."),
        ("de", "", "Einstellungen: Sie lassen sich lesen."),
        ("en", "de", "Einstellungen: Sie lassen sich lesen."),
        ("de", "en", "settings: They can be read."),
    ],
)
def test_it_speaks_as_the_settings_say_else_as_the_account_does(
    account: str, env: str, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LANGUAGE", account)
    if env:
        Path(".env").write_text(f"FOOTNOTE_LANGUAGE={env}\n")
    run(["doctor", "--offline"], SERVICES)
    assert said in capsys.readouterr().out


def test_what_programs_read_is_english_whoever_runs_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTNOTE_LANGUAGE", "de")
    run(["doctor", "--offline", "--json"], SERVICES)
    told = {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert told["settings"]["what"] == "They can be read."
    assert told["notes"]["remedy"] == "Name yours as FOOTNOTE_NOTES in .env."


def test_settings_that_cannot_be_read_speak_the_language_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTNOTE_THREADS", "many")
    monkeypatch.setenv("FOOTNOTE_LANGUAGE", "de")
    assert run(["doctor"], SERVICES) == 1
    printed = capsys.readouterr().out
    assert "Einstellungen: FOOTNOTE_THREADS funktioniert so nicht" in printed
    assert "Ändere das in .env" in printed


def test_settings_that_cannot_be_read_are_all_that_is_told(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTNOTE_THREADS", "many")
    assert run(["doctor"], SERVICES) == 1
    assert "MEND  settings: FOOTNOTE_THREADS does not work" in capsys.readouterr().out
