"""What programs read, against the schemas that come with the package."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator, ValidationError

from bot.json_face import Json, ask_json, dumps, episodes_json, schema, topic_json
from bot.terminal.render_text import plain, render
from rag.map_types import TopicSummary
from rag.types import Answer, Filter, NotCovered, Place
from tests.bot.samples import ANSWER, BREAD, CLOSEST, HEAT, LOAF, NOTHING, SUMMARY, VENUS


def validate(name: str, value: Json) -> None:
    """Check the value as it is printed."""
    document = schema(name)  # type: ignore[arg-type]
    Draft202012Validator.check_schema(document)
    Draft202012Validator(document).validate(json.loads(dumps(value)))


@pytest.mark.parametrize("result", [ANSWER, CLOSEST, NOTHING])
def test_ask_matches_its_schema(result: Answer | NotCovered) -> None:
    validate("ask", ask_json(result))


@pytest.mark.parametrize("result", [SUMMARY, CLOSEST, NOTHING])
def test_topic_matches_its_schema(result: TopicSummary | NotCovered) -> None:
    validate("topic", topic_json(result))


def test_episodes_match_their_schema() -> None:
    validate("episodes", episodes_json([VENUS, LOAF]))
    validate("episodes", episodes_json([]))


def test_an_answer() -> None:
    value = ask_json(ANSWER)
    assert value["outcome"] == "answer"
    assert value["text"] == plain(render(ANSWER))
    assert value["sentences"] == [
        {"text": "The surface is at 464 °C.", "citations": [1], "verbatim": True},
        {"text": "Bread is done at 96 °C.", "citations": [1, 2], "verbatim": False},
    ]
    assert value["citations"][0] == {
        "n": 1,
        "show": "Clear Skies Tonight",
        "episode": "Venus",
        "episode_id": "venus",
        "date": "--09-10",
        "note_file": "venus.txt",
        "line_start": 12,
        "line_end": 13,
        "counted": "line",
        "quote": "The surface is at\n  464 °C.",
        "seconds": 4050,
        "seconds_around": False,
        "speaker": None,
        "url": "https://www.youtube.com/watch?v=VenusEp0041&t=4050s",
        "also": [],
        "context": {"before": [], "passage": "", "after": []},
    }
    assert (value["closest"], value["p_answerable"], value["timings_ms"]) == ([], 0.9, {"search": 12.5})


def test_a_refusal_shows_what_is_closest_and_cites_nothing() -> None:
    value = ask_json(CLOSEST)
    assert (value["outcome"], value["sentences"], value["citations"]) == ("closest", [], [])
    assert [citation["n"] for citation in value["closest"]] == [1]
    assert value["absent_words"] == ["pluto", "dwarf"]
    assert ask_json(NOTHING)["outcome"] == "not_covered"


def test_a_topic() -> None:
    value = topic_json(SUMMARY)
    assert value["points"][1] == {
        "text": "done at 96 °C",
        "theme": "Baking",
        "citations": [2],
        "verbatim": True,
        "more": [],
    }
    assert [episode["title"] for episode in value["episodes"]] == ["Venus", "Ines Carvalho"]
    assert topic_json(NOTHING)["points"] == []


def test_a_quote_survives_printing_to_the_byte() -> None:
    quote = "tab\t “curly” \x9b31m \u2028 🙂 lone \udc80"
    printed = dumps(ask_json(replace(ANSWER, citations=(replace(HEAT, quote=quote), BREAD))))
    assert printed.isascii() and printed.isprintable()
    assert json.loads(printed)["citations"][0]["quote"] == quote


@pytest.mark.parametrize(
    "change",
    [
        {"outcome": "maybe"},
        {"sentences": []},
        {"closest": [{}]},
        {"p_answerable": 1.5},
        {"surprise": 1},
        {"sentences": [{"text": "No source.", "citations": [], "verbatim": True}]},
    ],
)
def test_the_schema_can_fail(change: Json) -> None:
    with pytest.raises(ValidationError):
        validate("ask", {**ask_json(ANSWER), **change})


def test_the_other_places_of_a_quote_are_told_and_match_the_schema() -> None:
    place = Place(note_file="rye.md", line_start=12, line_end=13, episode="The Slow Oven: Rye")
    result = replace(ANSWER, citations=(replace(ANSWER.citations[0], also=(place,) * 5), *ANSWER.citations[1:]))
    value = ask_json(result)
    validate("ask", value)
    assert value["citations"][0]["also"][4]["note_file"] == "rye.md"
    assert "also rye.md:12-13, rye.md:12-13, rye.md:12-13 and 2 more" in value["text"]


def test_filters_and_remarks_are_in_the_json() -> None:
    filters = (Filter(kind="guest", label="Mara", hard=True),)
    refused = replace(CLOSEST, filters=filters, remarks=("Cut.",), did_you_mean=("Venus",), near_episodes=("Clear",))
    value = ask_json(refused)
    Draft202012Validator(schema("ask")).validate(value)
    assert value["filters"] == [{"kind": "guest", "label": "Mara", "hard": True}]
    assert (value["remarks"], value["did_you_mean"], value["near_episodes"]) == (["Cut."], ["Venus"], ["Clear"])
    answered = ask_json(replace(ANSWER, filters=filters))
    Draft202012Validator(schema("ask")).validate(answered)
    assert (answered["filters"], answered["did_you_mean"]) == (value["filters"], [])


def test_the_context_of_a_citation_is_in_the_json() -> None:
    whole = replace(HEAT, whole="All.", before=("One.",), after=("Two.",))
    value = ask_json(replace(ANSWER, citations=(whole, BREAD)))
    Draft202012Validator(schema("ask")).validate(value)
    assert value["citations"][0]["context"] == {"before": ["One."], "passage": "All.", "after": ["Two."]}
