"""Shows the workflow of a baked service, to run again anywhere: `python -m tools.show_workflow session`, `specification`, or `worktrees --count 5`.

`specification` leads a change of the example domain from its design note over tasks to done, with red run again. `session` is a terminal session: two worktrees each add endpoints, a model and a migration to a real service, and both finish. `worktrees` starts some at
once, runs their servers and tests side by side, and says how many seconds and how much memory that takes.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.request import urlopen

import psutil

from tests.reading_lists import promised_in
from tests.variants import REPOSITORY
from tools import show_texts as texts

HEAD, TAIL = 6, 30
MIB = 1 << 20
# Of long output: what the commands of the workflow say, and how each gate ended.
KEPT = re.compile(r"(gates |merge: |migration: |database: |lock: |push: |main is |ok  |NOT RUN|FAILED)")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class Terminal:
    """Runs commands and prints what a terminal would show, long output shortened."""

    def __init__(self, home: Path) -> None:
        self.home = home
        kept = {name: value for name, value in os.environ.items() if name not in {"VIRTUAL_ENV", "PYTHONPATH"}}
        self.environment = {**kept, "NO_COLOR": "1", "COLUMNS": "120", "UV_PYTHON": sys.executable}

    def quiet(self, command: str, folder: Path) -> None:
        """Run a line of a shell, and print nothing."""
        self.run(command, folder, shown=False)

    def refused(self, command: str, folder: Path) -> None:
        """Run a line of a shell that must fail."""
        self.run(f"! {{ {command}; }}", folder)

    def run(self, command: str, folder: Path, *, shown: bool = True) -> str:
        """Run a line of a shell. Ends the program where it fails."""
        started = time.monotonic()
        done = subprocess.run(
            ["bash", "-c", command],  # noqa: S607 - bash from PATH
            cwd=folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        output = COLOUR.sub("", done.stdout).replace(str(self.home), "~")
        if shown or done.returncode:
            print(f"\n{str(folder).replace(str(self.home), '~')} $ {command}")
            print("\n".join(_shortened(output.splitlines())))
            print(f"# {time.monotonic() - started:.0f} s, status {done.returncode}", flush=True)
        if done.returncode:
            sys.exit(f"failed: {command}")
        return output


def _shortened(lines: list[str]) -> list[str]:
    if len(lines) <= HEAD + TAIL:
        return lines
    middle = [line for line in lines[HEAD:-TAIL] if KEPT.match(line)]
    left_out = len(lines) - HEAD - TAIL - len(middle)
    return [*lines[:HEAD], f"    ... {left_out} lines are left out ...", *middle, *lines[-TAIL:]]


@contextmanager
def service(*answers: str) -> Iterator[tuple[Terminal, Path]]:
    """A committed service with a migrated development database that has data."""
    with tempfile.TemporaryDirectory(prefix="workflow-") as folder:
        home = Path(folder)
        terminal, root = Terminal(home), home / "notes"
        given = " ".join(["project_name=Notes", "workflow=true", *answers])
        bake = f"{sys.executable} -m cookiecutter {REPOSITORY} --no-input --default-config --output-dir {home} {given}"
        terminal.run(bake, home, shown=False)
        for command in (
            "git init --quiet --initial-branch main",
            "git config user.name Ada && git config user.email ada@example.com",
            "uv sync --quiet",
            "git add --all && git commit --quiet --message 'chore: start from the template'",
            "uv run just migrate",
            "uv run just seed",
        ):
            terminal.run(command, root, shown=False)
        yield terminal, root


def promise(root: Path, words: str) -> None:
    """Write a noun of two words into the contract, where `tests/reading_lists.py` writes its own."""
    path = root / "contracts" / "openapi.yaml"
    before = path.read_text(encoding="utf-8")
    first = words.split(maxsplit=1)[0]
    other = promised_in(before)
    added = other.replace("reading", first).replace("Reading", first.capitalize()) if first != "reading" else other
    path.write_text(added, encoding="utf-8")


def session() -> None:
    """Two worktrees add a noun each, at the same places, and both come to main."""
    with service() as (terminal, root):
        features = {
            "reading lists": root / ".worktrees/reading-lists",
            "packing lists": root / ".worktrees/packing-lists",
        }
        for words, place in features.items():
            terminal.run(f'uv run just start feature/{place.name} "{words.capitalize()}"', root)
        terminal.run("uv run devkit worktree list", root)
        for words, place in features.items():
            promise(place, words)
            print(f"\n# {words} are written into contracts/openapi.yaml")
            for step in ("generate", f'scaffold "{words}"', "migrate", f'migration "add {words}"', "queries"):
                terminal.run(f"uv run just {step}", place)
            terminal.run(
                f"git add --all && git commit --quiet --message 'feat: {words}' && git show --stat --format=%s", place
            )
        for place in features.values():
            terminal.run("uv run just finish --dry-run | head -3", place)
            terminal.run("uv run just finish", place)
        terminal.run("git log --oneline --graph", root)
        terminal.run("git worktree list && uv run devkit worktree list && git status --short", root)
        terminal.run(
            "uv run alembic heads 2>/dev/null || grep -h '^down_revision\\|^revision' alembic/versions/*.py", root
        )
        terminal.run("uv run just gate migrations contract tests", root)


def specification() -> None:
    """A specification for the example domain: plans are copied. Its tasks, each done by what git and the tests show."""
    with service("example=true") as (terminal, root):
        terminal.run('uv run just start feature/plan-copies "Copies of plans" --full', root)
        place = root / ".worktrees/plan-copies"
        spec = place / "specs/001-plan-copies"
        note = spec / "design.md"
        terminal.refused("uv run devkit tasks", place)
        answered = re.sub(r"(?m)^(## .*)$", r"\1\n\nAs the plan says.", note.read_text(encoding="utf-8"))
        note.write_text(answered, encoding="utf-8")
        print("\n# the questions of design.md are answered, and contract.yaml says what comes")
        (spec / "contract.yaml").write_text(texts.COPIES, encoding="utf-8")
        terminal.run("git add --all && git commit --quiet --message 'docs: copies of plans'", place)
        terminal.run("uv run devkit tasks && cat specs/001-plan-copies/tasks.md", place)
        for task, message, edit in _steps(place):
            terminal.run(f"uv run devkit task start {task}", place)
            edit()
            terminal.run(f"git add --all && git commit --quiet --message '{message}'", place)
            done = f'uv run devkit task done {task} --commit HEAD --notes "{message}" --evidence "just test" --coverage 96.4'
            if task == "T007":
                terminal.run("uv run just check --except performance --except fuzz --except audit", place)
                done = done.removesuffix(" --coverage 96.4")  # it was measured
            if task == "T002":
                green = "git commit --quiet --allow-empty --message 'feat(green): nothing yet' && "
                terminal.refused(f"{green}{done}", place)
                done = done.replace("HEAD", "HEAD~1")
            terminal.run(done, place)
            terminal.run(f"git add --all && git commit --quiet --message 'docs: {task}'", place, shown=False)
        terminal.run("uv run devkit task status", place)
        terminal.run("uv run devkit task status T007 --json", place)
        terminal.run("tail -16 specs/001-plan-copies/NOTES.md", place)
        terminal.run(
            "uv run devkit task rollback T006 T007 && git show --stat --format=%B HEAD && uv run devkit task status",
            place,
        )


def _steps(place: Path) -> Iterator[tuple[str, str, Callable[[], None]]]:
    """The tasks in their order: the id, the message of its commit, and what is changed for it."""

    def change(name: str, pattern: str, text: str) -> Callable[[], None]:
        return lambda: _replace(place / name, pattern, text)

    contract = "contracts/openapi.yaml"
    promise = _both(
        change(
            contract,
            r"(?m)^  /api/v1/study-plans/\{plan_id\}/codes:\n",
            texts.PATH + "  /api/v1/study-plans/{plan_id}/codes:\n",
        ),
        change(contract, r"(?m)^    StudyPlanUpdate:\n", texts.SCHEMA + "    StudyPlanUpdate:\n"),
        change("app/services/study_plans.py", r"(?m)^async def read_page\(", texts.STUB + "async def read_page("),
    )
    permission = change("tests/api/permissions/study_plans.py", r"(?m)^\}", texts.PERMISSION + "}")
    yield "T001", "feat: promise copies of plans", promise
    yield (
        "T002",
        "test(red): a copy is a plan of its own",
        change("tests/services/test_study_plans.py", r"\Z", texts.RULES_TEST),
    )
    yield "T003", "test(red): a plan is copied", change("tests/api/v1/test_study_plans.py", r"\Z", texts.ROUTE_TEST)
    yield (
        "T004",
        "feat(green): the type of a copy",
        lambda: Terminal(place.parents[2]).quiet("uv run just generate", place),
    )
    yield (
        "T005",
        "feat(green): copy a plan",
        change("app/services/study_plans.py", re.escape(texts.STUB_BODY), texts.BODY),
    )
    route = change("app/api/v1/study_plans.py", r"\Z", texts.ROUTE)
    imported = change(
        "app/api/v1/study_plans.py", r"    StudyPlanCreate,\n", "    StudyPlanCopy,\n    StudyPlanCreate,\n"
    )
    yield "T006", "feat(green): the route of copies", _both(route, imported, permission)
    terminal = Terminal(place.parents[2])
    whole = "uv run just contract --fill && uv run just generate && uv run just queries && uv run just format"
    yield "T007", "refactor: what the gates ask for", lambda: terminal.quiet(whole, place)


def _replace(path: Path, pattern: str, text: str) -> None:
    before = path.read_text(encoding="utf-8")
    after = re.sub(pattern, lambda _: text, before, count=1)
    if after == before:
        sys.exit(f"{path} has no {pattern}")
    path.write_text(after, encoding="utf-8")


def _both(*edits: Callable[[], None]) -> Callable[[], None]:
    def edit_all() -> None:
        for edit in edits:
            edit()

    return edit_all


def worktrees(count: int) -> None:
    """Some worktrees at once: made, serving, tested and removed side by side."""
    with service() as (terminal, root), ThreadPoolExecutor(count) as pool:
        names = [f"part-{number}" for number in range(1, count + 1)]
        places = [root / ".worktrees" / name for name in names]
        rows: list[tuple[str, str, str]] = []
        each, whole = _at_once(
            pool, terminal, [f"uv run devkit start feature/{name}" for name in names], [root] * count
        )
        rows.append(
            ("started, each with environment, ports and a copy of the database", _seconds(each), f"{whole:.1f} s")
        )
        ports = [int(re.findall(r"(?m)^PORT=(\d+)", (place / ".env").read_text())[0]) for place in places]
        with ExitStack() as stack:
            began = time.monotonic()
            servers = [stack.enter_context(_serving(terminal, place)) for place in places]
            for port in ports:
                _wait_for(port)
            rows.append(
                ("their servers answer", f"ports {', '.join(map(str, ports))}", f"{time.monotonic() - began:.1f} s")
            )
            memory = [_memory(server.pid) for server in servers]
            rows.append(
                (
                    "memory of a server with its reloader",
                    f"{min(memory):.0f} to {max(memory):.0f} MiB",
                    f"{sum(memory):.0f} MiB together",
                )
            )
            cluster = sum(_private(process) for process in psutil.process_iter() if _is_postgres(process, root))
            rows.append(("memory of the one PostgreSQL", f"{cluster:.0f} MiB", f"{count + 1} databases"))
            tests = ["uv run just test -q -n 1"] * count
            each, whole = _at_once(pool, terminal, tests, places)
            rows.append(("all their tests, beside the servers", _seconds(each), f"{whole:.1f} s"))
        each, whole = _at_once(
            pool, terminal, [f"uv run devkit worktree remove {name}" for name in names], [root] * count
        )
        rows.append(("removed", _seconds(each), f"{whole:.1f} s"))
        left = terminal.run("uv run devkit worktree list && git worktree list | wc -l", root, shown=False)
        print(f"{count} worktrees at once, {os.cpu_count()} cores\n\n| what | each | together |\n| --- | --- | --- |")
        print("\n".join(f"| {what} | {one} | {all_} |" for what, one, all_ in rows))
        print(f"\nAfterwards: {' '.join(left.split())}")


def _at_once(
    pool: ThreadPoolExecutor, terminal: Terminal, commands: list[str], folders: list[Path]
) -> tuple[list[float], float]:
    def timed(command: str, folder: Path) -> float:
        started = time.monotonic()
        terminal.run(command, folder, shown=False)
        return time.monotonic() - started

    began = time.monotonic()
    return list(pool.map(timed, commands, folders)), time.monotonic() - began


def _seconds(each: list[float]) -> str:
    return f"{min(each):.1f} to {max(each):.1f} s"


@contextmanager
def _serving(terminal: Terminal, place: Path) -> Iterator["subprocess.Popen[bytes]"]:
    command = ["uv", "run", "devkit", "run"]
    process = subprocess.Popen(
        command, cwd=place, env=terminal.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        try:
            with urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2) as answer:
                answer.read()
                return
        except OSError:
            time.sleep(0.1)
    sys.exit(f"nothing answers on {port}")


def _memory(pid: int) -> float:
    head = psutil.Process(pid)
    return sum(
        _private(process) for process in [head, *head.children(recursive=True)] if "postgres" not in process.name()
    )


def _private(process: psutil.Process) -> float:
    """What would be free without the process, in MiB: its own memory, not what it shares."""
    try:
        return float(process.memory_full_info().uss) / MIB
    except psutil.Error:
        return 0.0


def _is_postgres(process: psutil.Process, root: Path) -> bool:
    try:
        return process.name().startswith("postgres") and str(root) in (process.cwd() or "")
    except psutil.Error:
        return False


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["session", "specification", "worktrees"])
    parser.add_argument("--count", type=int, default=5)
    chosen = parser.parse_args()
    shows: dict[str, Callable[[], None]] = {
        "session": session,
        "specification": specification,
        "worktrees": lambda: worktrees(chosen.count),
    }
    shows[chosen.what]()
