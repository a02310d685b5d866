"""Shows what callers of a baked service notice of each fault of Redis, to run again anywhere: `python -m tools.show_redis` (a minute).

Eight clients keep asking while Redis is killed, frozen, full, restarted or given another password.
"""

import sys
import tempfile
from pathlib import Path

from tests.project import bake_into, with_mechanism
from tests.variants import REPOSITORY, all_on

SERVICE = REPOSITORY / "{{cookiecutter.project_slug}}"
TEST = "tests/mechanism/test_redis.py::test_callers_notice_no_fault_of_redis"
HEAD = "| Redis is | statuses | over 190 ms | median | longest | log |\n| --- | --- | --- | --- | --- | --- |"


def main() -> int:
    """Bake the largest service, run the test in it, and print its table."""
    with tempfile.TemporaryDirectory() as folder:
        template = with_mechanism(REPOSITORY, Path(folder) / "template")
        project = bake_into(Path(folder), template, all_on())
        result = project.run(SERVICE / ".venv/bin/python", "-m", "pytest", "-s", "-q", "-p", "no:cacheprovider", TEST)
    rows = [line[line.index("| ") :] for line in result.stdout.splitlines() if line.endswith(" |")]
    print(HEAD, *rows, sep="\n")
    if result.returncode:
        print(result.stdout, file=sys.stderr)
    return result.returncode


if __name__ == "__main__":
    sys.exit(main())
