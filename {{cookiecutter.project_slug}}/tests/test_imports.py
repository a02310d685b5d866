"""To import a module does nothing: it needs no setting, and neither connects, listens nor starts a process."""

import os
import subprocess
import sys
from pathlib import Path

import app

CHECK = """
import importlib, pkgutil, sys

def refuse(event, arguments):
    if event in {"socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen"}:
        raise RuntimeError(f"importing a module must not do this: {event} {arguments[1:]}")

sys.path.insert(0, sys.argv[1])
sys.addaudithook(refuse)
import app
for module in pkgutil.walk_packages(app.__path__, "app."):
    importlib.import_module(module.name)
"""


def test_every_module_is_imported_with_nothing_set_up(tmp_path: Path) -> None:
    root = Path(app.__path__[0]).parent
    needed = {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}  # by Python on Windows

    done = subprocess.run(  # noqa: S603 - this interpreter, with the text above
        [sys.executable, "-P", "-c", CHECK, str(root)],
        cwd=tmp_path,
        env=needed,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
