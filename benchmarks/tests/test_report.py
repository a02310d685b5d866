"""What a run leaves behind: a table, JSON, a chart, and what two runs say beside each other."""

from pathlib import Path
from xml.etree import ElementTree as ET

import click
import pytest
from click.testing import CliRunner

from benchmarks import benchmark
from benchmarks.chart import COLOURS, WIDTH, svg
from benchmarks.comparison import comparison
from benchmarks.report import read, tables
from benchmarks.tests.reports import report

SVG = "{http://www.w3.org/2000/svg}"


def test_table_has_a_line_for_each_service_with_ratios_and_counts() -> None:
    lines = tables(report()).splitlines()

    assert lines[0] == "at 2026-11-21, cores 2"
    assert lines[4:7] == [
        "| me | service | 200 | 2.00 | 0.50 | 1000 | 2.0 | 1.0 | 4.0 | 5.0 | 1 | 0 |",
        "| me | bare | 400 | 4.00 | 1.00 | 1000 | 2.0 | 1.0 | 4.0 | 5.0 | 1 | 2 |",
        "| me | limit | 100 | 1.00 | 0.25 | 1000 | 2.0 | 1.0 | 4.0 | 5.0 | 1 | 0 |",
    ]
    assert lines[-3:] == [
        "| service | 1.00 | 1.00 | 80 | +10 |",
        "| bare | 1.00 | 1.00 | 70 | +0 |",
        "| limit | 0.20 | 0.20 | 25 | -45 |",
    ]


def test_written_report_is_read_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "report.json"

    report().write(path)

    assert read(path) == report()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"scenarios": {"me": {"service": {"cpu": 1}}}}'])
def test_what_is_no_report_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(click.ClickException, match="is no report of a benchmark"):
        read(path)


def test_chart_is_a_picture_with_a_bar_as_long_as_the_cost() -> None:
    picture = ET.fromstring(svg(report()))  # noqa: S314 - our own picture

    bars = {
        bar.get("fill"): float(bar.get("width", "0"))
        for bar in picture.iter(f"{SVG}rect")
        if bar.get("height") == "14.0"
    }
    assert bars == {COLOURS["service"]: WIDTH / 2, COLOURS["bare"]: WIDTH, COLOURS["limit"]: WIDTH / 4}
    texts = [text.text for text in picture.iter(f"{SVG}text")]
    assert {"me", "200 us, 2.0 x limit", "400 us, 4.0 x limit"} <= set(texts)


def test_comparison_takes_the_speed_of_the_machine_out() -> None:
    lines = comparison(report(service=200), report(service=300)).splitlines()

    assert lines[2:] == ["| me | 200 | 300 | 1.50 | 2.00 | 3.00 | 1.50 | 1.00 |"]


@pytest.mark.parametrize(
    ("options", "exit_status"), [([], 0), (["--fail-above", "1.6"], 0), (["--fail-above", "1.4"], 1)]
)
def test_comparison_fails_only_above_what_was_asked_for(tmp_path: Path, options: list[str], exit_status: int) -> None:
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    report(service=200).write(before)
    report(service=300).write(after)

    result = CliRunner().invoke(benchmark, ["compare", str(before), str(after), *options])

    assert result.exit_code == exit_status, result.output
    assert "| me | 200 | 300 | 1.50 |" in result.output


def test_getting_faster_never_fails(tmp_path: Path) -> None:
    before, after = tmp_path / "before.json", tmp_path / "after.json"
    report(service=300).write(before)
    report(service=100).write(after)

    assert CliRunner().invoke(benchmark, ["compare", str(before), str(after), "--fail-above", "1.0"]).exit_code == 0
