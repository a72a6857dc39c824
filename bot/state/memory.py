"""The crossing from the event loop to the database: every call is one transaction on the thread that owns it.

Where the database cannot be used the bot goes on without it: `attempt` gives back what was to be assumed, `trouble`
says what is the matter, and it is tried again a little later. Knows nothing of what is stored.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from bot import failures
from bot.line.owner_thread import OwnerThread
from bot.state.database import Database, Keeper
from bot.state.errors import StateBeingRead, StateBusy, StateError

log = logging.getLogger(__name__)

T = TypeVar("T")
U = TypeVar("U")
Use = Callable[[Database], T]

PATIENCE_SECONDS = 2.0
REST_SECONDS = 15.0


class Memory:
    """A database behind its own thread.

    Args:
        open_keeper: opens the database; called on the owner thread, and again later where it failed.
        patience: so long a call is waited for while not even another one gets done, in seconds; it is still made after
            that. In a burst many wait for each other, which is nothing that is wrong with the disk.
        rest: so long the database is left alone after a failure, in seconds.
    """

    def __init__(
        self, open_keeper: Callable[[], Keeper], *, patience: float = PATIENCE_SECONDS, rest: float = REST_SECONDS
    ) -> None:
        self._open_keeper = open_keeper
        self._patience = patience
        self._rest = rest
        self._keeper: Keeper | None = None
        self._failed: StateError | None = None
        self._failed_at = 0.0
        self._calls_done = 0
        self._thread = OwnerThread("footnote-memory")

    @property
    def trouble(self) -> str:
        """What keeps the bot from remembering, in a sentence for its owner; "" where nothing does."""
        return str(self._failed or "")

    async def run(self, use: Use[T], *, purge: bool = False, patience: float | None = None) -> T:
        """What `use` makes of the database, in one transaction.

        Args:
            purge: leave no byte of what it deletes on the disk.
            patience: in seconds, other than usual.

        Raises:
            StateError: the database cannot be used; nothing was written, unless the wait was too long.
        """
        if self._failed and time.monotonic() - self._failed_at < self._rest:
            raise self._failed.with_traceback(None)
        try:
            outcome = await self._waited_for(use, purge, self._patience if patience is None else patience)
        except TimeoutError as error:
            busy = StateBusy("The bot's memory takes too long to answer.", remedy="Look after the disk.")
            self._fail(busy)
            raise busy from error
        except StateBeingRead:  # which it does well
            raise
        except StateError as error:
            self._fail(error)
            raise
        self._failed = None
        return outcome

    async def attempt(self, use: Use[T], otherwise: U, *, purge: bool = False, patience: float | None = None) -> T | U:
        """What `use` makes of the database; `otherwise` where it cannot be used, whatever the reason."""
        try:
            return await self.run(use, purge=purge, patience=patience)
        except StateError:
            return otherwise
        except Exception as error:  # an answer never fails because of what is remembered about it
            failures.report(error, where="memory", log=log)
            return otherwise

    async def close(self, *, grace: float = 1.0) -> None:
        """Let go of the database once what was begun is done; after `grace` seconds that is left to its thread."""
        with suppress(TimeoutError, StateError):
            async with asyncio.timeout(grace):
                await self._thread.run(self._close)

    async def _waited_for(self, use: Use[T], purge: bool, patience: float) -> T:
        """The outcome of a call. Raises TimeoutError once no call has been done for so long."""
        calling = asyncio.ensure_future(self._thread.run(lambda: self._perform(use, purge)))
        try:
            while not calling.done():
                before = self._calls_done
                await asyncio.wait({calling}, timeout=patience)
                if not calling.done() and self._calls_done == before:
                    raise TimeoutError
            return calling.result()
        finally:
            calling.cancel()

    def _perform(self, use: Use[T], purge: bool) -> T:
        try:
            if self._keeper is None:
                self._keeper = self._open_keeper()
            if purge:
                return self._keeper.purge(use)
            with self._keeper.transaction():
                return use(self._keeper)
        finally:
            self._calls_done += 1

    def _close(self) -> None:
        if self._keeper is not None:
            self._keeper.close()
            self._keeper = None

    def _fail(self, error: StateError) -> None:
        if str(error) != self.trouble:
            log.error("I go on without remembering anything: %s", error)
        self._failed, self._failed_at = error, time.monotonic()
