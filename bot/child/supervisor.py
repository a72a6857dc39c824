"""Keeps a child running: starts it, starts it anew when it dies, and lets it go when nobody has asked for long.

What it hands out looks like an `Assistant`, and like whatever an assistant hands out in turn; the real ones are in the
child. A call that the child died of is made once more; a question that it died of twice is not asked again.
"""

from __future__ import annotations

import hashlib
import logging
import os
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, cast

from bot.child import wire
from bot.child.errors import Crashed
from bot.child.process import Child, ChildGone
from bot.settings import Settings
from rag.errors import FootnoteError, QuestionError
from rag.phrase import Phrase
from rag.protocols import NOBODY, Assistant, Cancelled, Watch

log = logging.getLogger(__name__)

TRIES = 2
LONGEST_PAUSE = 60.0  # seconds between two starts where each of them fails
REMEMBERED = 100  # questions that the child died of
DEADLY_SECONDS = 86_400.0  # for so long they are not asked again

DEADLY = Phrase("This question has stopped me twice, so I no longer try to answer it.")
OTHER_WORDS = Phrase("Please ask in other words.")


class Supervisor:
    """One child at a time.

    Args:
        start: starts a child. Raises FootnoteError, ChildGone, OSError.
        idle_seconds: let the child go, with all its memory, when nobody has called for so long; None: never.
        clock: seconds that only grow.

    Attributes:
        starts: how many children were started, those that did not come to life included.
        starting: whether one is being started now; read it on any thread.
    """

    def __init__(
        self,
        start: Callable[[], Child],
        *,
        idle_seconds: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.starts = 0
        self.starting = False
        self._start = start
        self._idle_seconds = idle_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._child: Child | None = None
        self._closed = False
        self._died_of: OrderedDict[str, tuple[int, float]] = OrderedDict()  # how often, and when last
        self._failures = 0
        self._not_before = 0.0
        self._idle: threading.Timer | None = None

    @property
    def pid(self) -> int | None:
        """Of the child that runs now; None where there is none."""
        return self._child.pid if self._child else None

    def open(self) -> Assistant:
        """Start the child; the assistant in it. Raises FootnoteError where it cannot be opened."""
        with self._lock:
            self._running()
        return cast("Assistant", Remote(Assistant, self))

    def call(self, path: Sequence[wire.Step], *, cancelled: Cancelled | None, watch: Watch) -> Any:  # noqa: ANN401
        """What comes of a call, in a child that is started where none runs. Raises what the call raises, Crashed."""
        name = _named(path)
        if self._is_deadly(name):
            raise QuestionError(DEADLY, remedy=OTHER_WORDS)
        with self._lock:
            self._awake()
            try:
                return self._tried(path, name, cancelled, watch)
            finally:
                self._rest()

    def close(self) -> None:
        """Let the child go for good."""
        with self._lock:
            self._closed = True
            self._awake()
            self._let_go()

    def _tried(self, path: Sequence[wire.Step], name: str, cancelled: Cancelled | None, watch: Watch) -> Any:  # noqa: ANN401
        for last in (False, True):
            child = self._running()
            try:
                outcome = child.call(path, cancelled=cancelled, watch=watch)
            except ChildGone as gone:
                if cancelled and cancelled():  # it was killed because it did not stop
                    self._let_go()
                    raise Crashed(f"The process that answers had to be stopped ({gone.how}).") from gone
                crashed = self._buried(gone)
                self._blame(name)
                if last:
                    raise self._verdict(name, crashed) from gone
                watch = NOBODY  # who watches has been told the beginning
            else:
                self._failures = 0
                self._died_of.pop(name, None)
                return outcome
        raise AssertionError("the last try ends in one way or the other")

    def _running(self) -> Child:
        if self._closed:
            raise Crashed("The process that answers has been stopped.")
        if self._child and (gone := self._child.gone()):
            self._buried(gone)
        if self._child is None:
            pause = self._not_before - self._clock()
            if pause > 0:
                raise Crashed(f"The process that answers keeps dying; it is started again in {pause:.0f} s.")
            self._child = self._started()
        return self._child

    def _started(self) -> Child:
        self.starts, self.starting = self.starts + 1, True
        try:
            return self._start()
        except ChildGone as gone:
            raise self._buried(gone) from gone
        except OSError as error:
            raise self._buried(ChildGone(f"it cannot be started: {error.strerror}")) from error
        finally:
            self.starting = False

    def _buried(self, gone: ChildGone) -> Crashed:
        """What to say of a child that died; another one may be started after a pause that grows."""
        self._let_go()
        self._failures += 1
        if self._failures >= TRIES:
            self._not_before = self._clock() + min(2.0 ** (self._failures - TRIES), LONGEST_PAUSE)
        log.error("the process that answers died (%s), %d in a row", gone.how, self._failures)
        return Crashed(f"The process that answers died ({gone.how}).", remedy="It is started again.")

    def _blame(self, name: str) -> None:
        if name:
            before, _ = self._died_of.get(name, (0, 0.0))
            self._died_of[name] = (before + 1, self._clock())
            self._died_of.move_to_end(name)
            while len(self._died_of) > REMEMBERED:
                self._died_of.popitem(last=False)

    def _verdict(self, name: str, crashed: Crashed) -> FootnoteError:
        return QuestionError(DEADLY, remedy=OTHER_WORDS) if self._is_deadly(name) else crashed

    def _is_deadly(self, name: str) -> bool:
        times, last = self._died_of.get(name, (0, 0.0))
        return times >= TRIES and self._clock() - last < DEADLY_SECONDS

    def _let_go(self) -> None:
        if self._child:
            self._child.close()
            self._child = None

    def _awake(self) -> None:
        if self._idle:
            self._idle.cancel()
            self._idle = None

    def _rest(self) -> None:
        if self._idle_seconds is not None and self._child:
            timer = threading.Timer(self._idle_seconds, lambda: self._sleep(timer))
            timer.daemon = True
            self._idle = timer
            timer.start()

    def _sleep(self, timer: threading.Timer) -> None:
        with self._lock:
            if self._idle is not timer:  # somebody has asked meanwhile
                return
            self._let_go()
        log.info("nobody has asked for %.0f s: the models are let go until somebody does", self._idle_seconds or 0)


def _named(path: Sequence[wire.Step]) -> str:
    """By what a call is known again that asks something, without its words; "" where it asks nothing."""
    arguments: Mapping[str, Any] = path[-1][1]
    asks = arguments.get("question") or arguments.get("topic")
    return hashlib.sha256(wire.line({"path": path}).encode()).hexdigest() if asks else ""


class Remote:
    """Stands for an object of a protocol that is in the child: has its methods, and no other."""

    def __init__(self, protocol: type, supervisor: Supervisor, path: tuple[wire.Step, ...] = ()) -> None:
        self._protocol = protocol
        self._supervisor = supervisor
        self._path = path

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        method = wire.methods(self._protocol).get(name)
        if method is None:
            raise AttributeError(name)
        return partial(self._call, name, method)

    @property
    def starts(self) -> int:
        """How often the child was started."""
        return self._supervisor.starts

    @property
    def starting(self) -> bool:
        """Whether the child is being started now."""
        return self._supervisor.starting

    def close(self) -> None:
        """Let the child go: what its assistant holds is freed with it."""
        self._supervisor.close()

    def _call(self, name: str, method: wire.Method, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401
        bound = method.signature.bind(self, *arguments, **named).arguments
        path = (*self._path, (name, wire.packed(method, bound)))
        if method.leads_to:
            return Remote(method.leads_to, self._supervisor, path)
        outcome = self._supervisor.call(path, cancelled=bound.get("cancelled"), watch=bound.get("watch", NOBODY))
        return method.outcome.validate_python(outcome) if method.outcome else None


def open_apart(settings: Settings) -> Assistant:
    """The assistant of these settings, in a process of its own. Raises FootnoteError where it cannot be opened."""
    minutes = settings.idle_minutes
    supervisor = Supervisor(
        lambda: Child([sys.executable, "-m", "bot.child"], told(settings), environment=_environment()),
        idle_seconds=60 * minutes if minutes else None,
    )
    return supervisor.open()


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.upper().startswith("FOOTNOTE_DISCORD__")}


def told(settings: Settings) -> dict[str, Any]:
    """The settings as JSON knows them: but those of Discord, which are no business of what answers."""
    plain = settings.model_dump(mode="json", exclude={"discord"})
    plain["discord"] = {"token": ""}  # or the child would read it from .env by itself
    plain["embedder_key"] = settings.embedder_key.get_secret_value()
    plain["ranker_key"] = settings.ranker_key.get_secret_value()
    plain["chroma_token"] = settings.chroma_token.get_secret_value()
    plain["writer"]["api_key"] = settings.writer.api_key.get_secret_value()
    return plain
