"""The machine's clock was wrong for a while."""

from __future__ import annotations

from bot.state import views
from bot.state.retention import expire
from bot.state.store import Store
from bot.state.subscriptions import LASTS_DAYS, subscribe
from tests.bot.state.builders import BEN, DAY, NOW, kept_turn, turn
from tests.bot.state.test_tables import view

AHEAD = NOW + 1000 * DAY


def test_what_was_written_while_the_clock_was_ahead_is_kept_no_longer_than_all_else(store: Store) -> None:
    """It was kept for so long as the clock had been ahead, and then for the usual time."""
    asked = turn(store, now=AHEAD)
    views.add(store, view("token", asked), AHEAD, days=30)
    subscribe(store, kept_turn(store, asked), BEN, AHEAD)
    found = expire(store, 30, NOW)
    assert not any(found.values())
    later = expire(store, 30, NOW + 30 * DAY)
    assert (later["turns"], later["views"], later["subscriptions"]) == (1, 1, 0)
    assert expire(store, 30, NOW + LASTS_DAYS * DAY)["subscriptions"] == 1


def test_what_was_written_at_the_right_time_is_left_as_it_is(store: Store) -> None:
    asked = turn(store, now=NOW)
    expire(store, 30, NOW + DAY)
    assert [row["asked_at"] for row in store.rows("SELECT asked_at FROM turns")] == [NOW]
    assert expire(store, 30, NOW + 30 * DAY)["turns"] == asked == 1
