"""The table of the rot tool; what it runs takes minutes and is run by its workflow."""

from tools.rot import Environment, Step, failed, outdated, table

OK = Step("lint", "ok", 1.25, "")
BLIND = Step("audit", "NOT RUN", 0.5, "no network")
BAD = Step("types", "FAILED", 2.0, "error")


def test_table_names_the_surroundings_what_moved_and_every_gate() -> None:
    text = table(
        Environment("highest", "3.13"), ["click 8.5.1 -> 8.6.0"], ["structlog 25.5.0, newest 26.1.0"], [OK, BLIND]
    )

    assert text.splitlines() == [
        "### Python 3.13, highest: 1 packages moved",
        "",
        "click 8.5.1 -> 8.6.0",
        "",
        "Held back by pyproject.toml: structlog 25.5.0, newest 26.1.0",
        "",
        "| gate | state | time |",
        "| --- | --- | --- |",
        "| lint | ok | 1.2 s |",
        "| audit | NOT RUN | 0.5 s |",
        "| all | ok | 1.8 s |",
    ]


def test_only_a_failure_fails() -> None:
    assert failed([OK, BLIND, BAD]) == [BAD]
    assert "| all | FAILED | 3.8 s |" in table(Environment("highest", "3.13"), [], [], [OK, BLIND, BAD])


def test_packages_with_a_later_version_than_allowed_are_named() -> None:
    tree = """my-service v0.1.0
├── click v8.5.1
├── structlog v25.5.0 (latest: v26.1.0)
└── ruff v0.17.5 (group: dev) (latest: v0.17.6)
"""

    assert outdated(tree) == ["structlog 25.5.0, newest 26.1.0", "ruff 0.17.5, newest 0.17.6"]
