"""Named configurations of the pipeline, so that what each part gives is measured by one command.

Declared in rag/data/pipelines.toml. Each is measured with thresholds of its own, found as the owner's are.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from importlib.resources import files
from typing import Any

from rag.answer import Answerer
from rag.calibrate import calibrate
from rag.certainty import Answers
from rag.errors import QuestionError
from rag.gate import Evidence, GateModel, Thresholds
from rag.index import Index
from rag.pipeline import Pipeline
from rag.protocols import Embedder, Ranker

SHIPPED = "shipped"


@dataclass(frozen=True, kw_only=True)
class Config:
    """One configuration.

    Attributes:
        ranking: whether the language model has a say in the order.
        gate: the fields of the evidence that count; None for all.
    """

    name: str
    about: str
    pipeline: Pipeline
    ranking: bool = True
    gate: tuple[str, ...] | None = None


def load_configs() -> dict[str, Config]:
    """Every configuration by its name, in the order of the table."""
    table = tomllib.loads((files("rag") / "data" / "pipelines.toml").read_text(encoding="utf-8"))
    return {name: _config(name, row) for name, row in table.items()}


def config_named(name: str) -> Config:
    """A configuration. Raises QuestionError naming those that there are."""
    configs = load_configs()
    if name not in configs:
        raise QuestionError(f"There is no configuration '{name}'.", remedy=f"There are: {', '.join(configs)}.")
    return configs[name]


def _config(name: str, row: Mapping[str, Any]) -> Config:
    own = {field.name for field in fields(Pipeline)}
    gate = row.get("gate")
    return Config(
        name=name,
        pipeline=Pipeline(**{key: value for key, value in row.items() if key in own}),
        gate=tuple(gate) if gate is not None else None,
        **{key: value for key, value in row.items() if key not in own and key != "gate"},
    )


def answerer_for(
    config: Config,
    index: Index,
    embedder: Embedder,
    ranker: Ranker | None,
    *,
    gate: GateModel,
    answers: Answers = "balanced",
) -> Answerer:
    """The pipeline of a configuration, calibrated on the index as the owner's is."""
    parts: dict[str, Any] = {
        "ranker": ranker if config.ranking else None,
        "gate": _counting(gate, config.gate),
        "pipeline": config.pipeline,
    }
    unset = Answerer(index, embedder, thresholds=Thresholds(answer=1.0, closest=1.0), **parts)
    thresholds = calibrate(index, embedder, unset).thresholds(answers)
    return Answerer(index, embedder, thresholds=thresholds, **parts)


def _counting(gate: GateModel, kept: tuple[str, ...] | None) -> GateModel:
    """The gate with only the fields in `kept` counting."""
    if kept is None:
        return gate
    names = [field.name for field in fields(Evidence)]
    weights = zip(names, gate.weights, strict=True)
    return replace(gate, weights=tuple(weight if name in kept else 0.0 for name, weight in weights))
