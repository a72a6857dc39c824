from __future__ import annotations

from bot.discord.seen import MOST, Seen


def test_what_has_been_taken_up_is_known_for_the_latest_alone() -> None:
    seen = Seen()
    assert [seen.before(n) for n in range(MOST)] == [False] * MOST
    assert seen.before(0)
    assert not seen.before(MOST)
    assert seen.before(MOST)
    assert not seen.before(0)  # the oldest has been let go
