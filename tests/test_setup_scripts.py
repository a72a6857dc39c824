"""The setup scripts: what a wheel is kept under, how the lock file is split, what an old Python is told."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "scripts"


def run_python(code: str, **environment: str) -> str:
    """What `code` prints, run in the scripts folder as setup.py would be."""
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=SCRIPTS,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environment},
    )
    return result.stdout


def test_the_lock_is_split_into_llama_and_everything_else() -> None:
    code = "import bootstrap; rest, llama = bootstrap.split_lock(open('../{}').read()); print(len(rest)); print(llama)"
    for lock in ("requirements.lock", "requirements-dev.lock"):
        length, llama = run_python(code.format(lock)).split("\n", 1)
        assert llama.startswith("llama-cpp-python==")
        assert "--hash=sha256:" in llama
        assert int(length) + len(llama.rstrip()) >= len((ROOT / lock).read_text()) - 2


def test_a_wheel_is_not_shared_across_build_options() -> None:
    code = "import llama_wheel, pathlib; print(llama_wheel.fingerprint(pathlib.Path('pip.lock')))"
    plain = run_python(code, CMAKE_ARGS="")
    assert plain == run_python(code, CMAKE_ARGS="")
    assert plain != run_python(code, CMAKE_ARGS="-DGGML_NATIVE=off")
    assert plain != run_python(code.replace("pip.lock", "ziglang.lock"), CMAKE_ARGS="")


def test_an_old_python_is_refused_in_one_sentence() -> None:
    code = "import sys; sys.version_info = (3, 9, 1); import setup; setup.main()"
    result = subprocess.run([sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert result.stdout == ""
    assert "Footnote needs Python 3.11, 3.12 or 3.13" in result.stderr
    assert "is 3.9." in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_failing_step_shows_the_end_of_its_output_and_where_the_rest_is(tmp_path: Path) -> None:
    code = (
        f"import os, sys; sys.path.insert(0, {str(SCRIPTS)!r}); os.chdir({str(tmp_path)!r}); import steps\n"
        "try: steps.run('Trying', [sys.executable, '-c', 'print(41 + 1); raise SystemExit(3)'], name='try')\n"
        "except steps.StepFailed as error: print(error)"
    )
    output = run_python(code)
    assert "42" in output.splitlines()
    assert "Trying failed; the whole output is in .cache" in output


def test_no_lock_names_an_index() -> None:
    for lock in (*ROOT.glob("*.lock"), *SCRIPTS.glob("*.lock")):
        text = lock.read_text()
        assert "://" not in text
        assert "index-url" not in text
        assert text.count("==") <= text.count("--hash=sha256:")


def test_every_make_target_is_explained() -> None:
    text = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    names = [line.split()[1] for line in text.splitlines() if line.startswith("  make")]
    known = {"setup", "chat", "ask", "bot", "index", "test", "check", "eval", "bench", "wheel", "sbom", "help"}
    assert known <= set(names)
