"""Import check: every module of `app` can be imported with nothing set up, and importing it does nothing.

`python -m dev.imports` starts a fresh interpreter in an empty folder with an empty environment. There, anything that
would connect, listen, look up a host or start a process is refused while the modules are imported.
"""

import importlib
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
# Without it, Python on Windows has neither sockets nor random numbers.
KEPT_VARIABLES: Final = ("SYSTEMROOT",)
REFUSED_EVENTS: Final = ("socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen")


def check(root: Path = ROOT, package: str = "app") -> subprocess.CompletedProcess[str]:
    """Import the package of the project at `root` in a fresh interpreter; `stderr` has what went wrong."""
    environment = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    with tempfile.TemporaryDirectory() as empty:
        return subprocess.run(  # noqa: S603 - this file, run by this interpreter
            [sys.executable, "-P", __file__, str(root), package],
            cwd=empty,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )


def broken_modules(root: Path, package: str) -> Iterator[str]:
    """Import `package.main`, which must have an `app`, and then every other module; yield what is wrong."""
    yield from _import(f"{package}.main", attribute="app")
    for path in sorted((root / package).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        yield from _import(".".join(parts).removesuffix(".__init__"))


def _import(name: str, attribute: str | None = None) -> Iterator[str]:
    try:
        module = importlib.import_module(name)
    except BaseException:  # noqa: BLE001 - importing runs code that may raise anything, SystemExit included
        yield f"cannot import {name}:\n{traceback.format_exc()}"
    else:
        if attribute and not hasattr(module, attribute):
            yield f"{name} has no `{attribute}`"


def _refuse(event: str, arguments: tuple[object, ...]) -> None:
    if event in REFUSED_EVENTS:
        raise RuntimeError(f"importing a module must not do this: {event} {arguments[1:]}")


def _inside(root: str, package: str) -> int:
    sys.path.insert(0, root)
    sys.addaudithook(_refuse)
    problems = list(broken_modules(Path(root), package))
    sys.stderr.write("\n".join(problems))
    return 1 if problems else 0


def main() -> int:
    """Check this project; status 1 if a module cannot be imported."""
    result = check()
    sys.stderr.write(result.stderr)
    return result.returncode


if __name__ == "__main__":
    sys.exit(_inside(*sys.argv[1:]) if sys.argv[1:] else main())
