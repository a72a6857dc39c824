"""Transcripts as JSON. The formats' own descriptions:

Podcasting 2.0: github.com/Podcastindex-org/podcast-namespace, transcripts/transcripts.md, "JSON".
Whisper: github.com/openai/whisper, whisper/transcribe.py and utils.py (WriteJSON); faster-whisper's Segment has the
same names. whisper.cpp: examples/cli/cli.cpp, output_json.
Deepgram: developers.deepgram.com/docs/paragraphs and /docs/utterances.
AssemblyAI: assemblyai.com/docs/api-reference/transcripts/get (times in milliseconds).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from rag.citations import lines_of
from rag.reading.library import read_library
from tests.rag.extract.samples import SPOKEN, library, read, refused, shown

Json = dict[str, Any]


def podcasting() -> Json:
    return {
        "version": "1.0.0",
        "segments": [
            {"speaker": ("Karl Vogt", "Ann Lee")[n % 2], "startTime": n * 90.5, "endTime": n * 90.5 + 80, "body": words}
            for n, words in enumerate(SPOKEN * 2)
        ],
    }


def whisper() -> Json:
    segments = [
        {"id": n, "seek": 0, "start": n * 90.5, "end": n * 90.5 + 80, "text": f" {words}", "tokens": [50364, 11]}
        for n, words in enumerate(SPOKEN * 2)
    ]
    return {"text": " ".join(SPOKEN * 2), "segments": segments, "language": "en"}


def faster_whisper() -> list[Json]:
    return [{k: s[k] for k in ("start", "end", "text")} for s in whisper()["segments"]]


def whisper_cpp() -> Json:
    return {
        "systeminfo": "AVX = 1",
        "transcription": [
            {
                "timestamps": {"from": "00:00:00,000", "to": "00:01:20,000"},
                "offsets": {"from": n * 90_500, "to": n * 90_500 + 80_000},
                "text": f" {words}",
            }
            for n, words in enumerate(SPOKEN * 2)
        ],
    }


def words_of(text: str, start: float, word: str, unit: float) -> list[Json]:
    return [{word: one, "start": start + n * unit, "end": start + n * unit} for n, one in enumerate(text.split())]


def deepgram(**asked: Any) -> Json:
    alternative = {"transcript": " ".join(SPOKEN * 2), "confidence": 0.99}
    return {"metadata": {"duration": 800.0}, "results": {"channels": [{"alternatives": [{**alternative, **asked}]}]}}


def deepgram_paragraphs() -> Json:
    found = [
        {
            "sentences": [{"text": words, "start": n * 90.5, "end": n * 90.5 + 80}],
            "speaker": n % 2,
            "num_words": 12,
            "start": n * 90.5,
            "end": n * 90.5 + 80,
        }
        for n, words in enumerate(SPOKEN * 2)
    ]
    return deepgram(paragraphs={"transcript": "", "paragraphs": found})


def deepgram_utterances() -> Json:
    whole = deepgram()
    whole["results"]["utterances"] = [
        {"start": n * 90.5, "end": n * 90.5 + 80, "channel": 0, "transcript": words, "speaker": n % 2, "id": str(n)}
        for n, words in enumerate(SPOKEN * 2)
    ]
    return whole


def deepgram_words() -> Json:
    spoken = [
        {**word, "punctuated_word": word["word"], "speaker": n % 2}
        for n, words in enumerate(SPOKEN * 2)
        for word in words_of(words, n * 90.5, "word", 0.5)
    ]
    return deepgram(words=spoken)


def assemblyai() -> Json:
    return {
        "id": "6rlr37c9d2",
        "audio_url": "https://example.org/talk.mp3",
        "status": "completed",
        "text": " ".join(SPOKEN * 2),
        "utterances": [
            {"speaker": "AB"[n % 2], "start": n * 90_500, "end": n * 90_500 + 80_000, "text": words, "words": []}
            for n, words in enumerate(SPOKEN * 2)
        ],
    }


SPEAKING = [podcasting, deepgram_paragraphs, deepgram_utterances, deepgram_words, assemblyai]
SILENT = [whisper, faster_whisper, whisper_cpp]


@pytest.mark.parametrize("made", SPEAKING)
@pytest.mark.parametrize("indent", [None, 1])
def test_minutes_and_speakers_of_a_conversation(tmp_path: Path, made: Any, indent: int | None) -> None:
    loaded = read(tmp_path, "talk.json", json.dumps(made(), indent=indent))
    assert (loaded.note.reader, loaded.note.kind, loaded.note.derived) == ("dialogue", "transcript", "json")
    assert loaded.warnings == ()
    heard = shown(loaded)
    assert [seconds for _, seconds, _ in heard] == [int(n * 90.5) for n in (0, 4)] or [
        seconds for _, seconds, _ in heard
    ] == [int(n * 90.5) for n in (0, 2, 4, 6)]
    text = " ".join(words for *_, words in heard)
    assert all(text.count(words) == 2 for words in SPOKEN)
    names = ("Karl Vogt", "Ann Lee") if made is podcasting else ("Speaker A", "Speaker B")
    if made not in (podcasting, assemblyai):
        names = ("Speaker 0", "Speaker 1")
    assert f"[1:30] {names[1]}: {SPOKEN[1]}" in text
    assert f"[4:31] {names[1]}: {SPOKEN[3]}" in text


@pytest.mark.parametrize("made", SILENT)
def test_minutes_where_nobody_says_who_speaks(tmp_path: Path, made: Any) -> None:
    loaded = read(tmp_path, "talk.json", json.dumps(made()))
    assert (loaded.note.kind, loaded.warnings) == ("transcript", ())
    heard = shown(loaded)
    assert [seconds for _, seconds, _ in heard] == [0, 452]
    text = " ".join(words for *_, words in heard)
    assert all(text.count(words) == 2 for words in SPOKEN)


def test_a_long_utterance_has_the_minutes_of_its_words(tmp_path: Path) -> None:
    monologue = " ".join(SPOKEN * 4)
    said = {
        "speaker": "A",
        "start": 60_000,
        "end": 90_000,
        "text": monologue,
        "words": words_of(monologue, 60_000, "text", 1000),
    }
    loaded = read(tmp_path, "talk.json", json.dumps({**assemblyai(), "utterances": [said] * 6}))
    seconds = [seconds for _, seconds, _ in shown(loaded)]
    assert seconds[0] == 60
    assert len(set(seconds)) >= 3
    assert f"[1:0{0}] Speaker A: {SPOKEN[0]}" in loaded.source.text


@pytest.mark.parametrize("key", ["sentences", "paragraphs"])
def test_what_assemblyai_answers_when_asked_for_sentences_or_paragraphs(tmp_path: Path, key: str) -> None:
    parts = [{"text": words, "start": n * 90_500, "end": 0, "speaker": None} for n, words in enumerate(SPOKEN)]
    loaded = read(tmp_path, "talk.json", json.dumps({key: parts, "id": "a", "confidence": 0.9, "audio_duration": 400}))
    assert [(seconds, SPOKEN[0] in words) for _, seconds, words in shown(loaded)] == [(0, True)]


def test_lines_of_a_quote_are_those_of_the_json(tmp_path: Path) -> None:
    """A passage is several cues; the quote of one of them names the lines of that one only."""
    data = json.dumps(podcasting(), indent=2)
    passages = library(tmp_path, talk_json=data).passages
    for passage in passages:
        for words in SPOKEN:
            at = passage.text.find(words)
            if at < 0:
                continue
            first, last = lines_of(passage, (at, at + len(words)))
            assert (first, last - first) in {(n * 6 + 4, 5) for n in range(8)}
            assert words in "\n".join(data.split("\n")[first - 1 : last])


def test_of_several_channels_each_is_read(tmp_path: Path) -> None:
    whole = deepgram(words=words_of(SPOKEN[0], 5, "word", 1))
    whole["results"]["channels"] += deepgram(words=words_of(SPOKEN[1], 6, "word", 1))["results"]["channels"]
    text = read(tmp_path, "talk.json", json.dumps(whole)).source.text
    assert SPOKEN[0] in text
    assert SPOKEN[1] in text


@pytest.mark.parametrize(
    "start", ["-3", "NaN", "Infinity", "-Infinity", "1e999", "9" * 400, "true", '"soon"', "[]", "{}", "1e300"]
)
def test_a_time_that_cannot_be_one_costs_the_minute_not_the_words(tmp_path: Path, start: str) -> None:
    cues = ", ".join(f'{{"start": {at}, "text": "{words}"}}' for at, words in zip((start, "65"), SPOKEN, strict=False))
    loaded = read(tmp_path, "talk.json", f'{{"segments":\n[{cues}]}}')
    assert [(seconds, words) for _, seconds, words in shown(loaded)] == [
        (None, SPOKEN[0]),
        (65, f"[1:05] {SPOKEN[1]}"),
    ]
    assert [(w.line, w.skipped) for w in loaded.warnings] == [(2, False)]
    assert "1 of 2 cues cannot be a time" in loaded.warnings[0].reason


def test_times_that_go_back_are_kept_and_said_so(tmp_path: Path) -> None:
    segments = [{"start": start, "text": words} for start, words in zip((70, 10), SPOKEN, strict=False)]
    loaded = read(tmp_path, "talk.json", json.dumps({"segments": segments}, indent=1))
    assert "[1:10]" in loaded.source.text
    assert [(w.line, w.reason[:48]) for w in loaded.warnings] == [
        (7, "The times go back here, from 1:10 to 0:10. They ")
    ]


@pytest.mark.parametrize("broken", ['{"segments": [{"start": 1, "text": "hel', '{"segments": [\n{"start": 1', "{"])
def test_json_that_breaks_off_says_where(tmp_path: Path, broken: str) -> None:
    assert f"breaks off in line {broken.count(chr(10)) + 1}." in refused(tmp_path, "talk.json", broken)


def test_damaged_json_says_where(tmp_path: Path) -> None:
    assert "is damaged in line 2." in refused(tmp_path, "talk.json", '{"segments":\n[,], "x": 1}')


@pytest.mark.parametrize(
    "other",
    [
        '{"name": "x", "version": 1}',
        "[]",
        "3",
        '"words"',
        "null",
        '{"segments": []}',
        '{"segments": {"start": 1}}',
        '{"segments": [[1]], "results": {"channels": [3]}, "utterances": null, "audio_url": 1, "transcription": [{}]}',
    ],
)
def test_other_json_is_refused_with_what_is_read(tmp_path: Path, other: str) -> None:
    reason = refused(tmp_path, "data.json", other)
    assert "Podcasting 2.0, Whisper, faster-whisper, whisper.cpp, Deepgram, AssemblyAI and Descript" in reason


@pytest.mark.parametrize("opening", ["[", '{"segments":', '{"segments":[{"text":"a","start":1,"words":['])
def test_ten_thousand_levels_cost_only_the_file(tmp_path: Path, opening: str) -> None:
    (tmp_path / "deep.json").write_text(opening * 10_000)
    (tmp_path / "good.md").write_text("# Bread\n\nIt rises slowly overnight.\n")
    read_back = read_library(tmp_path)
    assert [(w.file, w.skipped) for w in read_back.warnings] == [("deep.json", True)]
    assert "too deeply" in read_back.warnings[0].reason
    assert [note.file for note in read_back.notes] == ["good.md"]


def test_halves_of_characters_and_line_ends_in_words(tmp_path: Path) -> None:
    segment = '{"start": 5, "text": "one \\ud800 two\\u0000\\r\\nthree\\u2028four"}'
    loaded = read(tmp_path, "talk.json", f'{{"segments": [{segment}]}}')
    assert [words for *_, words in shown(loaded)] == ["[0:05] one \ufffd two\0 three four"]


def test_a_mark_and_another_encoding(tmp_path: Path) -> None:
    data = json.dumps(whisper(), ensure_ascii=False)
    for encoding in ("utf-8-sig", "utf-16", "utf-16-le"):
        assert SPOKEN[0] in read(tmp_path, "talk.json", data.encode(encoding)).source.text


def test_descript(tmp_path: Path) -> None:
    """The document behind a page published with Descript: words under `mediaLibrary`, `voices` with the names (as in
    programs that read it, which take `mediaRefs[0].voiceover.metadata.alignment`)."""
    said = [("Welcome", 1.0, "a"), ("back.", 1.4, "a"), ("Thank", 65.2, "b"), ("you.", 65.4, "b")]
    words = [{"word": w, "startTime": t, "endTime": t + 0.2, "speaker": {"speakerId": s}} for w, t, s in said]
    voices = [{"id": "a", "name": "Ines Moreau"}, {"id": "b", "name": "Karl Vogt"}]
    media = [{"voiceover": {"metadata": {"alignment": words}}}]
    whole = {"voices": voices, "mediaLibrary": {"mediaRefs": media}}
    loaded = read(tmp_path, "bread.json", json.dumps(whole))
    assert [(seconds, text) for _, seconds, text in shown(loaded)] == [
        (1, "[0:01] Ines Moreau: Welcome back."),
        (65, "[1:05] Karl Vogt: Thank you."),
    ]
