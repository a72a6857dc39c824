"""What `footnote doctor` looks at: the machine, the files, Discord. Changes nothing, and never shows a secret.

(What is amiss with the notes themselves is for `footnote notes check`.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rag.errors import FootnoteError
from rag.phrase import Phrase

Outcome = Literal["ok", "look", "bad"]

UNSEEN = Phrase("It could not be looked at: {why}.")


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that was looked at. Its texts are phrases where they can be said in another language.

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
            yield Check(name=name, outcome="bad", what=error.message, remedy=error.remedy)
        except Exception as error:
            yield Check(name=name, outcome="bad", what=UNSEEN.format(why=type(error).__name__))
