"""What can go wrong with the bot's memory. None of it keeps the bot from answering.

StateError
├── StateNewer          written by a newer Footnote
├── StateCorrupt        damaged, or no database of Footnote's
├── StateBusy           another program has it
├── StateFull           no space left on the device
├── StateUnwritable     read-only, or its folder cannot be used
└── StateBeingRead      something was deleted, but a reader keeps its bytes on the disk
"""

from __future__ import annotations

from rag.errors import FootnoteError


class StateError(FootnoteError):
    """The bot's memory cannot be used."""


class StateNewer(StateError):
    """The database was written by a newer Footnote."""


class StateCorrupt(StateError):
    """The database is damaged, or is not one of Footnote's."""


class StateBusy(StateError):
    """Another program has the database."""


class StateFull(StateError):
    """No space left on the device."""


class StateUnwritable(StateError):
    """The database or its folder cannot be written to."""


class StateBeingRead(StateError):
    """What was to be deleted is, but its bytes stay on the disk as long as another program reads the database."""
