"""Queries are held to an exposition: each name that it does not have is found, and what it has is let through."""

import json
from pathlib import Path

import pytest

from service_devkit.monitoring import Expression, alerts, exposed, expressions, unknown

EXPOSED = exposed(
    """
# HELP requests_seconds Duration
# TYPE requests_seconds histogram
requests_seconds_bucket{route="/a{b}",status="500",le="+Inf"} 3.0
requests_seconds_count{route="/a{b}",status="500"} 3.0
pool_used{state="used",otel_scope_name="app"} 1.0
process_open_fds 9.0
"""
)


@pytest.mark.parametrize(
    "text",
    [
        'sum by (job) (rate(requests_seconds_count{status=~"5.."}[5m])) / sum(rate(requests_seconds_count[5m])) > 0.05',
        "histogram_quantile(0.95, sum by (le, route) (rate(requests_seconds_bucket[5m]))) > 1",
        'pool_used{state="used"} / ignoring (state) group_left () pool_used > 1e3',
        "process_open_fds unless process_open_fds offset 5m or vector(inf)",
        'up{job="api"} == 0',
        'rate(label_replace({otel_scope_name="app",__name__=~".+_total"}, "name", "$1", "__name__", "(.+)_total")[5m:])',
        'sum(requests_seconds_count{route="/a{b}"}) without (instance)',
        'rate(process_open_fds{job=~"$job"}[$__rate_interval])',
    ],
)
def test_query_whose_names_exist_is_let_through(text: str) -> None:
    assert unknown(EXPOSED, [Expression("rule", text)]) == []


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("absent(pool_max)", "no metric pool_max"),
        ("rate(process_open_fds[5m]) / pool_free", "no metric pool_free"),
        ('pool_used{kind="used"}', "pool_used has no label kind"),
        ('pool_used{state="busy"}', 'pool_used has no state="busy"'),
        ('process_open_fds{state="used"}', "process_open_fds has no label state"),
        ("sum by (method) (requests_seconds_count)", "no metric of it has the label method"),
        ("pool_used / on (route) pool_used", "no metric of it has the label route"),
        ('{otel_scope_name="ap"}', ' has no otel_scope_name="ap"'),
        ("vector(1)", "it asks for no metric"),
    ],
)
def test_query_that_names_what_there_is_not_is_found(text: str, finding: str) -> None:
    assert unknown(EXPOSED, [Expression("rule", text)]) == [f"rule: {finding}"]


def test_rules_and_dashboards_are_read(tmp_path: Path) -> None:
    rules, dashboard = tmp_path / "alerts.yaml", tmp_path / "dashboard.json"
    rules.write_text("groups: [{name: a, rules: [{alert: Down, expr: absent(x)}]}]")
    dashboard.write_text(json.dumps({"panels": [{"title": "Row"}, {"title": "Pool", "targets": [{"expr": "y"}]}]}))

    read = expressions(rules, dashboard)

    assert read == [Expression("alerts.yaml Down", "absent(x)"), Expression("dashboard.json Pool", "y")]
    assert alerts(rules) == ["Down"]
