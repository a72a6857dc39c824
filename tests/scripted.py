"""A generator that says what a test tells it to, records what it was asked, and writes one thing at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from rag.errors import Interrupted
from rag.protocols import Cancelled, Message

Script = str | Callable[[Sequence[Message]], Iterable[str]]


@dataclass
class ScriptedGenerator:
    """A `Generator`: each call says the next script, the last one again and again.

    Attributes:
        scripts: texts, or functions from the prompt to pieces, which may raise or go on for ever.
        calls: every prompt.
        open: texts that were begun and neither read to their end nor closed; a model can only write one.
    """

    scripts: Sequence[Script] = ("",)
    context_tokens: int = 4096
    fingerprint: str = "scripted"
    name: str = "scripted"
    calls: list[list[Message]] = field(default_factory=list)
    open: int = 0

    def count_tokens(self, messages: Sequence[Message]) -> int:
        """Words stand for tokens."""
        return sum(len(message.text.split()) for message in messages)

    def generate(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        cancelled: Cancelled | None = None,
        deadline: float | None = None,
    ) -> Iterator[str]:
        """The next script; heeds `cancelled` before the first piece and between two."""
        assert not self.open, "a second text was begun while the first was still being written"
        self.calls.append(list(messages))
        script = self.scripts[min(len(self.calls), len(self.scripts)) - 1]
        return self._pieces(pieces(script) if isinstance(script, str) else script(messages), cancelled)

    def _pieces(self, script: Iterable[str], cancelled: Cancelled | None) -> Iterator[str]:
        self.open += 1
        try:
            for piece in script:
                if cancelled and cancelled():
                    raise Interrupted("Cancelled.")
                yield piece
        finally:
            self.open -= 1


def pieces(text: str, size: int = 3) -> Iterator[str]:
    """A text in pieces of so many characters."""
    return (text[i : i + size] for i in range(0, len(text), size))
