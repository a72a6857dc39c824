"""Minimal distortions of faithful sentences: one number, name, "not", comparison, hedge or speaker is changed.

Or what is denied around them: the sentence is put under a "he doubts that", or what it cites is.

How many of them the checks catch, and how many faithful sentences they refuse, says what the checks are worth without
a model as judge. Seeded: the same sentences give the same distortions.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from rag.quantities import WORDED, Quantity, numbers
from rag.sentences import sentence_spans
from rag.words import Word
from rag.writing.checks import Cited, Claim, Verdict, check
from rag.writing.checks.attribution import speakers
from rag.writing.checks.comparatives import opposites
from rag.writing.checks.names import names

_AUXILIARY = re.compile(
    r"\b(?:is|are|was|were|has|have|had|can|will|would|should|could|may|might|must|does|do|did)\b(?! not|n['’]t)"
)
_DENIAL = re.compile(
    r"\b(?P<verb>is|are|was|were|has|have|had|can|will|would|should|could|does|do|did)(?: not|n['’]t)\b ?"
)
_NEVER = re.compile(r"\b(?:never|not) ")
_HEDGES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"\b{words}\b"), sure)
    for words, sure in (
        (r"(?:might|may|could)(?= [a-z])", "will"),
        (r"(?:probably|possibly|likely|perhaps|maybe|potentially)", "certainly"),
        (r"seems? to be", "is"),
        (r"seems?", "is"),
        (r"appears? to be", "is"),
    )
)
FRAMES = (
    "He doubts that",
    "She is sceptical that",
    "He denies that",
    "It is far from clear that",
    "They fail to show that",
    "It is hardly true that",
    "Nobody believes that",
    "He refuses to accept that",
    "It is unlikely that",
    "She disputes that",
    "It is a myth that",
    "He left without saying that",
)
_SMALL_FIRST = frozenset({"A", "An", "The", "In", "On", "It", "They", "He", "She", "There", "This", "These", "Some"})
_SEAM = re.compile(r",? (?P<seam>because|when|while|if|although|since|after|before|as|so that) ")


@dataclass(frozen=True, kw_only=True)
class Faithful:
    """A sentence that its spans carry; `source` says which set it is from."""

    id: str
    text: str
    cited: tuple[Cited, ...]
    source: str

    def claim(self, idf: Callable[[str], float]) -> Claim:
        """What the checks get to see."""
        return Claim(text=self.text, cited=self.cited, idf=idf)


@dataclass(frozen=True, kw_only=True)
class Distorted:
    """The same with one thing changed, in its words or, for one kind, in what it cites."""

    kind: str
    one: Faithful
    text: str
    cited: tuple[Cited, ...]

    def claim(self, idf: Callable[[str], float]) -> Claim:
        """What the checks get to see."""
        return replace(self.one.claim(idf), text=self.text, cited=self.cited)


Distort = Callable[[Faithful, random.Random, Sequence[str]], str | None]
"""Given a faithful sentence and names to choose from: it distorted, or None where nothing of the kind is in it."""


def distort_all(faithful: Sequence[Faithful], *, count: int, seed: int = 7) -> list[Distorted]:
    """At most `count` distortions, as many of each kind as there are, and no sentence twice with one kind."""
    chance = random.Random(seed)  # noqa: S311  # nothing secret
    pool = sorted({name for one in faithful for name in whole_names(one.text)})
    queues = [_of_kind(kind, distort, faithful, pool, chance) for kind, distort in KINDS.items()]
    made: list[Distorted] = []
    while queues and len(made) < count:
        for queue in tuple(queues):
            one = next(queue, None)
            if one is None:
                queues.remove(queue)
            elif len(made) < count:
                made.append(one)
    return made


def _of_kind(
    kind: str, distort: Distort, faithful: Sequence[Faithful], pool: Sequence[str], chance: random.Random
) -> Iterator[Distorted]:
    for one in chance.sample(faithful, len(faithful)):
        text = distort(one, chance, pool)
        if text and text != one.text:
            yield Distorted(kind=kind, one=one, text=text, cited=one.cited)
        cited = doubted(one, chance) if kind == "frame" else None
        if cited:
            yield Distorted(kind=kind, one=one, text=one.text, cited=(cited,))


def other_number(one: Faithful, chance: random.Random, _pool: Sequence[str]) -> str | None:
    """One number a little or much more, or less, and none that its spans have."""
    found = numbers(one.text)
    if not found:
        return None
    chosen = chance.choice(found)
    told = {end for cited in one.cited for q in numbers(f"{cited.text}\n{cited.context}") for end in (q.low, q.high)}
    written = _rewritten(chosen, told, chance)
    return _put(one.text, chosen.start, len(chosen.written), written) if written else None


def _rewritten(quantity: Quantity, told: set[float], chance: random.Random) -> str | None:
    digits = re.search(r"\d[\d,]*", quantity.written)
    if digits:
        value = int(digits[0].replace(",", "").rstrip(","))
        others = [v for v in (value + 1, value - 1, value + 10, 2 * value, value + 3) if v > 0 and float(v) not in told]
        return _put(quantity.written, digits.start(), len(digits[0]), str(chance.choice(others))) if others else None
    parts = [word for word in re.findall(r"[a-z]+", quantity.written.casefold()) if word in WORDED]
    instead = [word for word, value in WORDED.items() if 2 <= value < 20 and word not in parts and value not in told]
    small = next((word for word in parts if WORDED[word] < 100), None)
    if small is None or not instead:
        return None
    return re.sub(small, chance.choice(instead), quantity.written, count=1, flags=re.IGNORECASE)


def other_name(one: Faithful, chance: random.Random, pool: Sequence[str]) -> str | None:
    """One whole name replaced by another that its spans do not have."""
    found = whole_names(one.text)
    said = " ".join(f"{cited.text} {cited.context}" for cited in one.cited).casefold()
    others = [name for name in pool if not any(part.casefold() in said for part in name.split())]
    if not found or not others:
        return None
    return one.text.replace(chance.choice(found), chance.choice(others), 1)


def whole_names(text: str) -> list[str]:
    """The names of a sentence, words that follow each other as one."""
    runs: list[list[Word]] = []
    for word in names(text):
        if runs and text[runs[-1][-1].end : word.start] == " ":
            runs[-1].append(word)
        else:
            runs.append([word])
    return [text[run[0].start : run[-1].end] for run in runs]


def other_sign(one: Faithful, chance: random.Random, _pool: Sequence[str]) -> str | None:
    """A "not" taken out, or put in behind an auxiliary verb."""
    if denial := _DENIAL.search(one.text):
        return _put(one.text, denial.start(), len(denial[0]), f"{denial['verb']} ")
    if never := _NEVER.search(one.text):
        return _put(one.text, never.start(), len(never[0]), "")
    verbs = list(_AUXILIARY.finditer(one.text))
    chosen = chance.choice(verbs) if verbs else None
    return _put(one.text, chosen.end(), 0, " not") if chosen else None


def framed(one: Faithful, chance: random.Random, _pool: Sequence[str]) -> str | None:
    """The whole sentence under words that deny it."""
    return _under(chance.choice(FRAMES), one.text)


def doubted(one: Faithful, chance: random.Random) -> Cited | None:
    """What a sentence cites under words that deny it, where that is a single sentence."""
    if len(one.cited) != 1 or len(sentence_spans(one.cited[0].text)) != 1 or _DENIAL.search(one.cited[0].text):
        return None
    return replace(one.cited[0], text=_under(chance.choice(FRAMES), one.cited[0].text.lstrip("-•* ")))


def _under(frame: str, text: str) -> str:
    first = text.split(maxsplit=1)[0]
    small = f"{text[:1].casefold()}{text[1:]}" if first in _SMALL_FIRST else text
    return f"{frame} {small}"


def other_way(one: Faithful, chance: random.Random, _pool: Sequence[str]) -> str | None:
    """A word of comparison replaced by its opposite."""
    pairs = dict(opposites())
    found = [m for m in re.finditer(r"[A-Za-z]+", one.text) if m[0].casefold() in pairs]
    chosen = chance.choice(found) if found else None
    return _put(one.text, chosen.start(), len(chosen[0]), pairs[chosen[0].casefold()]) if chosen else None


def surer(one: Faithful, _chance: random.Random, _pool: Sequence[str]) -> str | None:
    """A "might" made a "will"."""
    found = ((match, sure) for pattern, sure in _HEDGES if (match := pattern.search(one.text)))
    match, sure = next(found, (None, ""))
    return _put(one.text, match.start(), len(match[0]), sure) if match else None


def other_speaker(one: Faithful, chance: random.Random, pool: Sequence[str]) -> str | None:
    """What somebody says given to somebody else: of the same conversation where there is one, else from the pool."""
    who = next(iter(speakers(one.text)), None)
    if who is None:
        return None
    here = {speaker for cited in one.cited for speaker, _ in cited.turns if speaker}
    here |= {person for cited in one.cited for person in cited.people}
    others = sorted(name for name in here if not set(name.split()) & set(who.split()))
    return one.text.replace(who, chance.choice(others or [n for n in pool if who.split()[0] not in n]), 1)


KINDS: Mapping[str, Distort] = {
    "number": other_number,
    "name": other_name,
    "negation": other_sign,
    "frame": framed,
    "comparative": other_way,
    "hedge": surer,
    "attribution": other_speaker,
}


def reordered(sentence: str) -> str:
    """The same sentence put a little differently: its halves change places at a comma or a conjunction."""
    text = sentence.strip().rstrip(".")
    if seam := _SEAM.search(text):
        main, rest = text[: seam.start()], text[seam.end() :]
        return _sentence(f"{seam['seam']} {rest}, {main}")
    first, comma, rest = text.partition(", ")
    if comma and " and " not in first and len(first.split()) <= 4 and len(rest.split()) > 2:
        return _sentence(f"{rest}, {first}")
    return _sentence(text)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def own_sentences(text: str) -> list[str]:
    """The sentences of a text that are long enough to say something."""
    found = [text[start:end] for start, end in sentence_spans(text)]
    return [sentence for sentence in found if len(sentence.split()) >= 6]


@dataclass(frozen=True, kw_only=True)
class Caught:
    """One row of the figures: how many of `count` the checks did not pass, and by which check how many."""

    name: str
    count: int
    failed: int
    by: Mapping[str, int]

    @property
    def share(self) -> float | None:
        return self.failed / self.count if self.count else None


def catch_rates(distorted: Sequence[Distorted], idf: Callable[[str], float]) -> list[Caught]:
    """One row a kind: the distortions that are caught, of those whose sentence passes as it was."""
    fair = [one for one in distorted if check(one.one.claim(idf)).passed]
    return [_caught(kind, [check(one.claim(idf)) for one in fair if one.kind == kind]) for kind in KINDS]


def false_alarms(faithful: Sequence[Faithful], idf: Callable[[str], float]) -> list[Caught]:
    """One row a source: the faithful sentences that do not pass."""
    sources = dict.fromkeys(one.source for one in faithful)
    return [_caught(name, [check(one.claim(idf)) for one in faithful if one.source == name]) for name in sources]


def _caught(name: str, verdicts: Sequence[Verdict]) -> Caught:
    failed = [verdict.check for verdict in verdicts if not verdict.passed]
    return Caught(
        name=name,
        count=len(verdicts),
        failed=len(failed),
        by={each: failed.count(each) for each in sorted(set(failed))},
    )


def _put(text: str, start: int, length: int, instead: str) -> str:
    return text[:start] + instead + text[start + length :]
