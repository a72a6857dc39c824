"""Nothing that `footnote init` and `footnote doctor` say stays English where they speak another language."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot import language
from bot.checkup import Check, carried_out, files, machine, online
from bot.commands import doctor, index, init
from bot.envfile import merged
from bot.health.pulse import alive_file
from bot.health.reach import DiscordAway, Guild, Identity, TokenRefused, gateway_answers, identify
from bot.language import languages, speaking
from bot.settings import DiscordSettings, Settings
from bot.setup.autostart import Autostart, install, plan
from bot.setup.questions import Given, Interview, whole
from rag.build import check_parts, current_build, read_manifest
from rag.errors import FootnoteError
from rag.indexing import BuildReport
from rag.models.catalog import choose, find, load_catalog, verify
from rag.models.machine import Gpu, Machine
from rag.models.recommend import advise, reason
from rag.reading.library import read_library, scan
from rag.types import ReadWarning
from tests.bot.setup.interviews import HOME, IDENTITY, Portal, Scripted

ENGLISH = re.compile(
    r"(?<![-/.`])\b(the|is|are|of|and|to|it|you|your|there|cannot|has|not|this|for|with|from|or|run|be|by|what)\b", re.I
)
"""Words that hardly a sentence does without, and that no other language has, nor any command that is named."""
SAME = {"python", "llama.cpp", "index", "token", "intents", "gateway"}
"""Labels that are called the same in German."""
AWAY = DiscordSettings(token=SecretStr("x"), api_base="http://127.0.0.1:9", gateway="ws://127.0.0.1:9")
FEW = Guild(id=77, name="Daheim", permissions=0)


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A folder of its own with a name in no language."""
    folder = tmp_path / "xx"
    folder.mkdir()
    monkeypatch.chdir(folder)
    with speaking("en"):
        yield


def failing(*calls: Callable[[], object]) -> list[str]:
    """What is said of calls that fail."""
    said = []
    for call in calls:
        with pytest.raises(FootnoteError) as error:
            call()
        said.append(whole(error.value))
    return said


def check_up() -> list[Check]:
    """Every check, in as many ways as it can end."""
    settings, data = Settings(notes=Path("n"), data=Path("d"), models=Path("m")), Path("d")
    Path("n").mkdir(exist_ok=True)
    beat = alive_file({"XDG_RUNTIME_DIR": "."}, data)
    assert beat
    alive = [doctor.is_alive(environment, data) for environment in ({}, {"XDG_RUNTIME_DIR": "."})]
    beat.touch()
    alive.append(doctor.is_alive({"XDG_RUNTIME_DIR": "."}, data))
    beat.unlink()
    return [
        *doctor.examined(Path("d"), offline=True),
        *carried_out([*machine.checks(settings), *files.checks(settings), ("disk", lambda: 1 / 0)]),  # type: ignore[list-item,return-value]
        *(machine.python(each) for each in ("3.9.0", "3.12.0")),
        *(machine.packages(each) for each in ([], ["httpx>=999", "gibtesnicht", "xyz"])),
        *machines(settings),
        *discords(),
        *alive,
    ]


def machines(settings: Settings) -> list[Check]:
    """The checks of the machine that can end in another way than on this one."""
    load = [sys.executable, "-c", "print('AVX2 = 1')"]
    killed = [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGILL)"]
    Path("new").write_text("flags : avx2 fma f16c\n")
    Path("old").write_text("flags : sse2\n")
    Path("wide").touch(mode=0o644)
    Path("wide").chmod(0o644)
    return [
        *(machine.llama(load, Path(each)) for each in ("new", "old", "none")),
        *(machine.llama(each) for each in (killed, [sys.executable, "-c", "import sys; sys.exit('x.so')"])),
        *(machine.memory(settings, *each) for each in ((1 << 40, 1 << 40), (1, 1 << 40), (1, 1))),
        *(machine.disk(settings, each) for each in (1, 1 << 60)),
        *(machine.clock(each) for each in (0.0, 2e9)),
        *(machine.owner_only(each) for each in ({}, {"wide": Path("wide")})),
    ]


def discords() -> Iterator[Check]:
    """What Discord can be found to say."""
    yield online.NO_TOKEN
    yield from online.checks(AWAY)
    for reads, skew in ((True, 90.0), (False, -90.0), (False, 0.0)):
        identity = Identity(application=1, name="b", reads_messages=reads, skew=skew)
        yield online.exact_clock(identity)
        for follows in (True, False):
            yield online.intents(identity, DiscordSettings(thread_follow_ups=follows))
    for found, wanted in (((), None), ((HOME,), 5), ((FEW,), None), ((HOME,), None), ((HOME, HOME), None)):
        yield online.permissions(IDENTITY, found, wanted)


def set_up() -> list[str]:
    """All that is asked and told, by several who answer differently, and what is told after it."""
    said: list[str] = []
    for portal, says in (
        (Portal(guilds=[(), (HOME, FEW)]), {"Token": ["right"]}),
        (Portal(refused=TokenRefused("-")), {"Token": ["x", "right"]}),
        (Portal(away=DiscordAway("-")), {"Token": ["right"], "?": ["yes"]}),
    ):
        asker = Scripted(says)
        sources = portal.sources(models=offers(), languages=())
        interview = Interview(settings=Settings(), given=Given(), asker=asker, sources=sources, tell=said.append)
        said += [*init.next_steps(interview.answers()), *asker.asked]
    return [*said, *later(), *reports()]


def offers() -> Sequence[tuple[str, str]]:
    """Every model with every reason there can be."""
    roomy = Machine(cores=8, memory=1 << 40, free_memory=1 << 40, disk=1 << 50, bandwidth=1e12)
    poor = Machine(cores=1, memory=1, free_memory=1, disk=1, bandwidth=1.0)
    slow = Machine(cores=1, memory=1 << 40, free_memory=1 << 40, disk=1 << 50, bandwidth=1.0)
    tight = Machine(cores=1, memory=1, free_memory=1, disk=1 << 50, bandwidth=1e12)
    card = Machine(**{**vars(roomy), "gpus": (Gpu(name="Karte", memory=1 << 50),)})
    found = [
        (each, where)
        for where in (roomy, poor, slow, tight, card)
        for each in advise(where, load_catalog(), threads=2, gpu_build=True)
    ]
    return [(each.entry.name, reason(each, where)) for each, where in found]


def later() -> list[str]:
    """What is said of starting by itself."""
    plans = [plan(Path("xx"), system=each, home=Path("h"), user="1") for each in ("linux", "darwin", "win32")]
    start = Autostart(file=Path("u"), content="", encoding="utf-8", commands=(("systemctl",),), later="")
    blocked = Autostart(file=Path("new") / "u", content="", encoding="utf-8", commands=(), later="")
    Path("new").touch()
    return [
        *(language._(each.later) for each in plans if each),
        *failing(lambda: install(start, run=lambda _: "-"), lambda: install(blocked)),
    ]


def reports() -> list[str]:
    """What is said of reading the notes."""
    counted = BuildReport(unchanged=False, notes=1, episodes=2, passages=3, vectors=4, embedded=5)
    warning = ReadWarning(file="x.md", line=3, reason="-", skipped=True)
    found = BuildReport(unchanged=False, notes=1, episodes=1, passages=1, vectors=1, embedded=1, warnings=amiss())
    moved = BuildReport(**{**vars(counted), "unchanged": True, "warnings": (warning,), "instead_of": "anderswo"})
    told: list[str] = []
    index.with_notice(lambda *_: None, told.append)("Reading", 0, 10**6)
    show = index.lines(told.append, clock=count(step=99).__next__)
    for stage in index.STAGES:
        show(stage, 1, 2000)
    return [index.describe(counted), index.describe(moved), index.describe(found), *told]


def amiss() -> tuple[ReadWarning, ...]:
    """What is said of files as people have them; but what a library says of one is in its words."""
    folder = Path("notizen")
    folder.mkdir(exist_ok=True)
    files = {
        "leer.md": b"",
        "folge.xyz": b"-",
        "folge": b"-",
        "binär.txt": b"\x00\x01\x02" * 99,
        "latin.txt": "- Brötchen über Öfen, Käse für später\n".encode("latin-1"),
        "lang.txt": b"- " + b"wort, " * 9_000,
        "datum.md": b"# Folge 2024-02-31\n- Brot\n",
        "glatt.txt": b"Brot.\n\nMehl.\n",
        "zwei.md": b"---\na: &x Brot\nb: *x\n---\n- Brot\n",
        "zurück.vtt": b"WEBVTT\n\n00:10.000 --> 00:11.000\nBrot\n\n00:01.000 --> 00:02.000\nMehl\n",
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    (folder / "weg.md").unlink(missing_ok=True)
    (folder / "weg.md").symlink_to("nirgends")
    warnings = read_library(folder).warnings
    assert len({warning.file for warning in warnings}) > 9
    return warnings


def errors() -> list[str]:
    """What goes wrong with files, models and index; but what the system or a library says of it is in its words."""
    entry, path = find("smollm2-135m-instruct"), Path("weights.gguf")
    path.write_bytes(b"-")
    builds = Path("i") / "builds"
    (builds / "b").mkdir(parents=True, exist_ok=True)
    (builds / "b" / "manifest.json").write_text("-")
    return failing(
        lambda: find("x"),
        lambda: choose("smollm2-135m-instruct", "embed", Path()),
        lambda: verify(entry, Path("x")),
        lambda: verify(entry, path),
        lambda: current_build(Path("nirgends")),
        lambda: read_manifest(builds / "b"),
        lambda: check_parts(builds / "b", {"x": (1, "")}),
        lambda: check_parts(builds / "b", {"manifest.json": (9, "x")}),
        lambda: scan(Path("nirgends")),
        lambda: scan(path),
        lambda: merged("", {"A": "x\ny"}),
        lambda: identify(AWAY),
        lambda: gateway_answers(AWAY),
        lambda: init.init(token_file=Path("nirgends"), yes=True),
        lambda: init.init(language=language.spoken()),
    )


def spoken(what: Callable[[], Sequence[str]], in_language: str) -> list[str]:
    with speaking(in_language):
        return [line for text in what() for line in text.splitlines()]


def doctored() -> list[str]:
    return list(doctor.lines(check_up()))


@pytest.mark.parametrize("other", languages()[1:])
@pytest.mark.parametrize("what", [doctored, set_up, errors])
def test_no_line_has_english_words(what: Callable[[], Sequence[str]], other: str) -> None:
    assert any(map(ENGLISH.search, spoken(what, "en"))), "or it finds nothing anywhere"
    assert [line for line in spoken(what, other) if ENGLISH.search(line)] == []


@pytest.mark.parametrize("other", languages()[1:])
def test_every_check_has_a_name_in_the_language(other: str) -> None:
    with speaking(other):
        assert {check.name for check in check_up() if language._(check.name) == check.name} <= SAME
