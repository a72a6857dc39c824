"""What a model wrote, sentence by sentence, and what became of each: for `footnote ask --explain` and for measuring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Fate = Literal["written", "rewritten", "quoted", "dropped"]


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A sentence that a model wrote, and what became of it.

    Attributes:
        tags: numbers of the passages that it named, from 1.
        fate: shown as written, shown as written anew from its spans alone, replaced by a quote, or not shown.
        check: the check that it failed first; "" if none.
        reason: why, for a reader.
        rewritten: what it was written anew as; "" if it was not.
    """

    text: str
    tags: tuple[int, ...]
    fate: Fate
    check: str = ""
    reason: str = ""
    rewritten: str = ""


@dataclass(frozen=True, kw_only=True)
class Writing:
    """What a model made of the passages it was given.

    Attributes:
        model: what its owner calls it.
        passages: how many it was given.
        drafts: in the order in which they were dealt with.
        stopped: why it was not let finish, or wrote nothing; "" if it ended by itself.
    """

    model: str
    passages: int
    drafts: tuple[Draft, ...] = ()
    stopped: str = ""

    @property
    def failed(self) -> bool:
        """Whether it was stopped before anything of its own could be shown."""
        return bool(self.stopped) and not any(draft.fate in ("written", "rewritten") for draft in self.drafts)
