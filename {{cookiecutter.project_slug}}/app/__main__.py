"""`python -m app`: the command line of the service."""

import os
import signal
import sys
from types import FrameType


def _end_at_once(_number: int, _frame: FrameType | None) -> None:
    """Nothing has begun yet. A server that stops when it is told to has not failed; other work was not done."""
    os._exit(0 if "serve" in sys.argv[1:2] else 128 + signal.SIGTERM)


if __name__ == "__main__":
    # Before the imports, which take a second: to the first process of a container, a signal that it does not handle is never delivered.
    signal.signal(signal.SIGTERM, _end_at_once)

    from app.cli import main

    main()
