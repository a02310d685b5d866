"""What the documents say is so."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.variants import REPOSITORY

DOCUMENTS = sorted(path for path in REPOSITORY.glob("*.md")) + sorted((REPOSITORY / "docs").rglob("*.md"))


def test_table_of_questions_and_owned_files_are_current() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tools.derived", "--check"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )

    assert done.stdout == ""
    assert done.returncode == 0, done.stderr


def test_quick_start_has_two_blocks_of_commands() -> None:
    text = (REPOSITORY / "README.md").read_text(encoding="utf-8")

    quick_start = re.split(r"^## ", text, flags=re.MULTILINE)
    (section,) = [part for part in quick_start if part.startswith("Quick start\n")]

    assert len(re.findall(r"^```sh$", section, re.MULTILINE)) == 2


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    text = document.read_text(encoding="utf-8")

    links = [link for link in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in link]

    assert [link for link in links if not (document.parent / link).exists()] == []


def test_ci_runs_the_tests_of_the_quick_start() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    script = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")

    command = "uv run pytest"

    assert re.search(rf"^(?:.*/)?{command}$", readme, re.MULTILINE)
    assert command in script
