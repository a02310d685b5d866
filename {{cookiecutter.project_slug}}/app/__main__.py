"""`python -m app`: the command line of the service."""

import os
import signal
import sys

if __name__ == "__main__":
    # Before the imports: Linux delivers to process 1 only signals that it handles. What runs until it is asked to stop has not failed,
    # other work was not done; commands that have more to do about it replace this.
    signal.signal(signal.SIGTERM, lambda *_: os._exit(sys.argv[1:2] not in (["serve"], ["worker"])))

    from app.cli import main

    main()
