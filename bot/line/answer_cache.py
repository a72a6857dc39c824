"""The answers that were given last, given again to whoever asks the same as long as they would come out the same.

Kept in the memory of the program alone. Once the notes may have changed an answer is only given again if what it
rests on is still the same (see `Assistant.basis`); what rests on all of the notes, a refusal or a topic, is not.
Knows nothing of how anything is asked or shown.
"""

from __future__ import annotations

import re
import time
import unicodedata
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from typing import TypeAlias

from bot.state.conversations import Kind
from rag.map_types import TopicSummary
from rag.types import Answer, Filter, NotCovered, Turn

Result: TypeAlias = Answer | NotCovered | TopicSummary

MOST = 300
OFTEN = 3  # times that something has to have been asked to be made ready again
MOST_OFTEN = 10  # that are
SURE_SECONDS = 600.0  # so long nothing else is reckoned with than that the notes change, such as another model

_AT_THE_END = re.compile(r"[\s?!.]+$")


@dataclass(frozen=True, kw_only=True)
class Question:
    """All that an answer depends on, but the notes and the models: questions that are equal have the same answer.

    Attributes:
        words: as they are compared; see `same_words`.
        scope: which notes are asked, and how readily.
    """

    kind: Kind
    words: str
    history: tuple[Turn, ...] = ()
    filters: tuple[Filter, ...] = ()
    scope: Hashable = None


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many questions were asked of the assistant, answered at once from what was kept, and so after a look."""

    asked: int = 0
    at_once: int = 0
    looked_up: int = 0

    @property
    def kept(self) -> int:
        """Those that were answered from what was kept."""
        return self.at_once + self.looked_up


@dataclass(frozen=True, kw_only=True)
class _Entry:
    result: Result
    era: int
    sure_until: float


class AnswerCache:
    """At most `most` answers; those that were given last are kept.

    Attributes:
        era: another number whenever the notes may have changed, or somebody had something forgotten.
        counts: what became of the questions so far.
    """

    def __init__(
        self, *, most: int = MOST, sure_seconds: float = SURE_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.era = 0
        self.counts = Counts()
        self._most = most
        self._sure_seconds = sure_seconds
        self._clock = clock
        self._kept: OrderedDict[Question, _Entry] = OrderedDict()
        self._times: Counter[Question] = Counter()  # that each was asked

    def sure(self, question: Question) -> Result | None:
        """The answer, if it would come out the same now."""
        entry = self._kept.get(question)
        if entry is None or not self._is_sure(entry):
            return None
        self.counts = replace(self.counts, at_once=self.counts.at_once + 1)
        self._times[question] += 1
        return self._put(question, entry)

    def unsure(self, question: Question) -> Answer | None:
        """The answer, if it may still be given where its basis is the same as it was."""
        entry = self._kept.get(question)
        return entry.result if entry and isinstance(entry.result, Answer) and entry.result.basis else None

    def confirm(self, question: Question, answer: Answer, *, era: int) -> Answer:
        """The basis of an answer was the same in that era: it may be given again."""
        self.counts = replace(self.counts, looked_up=self.counts.looked_up + 1)
        self._keep(question, answer, era)
        return answer

    def keep(self, question: Question, result: Result, *, era: int) -> None:
        """Keep what the assistant answered to a question that was asked in that era."""
        self.counts = replace(self.counts, asked=self.counts.asked + 1)
        self._times[question] += 1
        self.renew(question, result, era=era)

    def renew(self, question: Question, result: Result, *, era: int) -> None:
        """The same where nobody asked."""
        if isinstance(result, TopicSummary) or question.kind == "topic" or result.basis:
            self._keep(question, result, era)

    def often(self, kind: Kind) -> list[Question]:
        """What has been asked again and again, the most often first, and is not sure."""
        asked = [question for question, times in self._times.most_common() if times >= OFTEN and question.kind == kind]
        return [each for each in asked if each in self._kept and not self._is_sure(self._kept[each])][:MOST_OFTEN]

    def notes_changed(self) -> None:
        """From now on nothing is sure."""
        self.era += 1

    def clear(self) -> None:
        """Keep nothing, nor what is on its way: somebody has had something forgotten."""
        self.era += 1
        self._kept.clear()
        self._times.clear()

    def _is_sure(self, entry: _Entry) -> bool:
        return entry.era == self.era and self._clock() <= entry.sure_until

    def _keep(self, question: Question, result: Result, era: int) -> None:
        if era != self.era:
            return
        kept = result if isinstance(result, TopicSummary) else replace(result, trace=None)
        self._put(question, _Entry(result=kept, era=era, sure_until=self._clock() + self._sure_seconds))
        while len(self._kept) > self._most:
            gone, _ = self._kept.popitem(last=False)
            self._times.pop(gone, None)

    def _put(self, question: Question, entry: _Entry) -> Result:
        self._kept[question] = entry
        self._kept.move_to_end(question)
        return entry.result


def same_words(text: str) -> str:
    """A question as it is compared: white space, its first letter's case and what ends it make no difference."""
    words = " ".join(unicodedata.normalize("NFC", text).split())
    stripped = _AT_THE_END.sub("", words) or words
    return stripped[:1].lower() + stripped[1:]


def in_words_of(result: Result, asked: str) -> Result:
    """A result as the answer to the same question in other words, such as with another letter at its beginning."""
    said = result.topic if isinstance(result, TopicSummary) else result.question
    if said == asked or same_words(said) != same_words(asked):
        return result
    if isinstance(result, TopicSummary):
        return replace(result, topic=asked)
    searched = asked if result.searched == result.question else result.searched
    return replace(result, question=asked, searched=searched)
