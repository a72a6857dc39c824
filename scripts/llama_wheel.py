"""Builds llama-cpp-python once for this machine and keeps the wheel for the next environment.

The wheel is made for this very processor, so it is kept by version, platform, processor and options.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

from steps import StepFailed, run, say

HERE = Path(__file__).resolve().parent
PACKAGE = "llama-cpp-python"
# No vision library, and no helper library for command-line tools: Python loads neither.
OPTIONS = ["-DLLAVA_BUILD=OFF", f"-DCMAKE_PROJECT_INCLUDE={(HERE / 'llama_cpp.cmake').as_posix()}"]
GIGABYTES_A_JOB = 1
_COMPILER_PACKAGES = (
    ("apt-get", "sudo apt install build-essential"),
    ("dnf", "sudo dnf install gcc-c++"),
    ("pacman", "sudo pacman -S base-devel"),
    ("apk", "sudo apk add build-base"),
    ("zypper", "sudo zypper install gcc-c++"),
    ("brew", "xcode-select --install"),
)


def cached_wheel(lock: Path, cache: Path) -> Path | None:
    """The wheel built earlier for this machine and these options, if there is one."""
    return next(_folder(lock, cache).glob("*.whl"), None)


def build(lock: Path, cache: Path, python: Path) -> Path:
    """Build the wheel from the hash-checked source that `lock` names, and return where it is kept.

    Raises:
        StepFailed: no compiler worked; the message says what to install.
    """
    folder = _folder(lock, cache)
    folder.mkdir(parents=True, exist_ok=True)
    if has_compiler():
        return _build_with({}, [], lock, folder, python)
    say(f"No C++ compiler found; using the one in the ziglang package. (Your system's own: {compiler_command()})")
    return _build_with_zig(lock, cache, folder, python)


def _build_with_zig(lock: Path, cache: Path, folder: Path, python: Path) -> Path:
    try:
        environment, options = zig_toolchain(cache / "zig", python)
        return _build_with(environment, options, lock, folder, python)
    except (StepFailed, OSError) as error:
        raise StepFailed(f"{error}\nFootnote needs a C++ compiler. Install one: {compiler_command()}") from error


def _build_with(environment: dict[str, str], options: list[str], lock: Path, folder: Path, python: Path) -> Path:
    with tempfile.TemporaryDirectory(dir=folder, prefix="build-") as scratch:
        command = [str(python), "-m", "pip", "wheel", "-v", "--no-deps", "--no-cache-dir", "--require-hashes"]
        run(
            "Building llama.cpp for this machine, once (2 to 5 minutes)",
            [*command, "--wheel-dir", scratch, "--requirement", str(lock)],
            name="llama-build",
            env={
                "CMAKE_ARGS": " ".join([*map(shlex.quote, [*OPTIONS, *options]), os.environ.get("CMAKE_ARGS", "")]),
                "CMAKE_BUILD_PARALLEL_LEVEL": os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL", str(_jobs())),
                **environment,
            },
        )
        wheel = next(Path(scratch).glob("*.whl"))
        return wheel.replace(folder / wheel.name)


def _folder(lock: Path, cache: Path) -> Path:
    return cache / "wheels" / fingerprint(lock)


def fingerprint(lock: Path) -> str:
    """What a wheel may not be shared across: source, platform, C library, processor and options."""
    options = [option for option in OPTIONS if "CMAKE_PROJECT_INCLUDE" not in option]
    include = (HERE / "llama_cpp.cmake").read_text(encoding="utf-8")
    parts = [lock.read_text(encoding="utf-8"), sysconfig.get_platform(), *platform.libc_ver(), _processor()]
    text = "\n".join([*parts, *options, include, os.environ.get("CMAKE_ARGS", "")])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _processor() -> str:
    """The processor's model and its instruction sets, as the system tells them."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    keys = ("model name", "flags", "Features", "CPU part")
    return "\n".join(sorted({line for line in lines if line.startswith(keys)}))


def _jobs() -> int:
    """Compilers at once: one a core, but no more than the memory carries."""
    cores = os.cpu_count() or 1
    try:
        gigabytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**30
    except (AttributeError, ValueError, OSError):
        return cores
    return max(1, min(cores, gigabytes // GIGABYTES_A_JOB))


def has_compiler() -> bool:
    """Is there a C++ compiler? On Windows CMake finds Visual Studio by itself, so it is left to try."""
    if sys.platform == "win32":
        return True
    if sys.platform == "darwin":  # /usr/bin/c++ is there even without the tools; it only asks for them
        return subprocess.run(["/usr/bin/xcode-select", "-p"], capture_output=True, check=False).returncode == 0
    return any(shutil.which(name) for name in (os.environ.get("CXX"), "c++", "g++", "clang++") if name)


def compiler_command() -> str:
    """What installs a C++ compiler on this system."""
    for manager, command in _COMPILER_PACKAGES:
        if shutil.which(manager):
            return command
    return "Visual Studio Build Tools" if sys.platform == "win32" else "your system's gcc or clang package"


def zig_toolchain(folder: Path, python: Path) -> tuple[dict[str, str], list[str]]:
    """Environment and CMake options that make a build use the compiler of the ziglang package.

    CMake takes a compiler only as a file name, so each tool becomes a small script. Zig brings no OpenMP; llama.cpp's
    own threads are as fast.
    """
    zig = folder / "ziglang" / "zig"
    if not zig.exists():
        command = [str(python), "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes"]
        requirement = ["--target", str(folder), "--requirement", str(HERE / "ziglang.lock")]
        run("Fetching a compiler", [*command, *requirement], name="zig")
    tools = {name: _wrapper(folder, zig, name) for name in ("cc", "c++", "ar", "ranlib")}
    options = ["-DGGML_OPENMP=OFF", f"-DCMAKE_AR={tools['ar']}", f"-DCMAKE_RANLIB={tools['ranlib']}"]
    return {"CC": tools["cc"], "CXX": tools["c++"]}, options


def _wrapper(folder: Path, zig: Path, tool: str) -> str:
    script = folder / f"zig-{tool}"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(str(zig))} {tool} "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    return str(script)
