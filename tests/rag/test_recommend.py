"""Which model is recommended for which machine, and with which reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.models.catalog import TIERS, ModelEntry, Tier, load_catalog
from rag.models.machine import Gpu, Machine
from rag.models.recommend import PATIENCE, advise, best, reason

GB = 1_000_000_000
LAPTOP = Machine(cores=8, memory=16 * GB, free_memory=9 * GB, disk=100 * GB, bandwidth=12e9)
RASPBERRY = Machine(cores=4, memory=2 * GB, free_memory=1_700_000_000, disk=20 * GB, bandwidth=4e9)
CARD = Gpu(name="RTX 3060", memory=12 * GB)


def taken(machine: Machine, *, threads: int = 2, gpu_build: bool = False) -> str | None:
    advice = best(advise(machine, load_catalog(), threads=threads, gpu_build=gpu_build))
    return advice.entry.name if advice else None


def test_two_cores_get_the_largest_that_answers_in_time() -> None:
    assert taken(LAPTOP) == "qwen3-1.7b"


def test_more_cores_get_a_larger_one() -> None:
    assert taken(LAPTOP, threads=7) == "qwen3-4b-instruct-2507"


def test_a_gpu_counts_only_where_llama_cpp_can_use_it() -> None:
    machine = replace(LAPTOP, gpus=(CARD,))
    assert taken(machine, threads=1, gpu_build=False) == "smollm2-135m-instruct"
    assert taken(machine, threads=1, gpu_build=True) == "qwen3-4b-instruct-2507"


def test_a_small_gpu_does_not_take_a_large_model() -> None:
    machine = replace(LAPTOP, gpus=(replace(CARD, memory=3 * GB),))
    assert taken(machine, threads=1, gpu_build=True) == "qwen3-1.7b"


def test_little_memory_gets_a_small_model() -> None:
    assert taken(RASPBERRY, threads=3) == "lfm2-1.2b-rag"
    assert taken(replace(RASPBERRY, free_memory=900_000_000), threads=3) == "smollm2-135m-instruct"


def test_a_file_that_is_there_needs_no_more_room() -> None:
    """A model that had been pulled was said not to fit on the disk that it lay on."""
    full = replace(LAPTOP, disk=1000)
    names = {entry.name for entry in load_catalog()}
    verdicts = [each.verdict for each in advise(full, load_catalog(), threads=4, gpu_build=False, held=names)]
    assert "disk" not in verdicts
    assert "disk" in [each.verdict for each in advise(full, load_catalog(), threads=4, gpu_build=False)]


def test_a_machine_that_takes_none_is_told_so() -> None:
    assert taken(replace(RASPBERRY, free_memory=100_000_000)) is None
    assert taken(replace(LAPTOP, disk=1_000_000)) is None


def test_memory_that_the_system_does_not_tell_rules_nothing_out() -> None:
    assert taken(replace(LAPTOP, free_memory=None, memory=None)) == "qwen3-1.7b"


def test_embedders_and_rerankers_are_no_language_models() -> None:
    roles = {each.entry.role for each in advise(LAPTOP, load_catalog(), threads=2, gpu_build=False)}
    assert roles == {"rank/write"}


def test_the_first_of_the_highest_tier_is_the_best_and_the_order_of_tiers_is_that_of_machines() -> None:
    advice = advise(LAPTOP, load_catalog(), threads=64, gpu_build=False)
    chosen = best(advice)
    assert chosen is not None
    assert chosen.entry.tier == TIERS[-1]
    assert chosen == next(each for each in advice if each.entry.tier == TIERS[-1])


@pytest.mark.parametrize(
    ("machine", "gpu_build", "says"),
    [
        (LAPTOP, False, r"an answer would take about \d+ s on this processor, and writing is stopped after 60 s"),
        (replace(LAPTOP, free_memory=2 * GB), False, r"it takes 4\.4 GB of memory with the bot, 2\.0 GB are free"),
        (replace(LAPTOP, disk=GB), False, r"its file has 2\.5 GB, 1\.0 GB are free on the disk"),
        (replace(LAPTOP, gpus=(CARD,)), True, r"it fits into the 12\.0 GB of RTX 3060"),
    ],
)
def test_the_reason_has_the_numbers(machine: Machine, gpu_build: bool, says: str) -> None:
    import re

    advice = advise(machine, load_catalog(), threads=2, gpu_build=gpu_build)
    large = next(each for each in advice if each.entry.name == "qwen3-4b-instruct-2507")
    assert re.fullmatch(says, reason(large, machine))


def test_the_starters_rate_is_the_one_that_was_measured() -> None:
    """285 tokens/s read on two cores: 700 tokens take 2.5 s; and about 100 written a second at 30 GB/s."""
    machine = replace(LAPTOP, bandwidth=30e9)
    starter = advise(machine, load_catalog(), threads=2, gpu_build=False)[0]
    assert starter.entry.name == "smollm2-135m-instruct"
    assert starter.tokens_per_second is not None
    assert starter.tokens_per_second == pytest.approx(104, rel=0.05)
    assert starter.seconds is not None
    assert starter.seconds == pytest.approx(700 / 285 + 100 / starter.tokens_per_second, rel=0.05)
    assert starter.seconds < PATIENCE


def test_a_model_with_a_prompt_of_its_own_is_not_recommended() -> None:
    machine = replace(LAPTOP, bandwidth=1e12)
    own = [each for each in advise(machine, load_catalog(), threads=9, gpu_build=False) if each.entry.own_prompt]
    assert [each.entry.name for each in own] == ["pleias-rag-350m"]
    assert reason(own[0], machine) == "it was taught a prompt of its own, and Footnote asks in another way"
    assert best(own) is None


def entry(tier: Tier) -> ModelEntry:
    return replace(load_catalog()[2], name=tier, tier=tier)


def test_only_what_suits_is_recommended() -> None:
    small, large = entry("starter"), replace(entry("gaming-pc"), bytes=200 * GB)
    advice = advise(LAPTOP, [small, large], threads=2, gpu_build=False)
    assert [each.verdict for each in advice] == ["yes", "disk"]
    chosen = best(advice)
    assert chosen is not None
    assert chosen.entry == small
