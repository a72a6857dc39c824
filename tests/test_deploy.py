"""What stands in deploy/: that it names what there is, and asks nothing that only one container engine knows."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.settings import Settings
from rag.durable import unfinished
from tests.conftest import ROOT

DEPLOY = ROOT / "deploy"
USER_UNIT = ROOT / "bot" / "setup" / "templates" / "footnote.service"
ENGINES_KNOW = {"mode", "size"}  # of a tmpfs; Docker knows uid and gid, too


def dockerfile() -> str:
    return (DEPLOY / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")


def service() -> dict[str, Any]:
    composed = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    (only,) = composed["services"].values()
    return dict(only)


def let_through(path: str) -> bool:
    """Whether the image's build sees a file: the last line of .dockerignore that is about it decides."""
    seen = True
    within = [path, *(str(parent) for parent in Path(path).parents)]
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").split():
        pattern = line.removeprefix("!")
        if any(fnmatch(each, pattern) for each in within):
            seen = line.startswith("!")
    return seen


def test_what_the_image_copies_is_there_and_seen_by_its_build() -> None:
    for line in re.findall(r"(?m)^COPY (?!--from)(.+)$", dockerfile()):
        for source in line.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert let_through(source), source
    assert let_through("models/catalog.toml")
    assert not let_through(".env")
    assert not let_through(f"bot/{unfinished(Path('.env')).name}")
    assert not let_through("models/SmolLM2-135M-Instruct.Q8_0.gguf")


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="this is no checkout")
def test_what_a_power_cut_leaves_of_the_settings_is_not_committed() -> None:
    """The token is in it."""
    left = [".env", unfinished(Path(".env")).name, f"{unfinished(Path('state.sqlite3')).name}-journal"]
    found = subprocess.run(["git", "check-ignore", *left], cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.stdout.split() == left


def test_the_image_compiles_as_little_of_llama_as_make_does() -> None:
    """Tools that Python never loads were compiled too; and other CMAKE_ARGS brought the vision library back."""
    install = next(line for line in dockerfile().splitlines() if line.startswith("RUN") and "requirements.lock" in line)
    assert '"-DLLAVA_BUILD=OFF -DCMAKE_PROJECT_INCLUDE=/src/llama_cpp.cmake ${CMAKE_ARGS}"' in install


def test_every_engine_knows_what_is_asked_of_a_tmpfs() -> None:
    """Podman refused a folder in memory that had an owner, and the bot did not start."""
    for mount in service()["tmpfs"]:
        options = mount.split(":")[1].split(",")
        assert {option.partition("=")[0] for option in options} <= ENGINES_KNOW


def test_the_container_may_do_little_and_keeps_what_it_must() -> None:
    about = service()
    assert (about["read_only"], about["cap_drop"]) == (True, ["ALL"])
    assert "no-new-privileges:true" in about["security_opt"]
    notes, *kept = about["volumes"]
    assert notes.endswith(":/notes:ro")
    assert f"VOLUME {json.dumps([mount.partition(':')[2] for mount in kept])}" in dockerfile()


def test_what_the_image_sets_are_settings() -> None:
    named = set(re.findall(r"FOOTNOTE_(\w+)", dockerfile())) | {
        name.removeprefix("FOOTNOTE_") for name in service()["environment"]
    }
    assert named == {"NOTES", "DATA", "MODELS"}
    assert {name.lower() for name in named} <= set(Settings.model_fields)


def parts(unit: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"(?m)^([A-Z]\w+)=(.*)$", unit):
        found.setdefault(name, []).append(value)
    return found


def test_the_system_unit_has_all_that_the_users_unit_has() -> None:
    users = parts(USER_UNIT.read_text(encoding="utf-8"))
    systems = parts((DEPLOY / "footnote-system.service").read_text(encoding="utf-8"))
    own = {"WorkingDirectory", "ExecStart", "WantedBy"}
    assert {
        name: values for name, values in users.items() if not set(values) <= set(systems.get(name, []))
    }.keys() == own


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd_finds_nothing_wrong_with_the_system_unit(tmp_path: Path) -> None:
    unit = tmp_path / "footnote.service"
    text = (DEPLOY / "footnote-system.service").read_text(encoding="utf-8")
    unit.write_text(text.replace("/opt/footnote/bin/footnote", sys.executable), encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False
    )
    assert [line for line in done.stderr.splitlines() if "footnote.service" in line] == []
