"""What is written into `.env` reads back the same, stays private, and costs no line that was there."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from bot.envfile import EnvFileError, merged, write
from rag.durable import LEFT_SECONDS
from tests.disks import little_space

BEFORE = """\
# Copy this file to .env

OTHER_APP="two
lines FOOTNOTE_NOTES=not here"
FOOTNOTE_NOTES=old   # mine

# Folder with the model files.
# FOOTNOTE_MODELS=models

export FOOTNOTE_THREADS=2"""


def read(path: Path) -> dict[str, str | None]:
    return dotenv_values(path, encoding="utf-8")


def test_a_key_is_set_where_it_stands_and_nothing_else_moves() -> None:
    after = merged(BEFORE, {"FOOTNOTE_NOTES": "/n", "FOOTNOTE_THREADS": "4"})
    assert after == BEFORE.replace("FOOTNOTE_NOTES=old   # mine", "FOOTNOTE_NOTES=/n").replace(
        "export FOOTNOTE_THREADS=2", "FOOTNOTE_THREADS=4"
    )


def test_a_new_key_goes_below_the_comment_that_shows_its_default_or_to_the_end() -> None:
    after = merged(BEFORE, {"FOOTNOTE_MODELS": "m", "FOOTNOTE_DATA": "d"})
    assert "# FOOTNOTE_MODELS=models\nFOOTNOTE_MODELS=m\n" in after
    assert after.endswith("\nexport FOOTNOTE_THREADS=2\nFOOTNOTE_DATA=d\n")


def test_of_a_key_that_stands_twice_the_one_in_force_is_set() -> None:
    assert merged("A=1\nA=2\n", {"A": "3"}) == "A=1\nA=3\n"


def test_setting_the_same_again_changes_nothing() -> None:
    once = merged(BEFORE, {"FOOTNOTE_MODELS": "a b", "NEW": "x"})
    assert merged(once, {"FOOTNOTE_MODELS": "a b", "NEW": "x"}) == once


@given(
    st.dictionaries(
        st.sampled_from(["FOOTNOTE_NOTES", "FOOTNOTE_THREADS", "FOOTNOTE_MODELS", "FOOTNOTE_NEW"]),
        st.text(st.characters(exclude_categories=["C", "Zl", "Zp"])).filter(
            lambda t: t.isprintable() and "${" not in t
        ),
        min_size=1,
    )
)
def test_every_value_reads_back_as_it_was(tmp_path_factory: pytest.TempPathFactory, values: dict[str, str]) -> None:
    path = tmp_path_factory.mktemp("env") / ".env"
    path.write_text(BEFORE, encoding="utf-8")
    write(path, values)
    assert (
        read(path)
        == {"OTHER_APP": "two\nlines FOOTNOTE_NOTES=not here", "FOOTNOTE_NOTES": "old"}
        | {"FOOTNOTE_THREADS": "2"}
        | values
    )


@pytest.mark.skipif(os.name == "nt", reason="modes are POSIX's")
@pytest.mark.parametrize("there", [False, True])
def test_only_its_owner_may_read_it_whatever_it_was_before(tmp_path: Path, there: bool) -> None:
    path = tmp_path / ".env"
    if there:
        path.write_text(BEFORE)
        path.chmod(0o644)
    write(path, {"FOOTNOTE_DISCORD__TOKEN": "secret"})
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == [".env"]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("A=1\n")
    (tmp_path / ".env").symlink_to(tmp_path / "real")
    write(tmp_path / ".env", {"A": "2"})
    assert (tmp_path / ".env").is_symlink()
    assert (tmp_path / "real").read_text() == "A=2\n"


@pytest.mark.parametrize("value", ["two\nlines", "${HOME}", "bell\x07"])
def test_what_would_not_read_back_is_refused_and_not_shown(tmp_path: Path, value: str) -> None:
    (tmp_path / ".env").write_text(BEFORE)
    with pytest.raises(EnvFileError) as caught:
        write(tmp_path / ".env", {"A": value})
    assert value not in str(caught.value)
    assert (tmp_path / ".env").read_text() == BEFORE


def test_a_file_that_is_no_text_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"A=\xff\n")
    with pytest.raises(EnvFileError, match="it is no text"):
        write(tmp_path / ".env", {"A": "1"})
    assert (tmp_path / ".env").read_bytes() == b"A=\xff\n"


def test_without_space_the_settings_before_stay_and_space_is_what_is_asked_for(tmp_path: Path) -> None:
    """It said to make the file writable, or to remove it."""
    write(tmp_path / ".env", {"FOOTNOTE_NOTES": "here"})
    with little_space(1000), pytest.raises(EnvFileError, match=r"File too large\. Make some space\."):
        write(tmp_path / ".env", {"FOOTNOTE_NOTES": "x" * 5000})
    assert read(tmp_path / ".env") == {"FOOTNOTE_NOTES": "here"}
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


def test_what_a_power_cut_has_left_goes_away(tmp_path: Path) -> None:
    """It has the token in it."""
    left = tmp_path / "..env.00001111.unfinished"
    left.write_text("FOOTNOTE_DISCORD__TOKEN=secret")
    os.utime(left, (time.time() - 2 * LEFT_SECONDS,) * 2)
    write(tmp_path / ".env", {"FOOTNOTE_NOTES": "here"})
    assert [path.name for path in tmp_path.iterdir()] == [".env"]
