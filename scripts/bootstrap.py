"""The steps from a bare clone to a Footnote that answers: environment, dependencies, llama.cpp, models, index.

Each step looks first whether it is done. Standard library only; `setup.py` checks Python's version before this
file is imported.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import llama_wheel
from steps import StepFailed, run

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
DONE = VENV / "footnote-setup.json"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "footnote"
PIP_INSTALL = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]


def main() -> None:
    """Every step in order; each looks first whether it is done."""
    parser = argparse.ArgumentParser(description="Set Footnote up in this folder; what is done is skipped.")
    parser.add_argument("--dev", action="store_true", help="also install what the tests need")
    options = parser.parse_args()
    os.chdir(ROOT)
    try:
        make_environment()
        install_locked("requirements-dev.lock" if options.dev else "requirements.lock")
        install_llama()
        install_footnote()
        pull_models()
        build_index()
    except StepFailed as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("\nStopped. Run it again to go on from there.")


def make_environment() -> None:
    """A virtual environment in `.venv`, with a pip that resumes downloads."""
    if PYTHON.exists() and subprocess.run([PYTHON, "-c", ""], check=False).returncode == 0:
        return
    if not all(importlib.util.find_spec(module) for module in ("venv", "ensurepip")):
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        raise StepFailed(
            f"Python's venv module is missing. On Debian and Ubuntu: sudo apt install {package}; then run this again."
        )
    run("Making the virtual environment", [sys.executable, "-m", "venv", "--clear", str(VENV)], name="venv")
    run("Updating pip", [*PIP_INSTALL, "--require-hashes", "-r", "scripts/pip.lock"], name="pip")


def install_locked(lock: str) -> None:
    """Every dependency but llama.cpp, at the version and hash that `lock` says."""
    fingerprint = _sha256(lock)
    if fingerprint in (_done("requirements.lock"), _done("requirements-dev.lock")):
        return
    if lock == "requirements.lock" and _done("requirements-dev.lock") == _sha256("requirements-dev.lock"):
        return
    rest, _ = split_lock(Path(lock).read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / lock
        path.write_text(rest, encoding="utf-8")
        run("Installing dependencies", [*PIP_INSTALL, "--require-hashes", "-r", str(path)], name="dependencies")
    _mark(lock, fingerprint)


def split_lock(text: str) -> tuple[str, str]:
    """A lock file without llama-cpp-python, and llama-cpp-python's own lines."""
    entries = re.split(r"(?m)^(?=[A-Za-z0-9])", text)
    llama = [entry for entry in entries if entry.startswith(f"{llama_wheel.PACKAGE}==")]
    return "".join(entry for entry in entries if entry not in llama), "".join(llama)


def install_llama() -> None:
    """llama-cpp-python, from the wheel built for this machine."""
    _, lines = split_lock(Path("requirements.lock").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as scratch:
        lock = Path(scratch) / "llama.lock"
        lock.write_text(lines, encoding="utf-8")
        fingerprint = llama_wheel.fingerprint(lock)
        if _done("llama") == fingerprint:
            return
        wheel = llama_wheel.cached_wheel(lock, CACHE)
        if not (wheel and _install_wheel(wheel)) and not _install_wheel(llama_wheel.build(lock, CACHE, PYTHON)):
            raise StepFailed("llama.cpp was built but does not load; see .cache/log/llama-build.log.")
    _mark("llama", fingerprint)


def _install_wheel(wheel: Path) -> bool:
    """Install `wheel`; a wheel that does not load here is thrown away."""
    run("Installing llama.cpp", [*PIP_INSTALL, "--force-reinstall", str(wheel)], name="llama")
    loads = subprocess.run([PYTHON, "-c", "import llama_cpp"], capture_output=True, check=False).returncode == 0
    if not loads:
        wheel.unlink()
    return loads


def install_footnote() -> None:
    """Footnote itself, so that the `footnote` command runs the files of this folder."""
    fingerprint = _sha256("pyproject.toml")
    if _done("footnote") != fingerprint:
        run("Installing Footnote", [*PIP_INSTALL, "--editable", "."], name="footnote")
        _mark("footnote", fingerprint)


def pull_models() -> None:
    """The starter models, with a progress bar of their own."""
    folder = Path(os.environ.get("FOOTNOTE_MODELS", "models"))
    catalog = tomllib.loads(Path("models/catalog.toml").read_text(encoding="utf-8"))["model"]
    files = {folder / entry["file"]: entry["bytes"] for entry in catalog if entry.get("starter")}
    if not all(path.exists() and path.stat().st_size == size for path, size in files.items()):
        _footnote("models", "pull")


def build_index() -> None:
    """The first index; later ones are `make index`, after the notes changed."""
    folder = Path(os.environ.get("FOOTNOTE_DATA", ".data"))
    if _done("index") != "built" or not folder.exists():
        _footnote("index")
        _mark("index", "built")


def _footnote(*arguments: str) -> None:
    result = subprocess.run([BIN / "footnote", *arguments], stdin=subprocess.DEVNULL, check=False)
    if result.returncode != 0:
        raise StepFailed(f"`footnote {' '.join(arguments)}` did not succeed. Mend what it says, then run this again.")


def _sha256(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def _read_done() -> dict[str, str]:
    try:
        return dict(json.loads(DONE.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}


def _done(step: str) -> str | None:
    return _read_done().get(step)


def _mark(step: str, fingerprint: str) -> None:
    DONE.write_text(json.dumps({**_read_done(), step: fingerprint}, indent=1), encoding="utf-8")
