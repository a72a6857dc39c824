from __future__ import annotations

from collections.abc import Iterable, Sequence

import pytest

from rag.topics.variants import spelt_out, wordings
from rag.words import stem, words


class Notes:
    """A `Vocabulary` of a few texts."""

    def __init__(self, *texts: str) -> None:
        self._texts = texts

    def knows(self, stem: str) -> bool:
        return any(self.texts(stem))

    def beginning(self, letters: str) -> Sequence[str]:
        stems = {word.stem for text in self._texts for word in words(text)}
        return sorted(stem for stem in stems if stem.startswith(letters))

    def texts(self, *stems: str) -> Iterable[str]:
        return [text for text in self._texts if {*stems} <= {word.stem for word in words(text)}]


@pytest.mark.parametrize(
    ("topic", "notes", "meant"),
    [
        ("mechinterp", "Mechanistic interpretability is young.", "Mechanistic interpretability"),
        ("beekeeping and sourdoughbread", "We baked sourdough bread. Beekeeping.", "beekeeping and sourdough bread"),
        ("graphql", "Hello graph ql.", "graph ql"),
    ],
)
def test_a_word_that_occurs_nowhere_may_be_two_of_the_notes(topic: str, notes: str, meant: str) -> None:
    assert spelt_out(topic, Notes(notes)) == meant


@pytest.mark.parametrize("topic", ["mechinterp", "honey", "", "🎉", "溶岩と火山", "12345678", "x" * 5_000])
def test_what_the_notes_do_not_write_is_left_as_it_is(topic: str) -> None:
    notes = Notes("Interpretability is not mechanistic here.", "Honey keeps for years.")
    assert spelt_out(topic, notes) == topic


def test_two_words_may_be_one_in_the_notes() -> None:
    assert wordings("deep seek", Notes("DeepSeek is cheap.")) == ["deepseek"]
    assert wordings("deep seek", Notes("Seek deep water.")) == []


def test_a_name_is_looked_for_by_its_initials_where_the_notes_write_them_as_such() -> None:
    assert wordings("chain of thought", Notes("The CoT was long.")) == ["CoT"]
    assert wordings("chain of thought", Notes("The cot was long.")) == [], "that is a bed"


def test_initials_are_looked_for_by_what_they_stand_for() -> None:
    notes = Notes("A mixture of experts, or MoE, routes tokens.", "Many old eagles.")
    assert wordings("MoE", notes) == ["mixture of experts"]
    assert wordings("moe", notes) == [], "nothing says that these are initials"


def test_an_ordinary_topic_has_no_other_names() -> None:
    assert wordings("honey", Notes("Honey keeps.", "HTML is old.")) == []
    assert stem("honey") == "honey"
