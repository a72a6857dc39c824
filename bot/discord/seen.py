"""What has been taken up already: Discord may deliver a message twice when a lost connection is taken up again."""

from __future__ import annotations

MOST = 1000  # of the latest; what is delivered again is among them


class Seen:
    """The ids of the latest messages."""

    def __init__(self) -> None:
        self._latest: dict[int, None] = {}

    def before(self, message: int) -> bool:
        """Whether this one has been taken up already; from now on it has."""
        if message in self._latest:
            return True
        self._latest[message] = None
        while len(self._latest) > MOST:
            del self._latest[next(iter(self._latest))]
        return False
