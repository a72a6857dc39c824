"""Results as the pipeline would hand them to a face, and an assistant that returns them and records its calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from rag.errors import IndexMissing
from rag.map_types import (
    Comparison,
    Digest,
    EpisodeMentions,
    News,
    Row,
    Side,
    Subject,
    Timeline,
    TopicPoint,
    TopicSummary,
)
from rag.pipeline import Answers
from rag.protocols import NOBODY, Assistant, Browsing, Cancelled, Surveying, Watch
from rag.types import Answer, Citation, Earlier, Episode, EpisodeEntry, Filter, NotCovered, Overview, Sentence

HEAT = Citation(
    n=1,
    passage_id="venus#3",
    episode_id="venus",
    show="Clear Skies Tonight",
    episode="Venus",
    date="--09-10",
    note_file="venus.txt",
    line_start=12,
    line_end=13,
    quote="The surface is at\n  464 °C.",
    display="The surface is at 464 °C.",
    seconds=4050,
    url="https://www.youtube.com/watch?v=VenusEp0041&t=4050s",
    url_note="venus-links.txt",
)
BREAD = Citation(
    n=2,
    passage_id="bread#1",
    episode_id="bread",
    show=None,
    episode="Bread",
    date=None,
    note_file="bread.md",
    line_start=4,
    line_end=4,
    quote="- done at 96 °C",
    display="done at 96 °C",
)
ANSWER = Answer(
    question="How hot is it?",
    lead_in="From your notes:",
    sentences=(
        Sentence(text="The surface is at 464 °C.", citations=(1,)),
        Sentence(text="Bread is done at 96 °C.", citations=(1, 2), verbatim=False),
    ),
    citations=(HEAT, BREAD),
    p_answerable=0.9,
    timings_ms={"search": 12.5},
)
CLOSEST = NotCovered(
    question="How hot is Pluto?",
    reason="Your notes don't answer this.",
    closest=(HEAT,),
    absent_words=("pluto", "dwarf"),
    p_answerable=0.2,
)
NOTHING = NotCovered(
    question="Who won?", reason="Your notes don't cover this.", closest=(), absent_words=(), p_answerable=0.0
)
VENUS = Episode(
    id="venus",
    show="Clear Skies Tonight",
    title="Venus",
    guests=("Mara Lindqvist",),
    date="2023-09-10",
    urls=("https://example.org/venus",),
    entries=(
        EpisodeEntry(note_file="venus.txt", line_start=1, line_end=20, show=None, title="Venus"),
        EpisodeEntry(note_file="venus-links.txt", line_start=1, line_end=9, show=None, title="Venus"),
    ),
)
LOAF = Episode(
    id="bread",
    show=None,
    title="Ines Carvalho",
    guests=("Ines Carvalho",),
    entries=(EpisodeEntry(note_file="bread.md", line_start=1, line_end=9, show=None, title="Ines Carvalho"),),
)
SUMMARY = TopicSummary(
    topic="heat",
    points=(
        TopicPoint(text="The surface is at 464 °C.", citations=(1,), theme="Planets"),
        TopicPoint(text="done at 96 °C", citations=(2,), theme="Baking"),
    ),
    citations=(HEAT, BREAD),
    episodes=(VENUS, LOAF),
)


SUBJECTS = (
    Subject(name="heat", passages=12, episodes=("venus", "bread"), also=("high heat",), first="2023-09-10"),
    Subject(name="rye *bread*", passages=4, episodes=("bread",)),
)
TIMELINE = Timeline(
    topic="heat",
    searched="heat",
    episodes=(
        EpisodeMentions(episode=VENUS, mentions=(1,), seconds=5400),
        EpisodeMentions(episode=LOAF, mentions=(2,)),
    ),
    citations=(HEAT, BREAD),
    silent=3,
)
COMPARISON = Comparison(
    left=Side(label="Mara Lindqvist", kind="guest", episodes=(VENUS,), passages=20),
    right=Side(label="Ines Carvalho", kind="guest", episodes=(LOAF,), passages=9),
    rows=(Row(theme="heat", left=(1,), right=(2,)), Row(theme="clouds", left=(1,))),
    citations=(HEAT, BREAD),
)
DIGEST = Digest(since="2023-09-01", episodes=(News(episode=VENUS, points=(1,), added="2023-09-12"),), citations=(HEAT,))


def answers(*_: object) -> Answer:
    return ANSWER


@dataclass
class FakeBrowsing(Browsing):
    """Gives back what it was given; `calls` holds what was looked up."""

    listed: Sequence[Episode] = (VENUS, LOAF)
    found: tuple[Citation, ...] = (HEAT, BREAD)
    calls: list[tuple[str, ...]] = field(default_factory=list)

    def overview(self) -> Overview:
        models = (("Search", "all-MiniLM-L6-v2"), ("Order of what was found", "SmolLM2"))
        return Overview(episodes=tuple(self.listed), notes=3, passages=120, models=models)

    def around(self, passages: Sequence[str]) -> Sequence[Citation]:
        self.calls.append(("around", *passages))
        before, after = ("The clouds are thick.",), ("Lead melts there.",)
        known = (each for each in self.found if each.passage_id in passages)
        return [replace(each, whole=each.display, before=before, after=after) for each in known]

    def more(self, question: str, *, episode: str, without: Sequence[str]) -> Sequence[Citation]:
        self.calls.append(("more", question, episode, *without))
        return [each for each in self.found if each.passage_id not in without]

    def outline(self, episode: str) -> Sequence[Citation]:
        self.calls.append(("outline", episode))
        return [each for each in self.found if each.episode_id == episode]

    def quote(self, topic: str) -> Citation | None:
        self.calls.append(("quote", topic))
        return next(iter(self.found), None)

    def alike(self, questions: Sequence[str]) -> Sequence[Sequence[int]]:
        """Those with the same last word."""
        self.calls.append(("alike", *questions))
        groups: dict[str, list[int]] = {}
        for place, question in enumerate(questions):
            groups.setdefault(question.split()[-1], []).append(place)
        return list(groups.values())


@dataclass
class FakeSurveying(Surveying):
    """Gives back what it was given; `calls` holds what was asked for."""

    listed: Sequence[Subject] = SUBJECTS
    line: Timeline | NotCovered = TIMELINE
    compared: Comparison | NotCovered = COMPARISON
    news: Digest = DIGEST
    calls: list[tuple[str, ...]] = field(default_factory=list)

    def subjects(self, *, cancelled: Cancelled | None = None) -> Sequence[Subject]:
        self.calls.append(("subjects",))
        return self.listed

    def timeline(self, topic: str) -> Timeline | NotCovered:
        self.calls.append(("timeline", topic))
        return self.line

    def compare(self, one: str, other: str) -> Comparison | NotCovered:
        self.calls.append(("compare", one, other))
        return self.compared

    def digest(self, since: str, *, cancelled: Cancelled | None = None) -> Digest:
        self.calls.append(("digest", since))
        return self.news


@dataclass
class NotThere(Assistant):
    """The assistant of a collection that has no index."""

    collection: str

    def of(self, collection: str | None, *, answers: Answers | None = None) -> Assistant:
        return self

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Earlier] = (),
        filters: Sequence[Filter] = (),
        cancelled: Cancelled | None = None,
        watch: Watch = NOBODY,
    ) -> Answer | NotCovered:
        raise self._missing()

    def basis(self, question: str, *, history: Sequence[Earlier] = (), filters: Sequence[Filter] = ()) -> str:
        raise self._missing()

    def topic(
        self, topic: str, *, points: int | None = None, cancelled: Cancelled | None = None, watch: Watch = NOBODY
    ) -> TopicSummary | NotCovered:
        raise self._missing()

    def episodes(self) -> Sequence[Episode]:
        raise self._missing()

    def browse(self) -> Browsing:
        raise self._missing()

    def survey(self) -> Surveying:
        raise self._missing()

    def reload(self) -> None:
        """Left to the one over all notes."""

    def close(self) -> None:
        """The same."""

    def _missing(self) -> IndexMissing:
        return IndexMissing(f"There is no index of {self.collection} yet.", remedy="Run: footnote index")


@dataclass
class FakeAssistant(Assistant):
    """Returns what it was given; `asked` holds every question with the history it came with."""

    answer: Callable[[str, Cancelled | None], Answer | NotCovered] = answers
    summary: TopicSummary | NotCovered = SUMMARY
    listed: Sequence[Episode] = (VENUS, LOAF)
    asked: list[tuple[str, tuple[Earlier, ...]]] = field(default_factory=list)
    topics: list[str] = field(default_factory=list)
    closed: bool = False
    reloads: int = 0
    kept_apart: Mapping[str, Assistant] = field(default_factory=dict)
    surveying: FakeSurveying = field(default_factory=lambda: FakeSurveying())

    def ask(
        self,
        question: str,
        *,
        history: Sequence[Earlier] = (),
        filters: Sequence[Filter] = (),
        cancelled: Cancelled | None = None,
        watch: Watch = NOBODY,
    ) -> Answer | NotCovered:
        self.asked.append((question, tuple(history)))
        return self.answer(question, cancelled)

    def basis(self, question: str, *, history: Sequence[Earlier] = (), filters: Sequence[Filter] = ()) -> str:
        return ""

    def topic(
        self, topic: str, *, points: int | None = None, cancelled: Cancelled | None = None, watch: Watch = NOBODY
    ) -> TopicSummary | NotCovered:
        self.topics.append(topic)
        return self.summary

    def episodes(self) -> Sequence[Episode]:
        return self.listed

    def of(self, collection: str | None, *, answers: Answers | None = None) -> Assistant:
        return self if collection is None else self.kept_apart.get(collection, NotThere(collection))

    def browse(self) -> FakeBrowsing:
        return FakeBrowsing(listed=self.listed)

    def survey(self) -> FakeSurveying:
        return self.surveying

    def reload(self) -> None:
        self.reloads += 1

    def close(self) -> None:
        self.closed = True
