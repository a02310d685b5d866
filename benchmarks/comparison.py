"""Two runs side by side."""

from collections.abc import Mapping

from benchmarks.report import Report, markdown


def growth_of(before: Report, after: Report) -> Mapping[str, float]:
    """How the cost of each scenario has grown, in units of the limit: the speed of the machine is in neither."""
    return {
        name: after.ratio(name, "limit") / before.ratio(name, "limit")
        for name in after.scenarios
        if name in before.scenarios
    }


def comparison(before: Report, after: Report) -> str:
    """A table of what both have measured."""
    rows = []
    for name, growth in growth_of(before, after).items():
        first, second = before.scenarios[name]["service"], after.scenarios[name]["service"]
        cpu = f"{first.cpu:.0f} | {second.cpu:.0f} | {second.cpu / first.cpu:.2f}"
        limits = f"{before.ratio(name, 'limit'):.2f} | {after.ratio(name, 'limit'):.2f} | {growth:.2f}"
        rows.append(f"{name} | {cpu} | {limits} | {second.p95 / first.p95:.2f}")
    return markdown("scenario | CPU us before | after | ratio | x limit before | after | ratio | p95 ratio", rows)
