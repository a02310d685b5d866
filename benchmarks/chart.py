"""The chart: CPU time per request, one bar for each service, as a picture that every browser shows."""

from collections.abc import Iterator
from html import escape
from typing import Final

from benchmarks.report import Report

COLOURS: Final = {"service": "#2563eb", "bare": "#9ca3af", "limit": "#16a34a"}
BAR: Final = 16
GAP: Final = 14
LEFT: Final = 90
WIDTH: Final = 560
TOP: Final = 56
VALUES: Final = 130
STYLE: Final = 'font-family="system-ui, sans-serif" font-size="12"'


def svg(report: Report) -> str:
    """The report as a picture."""
    height = TOP + sum(len(sides) * BAR + GAP for sides in report.scenarios.values())
    width = LEFT + WIDTH + VALUES
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" {STYLE}>',
            "<title>CPU time per request</title>",
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
            _text(12, 20, "CPU microseconds per request; shorter is better", bold=True),
            *_legend(),
            *_bars(report),
            "</svg>\n",
        ]
    )


def _legend() -> Iterator[str]:
    for number, (side, colour) in enumerate(COLOURS.items()):
        yield _rect(12 + 90 * number, 30, 10, 10, colour)
        yield _text(26 + 90 * number, 39, side)


def _bars(report: Report) -> Iterator[str]:
    longest = max(figures.cpu for sides in report.scenarios.values() for figures in sides.values())
    top = TOP
    for name, sides in report.scenarios.items():
        yield _text(12, top + BAR * len(sides) / 2 + 4, name)
        for side, figures in sides.items():
            length = max(1.0, figures.cpu / longest * WIDTH)
            yield _rect(LEFT, top + 1, length, BAR - 2, COLOURS[side])
            value = f"{figures.cpu:.0f} us, {figures.cpu / sides['limit'].cpu:.1f} x limit"
            yield _text(LEFT + length + 6, top + BAR - 4, value)
            top += BAR
        top += GAP


def _rect(x: float, y: float, width: float, height: float, colour: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'


def _text(x: float, y: float, text: str, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="#111827"{weight}>{escape(text)}</text>'
