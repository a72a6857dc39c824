"""Chroma: in this process over a folder, or a server that others may use as well. The one file that imports `chromadb`.

Knows vectors by their numbers, and nothing of texts, notes or builds: that is all a server is ever told. Chroma's
errors become sentences here.
"""

from __future__ import annotations

import ssl
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
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
    from chromadb.errors import ChromaError, NotFoundError

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
AT_ONCE = 100  # names of one request
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
        self._asked(lambda: self._held.add(ids=ids, embeddings=values))

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

    def _asked(self, call: Callable[[], T]) -> T:
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
        prefix: what the names of our collections begin with.
        seconds: how long it may take to say anything where somebody waits.
    """

    address: str
    token: str = field(default="", repr=False)
    prefix: str = "footnote-"
    seconds: float = READ_SECONDS

    def create(self, name: str) -> Collection:
        """An empty collection of a name of its own."""
        return self._found(
            WRITE_SECONDS, lambda api: self._asked(lambda: api.create_collection(name, configuration={"hnsw": SPACE}))
        )

    def open(self, name: str) -> Collection:
        """A collection that is there. Raises IndexCorrupt where it is not."""
        return self._found(self.seconds, lambda api: self._of(name, lambda: api.get_collection(name)))

    def names(self) -> list[str]:
        """Of our collections."""
        with self._opened() as api:
            return [name for name in self._all_names(api) if name.startswith(self.prefix)]

    def remove(self, name: str) -> None:
        """Delete a collection, if it is there."""
        with self._opened() as api:
            try:
                self._asked(lambda: api.delete_collection(name))
            except NotFoundError:
                return

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

    def _all_names(self, api: ServerAPI) -> Iterator[str]:
        for page in count():
            part = self._asked(lambda page=page: api.list_collections(limit=AT_ONCE, offset=page * AT_ONCE))  # type: ignore[misc]
            yield from (collection.name for collection in part)
            if len(part) < AT_ONCE:
                return

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
        except BaseException as error:
            _hang_up(api)
            if isinstance(error, NotFoundError):
                raise StoreAway(STATUS.format(address=self.address, status=404), remedy=OTHER) from error
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

    def _of(self, name: str, call: Callable[[], T]) -> T:
        """What comes of a call that is about a collection. Raises IndexCorrupt where that is gone."""
        try:
            return self._asked(call)
        except NotFoundError as error:
            raise IndexCorrupt(GONE.format(address=self.address, name=name), remedy=REMEDY) from error

    def _asked(self, call: Callable[[], T]) -> T:
        """What comes of a call. Raises StoreAway, and NotFoundError where what it is about is not there."""
        for pause in (*PAUSES, 0.0):
            try:
                return call()
            except (NotFoundError, IndexProblem):
                raise
            except httpx.TimeoutException as error:
                late = SLOW.format(address=self.address, why=_reason(error))
                raise StoreAway(late, remedy=START) from error
            except httpx.TransportError as error:
                if not pause:
                    lost = UNREACHABLE.format(address=self.address, why=_reason(error))
                    raise StoreAway(lost, remedy=START) from error
                time.sleep(pause)
            except Exception as error:
                raise self._refused(error) from error
        raise AssertionError("the last attempt ends in one way or the other")

    def _refused(self, error: Exception) -> StoreAway:
        response: httpx.Response | None = getattr(error.__context__, "response", None)
        if response is not None and response.status_code in (401, 403):
            return StoreAway(UNKNOWN.format(address=self.address), remedy=TOKEN)
        if response is not None:
            said = STATUS.format(address=self.address, status=response.status_code)
            return StoreAway(said, remedy=START if response.is_server_error else OTHER)
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

    def write_down_after(self, count: int) -> None:
        """The server's own affair."""

    def _asked(self, call: Callable[[], T]) -> T:
        return self._server._of(self._name, call)


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
