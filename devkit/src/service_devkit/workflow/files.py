"""Files that are written whole or not at all, and locks of those who write them."""

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from service_devkit.postgres.locks import alone
from service_devkit.workflow.command import Refused


def replace_whole(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Write a file so that every reader sees the old text or the new one, also after a crash."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(descriptor)
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def read_json(path: Path) -> Mapping[str, object] | None:
    """The object in a file; None where there is no file.

    Raises:
        Refused: it is no JSON object.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise Refused(f"{path} is no JSON: {error}", then=f"rm {path}, then devkit worktree doctor") from None
    if not isinstance(found, dict):
        raise Refused(f"{path} holds no JSON object", then=f"rm {path}, then devkit worktree doctor")
    return found


@contextmanager
def waiting(path: Path) -> Iterator[None]:
    """Hold a lock; wait for those who hold it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with alone(path):
        yield


@contextmanager
def without_waiting(path: Path, *, what: str) -> Iterator[None]:
    """Hold a lock.

    Raises:
        Refused: somebody holds it.
    """
    import fcntl  # noqa: PLC0415 - Windows has none

    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Refused(f"another devkit works on {what}", then="wait for its end, then run the command again") from None
    try:
        yield
    finally:
        os.close(descriptor)
