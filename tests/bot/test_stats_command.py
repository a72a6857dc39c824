from __future__ import annotations

import json
import re
import time
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from bot.cli import Services, run
from bot.commands.stats import screen
from bot.language import speaking
from bot.state.feedback import report, vote
from bot.state.store import Store, open_store, state_path
from bot.state.week import Week, week
from tests.bot.state.builders import ANN, BEN, DAY, by, turn
from tests.bot.state.conftest import store  # noqa: F401 - a fixture

NOON = 1_700_049_600.0  # 15 November 2023, 12:00 UTC, a Wednesday


def fill(database: Store, now: float) -> None:
    first = turn(database, now=now)
    turn(database, "and Ben?", now=now - 60, place=by(BEN))
    turn(database, "what is missing?", now=now - DAY, outcome="not_covered", cited=())
    turn(database, "long ago", now=now - 8 * DAY)
    vote(database, first, ANN, 1, now)
    vote(database, first, BEN, -1, now)
    report(database, first, BEN, 1, "no", now)


def test_the_last_seven_days_are_counted_and_no_others(store: Store) -> None:  # noqa: F811
    fill(store, NOON)
    counted = week(store, NOON)
    assert [day.asked for day in counted.days] == [0, 0, 0, 0, 0, 1, 2]
    assert (counted.days[-1].people, counted.days[-2].not_covered, counted.people) == (2, 1, 2)
    assert (counted.ups, counted.downs, counted.reports) == (1, 1, 1)
    assert list(counted.cited) == [("garden", 2)]


def test_the_first_of_the_days_counts_from_midnight(store: Store) -> None:  # noqa: F811
    turn(store, now=NOON - 6.5 * DAY)
    turn(store, now=NOON - 6.51 * DAY)
    assert week(store, NOON).days[0].asked == 1


def test_the_screen_names_episodes_and_gaps_and_cannot_be_steered_by_them(store: Store) -> None:  # noqa: F811
    fill(store, NOON)
    out = StringIO()
    Console(file=out, width=80).print(screen(week(store, NOON), [("\x1b[2Jwhy? [red]", 3)], {"garden": "Bees"}))
    text = out.getvalue()
    assert "The last 7 days: 3 questions from 2 people" in text
    assert "Wed 15 Nov 2023 2 ████" in text
    assert "Answered: 67%. Votes: 1 up, 1 down. Citations reported as wrong: 1." in text
    assert "2 x Bees" in text
    assert "why? [red]" in text
    assert "\x1b[2J" not in text


def test_the_screen_speaks_the_language_of_the_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was English whatever FOOTNOTE_LANGUAGE said."""
    monkeypatch.setenv("FOOTNOTE_LANGUAGE", "de")
    with open_store(state_path(tmp_path)) as opened:
        fill(opened, time.time())
    services = Services(open_assistant=lambda _: 1 / 0, refresh=lambda _: None, build=lambda *_: "")  # type: ignore[arg-type,return-value]
    with speaking("en"):
        assert run(["stats", "--data", str(tmp_path)], services) == 0
    text = capsys.readouterr().out
    assert "Die letzten 7 Tage: 3 Fragen von 2 Personen" in text
    assert "Beantwortet: 67\N{NO-BREAK SPACE}%. Stimmen: 1 dafür, 1 dagegen." in text
    assert not re.search(
        r"\b(the|days|questions|votes|most|covered|asked|answered|none)\b", text.lower().replace("what is missing", "")
    )


def test_a_quiet_week_is_said_in_a_sentence() -> None:
    out = StringIO()
    Console(file=out).print(screen(Week(days=[]), [], {}))
    assert "Nobody has asked anything" in out.getvalue()


def test_the_command_prints_one_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_store(state_path(tmp_path)) as opened:
        fill(opened, time.time())
    services = Services(open_assistant=lambda _: 1 / 0, refresh=lambda _: None, build=lambda *_: "")  # type: ignore[arg-type,return-value]
    assert run(["stats", "--data", str(tmp_path), "--json"], services) == 0
    told = json.loads(capsys.readouterr().out)
    assert sum(day["answered"] for day in told["days"]) == 2
    assert told["gaps"] == [{"question": "what is missing?", "count": 1}]
    assert run(["stats", "--data", str(tmp_path)], services) == 0
    assert "what is missing?" in capsys.readouterr().out
