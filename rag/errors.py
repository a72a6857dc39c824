"""Everything that can go wrong in a way its owner can mend.

    FootnoteError
    ├── NotesError              the notes folder as a whole (missing, empty, unreadable)
    │   ├── NoNotes             there is no file to read in it
    │   └── NoteError           one file of it; costs only that file
    ├── ModelError
    │   ├── ModelMissing        not on disk, or truncated
    │   ├── ModelCorrupt        wrong sha256, or llama.cpp cannot load it
    │   ├── NotEnoughMemory     it does not fit into what is free
    │   ├── DownloadError       cannot be fetched (network, space, wrong hash)
    │   ├── ContextTooLong      the prompt does not fit into the model's context
    │   └── EndpointAway        no usable answer from the server that runs the model
    ├── IndexProblem
    │   ├── IndexMissing        never built
    │   ├── IndexMismatch       built with another embedder, reader version or setting
    │   ├── IndexCorrupt        files missing or damaged
    │   ├── IndexBusy           another process is building it
    │   └── StoreAway           no usable answer from the server that holds its vectors
    ├── QuestionError           empty, too long, nothing to search for
    ├── Interrupted             the user cancelled, or the deadline passed
    └── StorageFull             no space left on the device

Each message is written for the person who reads it: it names the thing (file, number) and the
command or step that mends it. `remedy` holds that last part on its own.
"""

from __future__ import annotations


class FootnoteError(Exception):
    """Base class. `str(error)` is a whole sentence; `remedy` is what to do, or "", and `message` is it without that."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(f"{message} {remedy}".strip())
        self.message = message
        self.remedy = remedy


class NotesError(FootnoteError):
    """The notes folder cannot be used."""


class NoNotes(NotesError):
    """There is no file to read in the notes folder."""


class NoteError(NotesError):
    """One file of the notes folder cannot be read. The others still are."""


class ModelError(FootnoteError):
    """A model file cannot be used."""


class ModelMissing(ModelError):
    """A model file is not on disk, or is shorter than the catalogue says."""


class ModelCorrupt(ModelError):
    """A model file has the wrong sha256, or cannot be loaded."""


class NotEnoughMemory(ModelError):
    """A model needs more memory than is free."""


class DownloadError(ModelError):
    """A model could not be fetched."""


class ContextTooLong(ModelError):
    """A prompt and what is to be written do not fit into the model's context."""


class EndpointAway(ModelError):
    """The server that runs the model cannot be reached, or its answer cannot be used."""


class IndexProblem(FootnoteError):
    """The index cannot serve."""


class IndexMissing(IndexProblem):
    """No index has been built yet."""


class IndexMismatch(IndexProblem):
    """The index was built with another embedder, reader version or setting."""


class IndexCorrupt(IndexProblem):
    """The index's files are damaged or partly gone."""


class IndexBusy(IndexProblem):
    """Another process is building the index."""


class StoreAway(IndexProblem):
    """The server that holds the index's vectors cannot be reached, or its answer cannot be used."""


class QuestionError(FootnoteError):
    """The question cannot be searched for."""


class Interrupted(FootnoteError):
    """The user cancelled, or the deadline passed."""


class StorageFull(FootnoteError):
    """No space left on the device; nothing that was served before is lost."""
