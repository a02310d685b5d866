"""The tests of the benchmarks, on the service of the template where it stands: `uv run pytest benchmarks/tests`."""

import sys
from typing import Final

from benchmarks import TEMPLATE

SERVICE: Final = TEMPLATE / "{{cookiecutter.project_slug}}"
sys.path.append(str(SERVICE))  # the benchmarks import what they measure
