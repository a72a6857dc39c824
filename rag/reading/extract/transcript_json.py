"""Transcripts as JSON: Podcasting 2.0, Whisper and its kin, Deepgram, AssemblyAI, Descript. One table of dialects.

A list of bookmarks is read as well. Any other JSON is refused: what of it would be words, and whose, nobody knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from rag.errors import NoteError
from rag.reading.extract import bookmarks, placed_json, speech
from rag.reading.extract.base import Extracted, characters
from rag.reading.extract.placed_json import Placed
from rag.reading.extract.speech import Cue
from rag.reading.readers.windows import FULL

READ = "Podcasting 2.0, Whisper, faster-whisper, whisper.cpp, Deepgram, AssemblyAI and Descript"
_MS = 0.001


def extract(data: bytes) -> Extracted:
    """The transcript's lines. Raises NoteError where the file is no JSON, or no transcript."""
    text, troubles = characters(data)
    try:
        whole = placed_json.loads(text)
    except ValueError as error:
        line = getattr(error, "lineno", 1)
        ended = getattr(error, "pos", 0) >= len(text.rstrip()) or str(error).startswith("Unterminated")
        what = "breaks off" if ended else "is damaged"
        raise NoteError(f"The JSON {what} in line {line}.", remedy="Export the transcript again.") from error
    if marked := bookmarks.rows(whole):
        return Extracted.of(marked, troubles=troubles)
    cues = next((found for dialect in _DIALECTS if (found := list(dialect(whole)))), None)
    if cues is None:
        raise NoteError(
            f"This JSON is none of the transcripts that are read: {READ}.",
            remedy="Export the transcript as SRT, WebVTT or text.",
        )
    rows, odd = speech.rows(cues)
    return Extracted.of(rows, troubles=[*troubles, *odd])


def _podcasting(whole: object) -> Iterator[Cue]:
    for segment in _objects(whole, "segments"):
        if "body" in segment:
            yield from _cues(segment, "body", time="startTime")


def _whisper(whole: object) -> Iterator[Cue]:
    """Segments of Whisper, faster-whisper and WhisperX; faster-whisper's scripts often keep the bare list."""
    for segment in _objects(whole) if isinstance(whole, list) else _objects(whole, "segments"):
        if "start" in segment:
            yield from _cues(segment, "text")


def _whisper_cpp(whole: object) -> Iterator[Cue]:
    for segment in _objects(whole, "transcription"):
        yield from _cues(segment, "text", time=_at(segment, "offsets", "from"), unit=_MS)


def _deepgram(whole: object) -> Iterator[Cue]:
    """Paragraphs, else utterances, else words: whichever of them was asked for, the surest first."""
    for channel in _objects(whole, "results", "channels"):
        best = next(_objects(channel, "alternatives"), Placed())
        paragraphs = [
            cue
            for paragraph in _objects(best, "paragraphs", "paragraphs")
            for sentence in _objects(paragraph, "sentences")
            for cue in _cues(sentence, "text", speaker=paragraph.get("speaker"))
        ]
        uttered = [] if paragraphs else [c for u in _objects(whole, "results", "utterances") for c in _cues(u)]
        yield from paragraphs or uttered or _spoken(best) or _cues(best, time=None)
        if uttered:
            return


def _assemblyai(whole: object) -> Iterator[Cue]:
    """A transcript, or what the endpoints for its sentences and paragraphs answer; times are milliseconds."""
    if not isinstance(whole, Placed) or not {"audio_url", "audio_duration"} & whole.keys():
        return
    for key in ("utterances", "paragraphs", "sentences"):
        found = [cue for item in _objects(whole, key) for cue in _cues(item, "text", unit=_MS)]
        if found:
            yield from found
            return
    yield from _spoken(whole, unit=_MS) or _cues(whole, "text", time=None)


def _descript(whole: object) -> Iterator[Cue]:
    """The words of a published page's document, under the names of its voices."""
    voices = {str(voice.get("id")): voice.get("name") for voice in _objects(whole, "voices")}
    for media in _objects(whole, "mediaLibrary", "mediaRefs"):
        for word in _objects(media, "voiceover", "metadata", "alignment"):
            who = str(_at(word, "speaker", "speakerId"))
            yield from _cues(word, "word", time="startTime", speaker=voices.get(who))


_DIALECTS: tuple[Callable[[object], Iterator[Cue]], ...] = (
    _podcasting,
    _deepgram,
    _assemblyai,
    _whisper_cpp,
    _descript,
    _whisper,
)


def _cues(
    item: Placed, key: str = "transcript", *, time: object = "start", unit: float = 1.0, speaker: object = None
) -> Iterator[Cue]:
    """The item as one cue; word by word where it is long and its words have times of their own."""
    text = item.get(key)
    if not isinstance(text, str):
        return
    who = item.get("speaker") if speaker is None else speaker
    words = _spoken(item, unit=unit, speaker=who) if len(text) > FULL else []
    if "".join(text.split()) == "".join("".join(word.text.split()) for word in words):
        yield from words
        return
    start = item.get(time) if isinstance(time, str) else time
    yield Cue(text=text, time=start, unit=unit, speaker=who, first=item.first, last=item.last)


def _spoken(item: Placed, *, unit: float = 1.0, speaker: object = None) -> list[Cue]:
    """The item's words, a cue each."""
    found = []
    for word in _objects(item, "words"):
        text = next((word[key] for key in ("punctuated_word", "text", "word") if isinstance(word.get(key), str)), "")
        who = word.get("speaker") if speaker is None else speaker
        found.append(Cue(text=text, time=word.get("start"), unit=unit, speaker=who, first=word.first, last=word.last))
    return found


def _objects(whole: object, *path: str) -> Iterator[Placed]:
    """The objects of the list at `path`; none where there is no such list."""
    found = _at(whole, *path)
    return (item for item in found if isinstance(item, Placed)) if isinstance(found, list) else iter(())


def _at(whole: object, *path: str) -> Any:  # noqa: ANN401
    for key in path:
        if not isinstance(whole, Placed):
            return None
        whole = whole.get(key)
    return whole
