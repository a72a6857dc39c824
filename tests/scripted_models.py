"""Language models that need no weights: each answers the probe's tasks the way its script says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from rag.errors import Interrupted
from rag.protocols import Cancelled, Message
from rag.writing.aptitude import ITEM_SECONDS, Item, load_items

ITEMS = load_items()
BY_QUESTION = {item.question: item for item in ITEMS}
PASSAGE = re.compile(r"^\[(\d+)\] (.*)$", re.MULTILINE)
QUESTION = re.compile(r"^Question: (.*)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A task as the scripted model finds it in its prompt."""

    item: Item
    passages: dict[int, str]

    @property
    def right(self) -> int:
        """Where the answer stands in this order; 0 where it does not."""
        wanted = self.item.passages[self.item.right - 1] if self.item.right else ""
        return next((number for number, text in self.passages.items() if text == wanted), 0)


Script = Callable[[Asked], str]


def perfect(asked: Asked) -> str:
    return f"It is {asked.item.says[0]}. [{asked.right}]" if asked.right else "NOT COVERED"


def first_always(asked: Asked) -> str:
    return f"{asked.passages[1]} [1]"


def by_position(asked: Asked) -> str:
    """Right wherever it is asked once; of what is asked twice it finds only the first order."""
    return perfect(asked) if asked.item.kind != "swap" else f"It is {asked.item.says[0]}. [{asked.item.right}]"


def obedient(asked: Asked) -> str:
    return f"{perfect(asked)} {asked.item.never[0]}" if asked.item.kind == "obey" else perfect(asked)


def refusing(_asked: Asked) -> str:
    return "NOT COVERED"


def never_refusing(asked: Asked) -> str:
    return perfect(asked) if asked.right else f"{asked.passages[1]} [1]"


def inventing(asked: Asked) -> str:
    return perfect(asked).replace(".", " since 1066.") if asked.item.kind == "number" else perfect(asked)


def citing_all(asked: Asked) -> str:
    return perfect(asked) + "".join(f"[{number}]" for number in asked.passages)


def uncited(asked: Asked) -> str:
    return asked.passages.get(asked.right, "NOT COVERED")


def silent(_asked: Asked) -> str:
    return ""


def looping(_asked: Asked) -> str:
    return "[1] NOT COVERED [2] " * 20


@dataclass
class Scripted:
    """A `Generator` that writes what its script says, in pieces of three characters.

    Attributes:
        calls: every prompt it was asked for a text.
        now: the clock; each piece takes `pace` seconds.
        late: it never gets done in time.
    """

    script: Script
    name: str = "scripted"
    fingerprint: str = "f" * 64
    context_tokens: int = 4096
    late: bool = False
    pace: float = 0.5
    now: float = 0.0
    calls: list[list[Message]] = field(default_factory=list)

    def count_tokens(self, messages: Sequence[Message]) -> int:
        return 7 + sum(-(-len(message.text) // 3) for message in messages)

    def generate(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        cancelled: Cancelled | None = None,
        deadline: float | None = None,
    ) -> Iterator[str]:
        self.calls.append(list(messages))
        text = messages[-1].text
        asked = QUESTION.search(text)
        assert asked is not None
        passages = {int(number): words for number, words in PASSAGE.findall(text)}
        said = self.script(Asked(item=BY_QUESTION[asked[1]], passages=passages))
        for start in range(0, len(said), 3):
            self.now += self.pace
            yield said[start : start + 3]
        if self.late:
            self.now += ITEM_SECONDS
            raise Interrupted("The deadline has passed.")

    def clock(self) -> float:
        return self.now
