"""What a user reads when something fails: the one table from exception to sentence.

The sentences are for somebody who asked a question, and who can neither see the machine's files nor run its
commands. What the owner needs goes to the log. Knows nothing of Discord.
"""

from __future__ import annotations

import logging
import traceback

from bot.child.errors import Crashed
from bot.language import _
from bot.line.worker import DeadlinePassed, PersonWaits, QueueFull, Restarting, ServerWaits
from bot.state.errors import StateBeingRead, StateError
from rag import errors
from rag.phrase import Phrase

UNEXPECTED = Phrase("Something went wrong on my side. My owner can find out more in the log; please try again later.")

SENTENCES: tuple[tuple[type[Exception], str], ...] = (
    (
        PersonWaits,
        Phrase("You have as many questions under way as I take from one person. Please wait for one, or cancel one."),
    ),
    (
        ServerWaits,
        Phrase("Too many questions from this server are waiting already. Please ask again in a minute or two."),
    ),
    (QueueFull, Phrase("Too many questions are waiting already. Please ask again in a minute or two.")),
    (Restarting, Phrase("I am being restarted; please ask again in a minute.")),
    (DeadlinePassed, Phrase("This took too long, so I gave up. Please try again, perhaps with a shorter question.")),
    (
        Crashed,
        Phrase("The part of me that looks through the notes has crashed. It is being started again; please ask anew."),
    ),
    (errors.Interrupted, Phrase("I stopped before I had an answer. Please ask again.")),
    (errors.IndexMissing, Phrase("I have not read the notes yet. My owner has to index them first.")),
    (errors.IndexMismatch, Phrase("My index of the notes is out of date. My owner has to rebuild it first.")),
    (errors.IndexCorrupt, Phrase("My index of the notes is damaged. My owner has to rebuild it first.")),
    (errors.IndexBusy, Phrase("I am reading the notes right now. Please ask again in a few minutes.")),
    (errors.StoreAway, Phrase("A server that I need does not answer. My owner has to look after it first.")),
    (errors.IndexProblem, Phrase("I cannot use my index of the notes. My owner has to look into it first.")),
    (errors.EndpointAway, Phrase("A server that I need does not answer. My owner has to look after it first.")),
    (errors.ModelError, Phrase("My language model cannot be loaded. My owner has to repair it first.")),
    (errors.NotesError, Phrase("I cannot read the notes. My owner has to look into it first.")),
    (
        StateBeingRead,
        Phrase("It is deleted, but traces may be left on the disk just now. Ask me once more in a minute."),
    ),
    (
        StateError,
        Phrase("I cannot use my memory right now: this was not kept, or not fully erased. Please try again later."),
    ),
    (errors.StorageFull, Phrase("The machine I run on has no space left. My owner has to make some first.")),
    (MemoryError, Phrase("The machine I run on is out of memory. Please try again later.")),
)


def whole(error: errors.FootnoteError) -> str:
    """All that an error says and what to do, in the language that is spoken, where it is known in that."""
    return f"{_(error.message)} {_(error.remedy)}".strip()


def sentence(error: BaseException) -> str:
    """What to tell the user, in the language that is spoken. A QuestionError is only about what they typed."""
    if isinstance(error, errors.QuestionError):
        return whole(error)
    return _(next((text for kind, text in SENTENCES if isinstance(error, kind)), UNEXPECTED))


def report(error: BaseException, *, where: str, log: logging.Logger) -> None:
    """Tell the owner, without the user's words: an unknown exception's own text may quote the question."""
    if isinstance(error, (errors.QuestionError, errors.Interrupted, QueueFull)):
        log.info("%s: %s", where, type(error).__name__)
    elif isinstance(error, errors.FootnoteError):
        log.error("%s: %s", where, error)
    else:
        frames = "".join(traceback.format_tb(error.__traceback__))
        log.error("%s: unexpected %s\n%s", where, type(error).__name__, frames)
