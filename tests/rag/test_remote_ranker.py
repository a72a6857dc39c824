"""A ranker behind a server, against one that says whatever a test wants; tests/integration has real ones."""

from __future__ import annotations

import json
import logging
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import SecretStr

from bot.answering.engines import open_ranker
from bot.settings import Settings, SettingsError, load_settings
from rag.errors import EndpointAway, Interrupted
from rag.models.modeltext import RANK_TOKENS
from rag.models.remote_ranker import COOL_DOWN_SECONDS, RemoteRanker
from tests.rag.scripted_ranker import START, LlamaServer, text_of
from tests.rag.scripted_server import Endpoint, Handler, closed_port, serving

PREFIX, CONTEXTS, QUESTION = "Notes: a\nQuestion: b\n\n", ["far\nQuestion:", "near\nQuestion:"], " Why, née?"


@pytest.fixture
def server() -> LlamaServer:
    return LlamaServer()


@pytest.fixture
def endpoint(server: LlamaServer) -> Iterator[Endpoint]:
    with serving(server) as started:
        yield started


@pytest.fixture
def ranker(endpoint: Endpoint) -> Iterator[RemoteRanker]:
    opened = RemoteRanker(f"{endpoint.url}#smollm2", api_key="k3y")
    yield opened
    opened.close()


def values(ranker: RemoteRanker, **about: Any) -> list[float]:
    return ranker.log_likelihoods(PREFIX, CONTEXTS, QUESTION, **about)


def rested(ranker: RemoteRanker) -> RemoteRanker:
    ranker._asleep_until -= COOL_DOWN_SECONDS
    return ranker


@pytest.mark.parametrize("other", [False, True])
def test_the_question_is_forced_and_its_likelihood_comes_back_for_each_passage(other: bool) -> None:
    with serving(LlamaServer(other=other)) as endpoint:
        ranker = RemoteRanker(f"{endpoint.url}#smollm2", api_key="k3y")
        assert values(ranker) == [-3.0, -1.0]
        assert values(ranker) == [-3.0, -1.0]
        ranker.close()
        asked = [body for body in endpoint.asked if "grammar" in body]
        assert sorted(text_of(body["prompt"]) for body in asked[:2]) == sorted(PREFIX + each for each in CONTEXTS)
        assert all(f"<[{START}]>" not in body["grammar"] for body in asked)
        assert {body["model"] for body in endpoint.asked} == {"smollm2"}
        assert endpoint.headers["Authorization"] == "Bearer k3y"


@pytest.mark.parametrize("other", [False, True])
def test_a_control_mark_is_no_mark_any_more(other: bool) -> None:
    with serving(LlamaServer(other=other)) as endpoint:
        ranker = RemoteRanker(f"{endpoint.url}#smollm2")
        assert ranker.log_likelihoods("", ["x <|im_end|>\nQuestion:"], " [INST] <|im_start|>") == [-3.0]
        ranker.close()
    sent = [str(body.get(name, "")) for body in endpoint.asked for name in ("prompt", "content", "input")]
    assert not any("<|im" in text or "[INST]" in text for text in sent)
    assert not any(body.get("parse_special") for body in endpoint.asked)


def test_of_a_long_question_the_beginning_counts(endpoint: Endpoint, ranker: RemoteRanker) -> None:
    assert ranker.log_likelihoods(PREFIX, CONTEXTS, " why" * RANK_TOKENS) == [-3.0, -1.0]
    assert endpoint.asked[-1]["max_tokens"] == RANK_TOKENS


@pytest.mark.parametrize(
    "change",
    [
        lambda choice: {"choices": [{**choice, "text": "Something else."}]},
        lambda choice: {"choices": [{**choice, "text": ""}]},
        lambda choice: {"choices": [{**choice, "logprobs": {"token_logprobs": [-1.0]}}]},
        lambda choice: {"choices": [{**choice, "logprobs": None}]},
        lambda choice: {"choices": [{**choice, "logprobs": {"content": [{"logprob": "a"}]}}]},
        lambda choice: json.dumps({"choices": [choice]}).replace("-3.0", "-Infinity").replace("-1.0", "NaN"),
        lambda choice: json.dumps({"choices": [choice]}).replace("-3.0", "1" * 400).replace("-1.0", "1e999"),
        lambda choice: {"choices": [{**choice, "logprobs": {"token_logprobs": [1e308] * 10}}]},
        lambda choice: {"choices": []},
        lambda choice: [],
        lambda choice: "<html>",
        lambda choice: "[" * 100_000,
        lambda choice: "x" * (1 << 21),
    ],
)
def test_whatever_is_no_likelihood_costs_the_order_and_is_said(
    server: LlamaServer,
    ranker: RemoteRanker,
    caplog: pytest.LogCaptureFixture,
    change: Callable[[dict[str, Any]], Any],
) -> None:
    server.change = change
    assert values(ranker) == []
    assert "does not answer as llama-server does" in caplog.text


@pytest.mark.parametrize("tokens", ["[Infinity]", "[NaN]", "[]", "[[1]]", "7"])
def test_tokens_that_are_none_cost_the_order_and_no_answer(caplog: pytest.LogCaptureFixture, tokens: str) -> None:
    """An overflow and a division by zero came out, and the question had no answer."""
    reply = f'{{"tokens": {tokens}, "choices": [{{"text": " Why", "logprobs": {{"token_logprobs": []}}}}]}}'
    with serving(lambda handler: handler.send(200, "application/json", reply)) as endpoint:
        assert values(RemoteRanker(f"{endpoint.url}#smollm2")) == []
    assert not any("grammar" in body for body in endpoint.asked)  # an empty one ends some servers
    assert "does not answer as llama-server does" in caplog.text


def test_half_a_character_of_a_terminal_is_asked_about_too(ranker: RemoteRanker) -> None:
    """It could not be sent, and the question had no answer."""
    assert ranker.log_likelihoods(PREFIX, ["near caf\udce9\nQuestion:"], " Why caf\udce9?") == [-1.0]


def test_a_server_whose_model_does_not_tell_spellings_apart_ranks(server: LlamaServer, ranker: RemoteRanker) -> None:
    server.change = lambda choice: {
        "choices": [{**choice, "text": " ".join(unicodedata.normalize("NFC", choice["text"]).split())}]
    }
    assert ranker.log_likelihoods(PREFIX, CONTEXTS, " Why,  ne\u0301e?") == [-3.0, -1.0]


def test_who_writes_something_else_for_one_question_is_asked_about_the_next(
    server: LlamaServer, ranker: RemoteRanker
) -> None:
    """Everybody went without the order for a while then."""
    server.change = lambda choice: {"choices": [{**choice, "text": choice["text"].replace("one", "two")}]}
    assert ranker.log_likelihoods(PREFIX, CONTEXTS, " Why one?") == []
    assert values(ranker) == [-3.0, -1.0]


@pytest.mark.parametrize(
    ("status", "hint"), [(401, "FOOTNOTE_RANKER_KEY right?"), (404, "llama-server?"), (503, "503.")]
)
def test_a_refusal_is_said(caplog: pytest.LogCaptureFixture, status: int, hint: str) -> None:
    with serving(lambda handler: handler.send(status, "application/json", "{}")) as endpoint:
        ranker = RemoteRanker(f"{endpoint.url}#smollm2", api_key="k3y")
        assert values(ranker) == []
        ranker.close()
    assert f"says {status}" in caplog.text
    assert hint in caplog.text
    assert "k3y" not in caplog.text


def test_who_is_away_is_said_once_left_alone_and_used_again(
    server: LlamaServer, endpoint: Endpoint, ranker: RemoteRanker, caplog: pytest.LogCaptureFixture
) -> None:
    server.change = lambda choice: []
    with caplog.at_level(logging.WARNING):
        assert values(ranker) == []
        asked = len(endpoint.asked)
        assert values(ranker) == []
        assert len(endpoint.asked) == asked  # left alone
        assert values(rested(ranker)) == []
        assert len(endpoint.asked) > asked
        assert len(caplog.records) == 1
        server.change = lambda choice: {"choices": [choice]}
        assert values(rested(ranker)) == [-3.0, -1.0]
        assert values(ranker) == [-3.0, -1.0]
    assert [record.getMessage().rpartition(" ")[2] for record in caplog.records] == ["search.", "again."]


def test_nobody_there_is_said_without_the_password(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        ranker = RemoteRanker(f"http://ann:s3cret@127.0.0.1:{closed_port()}/v1#smollm2")
        assert values(ranker) == []
    ranker.close()
    assert "cannot be reached" in caplog.text
    assert "s3cret" not in caplog.text + ranker.fingerprint


def test_what_is_not_there_in_time_is_not_waited_for(server: LlamaServer, ranker: RemoteRanker) -> None:
    """The first passages keep their values; a slow one must not cost those, nor the question."""
    released = threading.Event()
    server.wait = lambda prompt: released.wait(5) if "near" in prompt else None
    for _ in range(2):  # a server that gets so far is not left alone
        started = time.monotonic()
        assert values(ranker, deadline=started + 0.5) == [-3.0]
        assert time.monotonic() - started < 2
    released.set()


def test_a_server_that_gets_nowhere_is_left_alone(
    server: LlamaServer, endpoint: Endpoint, ranker: RemoteRanker, caplog: pytest.LogCaptureFixture
) -> None:
    """Every question in the line would otherwise wait for it anew."""
    released = threading.Event()
    server.wait = lambda _prompt: released.wait(5)
    assert values(ranker, deadline=time.monotonic() + 0.3) == []
    asked = len(endpoint.asked)
    assert values(ranker) == []
    assert len(endpoint.asked) == asked
    assert "takes too long" in caplog.text
    released.set()


def test_who_gives_up_does_not_wait(server: LlamaServer, ranker: RemoteRanker) -> None:
    released, given_up = threading.Event(), threading.Event()

    def hold(_prompt: str) -> None:
        given_up.set()
        released.wait(5)

    server.wait = hold
    started = time.monotonic()
    with pytest.raises(Interrupted, match="Cancelled"):
        values(ranker, cancelled=given_up.is_set)
    assert time.monotonic() - started < 2
    released.set()


def test_a_question_that_was_given_up_holds_up_no_other(server: LlamaServer, ranker: RemoteRanker) -> None:
    """Its requests had all the threads until its deadline; the next question went without the order, and the ranker
    was left alone for being slow."""
    released, given_up = threading.Event(), threading.Event()
    waiting = threading.Barrier(6, timeout=5)

    def wait(prompt: str) -> None:
        if "first" in prompt:
            waiting.wait()
            released.wait(5)

    def cancelled() -> bool:
        if waiting.n_waiting == 5:
            given_up.set()
            waiting.wait()
        return given_up.is_set()

    server.wait = wait
    contexts = [f"{n} near\nQuestion:" for n in range(5)]
    with pytest.raises(Interrupted, match="Cancelled"):
        ranker.log_likelihoods(PREFIX, [f"first {each}" for each in contexts], QUESTION, cancelled=cancelled)
    until = time.monotonic() + 1.5
    assert ranker.log_likelihoods(PREFIX, contexts, QUESTION, deadline=until) == [-1.0] * 5
    released.set()


def test_who_gives_up_hangs_up() -> None:
    """The server went on computing for nobody."""
    llama = LlamaServer()

    def hold(handler: Handler) -> None:
        if handler.path == "/v1/completions":
            return handler.hold()
        return llama(handler)

    with serving(hold) as endpoint:
        ranker = RemoteRanker(f"{endpoint.url}#smollm2")
        with pytest.raises(Interrupted, match="Cancelled"):
            values(ranker, cancelled=lambda: any("grammar" in body for body in endpoint.asked))
        assert endpoint.cut.wait(2)


def test_a_question_whose_time_is_over_says_nothing_about_the_server(endpoint: Endpoint, ranker: RemoteRanker) -> None:
    """It was left alone for being slow, though nothing had been asked of it."""
    assert values(ranker, deadline=time.monotonic()) == []
    assert endpoint.asked == []
    assert values(ranker) == [-3.0, -1.0]


def test_all_passages_are_asked_about_at_once(server: LlamaServer, ranker: RemoteRanker) -> None:
    """Only so a server can compute them together."""
    together = threading.Barrier(5, timeout=5)
    server.wait = lambda _prompt: together.wait()
    assert len(ranker.log_likelihoods(PREFIX, [f"{n}\nQuestion:" for n in range(5)], QUESTION)) == 5


@pytest.mark.parametrize(
    ("address", "why"),
    [("http://127.0.0.1:1/v1", r"names no model\. Put its name behind a #"), ("http://h:port/v1#m", "cannot be read")],
)
def test_an_address_that_is_none_is_told(address: str, why: str) -> None:
    with pytest.raises(EndpointAway, match=why):
        RemoteRanker(address)


@pytest.mark.parametrize(
    ("address", "base"),
    [
        ("http://localhost:8080#m", "http://localhost:8080/v1"),
        ("http://localhost:8080/#m", "http://localhost:8080/v1"),
        ("https://ann:s3cret@nas.lan/llama/v1/?x=1#m", "https://nas.lan/llama/v1"),
    ],
)
def test_the_path_is_added_and_what_is_secret_left_out(address: str, base: str) -> None:
    ranker = RemoteRanker(address)
    assert ranker.fingerprint == f"{base} m"
    ranker.close()


def test_the_settings_choose_it() -> None:
    assert open_ranker(Settings()) is None
    opened = open_ranker(Settings(ranker=" http://localhost:8080/v1#smollm2\n", ranker_key=SecretStr("k3y\n")))
    assert opened
    assert (opened.name, opened.fingerprint) == ("smollm2", "http://localhost:8080/v1 smollm2")
    opened.close()


@pytest.mark.parametrize("address", ["localhost:8080", "http://localhost:8080/v1", "ftp://x#m", "smollm2"])
def test_what_can_be_no_server_is_told_at_the_start(address: str) -> None:
    with pytest.raises(SettingsError, match=r"FOOTNOTE_RANKER does not work.+ http://localhost:8080/v1#smollm2"):
        load_settings(ranker=address)
