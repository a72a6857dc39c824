"""What is installed without the repository: the wheel, the source package, and what they are made of.

The wheel is installed into an environment of its own, which sees the dependencies of this one but not this folder.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

from rag.models.catalog import load_catalog
from scripts.licences import PAGE, UNKNOWN, bill, packages
from scripts.memory import HEAD, rows

ROOT = Path(__file__).parents[1]
BIN = "Scripts" if os.name == "nt" else "bin"
DATA = (
    "bot/knowledge/README.md",
    "bot/schemas/ask.schema.json",
    "bot/setup/templates/footnote.service",
    "bot/state/migrations/0001.sql",
    "rag/data/catalog.toml",
    "rag/data/footnote-minilm-l6.Q8_0.gguf",
    "rag/data/gate.json",
    "rag/data/probe.toml",
    "rag/reading/readers/shows.toml",
)


def ran(*command: str | Path, cwd: Path) -> str:
    """What a command prints; it must succeed, in an environment without settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FOOTNOTE_", "PYTHON"))}
    done = subprocess.run(command, cwd=cwd, env=kept, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source package."""
    folder = tmp_path_factory.mktemp("dist")
    ran(sys.executable, "-m", "hatchling", "build", "-d", str(folder), cwd=ROOT)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    return next(built.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that has the wheel, and sees the dependencies of this one."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(folder, with_pip=False)
    python = folder / BIN / ("python.exe" if os.name == "nt" else "python")
    site = Path(ran(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    (site / "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    ran(*pip, str(wheel), cwd=folder)
    return folder / BIN


def test_the_wheel_has_the_data_and_nothing_but_the_program(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert [name for name in DATA if name not in names] == []
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"bot", "rag"}
    assert [name for name in names if "__pycache__" in name or name.endswith((".env", ".jsonl", ".part"))] == []
    in_tree = {path.relative_to(ROOT).as_posix() for top in ("bot", "rag") for path in (ROOT / top).rglob("*.py")}
    assert in_tree - set(names) == set()


def test_the_source_package_makes_the_same_wheel(built: Path, wheel: Path, tmp_path: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        archive.extractall(tmp_path, filter="data")
    (unpacked,) = tmp_path.iterdir()
    ran(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path), cwd=unpacked)
    again = next(tmp_path.glob("*.whl"))
    with zipfile.ZipFile(wheel) as one, zipfile.ZipFile(again) as other:
        assert one.namelist() == other.namelist()


def test_the_version_stands_in_one_place(installed: Path, tmp_path: Path) -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert ran(installed / "footnote", "--version", cwd=tmp_path).strip() == f"footnote {version}"


def test_the_program_runs_without_the_repository(installed: Path, tmp_path: Path) -> None:
    assert "Commands:" in ran(installed / "footnote", "--help", cwd=tmp_path)
    where = "import bot, rag.models.catalog; print(bot.__file__); print(len(rag.models.catalog.load_catalog()))"
    file, models = ran(installed / "python", "-c", where, cwd=tmp_path).split()
    assert Path(file).is_relative_to(installed.parent)
    assert int(models) == len(load_catalog())
    assert list(tmp_path.iterdir()) == []


def test_it_brings_its_own_embedder_and_notes(installed: Path, tmp_path: Path) -> None:
    """Without the repository there was no embedder, and the remedy was a git command."""
    ran(installed / "footnote", "models", "pull", "footnote-minilm-l6", cwd=tmp_path)
    assert (tmp_path / "models" / "footnote-minilm-l6.Q8_0.gguf").is_file()
    samples = "from bot.setup.samples import put_samples; from pathlib import Path; put_samples(Path('notes'))"
    ran(installed / "python", "-c", samples, cwd=tmp_path)
    assert {path.name for path in (tmp_path / "notes").iterdir()} == {p.name for p in (ROOT / "knowledge").iterdir()}


def test_the_doctor_finds_the_program_whole(installed: Path, tmp_path: Path) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FOOTNOTE_", "PYTHON"))}
    doctor = [str(installed / "footnote"), "doctor", "--offline", "--json"]
    done = subprocess.run(doctor, cwd=tmp_path, env=kept, capture_output=True, text=True, check=False)
    outcomes = {check["name"]: check["outcome"] for check in json.loads(done.stdout)["checks"]}
    assert outcomes["packages"] == "ok", done.stdout
    assert outcomes["llama.cpp"] in ("ok", "look"), done.stdout
    assert (done.returncode, outcomes["models"]) == (1, "bad"), "no model was pulled here"


def test_every_package_and_model_is_listed_with_its_licence() -> None:
    page = PAGE.read_text(encoding="utf-8")
    found = packages()
    assert [package.name for package in found if f"| {package.name} |" not in page] == [], "run: make sbom"
    assert [entry.name for entry in load_catalog() if f"| {entry.name} | {entry.licence} |" not in page] == []
    assert [package for package in found if package.licence == UNKNOWN] == []


def test_no_package_asks_that_its_users_be_under_its_own_licence() -> None:
    copyleft = [package for package in packages() if "GPL" in package.licence.replace("LGPL", "")]
    assert copyleft == []


def test_the_bill_of_materials_names_everything_once() -> None:
    found = packages()
    document = bill(found, "1.2.3")
    references = [component["bom-ref"] for component in document["components"]]
    assert len(references) == len(set(references)) == len(found) + len(load_catalog())
    assert document["metadata"]["component"]["version"] == "1.2.3"
    hashes = [one for component in document["components"] for one in component["hashes"]]
    assert all(len(one["content"]) == 64 for one in hashes)
    assert len(hashes) > 5


def test_the_page_says_what_memory_is_computed() -> None:
    page = (ROOT / "docs" / "raspberry-pi.md").read_text(encoding="utf-8")
    computed = list(rows(ROOT / "models"))
    assert len(computed) > 4
    assert [line for line in (HEAD, *computed) if line not in page] == [], "run: python -m scripts.memory"
