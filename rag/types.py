"""The nouns of the pipeline: what one step hands to the next.

Every step knows this module and `errors`, and no other step. All of them are frozen: a step never
changes what it was given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from rag.drafts import Writing
from rag.phrase import Phrase, Said

FloatArray = npt.NDArray[np.float32]

NoteKind = Literal["notes", "summary", "transcript"]
Outcome = Literal["answer", "closest", "not_covered"]
Counted = Literal["line", "page", "paragraph"]
"""What the numbers of a place in a file count."""

LEAD_IN = Phrase("Your notes say:")
"""What opens an answer that is quotes alone."""

GUESSES = frozenset({"file name", "folder", "words"})
"""Origins of a field that are guesses: it stands nowhere as such."""


@dataclass(frozen=True, kw_only=True)
class ReadWarning:
    """One thing about a file that its owner should know.

    Attributes:
        file: path relative to the notes folder, with forward slashes.
        line: 1-based line, or None where the whole file is meant.
        reason: one sentence naming the trouble and, where there is one, the remedy.
        skipped: True where the file was left out altogether.
    """

    file: str
    line: int | None
    reason: str
    skipped: bool = False


@dataclass(frozen=True, kw_only=True)
class Note:
    """One source file.

    Attributes:
        file: path relative to the notes folder, with forward slashes; the note's identity.
        sha256: hash of the file's bytes.
        kind: who made the text: a person's notes, a machine's summary, or a transcript.
        author: who wrote it, where the file says so.
        reader: name of the reader that understood the file.
        encoding: the encoding the bytes were decoded with.
        derived: the format the text was extracted from ("docx", "pdf", "json"); None where the bytes are the text.
    """

    file: str
    sha256: str
    kind: NoteKind
    author: str | None
    reader: str
    encoding: str = "utf-8"
    derived: str | None = None


@dataclass(frozen=True, kw_only=True)
class EpisodeEntry:
    """What one note says of one episode; several entries may be about the same episode.

    Attributes:
        note_file: the note it stands in.
        line_start: first line, 1-based, inclusive.
        line_end: last line, inclusive.
        show: the podcast, or None where this note does not say.
        title: the episode's title, or its guests' names where the note gives no title.
        guests: names, in the note's order.
        date: ISO 8601, possibly partial: "2023-07-06", "2023-07", "--09-10" (no year).
        urls: links this note gives for the episode.
        number: its number in the show, as written without leading zeros.
        hosts: names, where the note says who they are.
        origins: (field, where it came from), for each field that is known: "front matter", "heading", "line",
            "file name", "folder", "link", "words" (what is said in the text), "note" (another note of the
            episode), "shows table", "override" (episodes.toml). `GUESSES` are those that may well be wrong.
    """

    note_file: str
    line_start: int
    line_end: int
    show: str | None
    title: str
    guests: tuple[str, ...] = ()
    date: str | None = None
    urls: tuple[str, ...] = ()
    number: str | None = None
    hosts: tuple[str, ...] = ()
    origins: tuple[tuple[str, str], ...] = ()

    def origin(self, name: str) -> str:
        """Where the field `name` came from; "" where its reader does not tell."""
        return dict(self.origins).get(name, "")


@dataclass(frozen=True, kw_only=True)
class Episode:
    """One episode, joined from every entry that is about it.

    Attributes:
        id: stable over rebuilds: a slug of show, title and date.
        entries: the notes about it. Links one note knows serve the others' minutes.
        origins: (field, where it came from), as in its entries.
    """

    id: str
    show: str | None
    title: str
    guests: tuple[str, ...] = ()
    date: str | None = None
    urls: tuple[str, ...] = ()
    entries: tuple[EpisodeEntry, ...] = ()
    number: str | None = None
    hosts: tuple[str, ...] = ()
    origins: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """How the episode is called in front of a user: `Show: Title`, or the title alone."""
        return f"{self.show}: {self.title}" if self.show else self.title


@dataclass(frozen=True, kw_only=True)
class Passage:
    """The unit of retrieval and citation: a bullet, a timestamped paragraph, a few sentences of a transcript.

    Attributes:
        id: episode id + position; unique in an index.
        episode_id: the episode it belongs to.
        note_file: the file it stands in.
        line_start: first line, 1-based, inclusive.
        line_end: last line, inclusive.
        char_start: offset into the file's decoded text (line ends untouched), inclusive.
        char_end: the same, exclusive.
        raw: the file's own characters at that place, byte-exact once encoded again.
        text: the same, repaired for reading: no bullet marks, mojibake mended, white space collapsed.
        text_to_raw: for each character of `text`, its offset in `raw`. len(text) entries.
        section: headings above it, outermost first, within the episode.
        parents: texts of the bullets it is nested under, outermost first.
        seconds: where in the audio, from the start; None where the notes do not say.
        seconds_end: end of a range, where the notes give one.
        seconds_around: the passage has no minute of its own; `seconds` is that of its section or parent.
        speaker: who speaks, in a transcript that says so.
        position: 0-based order among the passages of its note; neighbours differ by one.
        content_hash: hash of what is embedded (text, section, parents); decides re-embedding.
        language: ISO 639-1 code, the note's where the passage alone is too short to tell; None where neither tells.
        counted: what `line_start` and `line_end` count; pages or paragraphs in a format without lines.
        line_map: for each line of `raw`, the first and last line of the file it was extracted from; empty where
            the file's bytes are the text.
    """

    id: str
    episode_id: str
    note_file: str
    line_start: int
    line_end: int
    char_start: int
    char_end: int
    raw: str
    text: str
    text_to_raw: Sequence[int]
    section: tuple[str, ...] = ()
    parents: tuple[str, ...] = ()
    seconds: int | None = None
    seconds_end: int | None = None
    seconds_around: bool = False
    speaker: str | None = None
    position: int = 0
    content_hash: str = ""
    language: str | None = None
    counted: Counted = "line"
    line_map: tuple[tuple[int, int], ...] = ()

    def raw_span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in `raw` of the half-open span `text[start:end]` (which must not be empty)."""
        return self.text_to_raw[start], self.text_to_raw[end - 1] + 1


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """Two episodes that may be one, but not surely enough to be joined unasked.

    Attributes:
        one: id of an episode.
        other: id of another.
        confidence: 0 to 1.
        why: what speaks for it, in a few words.
    """

    one: str
    other: str
    confidence: float
    why: str


@dataclass(frozen=True, kw_only=True)
class Library:
    """A notes folder as read: everything the index is built from, and what its owner may want to decide."""

    notes: tuple[Note, ...]
    episodes: tuple[Episode, ...]
    passages: tuple[Passage, ...]
    warnings: tuple[ReadWarning, ...] = ()
    proposals: tuple[Proposal, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where else a quote stands: a note, its lines (1-based, inclusive) and the episode they are about."""

    note_file: str
    line_start: int
    line_end: int
    episode: str
    counted: Counted = "line"


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A passage found for a question, best first in any list of them.

    Attributes:
        passage: what was found.
        score: the score the list is sorted by; comparable within one list only.
        cosine: best cosine between the question and the passage's vectors, -1 to 1.
        bm25: BM25 score of the passage divided by the most a passage could have for this question, 0 to 1.
        log_likelihood: mean log P(question token | passage) under the language model; None if not ranked by it.
        also: the other passages that say the same; they are in no list of their own.
    """

    passage: Passage
    score: float
    cosine: float
    bm25: float
    log_likelihood: float | None = None
    also: tuple[Passage, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Citation:
    """A passage and the exact span of it that is shown; all that a face needs to render it.

    Attributes:
        n: the number a reader sees, from 1.
        quote: byte-exact span of the note.
        display: the quote as a reader sees it: repaired, one line.
        seconds: where in the audio, if the notes say.
        seconds_around: `seconds` is that of the section the quote stands in, not its own.
        url: a link to the episode; it starts at `seconds` where both are known. None without a link.
        url_note: file of another note the link was taken from, or None if this note has it.
        also: the other places where the quote stands, in the order of the notes.
        counted: what `line_start` and `line_end` count.
        whole: all of the passage the quote is from, as a reader sees it.
        before, after: the passages around it in its note, in order.
        speaker: who says it, in a transcript that tells.
    """

    n: int
    passage_id: str
    episode_id: str
    show: str | None
    episode: str
    date: str | None
    note_file: str
    line_start: int
    line_end: int
    quote: str
    display: str
    seconds: int | None = None
    seconds_around: bool = False
    url: str | None = None
    url_note: str | None = None
    also: tuple[Place, ...] = ()
    counted: Counted = "line"
    whole: str = ""
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    speaker: str | None = None


@dataclass(frozen=True, kw_only=True)
class Sentence:
    """One statement of an answer with the numbers of the citations that carry it.

    `verbatim`: it is a quote; otherwise a model wrote it, and every check passed it.
    """

    text: str
    citations: tuple[int, ...]
    verbatim: bool = True


FilterKind = Literal["episode", "show", "guest", "host", "author", "date", "minute", "since", "until"]


@dataclass(frozen=True, kw_only=True)
class Filter:
    """Something that a question names, or that was chosen beside it, and that the notes can be narrowed to.

    Attributes:
        label: what it stands for, as the notes call it.
        hard: only passages under it were searched; else they were preferred.
    """

    kind: FilterKind
    label: Said
    hard: bool


@dataclass(frozen=True, kw_only=True)
class Turn:
    """An earlier question of a conversation, with what came of it.

    Attributes:
        searched: the question as it was searched for; "" if it was searched for as asked.
        episodes: ids of the episodes that its answer cited, the most important first.
    """

    question: str
    searched: str = ""
    episodes: tuple[str, ...] = ()


Earlier = str | Turn
"""An earlier question, alone or with what came of it."""


@dataclass(frozen=True, kw_only=True)
class Trace:
    """How a result came about, for `footnote ask --explain`.

    Attributes:
        hits: what was found, best first.
        cosine: of the nearest, -1 to 1.
        needed: the least p(answerable) for an answer.
        writing: what a model wrote; None where none was asked to.
    """

    hits: tuple[Hit, ...]
    cosine: float
    needed: float
    writing: Writing | None = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer: every sentence carries at least one citation, and is the notes' own words or checked against them.

    Attributes:
        searched: what was searched for: the question, with a follow-up resolved and names spelt as the notes do.
        filters: what the question names and the search was narrowed to, or preferred.
        remarks: sentences for the reader about the search: a part that is not covered, a filter that left nothing.
        trace: how it came about.
        basis: what it is made from: another one once it would come out otherwise; "" where it could have been better.
    """

    question: str
    lead_in: Said
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    p_answerable: float
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    searched: str = ""
    filters: tuple[Filter, ...] = ()
    remarks: tuple[Said, ...] = ()
    trace: Trace | None = field(default=None, compare=False, repr=False)
    basis: str = field(default="", compare=False, repr=False)

    outcome: Outcome = field(default="answer", init=False)


@dataclass(frozen=True, kw_only=True)
class NotCovered:
    """A refusal: a value with a reason, not an exception.

    Attributes:
        reason: one plain sentence for the reader.
        closest: what comes nearest; empty where nothing does.
        absent_words: content words of the question that occur nowhere in the notes.
        did_you_mean: names of the notes that absent words may be misspellings of.
        near_episodes: names of the episodes that come nearest, the nearest first.
        near_topics: what the notes do speak of that comes nearest to a topic they do not hold, the nearest first.
        searched, filters, remarks, trace, basis: as in `Answer`; a refusal rests on all else in the notes, too.
    """

    question: str
    reason: Said
    closest: tuple[Citation, ...]
    absent_words: tuple[str, ...]
    p_answerable: float
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    searched: str = ""
    filters: tuple[Filter, ...] = ()
    remarks: tuple[Said, ...] = ()
    did_you_mean: tuple[str, ...] = ()
    near_episodes: tuple[str, ...] = ()
    near_topics: tuple[str, ...] = ()
    trace: Trace | None = field(default=None, compare=False, repr=False)
    basis: str = field(default="", compare=False, repr=False)

    @property
    def outcome(self) -> Outcome:
        """`closest` if there is something near to show, else `not_covered`."""
        return "closest" if self.closest else "not_covered"


@dataclass(frozen=True, kw_only=True)
class Overview:
    """What there is to ask about, and with what it is asked.

    Attributes:
        episodes: by show and date.
        notes: how many files.
        passages: how many there are to quote.
        models: what each model is for, and what it is called.
    """

    episodes: tuple[Episode, ...]
    notes: int
    passages: int
    models: tuple[tuple[Said, str], ...] = ()
