"""`footnote index`, up to the models: what is printed, and errors that cross from the process that builds."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import pytest

from bot.commands.index import _child, _follow, describe, lines, refresh, update, with_notice
from bot.settings import Settings
from rag.collection import data_of
from rag.errors import ModelMissing, NotesError
from rag.indexing import BuildReport
from rag.types import ReadWarning

REPORT = BuildReport(unchanged=False, notes=2, episodes=1, passages=1200, vectors=90, embedded=1, seconds=1.26)


def test_a_report_counts_and_names_what_was_left_out() -> None:
    warnings = (
        ReadWarning(file="a\x1b.txt", line=None, reason="It is empty.", skipped=True),
        ReadWarning(file="b.txt", line=7, reason="The date is odd."),
    )
    text = describe(BuildReport(**{**vars(REPORT), "warnings": warnings}))
    assert text.splitlines() == [
        "2 notes, 1 episode, 1,200 passages; 1 vector computed; 1.3 s",
        "Left out a\ufffd.txt: It is empty.",
        "Look at b.txt:7: The date is odd.",
    ]


def test_nothing_to_do_is_said() -> None:
    assert "nothing had changed" in describe(BuildReport(**{**vars(REPORT), "unchanged": True}))


def test_a_missing_folder_is_the_callers_to_report(tmp_path: Path) -> None:
    with pytest.raises(NotesError, match="does not exist"):
        refresh(Settings(notes=tmp_path / "none", data=tmp_path / "data"))


def test_an_error_keeps_its_kind_across_processes(tmp_path: Path) -> None:
    """The faces tell kinds of error apart, so a build that fails elsewhere must not become a generic failure."""
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "a.txt").write_text("Salt is two percent of the flour.\n")
    with pytest.raises(ModelMissing) as caught:
        refresh(Settings(notes=tmp_path / "notes", data=tmp_path / "data", models=tmp_path / "models"))
    assert "footnote models pull footnote-minilm-l6" in caught.value.remedy


def test_without_a_terminal_a_long_build_says_a_line_now_and_then() -> None:
    """Twelve minutes over 100,000 files were silent."""
    said: list[str] = []
    times = iter([0, 10, 31, 31, 40, 62, 62])
    tell = lines(said.append, lambda: next(times))
    for done in (1_000, 2_000, 3_000, 4_000):
        tell("Reading", done, 100_000)
    assert said == ["Reading: 2,000 of 100,000\n", "Reading: 4,000 of 100,000\n"]


def test_a_folder_of_very_many_files_is_remarked_upon_once() -> None:
    said: list[str] = []
    told: list[tuple[str, int, int]] = []
    tell = with_notice(lambda *progress: told.append(progress), said.append)
    for progress in (("Reading", 0, 100_000), ("Reading", 1, 100_000), ("Embedding", 0, 100_000)):
        tell(*progress)
    assert len(told) == 3
    assert [sentence.split(" files")[0] for sentence in said] == ["There are 100,000"]
    with_notice(tell, said.append)("Reading", 0, 19_999)
    assert len(said) == 1


def test_progress_comes_before_the_report() -> None:
    receiver, sender = multiprocessing.Pipe(duplex=False)
    for message in (("Reading", 1, 2), ("Reading", 2, 2), REPORT):
        sender.send(message)
    told: list[tuple[str, int, int]] = []
    assert _follow(receiver, lambda *progress: told.append(progress)) == REPORT
    assert told == [("Reading", 1, 2), ("Reading", 2, 2)]


def test_a_process_that_dies_is_noticed() -> None:
    receiver, sender = multiprocessing.Pipe(duplex=False)
    sender.close()
    with pytest.raises(EOFError):
        _follow(receiver, lambda *_: None)


def test_the_other_process_sends_errors_rather_than_printing_them(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    receiver, sender = multiprocessing.Pipe(duplex=False)
    _child(Settings(notes=tmp_path, data=tmp_path / "data", models=tmp_path), sender)
    assert isinstance(receiver.recv(), ModelMissing)
    assert capfd.readouterr() == ("", "")


def test_an_index_that_was_deleted_meanwhile_is_not_built_again(tmp_path: Path) -> None:
    """It was, where its collection was taken from everybody while others were being indexed."""
    (tmp_path / "notes" / "garden").mkdir(parents=True)
    settings = Settings(notes=tmp_path / "notes", data=tmp_path / "data", models=tmp_path)
    assert list(update(settings, "garden")) == []
    assert not settings.data.exists()
    data_of(settings.data, "garden").mkdir(parents=True)
    with pytest.raises(ModelMissing):  # then it is looked at
        list(update(settings, "garden"))
