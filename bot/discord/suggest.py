"""What is offered while somebody types the name of an episode, a show or a guest, or a topic.

First what begins like what was typed, then what has words that do, in any order, then what is spelt like it. Of the
first two the newest stands first.
Pure functions on what the notes are called; knows nothing of Discord.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from rapidfuzz import fuzz, process

from bot import wording
from bot.discord.text import visible
from rag.reading.text import slug
from rag.types import Episode

Kind = Literal["episode", "show", "guest", "topic", "thing"]
"""A thing is a topic, a guest or an episode; its value says which."""

MOST = 25  # that Discord shows
LONGEST = 100  # characters of each
SHORTEST = 3  # characters, below which everything is spelt alike
LIKE = 75  # of 100, from which a name is spelt alike


@dataclass(frozen=True, kw_only=True)
class Offer:
    """One thing that can be chosen: what is shown, and what the command is given."""

    shown: str
    value: str


class Suggestions:
    """Everything that can be chosen, the newest first. Building it takes a while: not on the event loop.

    `topics`: what the notes speak of, most of all first.
    """

    def __init__(self, episodes: Iterable[Episode], topics: Iterable[str] = ()) -> None:
        newest = sorted(episodes, key=_day, reverse=True)
        shows = dict.fromkeys(episode.show for episode in newest if episode.show)
        guests = dict.fromkeys(guest for episode in newest for guest in episode.guests)
        self._offers: dict[Kind, list[Offer]] = {
            "episode": [_offer(wording.episode_name(e.show, e.title, e.date), e.id) for e in newest],
            "show": [_offer(show, show) for show in shows],
            "guest": [_offer(guest, guest) for guest in guests],
            "topic": [_offer(topic, topic) for topic in topics],
        }
        things: tuple[Kind, ...] = ("topic", "guest", "episode")
        self._offers["thing"] = [_prefixed(kind, offer) for kind in things for offer in self._offers[kind]]
        self._keys = {kind: [_key(offer.shown) for offer in offers] for kind, offers in self._offers.items()}

    def offered(self, kind: Kind, typed: str) -> Sequence[Offer]:
        """At most 25, the likeliest first; the newest where nothing is typed yet."""
        offers, keys, wanted = self._offers[kind], self._keys[kind], _key(typed[:LONGEST])
        if not wanted:
            return offers[:MOST]
        first = [n for n, key in enumerate(keys) if key.startswith(wanted)]
        places = dict.fromkeys(first[:MOST])
        if len(places) < MOST:
            begun = [f" {word}" for word in wanted.split()]
            places |= dict.fromkeys(n for n, key in enumerate(keys) if all(word in f" {key}" for word in begun))
        if len(places) < MOST and len(wanted) >= SHORTEST:
            alike = process.extract(wanted, keys, scorer=fuzz.partial_ratio, limit=MOST, score_cutoff=LIKE)
            places |= dict.fromkeys(place for _, _, place in alike)
        return [offers[place] for place in list(places)[:MOST]]


def _offer(name: str, value: str) -> Offer:
    shown = visible(name) or "untitled"
    return Offer(shown=shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…", value=value[:LONGEST])


def _prefixed(kind: Kind, offer: Offer) -> Offer:
    return Offer(shown=offer.shown, value=f"{kind}:{offer.value}"[:LONGEST])


def _key(text: str) -> str:
    return slug(text, limit=300).replace("-", " ")


def _day(episode: Episode) -> str:
    """For the order: without a year it is older than any."""
    return episode.date if episode.date and not episode.date.startswith("-") else ""
