"""Which of 03/04/2024 is the day."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag.reading.library import read_library
from rag.types import Episode


def episodes(folder: Path, **files: str) -> dict[str, Episode]:
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".md")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return {episode.title: episode for episode in read_library(folder).episodes}


def note(title: str, date: str, words: str = "dough") -> str:
    return f"---\ntitle: {title}\ndate: {date}\n---\n\n- {words}\n"


def test_the_other_dates_of_the_file_tell(tmp_path: Path) -> None:
    """Front matter took the month first, whatever the file's other dates were."""
    found = episodes(tmp_path, a=note("Bread", "03/04/2024", "first heard on 25/12/2023"))["Bread"]
    assert (found.date, dict(found.origins)["date"]) == (
        "2024-04-03",
        "front matter, day first as in the file's other dates",
    )


def test_failing_that_the_other_files_of_the_folder_tell(tmp_path: Path) -> None:
    found = episodes(
        tmp_path, a=note("Bread", "03/04/2024"), b=note("Salt", "25/04/2024"), c__d=note("Tides", "03/04/2024")
    )
    assert (found["Bread"].date, dict(found["Bread"].origins)["date"]) == (
        "2024-04-03",
        "front matter, day first as in other files of the folder",
    )
    assert (found["Tides"].date, dict(found["Tides"].origins)["date"]) == ("2024-03-04", "front matter")


@pytest.mark.parametrize("others", [["04/25/2024"], ["25/04/2024", "04/25/2024"], ["01/02/2024"], []])
def test_the_month_stays_first_where_nothing_clearly_says_otherwise(tmp_path: Path, others: list[str]) -> None:
    beside = {f"b{n}": note(f"Salt {n}", date) for n, date in enumerate(others)}
    assert episodes(tmp_path, a=note("Bread", "03/04/2024"), **beside)["Bread"].date == "2024-03-04"


def test_dates_without_a_year_are_turned_too_and_no_longer_warned_of(tmp_path: Path) -> None:
    text = "Karl Vogt on The Long Table (9/10)\n- dough\n\nMia Sand on The Long Table (8/9)\n- salt, 7/11 of it\n"
    found = episodes(tmp_path, a=text, b=note("Salt", "25/04/2024"))
    assert (found["Karl Vogt"].date, found["Mia Sand"].date) == ("--10-09", "--09-08")
    assert not [w for w in read_library(tmp_path).warnings if "month/day" in w.reason]
