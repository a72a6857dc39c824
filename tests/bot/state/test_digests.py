from __future__ import annotations

from bot.state import digests
from bot.state.digests import Weekly
from bot.state.store import Store

WEEKLY = Weekly(guild=1, channel=5, parent=4, posted="2024-05-01")


def test_a_weekly_post_is_kept_until_it_is_ended(store: Store) -> None:
    with store.transaction():
        digests.put(store, 1, WEEKLY)
        assert digests.get(store, 1) == WEEKLY
        assert digests.get(store, 2) is None
        digests.put(store, 1, None)
        assert digests.get(store, 1) is None


def test_it_is_due_once_it_was_posted_long_enough_ago(store: Store) -> None:
    with store.transaction():
        digests.put(store, 1, WEEKLY)
        assert digests.due(store, "2024-05-01") == (WEEKLY,)
        assert digests.due(store, "2024-04-30") == ()
        digests.posted(store, WEEKLY, "2024-05-08")
        assert digests.due(store, "2024-05-01") == ()


def test_what_was_set_to_another_channel_meanwhile_is_not_set_back(store: Store) -> None:
    """The post was under way when somebody chose another channel."""
    elsewhere = Weekly(guild=1, channel=6, posted="2024-05-08")
    with store.transaction():
        digests.put(store, 1, elsewhere)
        digests.posted(store, WEEKLY, "2024-05-08")
        assert digests.get(store, 1) == elsewhere
