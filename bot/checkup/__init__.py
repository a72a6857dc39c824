"""What `footnote doctor` looks at: the machine, the files, Discord. Changes nothing, and never shows a secret.

(What is amiss with the notes themselves is for `footnote notes check`.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rag.errors import FootnoteError

Outcome = Literal["ok", "look", "bad"]


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: a word or two, the same each time.
        outcome: "look" where Footnote runs all the same, "bad" where it does not.
        what: one sentence.
        remedy: what mends it; "" where nothing has to be.
    """

    name: str
    outcome: Outcome
    what: str
    remedy: str = ""


Examine = Callable[[], Check]


def carried_out(checks: Sequence[tuple[str, Examine]]) -> Iterator[Check]:
    """Every check in its turn; one that fails is bad itself, and costs the others nothing."""
    for name, examine in checks:
        try:
            yield examine()
        except FootnoteError as error:
            yield Check(name=name, outcome="bad", what=sentence(error), remedy=error.remedy)
        except Exception as error:
            yield Check(name=name, outcome="bad", what=f"It could not be looked at: {type(error).__name__}.")


def sentence(error: FootnoteError) -> str:
    """What an error says, without its remedy."""
    return str(error).removesuffix(error.remedy).strip()
