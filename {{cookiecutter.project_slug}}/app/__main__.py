"""`python -m app`: the command line of the service."""

import os
import signal
import sys

if __name__ == "__main__":
    # Before the imports: Linux delivers to process 1 only signals that it handles. A server that is asked to stop has not failed, other work
    # was not done; commands that have more to do about it replace this.
    signal.signal(signal.SIGTERM, lambda *_: os._exit("serve" not in sys.argv[1:2]))

    from app.cli import main

    main()
