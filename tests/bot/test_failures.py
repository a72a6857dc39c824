from __future__ import annotations

import inspect
import logging

import pytest

from bot import failures
from bot.line.worker import DeadlinePassed, QueueFull, Restarting
from rag import errors

EVERY_ERROR = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if kind.__module__ == "rag.errors"]
OURS = [kind for kind in (*EVERY_ERROR, QueueFull, DeadlinePassed, Restarting) if kind is not errors.FootnoteError]


@pytest.mark.parametrize("kind", OURS)
def test_every_error_of_ours_has_a_sentence_that_says_nothing_of_files_or_commands(
    kind: type[errors.FootnoteError],
) -> None:
    text = failures.sentence(kind("secret/path.txt is broken.", remedy="Run `footnote index`."))
    assert text != failures.UNEXPECTED
    assert text.endswith(".")
    if kind is not errors.QuestionError:
        assert "secret" not in text
        assert "footnote index" not in text


@pytest.mark.parametrize("kind", OURS)
def test_no_entry_of_the_table_hides_a_later_one(kind: type[errors.FootnoteError]) -> None:
    """The first match wins, so a base class must stand below its children."""
    own = [text for listed, text in failures.SENTENCES if listed is kind]
    assert not own or failures.sentence(kind("x")) == own[0]


def test_a_bad_question_is_explained_in_its_own_words() -> None:
    error = errors.QuestionError("The question is empty.", remedy="Type a few words.")
    assert failures.sentence(error) == "The question is empty. Type a few words."


def test_anything_else_is_apologised_for() -> None:
    assert failures.sentence(KeyError("x")) == failures.UNEXPECTED


def test_the_owner_reads_the_remedy(caplog: pytest.LogCaptureFixture) -> None:
    error = errors.IndexMissing("No index in .data.", remedy="Run `footnote index`.")
    failures.report(error, where="interaction 7", log=logging.getLogger("test"))
    assert "interaction 7: No index in .data. Run `footnote index`." in caplog.text


def test_the_log_of_an_unknown_error_has_its_place_but_not_its_words(caplog: pytest.LogCaptureFixture) -> None:
    def inner(question: str) -> None:
        raise ValueError(question)

    with caplog.at_level(logging.INFO):
        try:
            inner(" ".join(["my", "secret"]))
        except ValueError as error:
            failures.report(error, where="interaction 7", log=logging.getLogger("test"))
        failures.report(errors.QuestionError("my secret"), where="x", log=logging.getLogger("test"))
    assert "ValueError" in caplog.text
    assert "in inner" in caplog.text
    assert "my secret" not in caplog.text
