"""A Chroma server as a place for vectors: the same order as anywhere, and a sentence for whatever goes wrong there."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import numpy as np
import pytest
from pydantic_settings import BaseSettings

from rag.chroma import REQUEST_NUMBERS, Server, _deaf_to_the_environment, _may_pass
from rag.errors import IndexCorrupt, StoreAway
from rag.store import ADD_BATCH, ELSEWHERE, Vector, VectorStore, elsewhere, is_at, vectors_by_text
from rag.types import FloatArray
from tests.chroma_server import ChromaServer, free_port, gatekeeper, running_chroma

COUNT, DIMENSION = ADD_BATCH + 50, 16
VALUES = np.random.default_rng(5).standard_normal((COUNT, DIMENSION)).astype(np.float32)
VALUES /= np.linalg.norm(VALUES, axis=1, keepdims=True)
VECTORS = [Vector(row=i // 3, text_hash=f"text {i}") for i in range(COUNT)]
JSON = "application/json"
BAD_GATEWAY = (502, "text/html", "<h1>Bad Gateway</h1>")


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaServer]:
    with running_chroma(tmp_path_factory.mktemp("chroma")) as server:
        yield server


@pytest.fixture(scope="module")
def server(chroma: ChromaServer) -> Server:
    return Server(address=chroma.address)


@pytest.fixture(scope="module")
def folder(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished store, with its vectors on the server."""
    path = tmp_path_factory.mktemp("store") / "vectors"
    with closing(VectorStore.create(path, server=server, name="finished")) as store:
        store.add(VECTORS, VALUES)
    return path


def opened(folder: Path, server: Server | None = None) -> VectorStore:
    return VectorStore.open(folder, expected=COUNT, server=server)


def query(seed: int) -> FloatArray:
    value = np.random.default_rng(seed).standard_normal(DIMENSION)
    return np.asarray(value / np.linalg.norm(value), dtype=np.float32)


def test_the_nearest_are_those_of_brute_force_in_that_order(folder: Path) -> None:
    with closing(opened(folder)) as store:
        for seed in range(5):
            cosines = VALUES @ query(seed)
            best = np.argsort(-cosines)[:30]
            found = store.nearest(query(seed), 30)
            assert [row for row, _ in found] == [VECTORS[i].row for i in best]
            np.testing.assert_allclose([cosine for _, cosine in found], cosines[best], atol=1e-5)
        np.testing.assert_allclose(store.vector(7), VALUES[7], atol=1e-6)
        store.check(samples=10)


def test_nothing_of_chroma_is_in_the_folder_and_the_arrays_are(folder: Path, server: Server) -> None:
    assert {path.name for path in folder.iterdir()} == {"values.npy", "rows.npy", "texts.npy", ELSEWHERE}
    assert set(vectors_by_text(folder)) == {vector.text_hash for vector in VECTORS}
    assert is_at(folder, server)
    assert not is_at(folder, None)
    assert not is_at(folder, Server(address="http://elsewhere.invalid"))


def test_one_collection_is_removed_and_no_other(chroma: ChromaServer, server: Server, folder: Path) -> None:
    server.create("vanishing").close()
    for _again in range(2):  # the second time it is gone already, by another process
        server.remove("vanishing")
        assert "vanishing" not in chroma.names()
    assert "finished" in chroma.names()


def test_a_name_is_told_before_its_collection_is_made(chroma: ChromaServer) -> None:
    told: list[bool] = []
    server = Server(address=chroma.address, before_making=lambda name: told.append(name in chroma.names()))
    server.create("told").close()
    assert told == [False]
    assert "told" in chroma.names()


def test_a_server_that_starts_again_while_vectors_are_stored_costs_nothing(tmp_path: Path) -> None:
    """It cost the build, and hours of embedding with it: a lost connection was taken up again for a second alone."""
    with running_chroma(tmp_path / "db") as chroma:
        server = Server(address=chroma.address)
        with closing(VectorStore.create(tmp_path / "v", server=server, name="patient")) as store:
            chroma.stop()
            back = threading.Timer(2.0, chroma.start)
            back.start()
            store.add(VECTORS, VALUES)
            back.join()
        opened(tmp_path / "v").close()


def test_a_web_server_before_it_may_say_that_it_starts_again(chroma: ChromaServer, tmp_path: Path) -> None:
    answers = [BAD_GATEWAY, BAD_GATEWAY]

    def busy(path: str, _body: bytes) -> tuple[int, str, str] | None:
        return answers.pop() if path.endswith("/add") and answers else None

    with gatekeeper(behind=chroma.address, instead=busy) as keeper:
        server = Server(address=keeper.address)
        with closing(VectorStore.create(tmp_path / "v", server=server, name="proxied")) as store:
            store.add(VECTORS[:30], VALUES[:30])
        assert answers == []
        VectorStore.open(tmp_path / "v", expected=30).close()


def test_a_slow_write_is_made_again_and_a_slow_answer_is_not() -> None:
    late = httpx.ReadTimeout("late")
    assert _may_pass(late, patiently=True)
    assert not _may_pass(late, patiently=False)


def test_no_request_is_larger_than_web_servers_let_through(chroma: ChromaServer, tmp_path: Path) -> None:
    """A thousand vectors were one request of two megabytes, and nginx takes one: no larger index could be stored."""
    dimension = 384
    count = 2 * REQUEST_NUMBERS // dimension + 1
    values = np.random.default_rng(3).standard_normal((count, dimension)).astype(np.float32)
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    vectors = [Vector(row=i, text_hash=f"text {i}") for i in range(count)]
    largest = 2**20

    def strict(_path: str, body: bytes) -> tuple[int, str, str] | None:
        return (413, "text/html", "<h1>Request Entity Too Large</h1>") if len(body) > largest else None

    with gatekeeper(behind=chroma.address, instead=strict) as keeper:
        server = Server(address=keeper.address)
        with closing(VectorStore.create(tmp_path / "v", server=server, name="large")) as store:
            store.add(vectors, values)
        VectorStore.open(tmp_path / "v", expected=count).close()
        largest = 1000
        with (
            closing(VectorStore.create(tmp_path / "w", server=server, name="larger")) as store,
            pytest.raises(StoreAway, match=r"takes no requests of a megabyte.*client_max_body_size"),
        ):
            store.add(vectors, values)


def test_a_collection_that_vanished_is_a_sentence_with_the_command_that_mends_it(
    chroma: ChromaServer, server: Server, tmp_path: Path
) -> None:
    with closing(VectorStore.create(tmp_path / "v", server=server, name="vanishing")) as store:
        store.add(VECTORS[:30], VALUES[:30])
    with closing(VectorStore.open(tmp_path / "v", expected=30)) as store:
        chroma.remove("vanishing")
        with pytest.raises(IndexCorrupt, match=r"gone from Chroma at http://127.*vanishing.*footnote index"):
            store.nearest(VALUES[0], 3)
    with pytest.raises(IndexCorrupt, match=r"gone from Chroma.*Run: footnote index"):
        VectorStore.open(tmp_path / "v", expected=30)


def test_another_number_of_vectors_there_is_noticed(server: Server, tmp_path: Path) -> None:
    with closing(VectorStore.create(tmp_path / "v", server=server, name="more")) as store:
        store.add(VECTORS[:30], VALUES[:30])
    place = elsewhere(tmp_path / "v")
    assert place
    with closing(server.open(place.collection)) as collection:
        collection.add([99], VALUES[99:100])
    with pytest.raises(IndexCorrupt, match=r"holds 31 vectors, not 30.*footnote index"):
        VectorStore.open(tmp_path / "v", expected=30)


def test_what_says_where_it_is_can_be_spoilt(folder: Path, tmp_path: Path) -> None:
    (tmp_path / ELSEWHERE).write_text('{"address": 1')
    with pytest.raises(IndexCorrupt, match=rf"{ELSEWHERE} cannot be read.*footnote index"):
        VectorStore.open(tmp_path, expected=1)


def test_an_open_store_works_again_once_its_server_is_back(tmp_path: Path) -> None:
    with running_chroma(tmp_path / "db") as chroma:
        server = Server(address=chroma.address)
        with closing(VectorStore.create(tmp_path / "v", server=server, name="patient")) as store:
            store.add(VECTORS, VALUES)
        with closing(opened(tmp_path / "v")) as store:
            before = store.nearest(query(1), 20)
            chroma.stop()
            with pytest.raises(StoreAway, match=rf"Chroma at {chroma.address} cannot be reached.*Start it") as caught:
                store.nearest(query(1), 20)
            assert "FOOTNOTE_CHROMA" in caught.value.remedy
            with pytest.raises(StoreAway, match="cannot be reached"):
                opened(tmp_path / "v")
            chroma.start()
            assert store.nearest(query(1), 20) == before


def test_a_server_that_never_answers_is_not_waited_for(tmp_path: Path) -> None:
    """Chroma's own client waits for ever."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        server = Server(address=f"http://127.0.0.1:{mute.getsockname()[1]}", seconds=0.3)
        started = time.monotonic()
        with pytest.raises(StoreAway, match=r"takes too long.*Start it"):
            server.open("footnote-any")
        assert time.monotonic() - started < 5


def test_nothing_there(tmp_path: Path) -> None:
    address = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(StoreAway, match=f"{address} cannot be reached"):
        VectorStore.create(tmp_path / "v", server=Server(address=address), name="any")


@pytest.mark.parametrize(
    ("says", "sentence"),
    [
        ((404, "text/html", "<h1>Not found</h1>"), r"answers with status 404, and not as Chroma does\. Look at"),
        ((404, JSON, json.dumps({"error": "NotFoundError", "message": "?"})), r"answers with status 404"),
        ((200, "text/html", "<h1>Welcome</h1>"), r"does not answer as Chroma does .*Look at FOOTNOTE_CHROMA\."),
        ((200, JSON, json.dumps("0.5.23")), r"is of version 0\.5\.23, and Footnote needs 1\. Install"),
        ((301, "text/html", ""), r"answers with status 301"),
        ((401, JSON, json.dumps({"error": "unauthorized"})), r"wants another token.*FOOTNOTE_CHROMA_TOKEN"),
        ((403, "text/plain", "no"), r"wants another token.*FOOTNOTE_CHROMA_TOKEN"),
        ((403, JSON, json.dumps({"error": "AuthorizationError", "message": "?"})), r"wants another token"),
        ((401, JSON, json.dumps({"error": "ChromaAuthError", "message": "?"})), r"wants another token"),
        ((503, "text/html", "busy"), r"answers with status 503.*Start it"),
        ((500, JSON, json.dumps({"error": "InternalError", "message": "No space left."})), r"do it: No space left\."),
    ],
)
def test_what_is_no_chroma_or_will_not_is_a_sentence(says: tuple[int, str, str], sentence: str) -> None:
    with gatekeeper(says=says) as keeper, pytest.raises(StoreAway, match=sentence) as caught:
        Server(address=keeper.address).version()
    assert keeper.address in str(caught.value)


def test_a_server_without_our_tenant_is_a_sentence(chroma: ChromaServer) -> None:
    """Its version was told, all else was "not found", and that went on to the owner as a traceback."""
    missing = (404, JSON, json.dumps({"error": "NotFoundError", "message": "tenant default_tenant not found"}))
    with gatekeeper(
        behind=chroma.address, instead=lambda path, _body: missing if "/tenants/" in path else None
    ) as keeper:
        server = Server(address=keeper.address)
        with pytest.raises(StoreAway, match="answers with status 404"):
            server.create("homeless")
        with pytest.raises(IndexCorrupt, match="are gone"):
            server.open("homeless")
        server.remove("homeless")


def test_the_token_is_sent_to_its_own_address_alone_and_never_shown(chroma: ChromaServer, tmp_path: Path) -> None:
    with gatekeeper(behind=chroma.address, token="s3cret") as keeper:
        server = Server(address=keeper.address, token="s3cret")
        assert "s3cret" not in repr(server)
        with closing(VectorStore.create(tmp_path / "v", server=server, name="kept")) as store:
            store.add(VECTORS[:30], VALUES[:30])
        VectorStore.open(tmp_path / "v", expected=30, server=server).close()
        moved_on = Server(address="http://elsewhere.invalid", token="s3cret")
        with pytest.raises(StoreAway, match="wants another token") as caught:
            VectorStore.open(tmp_path / "v", expected=30, server=moved_on)
        assert "s3cret" not in str(caught.value)
        assert "Authorization" not in keeper.headers
    assert not any("s3cret" in path.read_text(errors="replace") for path in (tmp_path / "v").iterdir())


def test_a_path_before_it_is_kept(chroma: ChromaServer) -> None:
    with gatekeeper(says=(200, JSON, '"1.0.0"')) as keeper:
        assert Server(address=f"{keeper.address}/chroma").version() == "1.0.0"
        assert keeper.heard[0].startswith("/chroma/api/v2/version")


def test_what_others_have_set_is_not_ours(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the environment stood between, and variables of Chroma's own named another server."""
    (tmp_path / ".env").write_text("CHROMA_SERVER_HOST=x.invalid\nCHROMA_SERVER_SSL_ENABLED=true\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.setenv("CHROMA_CLIENT_AUTH_PROVIDER", "nobody")
    assert server.version().startswith("1.")


def test_where_tls_is_wanted_nothing_is_said_without_it() -> None:
    with gatekeeper(says=(200, JSON, '"1.0.0"')) as keeper, pytest.raises(StoreAway, match="cannot be reached"):
        Server(address=keeper.address.replace("http:", "https:"), token="s3cret").version()
    assert keeper.heard == []


def test_two_threads_leave_the_settings_of_others_as_they_were() -> None:
    """The second found them deaf to the environment, and left them so for good."""
    before = vars(BaseSettings)["settings_customise_sources"]
    inside, leave = threading.Event(), threading.Event()

    def first() -> None:
        with _deaf_to_the_environment():
            inside.set()
            leave.wait()

    def second() -> None:
        inside.wait()
        threading.Timer(0.2, leave.set).start()
        with _deaf_to_the_environment():
            time.sleep(0.4)

    threads = [threading.Thread(target=each) for each in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert vars(BaseSettings)["settings_customise_sources"] is before
