from __future__ import annotations

import json
import logging
import math
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from bot.health.logs import JsonLines
from bot.health.metrics import Metrics, age_seconds, children_bytes, resident_bytes
from bot.health.observed import PortTaken, observed
from bot.line.worker import Finished
from rag.drafts import Draft, Writing
from rag.errors import IndexMissing
from rag.types import Trace
from tests.bot.samples import ANSWER, NOTHING


def line_of(metrics: Metrics, start: str) -> str:
    return next(line for line in metrics.text().decode().splitlines() if line.startswith(start))


def test_calls_are_counted_by_what_came_of_them() -> None:
    metrics = Metrics()
    for outcome in (ANSWER, ANSWER, NOTHING, IndexMissing("x")):
        metrics.finished(Finished(kind="ask", outcome=outcome, waited=0.1, took=0.3))
    assert line_of(metrics, 'footnote_calls_total{kind="ask",outcome="answer"}').endswith(" 2.0")
    assert line_of(metrics, 'footnote_calls_total{kind="ask",outcome="not_covered"}').endswith(" 1.0")
    assert line_of(metrics, 'footnote_calls_total{kind="ask",outcome="IndexMissing"}').endswith(" 1.0")
    assert line_of(metrics, 'footnote_call_seconds_sum{kind="ask"}').endswith(" 1.2")
    assert line_of(metrics, "footnote_wait_seconds_count").endswith(" 4.0")


def test_stages_and_failed_checks_are_counted() -> None:
    drafts = (
        Draft(text="It is 4.", tags=(1,), fate="dropped", check="numbers"),
        Draft(text="It is 3.", tags=(1,), fate="written"),
    )
    trace = Trace(hits=(), cosine=0.5, needed=0.5, writing=Writing(model="m", passages=1, drafts=drafts))
    metrics = Metrics()
    timed = replace(ANSWER, trace=trace, timings_ms={"search": 20.0})
    metrics.finished(Finished(kind="ask", outcome=timed, waited=0, took=1))
    assert line_of(metrics, 'footnote_checks_failed_total{check="numbers"}').endswith(" 1.0")
    assert line_of(metrics, 'footnote_stage_seconds_sum{stage="search"}').endswith(" 0.02")


def test_no_question_is_in_the_figures() -> None:
    metrics = Metrics()
    metrics.finished(Finished(kind="ask", outcome=ANSWER, waited=0, took=1))
    assert ANSWER.question not in metrics.text().decode()


def test_what_is_not_there_is_no_number() -> None:
    assert resident_bytes(os.getpid()) > 1e6
    assert math.isnan(resident_bytes(None))
    program, pipe = [sys.executable, "-c", "print(flush=True); input()"], subprocess.PIPE
    with subprocess.Popen(program, stdin=pipe, stdout=pipe) as child:
        assert child.stdout
        child.stdout.readline()  # it runs
        assert children_bytes(os.getpid()) > 1e6
        child.communicate(b"\n")
    assert math.isnan(age_seconds(Path("not there"), 0.0))


@pytest.mark.parametrize(("health", "status"), [({"discord": True}, 200), ({"discord": True, "worker": False}, 503)])
async def test_figures_and_health_are_served_to_this_machine(
    unused_tcp_port: int, health: Mapping[str, bool], status: int
) -> None:
    metrics = Metrics()
    metrics.watch("footnote_waiting", "Questions in line", lambda: 7)
    base = f"http://127.0.0.1:{unused_tcp_port}"
    async with observed(unused_tcp_port, metrics, lambda: health), aiohttp.ClientSession() as session:
        async with session.get(f"{base}/metrics") as reply:
            assert "footnote_waiting 7.0" in await reply.text()
        async with session.get(f"{base}/healthz") as reply:
            assert (reply.status, await reply.json()) == (status, {"well": status == 200, **health})


async def test_a_port_that_is_taken_is_named(unused_tcp_port: int) -> None:
    async with observed(unused_tcp_port, Metrics(), dict):
        with pytest.raises(PortTaken, match=f"127.0.0.1:{unused_tcp_port} .* FOOTNOTE_METRICS_PORT"):
            async with observed(unused_tcp_port, Metrics(), dict):
                pass


def test_a_line_of_the_log_is_one_object_with_what_was_passed_along() -> None:
    record = logging.makeLogRecord({"name": "bot", "levelname": "INFO", "msg": "%s done", "args": ("ask",), "turn": 7})
    told = json.loads(JsonLines().format(record))
    assert (told["level"], told["logger"], told["message"], told["turn"]) == ("INFO", "bot", "ask done", 7)
    assert told["time"].endswith("Z")
    assert set(told) == {"time", "level", "logger", "message", "turn"}
