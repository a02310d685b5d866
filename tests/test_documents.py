"""What the documents say is so."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.repository import git
from tests.variants import QUESTIONS, REPOSITORY, TREE, visible_questions
from tests.words import STANDARD_TERMS
from tools.derived import tree_files
from tools.pages import page_of

DOCUMENTS = sorted(path for path in REPOSITORY.glob("*.md")) + sorted((REPOSITORY / "docs").rglob("*.md"))
BY_NAME = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(REPOSITORY)))
# Licences have words of their own; a changelog and a decision are of their day.
NOT_OURS = re.compile(
    r"(^|/)(LICENSE|CHANGELOG\.md|uv\.lock)$|^docs/decisions/|\.(whl|json|svg|png)$|^tests/(words|test_documents)\.py$"
)
TERMS = list(STANDARD_TERMS.values())
REPLACED = re.compile("|".join(rf"(?<!\w)({pattern})(?!\w)" for pattern in STANDARD_TERMS), re.IGNORECASE)
# A line of a drawn tree: how deep, the name, the caption.
ENTRY = re.compile(r"^((?:│   |    )*)[├└]── (\S+) +(\S.*)$", re.MULTILINE)


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


@BY_NAME
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8"))

    assert [link for link in links if "://" not in link and not leads_somewhere(document, link)] == []


def leads_somewhere(document: Path, link: str) -> bool:
    """Whether a link's file is there, and in it the heading that the link names."""
    name, _, anchor = link.partition("#")
    target = document.parent / name if name else document
    return target.exists() and (not anchor or anchor in anchors(target))


def anchors(document: Path) -> set[str]:
    """The headings of a document as GitHub links to them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@BY_NAME
def test_test_files_that_a_document_names_are_there(document: Path) -> None:
    named = re.findall(r"`((?:service_)?tests/[\w/]+\.py)`", document.read_text(encoding="utf-8"))

    assert [name for name in named if not (REPOSITORY / name).exists() and not (TREE / name).exists()] == []


def test_readme_links_to_every_page() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")

    pages = [*(REPOSITORY / "docs").glob("*.md"), *(REPOSITORY / "docs" / "options").glob("*.md")]

    assert [path.name for path in pages if f"({path.relative_to(REPOSITORY).as_posix()})" not in readme] == []


def test_every_question_has_a_page_and_every_page_a_question() -> None:
    pages = {path.stem for path in (REPOSITORY / "docs" / "options").glob("*.md")}

    assert pages == {page_of(name, QUESTIONS[name]) for name in visible_questions()}


@pytest.mark.parametrize("page", sorted((REPOSITORY / "docs" / "options").glob("*.md")), ids=lambda path: path.stem)
def test_page_of_a_question_says_what_it_adds_costs_and_how_to_change_it(page: Path) -> None:
    text = page.read_text(encoding="utf-8")

    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)

    assert len(re.findall(r"^<!-- answers -->\n[^$]+\n<!-- /answers -->$", text, re.MULTILINE)) == 1
    assert [word for word in ("add", "cost", "later") if not any(word in heading for heading in headings)] == []


def test_drawn_tree_has_only_what_is_there_and_all_of_the_first_level() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    files = tree_files()

    drawn = paths_of(readme)

    assert [path for path in drawn if not any(name == path or name.startswith(path) for name in files)] == []
    assert {f"{name}/" if rest else name for name, _, rest in (file.partition("/") for file in files)} <= set(drawn)
    assert {f"app/{name.split('/')[1]}/" for name in files if re.match(r"app/\w+/", name)} <= set(drawn)


def paths_of(text: str) -> list[str]:
    """The paths of a drawn tree, folders with a slash at the end."""
    folders: list[str] = []
    found = []
    for indent, name, _ in ENTRY.findall(text):
        folders[len(indent) // 4 :] = [name]
        found.append("".join(folders))
    return found


def test_ci_runs_the_tests_of_the_quick_start() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    script = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8")

    command = "uv run pytest"

    assert re.search(rf"^(?:.*/)?{command}$", readme, re.MULTILINE)
    assert command in script


def test_words_are_the_terms_of_the_field() -> None:
    files = [
        name
        for name in git(REPOSITORY, "ls-files").splitlines()
        if not NOT_OURS.search(name) and (REPOSITORY / name).is_file()
    ]

    found = [
        f"{name}:{number}: {word}, write {term}"
        for name in files
        for number, line in enumerate((REPOSITORY / name).read_text(encoding="utf-8").splitlines(), 1)
        for word, term in replaced_words(line)
    ]

    assert len(files) > 400
    assert found == []


@pytest.mark.parametrize(
    ("line", "term"),
    [
        ("what nobody can mend", "fix"),
        ("# The dearest statement", "expensive"),
        ("async def read(reader: Reading) -> Page:", "ReadSession"),
        ("from app.api.deps import PageOf, Session", "Pagination"),
        ("read with `Reading`", "ReadSession"),
        ("def _told(value: str) -> str:", "reported"),
        ("cache = Recent[str, str](seconds=10)", "TTLCache"),
        ("Depends(require(Permission.PLANS_READ))", "require_permission"),
    ],
)
def test_replaced_word_is_found(line: str, term: str) -> None:
    assert [found for _, found in replaced_words(line)] == [term]


@pytest.mark.parametrize(
    "line", ["I recommend it", "sslmode=require", "Reading the log", "overriding", "a recent commit"]
)
def test_word_that_only_contains_a_replaced_one_is_none(line: str) -> None:
    assert list(replaced_words(line)) == []


def replaced_words(line: str) -> Iterator[tuple[str, str]]:
    """The words of a line that a standard term has replaced, with that term."""
    for match in REPLACED.finditer(line):
        yield match[0], TERMS[match.lastindex - 1] if match.lastindex else ""
