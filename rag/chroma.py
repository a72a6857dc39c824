"""Chroma: in this process over a folder, or a server that others may use as well. The one file that imports `chromadb`.

Knows vectors by their numbers, and nothing of texts, notes or builds: that is all a server is ever told. Chroma's
errors become sentences here.
"""

from __future__ import annotations

import ssl
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, cast

import certifi
import httpx
import numpy as np
import numpy.typing as npt
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from rag.errors import IndexCorrupt, IndexProblem, StoreAway
from rag.phrase import Phrase
from rag.types import FloatArray

_ONE_DEAF = threading.Lock()


def _what_is_passed(
    cls: type[BaseSettings],
    settings_cls: type[BaseSettings],
    init_settings: PydanticBaseSettingsSource,
    **_others: PydanticBaseSettingsSource,
) -> tuple[PydanticBaseSettingsSource, ...]:
    return (init_settings,)


@contextmanager
def _deaf_to_the_environment() -> Iterator[None]:
    """Settings that are made inside take nothing from environment variables or a `.env` file.

    Chroma makes some while it is imported, and one variable of that name that means something else keeps it from
    being imported at all.
    """
    with _ONE_DEAF:  # of two, the later one would find and leave it deaf for good
        before = vars(BaseSettings)["settings_customise_sources"]
        BaseSettings.settings_customise_sources = classmethod(_what_is_passed)  # type: ignore[assignment, arg-type]
        try:
            yield
        finally:
            BaseSettings.settings_customise_sources = before  # type: ignore[method-assign]


with _deaf_to_the_environment():
    import chromadb
    from chromadb.api import ServerAPI
    from chromadb.api.collection_configuration import CreateHNSWConfiguration
    from chromadb.api.fastapi import FastAPI
    from chromadb.api.shared_system_client import SharedSystemClient
    from chromadb.config import Settings, System
    from chromadb.errors import AuthorizationError, ChromaAuthError, ChromaError, NotFoundError

SPACE: CreateHNSWConfiguration = {
    "space": "cosine",
    "ef_construction": 200,
    "ef_search": 400,
    "max_neighbors": 32,
}
IN_A_FOLDER = "passages"  # the name of the one collection that a folder holds
VERSIONS = "1"  # of servers, as far as the first dot
CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0  # somebody waits for what is found
WRITE_SECONDS = 120.0
PAUSES = (0.2, 1.0)  # seconds after which a lost connection is taken up again
LONG_PAUSES = (*PAUSES, 4.0, 10.0, 20.0, 30.0)  # where what would be lost took hours: a server starts again meanwhile
RESTARTS = (502, 503, 504)  # what a web server before it says then
REQUEST_NUMBERS = 150_000  # of vectors, .8 MB: many a web server takes no requests above 1 MiB
LONGEST_REASON = 200  # characters of what a server says of its failure
REMEDY = Phrase("Run: footnote index")
START = Phrase("Start it, or name another FOOTNOTE_CHROMA; without one the index is kept on this machine.")
TOKEN = Phrase("Look at FOOTNOTE_CHROMA_TOKEN.")
OTHER = Phrase("Look at FOOTNOTE_CHROMA.")
UNUSABLE = Phrase("The vector store cannot be used ({why}).")
LOST = Phrase("Vector {number} is gone from Chroma.")
GONE = Phrase("The index's vectors are gone from Chroma at {address} (collection {name}).")
UNREACHABLE = Phrase("Chroma at {address} cannot be reached ({why}).")
SLOW = Phrase("Chroma at {address} takes too long ({why}).")
UNKNOWN = Phrase("Chroma at {address} wants another token, or one at all.")
FAILED = Phrase("Chroma at {address} cannot do it: {why}.")
STATUS = Phrase("What is at {address} answers with status {status}, and not as Chroma does.")
STRANGE = Phrase("What is at {address} does not answer as Chroma does ({why}).")
VERSION = Phrase("Chroma at {address} is of version {version}, and Footnote needs {wanted}.")
TOO_LARGE = Phrase("What is at {address} takes no requests of a megabyte.")
LET_THROUGH = Phrase("Have it let larger ones through (nginx: client_max_body_size).")
INSTALL = Phrase("Install that one there, or name another FOOTNOTE_CHROMA.")

T = TypeVar("T")
Numbers = npt.NDArray[np.int64]
"""What vectors are known by, shape (n,)."""


class Collection:
    """Vectors by their numbers, the nearest of which Chroma finds. Raises IndexProblem, whatever is asked of it.

    The base is that in a folder.
    """

    def __init__(self, held: chromadb.Collection, close: Callable[[], None]) -> None:
        self._held = held
        self.close = close

    def add(self, numbers: Sequence[int] | Numbers, values: FloatArray) -> None:
        """Put unit vectors in, shape (len(numbers), dimension); those that are there already stay as they are."""
        ids = [str(number) for number in numbers]
        self._asked(lambda: self._held.add(ids=ids, embeddings=values), patiently=True)

    def write_down_after(self, count: int) -> None:
        """Have the graph that finds them written to the disk whenever so many have been added."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it warns of an embedding function, and there is none
            self._asked(lambda: self._held.modify(configuration={"hnsw": {"sync_threshold": count}}))

    def count(self) -> int:
        """How many there are."""
        return self._asked(self._held.count)

    def nearest(self, query: FloatArray, limit: int) -> list[tuple[int, float]]:
        """The `limit` nearest to a unit vector of shape (dimension,): (number, cosine), best first."""
        found: Any = self._asked(
            lambda: self._held.query(query_embeddings=[query], n_results=limit, include=["distances"])  # type: ignore[arg-type]
        )
        pairs = zip(found["ids"][0], found["distances"][0], strict=True)
        return [(int(number), 1.0 - float(distance)) for number, distance in pairs]

    def vector(self, number: int) -> FloatArray:
        """The vector of this number, shape (dimension,)."""
        found: Any = self._asked(lambda: self._held.get(ids=[str(number)], include=["embeddings"]))
        if not len(found["embeddings"]):
            raise IndexCorrupt(LOST.format(number=number), remedy=REMEDY)
        return np.asarray(found["embeddings"][0], dtype=np.float32)

    def _asked(self, call: Callable[[], T], *, patiently: bool = False) -> T:
        """What comes of a call. `patiently`: much would be lost with it, and it may be made again."""
        with _translated():
            return call()


def create_in(folder: Path) -> Collection:
    """An empty collection in `folder`, which must not hold one yet."""
    client = _client(folder)
    held = client.create_collection(IN_A_FOLDER, embedding_function=None, configuration={"hnsw": SPACE})
    return Collection(held, client.close)  # type: ignore[attr-defined]  # the interface lacks it, every client has it


def open_in(folder: Path) -> Collection:
    """The collection in `folder`. Raises IndexCorrupt."""
    with _translated():
        client = _client(folder)
        held = client.get_collection(IN_A_FOLDER, embedding_function=None)
    return Collection(held, client.close)  # type: ignore[attr-defined]


@contextmanager
def _translated() -> Iterator[None]:
    """Chroma's errors, sqlite's, plain ValueErrors and the panics of its Rust code (no Exceptions) as IndexCorrupt."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise IndexCorrupt(UNUSABLE.format(why=str(error)), remedy=REMEDY) from error


def _client(folder: Path) -> chromadb.api.ClientAPI:
    with _deaf_to_the_environment():
        settings = Settings(anonymized_telemetry=False, allow_reset=False)
    try:
        return chromadb.PersistentClient(path=str(folder), settings=settings)
    except BaseException:
        if str(folder) not in SharedSystemClient._identifier_to_refcount:  # nobody has it open
            SharedSystemClient._identifier_to_system.pop(str(folder), None)  # or it never could be opened again
        raise


@dataclass(frozen=True, kw_only=True)
class Server:
    """A Chroma server, as far as it is ours. Everything asked of it raises StoreAway.

    Attributes:
        address: http(s)://HOST:PORT, with a path where it stands behind another server.
        token: sent with each request as a bearer's, never shown; "" for none.
        seconds: how long it may take to say anything where somebody waits.
        before_making: told the name of each collection before that is made.
    """

    address: str
    token: str = field(default="", repr=False)
    seconds: float = READ_SECONDS
    before_making: Callable[[str], object] = field(default=lambda _name: None, repr=False, compare=False)

    def create(self, name: str) -> Collection:
        """An empty collection of a name of its own. Raises what `before_making` does."""
        self.before_making(name)
        return self._found(WRITE_SECONDS, lambda api: self._asked(lambda: _made(api, name)))

    def open(self, name: str) -> Collection:
        """A collection that is there. Raises IndexCorrupt where it is not."""
        return self._found(self.seconds, lambda api: self._of(name, lambda: api.get_collection(name)))

    def remove(self, name: str) -> None:
        """Delete a collection, if it is there."""
        with self._opened() as api, suppress(NotFoundError):
            self._tried(lambda: api.delete_collection(name))

    def version(self) -> str:
        """What the server says of itself, once it has shown that it can be used."""
        with self._opened() as api:
            return self._asked(api.get_version)

    def _found(self, seconds: float, find: Callable[[ServerAPI], Any]) -> Collection:
        """The collection that `find` comes back with, on a connection of its own."""
        api = self._connected(seconds)
        try:
            return _Remote(self, api, find(api))
        except BaseException:
            _hang_up(api)
            raise

    @contextmanager
    def _opened(self) -> Iterator[ServerAPI]:
        api = self._connected(self.seconds)
        try:
            yield api
        finally:
            _hang_up(api)

    def _connected(self, seconds: float) -> ServerAPI:
        """Its interface, where it is a server that we can talk to; `seconds`: how long it may be silent."""
        with _deaf_to_the_environment():
            settings = Settings(
                anonymized_telemetry=False,
                chroma_api_impl=f"{FastAPI.__module__}.{FastAPI.__name__}",
                chroma_server_host=self.address,
                chroma_server_http_port=0,  # wanted, and not used where the host is a whole address
            )
        api = System(settings).instance(ServerAPI)  # type: ignore[type-abstract]  # it makes the one that is named
        _hang_up(api)
        _session_of(api, self._session(seconds))
        try:
            said = self._asked(api.get_version)
        except BaseException:
            _hang_up(api)
            raise
        if str(said).partition(".")[0] != VERSIONS:
            _hang_up(api)
            wrong = VERSION.format(address=self.address, version=str(said)[:20], wanted=VERSIONS)
            raise StoreAway(wrong, remedy=INSTALL)
        return api

    def _session(self, seconds: float) -> httpx.Client:
        """In place of Chroma's own, which waits for ever, and asks the environment for proxies and passwords."""
        return httpx.Client(
            headers={"Authorization": f"Bearer {self.token}"} if self.token else {},
            timeout=httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS)),
            verify=_trusted() if self.address.startswith("https:") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            trust_env=False,
        )

    def _of(self, name: str, call: Callable[[], T], *, patiently: bool = False) -> T:
        """What comes of a call that is about a collection. Raises IndexCorrupt where that is gone."""
        try:
            return self._tried(call, patiently=patiently)
        except NotFoundError as error:
            raise IndexCorrupt(GONE.format(address=self.address, name=name), remedy=REMEDY) from error

    def _asked(self, call: Callable[[], T]) -> T:
        """What comes of a call that is about no collection in particular."""
        try:
            return self._tried(call)
        except NotFoundError as error:
            raise StoreAway(STATUS.format(address=self.address, status=404), remedy=OTHER) from error

    def _tried(self, call: Callable[[], T], *, patiently: bool = False) -> T:
        """What comes of a call, more than once if need be. Raises NotFoundError where what it is about is not there."""
        for pause in (*(LONG_PAUSES if patiently else PAUSES), None):
            try:
                return call()
            except (NotFoundError, IndexProblem):
                raise
            except Exception as error:
                if pause is None or not _may_pass(error, patiently=patiently):
                    raise self._refused(error) from error
                time.sleep(pause)
        raise AssertionError("the last attempt ends in one way or the other")

    def _refused(self, error: Exception) -> StoreAway:
        if isinstance(error, httpx.TimeoutException):
            return StoreAway(SLOW.format(address=self.address, why=_reason(error)), remedy=START)
        if isinstance(error, httpx.TransportError):
            return StoreAway(UNREACHABLE.format(address=self.address, why=_reason(error)), remedy=START)
        status = _status(error)
        if status in (401, 403) or isinstance(error, (AuthorizationError, ChromaAuthError)):
            return StoreAway(UNKNOWN.format(address=self.address), remedy=TOKEN)
        if status == 413:
            return StoreAway(TOO_LARGE.format(address=self.address), remedy=LET_THROUGH)
        if status:
            said = STATUS.format(address=self.address, status=status)
            return StoreAway(said, remedy=START if status >= 500 else OTHER)
        if isinstance(error, ChromaError):
            failed = FAILED.format(address=self.address, why=_reason(error).rstrip("."))
            return StoreAway(failed, remedy=Phrase("Look into its log."))
        return StoreAway(STRANGE.format(address=self.address, why=type(error).__name__), remedy=OTHER)


class _Remote(Collection):
    """A collection on a server."""

    def __init__(self, server: Server, api: ServerAPI, model: Any) -> None:  # noqa: ANN401  # Chroma's own
        super().__init__(chromadb.Collection(client=api, model=model, embedding_function=None), lambda: _hang_up(api))
        self._server = server
        self._name = model.name

    def add(self, numbers: Sequence[int] | Numbers, values: FloatArray) -> None:
        """As in a folder, in requests of a size that is let through everywhere."""
        step = max(1, REQUEST_NUMBERS // values.shape[1])
        for start in range(0, len(numbers), step):
            super().add(numbers[start : start + step], values[start : start + step])

    def write_down_after(self, count: int) -> None:
        """The server's own affair."""

    def _asked(self, call: Callable[[], T], *, patiently: bool = False) -> T:
        return self._server._of(self._name, call, patiently=patiently)


def _made(api: ServerAPI, name: str) -> Any:  # noqa: ANN401  # Chroma's own
    return api.create_collection(name, configuration={"hnsw": SPACE})


def _may_pass(error: Exception, *, patiently: bool) -> bool:
    """Whether it is worth another try: what a lost connection is, and for the patient, a server that starts again."""
    if patiently and _status(error) in RESTARTS:
        return True
    return isinstance(error, httpx.TransportError) and (patiently or not isinstance(error, httpx.TimeoutException))


def _status(error: Exception) -> int:
    """What was answered, where that was not in Chroma's own words; else 0."""
    response: httpx.Response | None = getattr(error.__context__, "response", None)
    return response.status_code if response is not None else 0


def _reason(error: Exception) -> str:
    return str(error)[:LONGEST_REASON] or type(error).__name__


def _session_of(api: ServerAPI, session: httpx.Client) -> None:
    cast("FastAPI", api)._session = session


def _hang_up(api: ServerAPI) -> None:
    cast("FastAPI", api)._session.close()


def _trusted() -> ssl.SSLContext:
    """The system's certificates, and certifi's where the system has none."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
