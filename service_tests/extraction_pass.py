"""Reads one report after another in one process, as the child of a service reads one: `python -m` this, a report as JSON on each line.

To start a process for each of some dozens would take most of the time of their test.
"""

import base64
import json
import resource
import sys
import time

from app.extraction.limits import Limits
from app.extraction.worker import outcome, restrict


def main() -> None:
    """For each report its outcome, the seconds of CPU that it took, and the most MiB that the process has had."""
    limits = Limits(**json.loads(sys.argv[1]))
    restrict(limits)
    for line in sys.stdin:
        kind, content = json.loads(line)
        began = time.process_time()
        found = outcome(kind, base64.b64decode(content), limits)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
        print(json.dumps([found.get("fault", "text"), time.process_time() - began, memory]), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
