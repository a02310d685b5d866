"""Whether a service still works with other versions: `python -m tools.rot --resolution lowest-direct --python 3.13 auth=jwt`.

Bakes the largest service with the answers given, resolves its dependencies again (`highest`: the newest that pyproject.toml allows;
`lowest-direct`: the oldest that it names), and puts the result through the gates and tests of the service. `--quick` leaves out what takes
minutes: fuzzing, measuring and the started server. Status 1 if anything failed.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.project import Project, bake_into, copy_template
from tests.variants import Variant, all_on, answers_of
from tools.lock import uv, versions

RESOLUTIONS = ("highest", "lowest-direct")
LONG = ("fuzz", "performance", "tests")
QUICK_TESTS = ("python", "-m", "pytest", "-q", "-n", "auto", "-m", "not live", "--ignore=tests/dev")
NOT_RUN = 75


@dataclass(frozen=True)
class Step:
    """One gate, and how it ended."""

    name: str
    state: str
    seconds: float
    output: str


@dataclass(frozen=True)
class Environment:
    """The versions that a service is tried with."""

    resolution: str
    python: str

    def variables(self) -> dict[str, str]:
        """The environment of uv, and of the uv inside of the service's own commands."""
        return {"UV_RESOLUTION": self.resolution, "UV_PYTHON": self.python}


def resolve(project: Project, chosen: Environment) -> list[str]:
    """Lock the service again and install it; returns which packages moved, as `name old -> new`."""
    before = dict(sorted(versions(project.text("uv.lock"))))
    must(project, chosen, uv(), "lock", "--upgrade")
    must(project, chosen, uv(), "sync")
    after = dict(sorted(versions(project.text("uv.lock"))))
    return [f"{name} {before.get(name, '-')} -> {after[name]}" for name in after if before.get(name) != after[name]]


def held_back(project: Project, chosen: Environment) -> list[str]:
    """What pyproject.toml keeps from its newest version, as `name version, newest version`."""
    if chosen.resolution != "highest":
        return []
    return outdated(must(project, chosen, uv(), "tree", "--quiet", "--frozen", "--outdated", "--depth", "1"))


def outdated(tree: str) -> list[str]:
    """The packages of which `uv tree` says that there is a later version."""
    return [
        f"{name} {old}, newest {new}" for name, old, new in re.findall(r"── (\S+) v(\S+) .*\(latest: v(.*)\)", tree)
    ]


def must(project: Project, chosen: Environment, *command: str) -> str:
    """Run a command that everything else needs; its output."""
    done = project.run(*command, **chosen.variables())
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout}")
    return done.stdout


def gates_of(project: Project, chosen: Environment) -> list[str]:
    """The names of the service's gates, in its order."""
    listed = must(project, chosen, uv(), "run", "--quiet", "just", "gate")
    return [line.split()[0] for line in listed.splitlines() if line and not line.startswith("#")]


def run_step(project: Project, chosen: Environment, name: str, *command: str) -> Step:
    """Run one gate to its end, whatever the others did."""
    started = time.monotonic()
    done = project.run(uv(), "run", "--quiet", *command, **chosen.variables())
    state = {0: "ok", NOT_RUN: "NOT RUN"}.get(done.returncode, "FAILED")
    print(f"{state:<7} {name}", file=sys.stderr, flush=True)
    return Step(name, state, time.monotonic() - started, done.stdout)


def try_out(project: Project, chosen: Environment, *, quick: bool) -> list[Step]:
    """Every gate, or those that take seconds and the tests that do."""
    names = [name for name in gates_of(project, chosen) if not quick or name not in LONG]
    steps = [run_step(project, chosen, name, "just", "gate", name) for name in names]
    return [*steps, run_step(project, chosen, "tests", *QUICK_TESTS)] if quick else steps


def table(chosen: Environment, moved: list[str], held: list[str], steps: list[Step]) -> str:
    """The result in Markdown."""
    head = [
        f"### Python {chosen.python}, {chosen.resolution}: {len(moved)} packages moved",
        "",
        ", ".join(moved) or "none",
        "",
    ]
    kept = [f"Held back by pyproject.toml: {'; '.join(held)}", ""] if held else []
    rows = [f"| {step.name} | {step.state} | {step.seconds:.1f} s |" for step in steps]
    total = f"| all | {'FAILED' if failed(steps) else 'ok'} | {sum(step.seconds for step in steps):.1f} s |"
    return "\n".join([*head, *kept, "| gate | state | time |", "| --- | --- | --- |", *rows, total])


def failed(steps: list[Step]) -> list[Step]:
    """The gates that failed; one that could not run did not."""
    return [step for step in steps if step.state == "FAILED"]


def answer(text: str) -> Variant:
    """`auth=jwt` as an answer."""
    try:
        return answers_of(text)[0]
    except KeyError as error:
        raise argparse.ArgumentTypeError(f"the template knows no {error}") from None


def main() -> int:
    """Bake, resolve, try, report."""
    parser = argparse.ArgumentParser(prog="python -m tools.rot", description="Try a service with other versions.")
    parser.add_argument("--resolution", choices=RESOLUTIONS, default="highest")
    parser.add_argument("--python", default=f"3.{sys.version_info.minor}")
    parser.add_argument("--quick", action="store_true", help="leave out what takes minutes")
    parser.add_argument("answers", nargs="*", type=answer, default=[], help="such as auth=jwt")
    options = parser.parse_args()
    chosen = Environment(options.resolution, options.python)
    with tempfile.TemporaryDirectory() as folder:
        template = copy_template(Path(folder, "template"))
        variant = {name: value for part in [all_on(), *options.answers] for name, value in part.items()}
        project = bake_into(Path(folder, "out"), template, variant)
        must(project, chosen, "git", "init", "--quiet")
        moved = resolve(project, chosen)
        held = held_back(project, chosen)
        steps = try_out(project, chosen, quick=options.quick)
    for step in failed(steps):
        print(f"----- {step.name}\n{step.output}")
    print(table(chosen, moved, held, steps))
    return 1 if failed(steps) else 0


if __name__ == "__main__":
    sys.exit(main())
