"""Alert rules and dashboards, held to the metrics that a service really exposes.

A rule whose metric, label or value does not exist never fires and never complains: `unknown` finds it. It reads as much of PromQL as names need, and
is no check of its syntax: `promtool check rules` is.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import yaml

# What the scraper adds to each series, and the one that it makes itself.
OF_THE_SCRAPE: Final = frozenset({"job", "instance"})
MADE_BY_THE_SCRAPER: Final = frozenset({"up"})

_NAME = r"[a-zA-Z_:][\w:]*"
_LABEL = re.compile(r'([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"')
_SELECTOR = re.compile(rf"""({_NAME})?\s*\{{((?:[^}}"]|"(?:[^"\\]|\\.)*")*)\}}""")
_GROUPING = re.compile(r"\b(by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)")
_SERIES = re.compile(rf"({_NAME})(?:\{{(.*)\}})? [^ ]+")
_KEYWORDS = frozenset({"and", "or", "unless", "bool", "offset", "inf", "nan"})
_TEXT_OR_RANGE = re.compile(r'"(?:[^"\\]|\\.)*"|\[[^\]]*\]')
_WORD = re.compile(rf"(?<![\w.]){_NAME}\b(?!\s*\()")

Exposed = Mapping[str, Mapping[str, set[str]]]


@dataclass(frozen=True)
class Expression:
    """A query, and where it stands."""

    place: str
    text: str


def exposed(*expositions: str) -> Exposed:
    """The metrics of what `/metrics` has answered: their labels, and the values of each."""
    found: defaultdict[str, dict[str, set[str]]] = defaultdict(dict)
    for series in filter(None, (_SERIES.fullmatch(line) for text in expositions for line in text.splitlines())):
        name, labels = series[1], series[2] or ""
        for label, _, value in _LABEL.findall(labels):
            found[name].setdefault(label, set()).add(value)
        found[name]  # one without labels is known too
    return dict(found)


def expressions(*files: Path) -> list[Expression]:
    """Every query of these alert rules (YAML) and Grafana dashboards (JSON)."""
    return [each for file in files for each in (_of_dashboard(file) if file.suffix == ".json" else _of_rules(file))]


def alerts(file: Path) -> list[str]:
    """The names of the alerts of a file of rules."""
    return [rule["alert"] for group in yaml.safe_load(file.read_text("utf-8"))["groups"] for rule in group["rules"]]


def unknown(metrics: Exposed, queries: Iterable[Expression]) -> list[str]:
    """What a query names and no metric has, one line each."""
    return [f"{query.place}: {line}" for query in queries for line in _unknown(metrics, query.text)]


def _of_rules(file: Path) -> Iterator[Expression]:
    for group in yaml.safe_load(file.read_text("utf-8"))["groups"]:
        for rule in group["rules"]:
            yield Expression(f"{file.name} {rule['alert']}", rule["expr"])


def _of_dashboard(file: Path) -> Iterator[Expression]:
    for panel in json.loads(file.read_text("utf-8"))["panels"]:
        for target in panel.get("targets", []):
            yield Expression(f"{file.name} {panel['title']}", target["expr"])


def _unknown(metrics: Exposed, text: str) -> Iterator[str]:
    grouping = {label.strip() for _, labels in _GROUPING.findall(text) for label in labels.split(",") if label.strip()}
    rest = _GROUPING.sub(" ", text)
    selectors = [(name, _LABEL.findall(labels)) for name, labels in _SELECTOR.findall(rest)]
    bare = _TEXT_OR_RANGE.sub(" ", _SELECTOR.sub(" ", rest))
    selectors += [(name, []) for name in _WORD.findall(bare) if name.lower() not in _KEYWORDS]
    if not selectors:
        yield "it asks for no metric"
    used = [metrics[name] for name, _ in selectors if name in metrics] or list(metrics.values())
    for name, labels in selectors:
        yield from _unknown_of(metrics, name, labels)
    for label in sorted(grouping - OF_THE_SCRAPE):
        if not any(label in known for known in used):
            yield f"no metric of it has the label {label}"


def _unknown_of(metrics: Exposed, name: str, labels: list[tuple[str, str, str]]) -> Iterator[str]:
    if name in MADE_BY_THE_SCRAPER:
        return
    if name and name not in metrics:
        yield f"no metric {name}"
        return
    known = metrics[name] if name else _together(metrics)
    for label, operator, value in labels:
        if label in OF_THE_SCRAPE or label == "__name__":
            continue
        if label not in known:
            yield f"{name} has no label {label}"
        elif operator == "=" and value not in known[label]:
            yield f'{name} has no {label}="{value}"'


def _together(metrics: Exposed) -> Mapping[str, set[str]]:
    together: defaultdict[str, set[str]] = defaultdict(set)
    for labels in metrics.values():
        for label, values in labels.items():
            together[label] |= values
    return together
