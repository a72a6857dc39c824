from __future__ import annotations

from collections import Counter

import pytest

from rag.topics.chunks import LONGEST_RUN, Usage, base_form, chunks, sub_runs, written_best


def test_runs_end_at_small_words_and_marks_but_not_at_hyphens_or_a_connecting_of() -> None:
    text = "The chain of thought is a long-context trick, sour dough; we love it of course."
    assert chunks(text).runs == ("chain of thought", "long-context trick", "sour dough", "love", "course")


def test_links_addresses_and_a_list_without_marks_name_nothing() -> None:
    assert chunks("See https://example.org/rye-bread and ask mara@example.org at example.com").runs == ("See", "ask")
    assert chunks("rye " * (LONGEST_RUN + 1)).runs == ()


@pytest.mark.parametrize(
    ("text", "word", "role"),
    [
        ("The oven was hot.", "oven", "n"),
        ("We bake the bread.", "bake", "v"),
        ("They will collapse.", "collapse", "v"),
        ("It allows the gas out.", "allow", "v"),
        ("It is very sour.", "sour", "q"),
        ("It leads to fermentation.", "fermentation", "n"),
    ],
)
def test_a_word_is_used_as_the_small_words_around_it_tell(text: str, word: str, role: str) -> None:
    usage = Usage()
    usage.add(chunks(text).roles)
    assert usage.counts[word] == Counter({role: 1})
    assert usage.share(word, role) == 1.0
    assert usage.told(word) == 1


def test_what_was_never_used_is_told_nothing_of() -> None:
    assert Usage().share("oven", "n") == 0.0
    assert Usage().told("oven") == 0


@pytest.mark.parametrize(
    ("one", "other"), [("ovens", "oven"), ("Bakeries", "bakery"), ("baker's", "baker"), ("batches", "batch")]
)
def test_ways_of_writing_one_word_come_together(one: str, other: str) -> None:
    assert base_form(one) == other


@pytest.mark.parametrize("word", ["gas", "glass", "analysis", "virus", "learning"])
def test_what_only_looks_like_a_plural_stays(word: str) -> None:
    assert base_form(word) == word


def test_a_connector_begins_and_ends_no_name() -> None:
    run = ["chain", "of", "thought"]
    spans = {" ".join(run[a:b]) for a, b in sub_runs(run, longest=4)}
    assert spans == {"chain", "chain of thought", "thought"}


def test_a_capital_that_begins_a_sentence_is_left_out_where_the_word_is_written_without_it_too() -> None:
    assert written_best({"Sour dough": 5, "sour dough": 2}) == "sour dough"
    assert written_best({"GPT": 9, "gpt": 1}) == "GPT"
    assert written_best({"ovens": 3, "oven": 2}) == "ovens"
