from __future__ import annotations

import pytest

from rag.spelling import correct, suggest

NAMES = {"moreau": "Moreau", "karpathy": "Karpathy", "ines": "Ines"}
WORDS = {"queen": 5, "queer": 1, "thousand": 3, "clover": 2, "hiring": 4}


def known(stem: str) -> bool:
    return stem in {"queen", "bee", "say"}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("what does Morreau say", "what does Moreau say"),
        ("what does Inse say", "what does Inse say"),
        ("what does the queen say", "what does the queen say"),
        ("how many thosuand in clovr", "how many thousand in clover"),
        ("which hiking trail", "which hiking trail"),
        ("hiking past clovr near Denver beginners", "hiking past clovr near Denver beginners"),
        ("qeeen clovr", "queen clover"),
        ("", ""),
    ],
)
def test_only_what_is_surely_meant_is_corrected(typed: str, meant: str) -> None:
    assert correct(typed, known=known, names=NAMES, vocabulary=lambda: WORDS) == meant


@pytest.mark.parametrize("word", ["hinges", "lines", "carpathy", "moresque"])
def test_an_ordinary_word_does_not_become_a_name(word: str) -> None:
    """ "hinges" became "Ines", a guest, and the search was narrowed to her episode."""
    assert correct(f"the queen {word}", known=known, names=NAMES) == f"the queen {word}"


def test_a_word_written_as_a_name_may_begin_otherwise() -> None:
    assert correct("what does Carpathy say", known=known, names=NAMES) == "what does Karpathy say"
    assert correct("what does karpthy say", known=known, names=NAMES) == "what does Karpathy say"


def test_one_strange_word_is_what_the_notes_do_not_have() -> None:
    """ "hiking" alone became "hiring", and the question was answered with what it had not asked."""
    assert (
        correct("the queen went hiking", known=known, names=NAMES, vocabulary=lambda: WORDS) == "the queen went hiking"
    )


def test_names_that_may_be_meant() -> None:
    assert suggest(["moraeu", "karpatyh", "ahtena"], NAMES) == ("Moreau", "Karpathy")
    assert suggest(["pumpkins", "ine"], NAMES) == ()
