"""What of a passage is searched: which texts get a vector, and which words BM25 counts.

The passage alone is often too short to be found ("eureka labs hype"), so it is also embedded with the
episode, headings and parent bullets it stands under; each of its sentences is embedded too, because the
vector of a long paragraph is about nothing in particular. Search takes the best of a passage's vectors.
"""

from __future__ import annotations

import re

from rag.sentences import sentence_spans
from rag.types import Episode, Passage
from rag.words import terms

FIELDS_VERSION = 2  # raise when the texts below change: vectors of another version are not comparable
SENTENCE_MIN_CHARS = 20

_LINK = re.compile(r"https?://\S+")
_LABELS = frozenset(terms("show title guests guest host hosts date published url link links youtube spotify apple"))


def header(episode: Episode) -> str:
    """What a passage's episode is called, with every name a question might use for it."""
    guests = [guest for guest in episode.guests if guest not in episode.title]
    return ". ".join(part for part in (episode.name, ", ".join(guests)) if part)


def only_names(passage: Passage, episode: Episode) -> bool:
    """Whether a passage says no more than which episode it belongs to: names, date and links."""
    words = set(terms(_LINK.sub(" ", passage.text))) - _LABELS
    return {word for word in words if not any(c.isdigit() for c in word)} <= set(terms(header(episode)))


def in_context(passage: Passage, episode: Episode) -> str:
    """The passage under its episode, headings and parent bullets, outermost first."""
    return ". ".join([header(episode), *passage.section, *passage.parents, passage.text])


def vector_texts(passage: Passage, episode: Episode) -> list[str]:
    """The texts a passage gets a vector for: itself, itself in context, its sentences if there are several."""
    sentences = [passage.text[a:b] for a, b in sentence_spans(passage.text) if b - a >= SENTENCE_MIN_CHARS]
    return [passage.text, in_context(passage, episode), *(sentences if len(sentences) > 1 else [])]


def lexical_terms(passage: Passage, episode: Episode) -> list[str]:
    """The terms BM25 counts for a passage, those of its context included."""
    return terms(in_context(passage, episode))
