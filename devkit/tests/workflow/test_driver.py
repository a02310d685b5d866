"""What the merge driver resolves, and what it leaves to a person."""

import json
from pathlib import Path

import pytest

from service_devkit.workflow import driver

ROUTES = """from fastapi import APIRouter

from app.services import users

router = APIRouter()


@router.get("/users")
async def list_users() -> list[str]:
    return await users.list()
"""
PLANS = (
    ROUTES.replace("import users", "import plans, users")
    + """

@router.get("/plans/{id}")
async def read_plan(id: int) -> str:
    plan = await plans.read(id)
    return plan
"""
)
NOTES = (
    ROUTES.replace("import users", "import notes\nfrom app.services import users")
    + """

@router.get("/notes/{id}")
async def read_note(id: int) -> str:
    note = await notes.read(id)
    return note
"""
)
BOTH = """from fastapi import APIRouter

from app.services import notes, plans, users

router = APIRouter()


@router.get("/users")
async def list_users() -> list[str]:
    return await users.list()


@router.get("/plans/{id}")
async def read_plan(id: int) -> str:
    plan = await plans.read(id)
    return plan


@router.get("/notes/{id}")
async def read_note(id: int) -> str:
    note = await notes.read(id)
    return note
"""
SETTINGS = "class Settings:\n    port: int = 8000\n"
CONTRACT = "paths:\n  /users:\n    get:\n      operationId: list_users\n"
TESTS = "def test_one() -> None:\n    assert client.get('/a') == {'id': 1}\n"


def _run(folder: Path, path: str) -> int:
    return driver.main(str(folder / "base"), str(folder / "ours"), str(folder / "theirs"), path, str(folder / "report"))


def _merged(folder: Path, path: str, base: str, ours: str, theirs: str) -> tuple[str, str | None]:
    """The text, and why it is not resolved; None where it is."""
    texts = {"base": base, "ours": ours, "theirs": theirs}
    for name, text in texts.items():
        (folder / name).write_text(text)
    status = _run(folder, path)
    report = json.loads((folder / "report").read_text())
    assert status == (1 if report["problem"] else 0)
    return (folder / "ours").read_text(), report["problem"]


@pytest.mark.parametrize(
    ("path", "base", "ours", "theirs", "result"),
    [
        ("routes.py", ROUTES, PLANS, NOTES, BOTH),
        ("a.py", "import a\nimport c\n", "import a\nimport b\nimport c\n", "import a\nimport d\nimport c\n", "import a\nimport b\nimport d\nimport c\n"),
        ("a.py", "from m import a\n", "from m import a, b\n", "from m import a, c\n", "from m import a, b, c\n"),
        ("a.py", "from m import a, old\n", "from m import a\n", "from m import a, c, old\n", "from m import a, c\n"),
        ("a.py", "from m import a\n", "from m import a, b as x\n", "from m import a, b as y\n", "from m import a, b as x, b as y\n"),
        ("a.py", "L = [\n    1,\n]\n", "L = [\n    1,\n    2,\n]\n", "L = [\n    1,\n    3,\n]\n", "L = [\n    1,\n    2,\n    3,\n]\n"),
        ("a.py", "L = [\n    {'a': 1},\n]\n", "L = [\n    {'a': 1},\n    {'a': 2},\n]\n", "L = [\n    {'a': 1},\n    {'a': 3},\n]\n", "L = [\n    {'a': 1},\n    {'a': 2},\n    {'a': 3},\n]\n"),
        ("settings.py", SETTINGS, f"{SETTINGS}    host: str = ''\n", f"{SETTINGS}    docs: bool = True\n", f"{SETTINGS}    host: str = ''\n    docs: bool = True\n"),
        ("test_a.py", TESTS, TESTS + "\n\ndef test_two() -> None:\n    assert client.get('/a') == {'id': 2}\n", TESTS + "\n\ndef test_three() -> None:\n    assert client.get('/a') == {'id': 3}\n",
         TESTS + "\n\ndef test_two() -> None:\n    assert client.get('/a') == {'id': 2}\n\n\ndef test_three() -> None:\n    assert client.get('/a') == {'id': 3}\n"),
        ("openapi.yaml", CONTRACT, f"{CONTRACT}  /plans:\n    get: {{}}\n", f"{CONTRACT}  /notes:\n    get: {{}}\n", f"{CONTRACT}  /plans:\n    get: {{}}\n  /notes:\n    get: {{}}\n"),
        ("p.toml", "[a]\nx = 1\n", "[a]\nx = 1\ny = 1\n", "[a]\nx = 1\nz = 1\n", "[a]\nx = 1\ny = 1\nz = 1\n"),
        (".env.example", "#A=1\n", "#A=1\n#B=1\n", "#A=1\n#C=1\n", "#A=1\n#B=1\n#C=1\n"),
        ("CHANGELOG.md", "# Changes\n", "# Changes\n- one\n", "# Changes\n- two\n", "# Changes\n- one\n- two\n"),
    ],
)  # fmt: skip
def test_what_both_sides_only_added_is_taken(
    tmp_path: Path, *, path: str, base: str, ours: str, theirs: str, result: str
) -> None:
    assert _merged(tmp_path, path, base, ours, theirs) == (result, None)


@pytest.mark.parametrize(
    ("path", "base", "ours", "theirs", "problem"),
    [
        ("a.py", "A = 1\n", "A = 2\n", "A = 3\n", "both changed the same lines"),
        ("a.py", "def a():\n    return 1\n", "def a():\n    return 2\n", "", "both changed the same lines"),
        (
            "a.py",
            "A = 1\n",
            "A = 1\n\n\ndef f():\n    return 1\n",
            "A = 1\n\n\ndef f():\n    return 2\n",
            "both added f",
        ),
        (
            "a.py",
            "A = 1\n\n\nB = 1\n",
            "def f():\n    return 1\n\n\nA = 1\n\n\nB = 1\n",
            "A = 1\n\n\nB = 1\n\n\ndef f():\n    return 2\n",
            "both added f",
        ),
        ("a.py", "A = 1\n", "A = 1\nB = 1\n", "A = 1\nB = 2\n", "both added B"),
        (
            "a.py",
            "class S:\n    a = 1\n",
            "class S:\n    a = 1\n    b: int = 1\n",
            "class S:\n    a = 1\n    b: str = ''\n",
            "both added S.b",
        ),
        (
            "a.py",
            "R = {\n    'a': 1,\n}\n",
            "R = {\n    'a': 1,\n    'b': 2,\n}\n",
            "R = {\n    'a': 1,\n    'b': 3,\n}\n",
            "both added ['b']",
        ),
        (
            "a.py",
            "A = 1\n",
            "A = 1\n\n\n@router.get('/x')\ndef f():\n    pass\n",
            "A = 1\n\n\n@router.get('/x')\ndef g():\n    pass\n",
            "both added router.get('/x')",
        ),
        ("a.py", "x = f(\n)\n", "x = f(\n    1\n)\n", "x = f(\n    2\n)\n", "what both added does not parse together"),
        ("a.py", "import a\n", "import a  # why\nimport b\n", "import c\n", "both changed the same lines"),
        ("a.py", "", "def f():\n    pass\n", "def g():\n    pass\n", "both added this file"),
        ("a.py", "A = 1\n", "A = (\n", "A = 1\nB = 1\n", "both changed the same lines"),
        (
            "openapi.yaml",
            CONTRACT,
            f"{CONTRACT}  /plans:\n    get: {{}}\n",
            f"{CONTRACT}  /plans:\n    put: {{}}\n",
            "both added paths > /plans",
        ),
        ("openapi.yaml", "a:\n  - b: 1\n", "a:\n  - b: 1\n    c: 1\n", "a:\n  - b: 1\n    c: 2\n", "both added a > c"),
        (
            "p.toml",
            "[a]\nx = 1\n",
            "[a]\nx = 1\ny = 1\n",
            "[a]\nx = 1\ny = 2\n",
            "what both added does not parse together",
        ),
        (".env.example", "#A=1\n", "#A=1\n#B=1\n", "#A=1\n#B=2\n", "both added B"),
    ],
)
def test_what_a_person_must_decide_is_left_and_named(
    tmp_path: Path, *, path: str, base: str, ours: str, theirs: str, problem: str
) -> None:
    _, found = _merged(tmp_path, path, base, ours, theirs)

    assert found == problem


def test_conflict_keeps_the_markers_of_git_around_what_is_left_only(tmp_path: Path) -> None:
    text, _ = _merged(
        tmp_path, "a.py", "import a\n\nA = 1\n", "import a\nimport b\n\nA = 2\n", "import a\nimport c\n\nA = 3\n"
    )

    assert (
        text
        == "import a\nimport b\nimport c\n\n<<<<<<< ours\nA = 2\n||||||| base\nA = 1\n=======\nA = 3\n>>>>>>> theirs\n"
    )


def test_text_about_conflicts_is_no_conflict(tmp_path: Path) -> None:
    about = "<<<<<<< ours\nx\n||||||| base\n=======\ny\n>>>>>>> theirs\n"

    text, problem = _merged(tmp_path, "a.md", about, f"{about}one\n", f"{about}two\n")

    assert (text, problem) == (f"{about}one\ntwo\n", None)


@pytest.mark.parametrize("content", [b"\x00\x01", b"\xff\xfe\n"])
def test_binary_file_is_left_alone(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "base").write_bytes(content)
    (tmp_path / "ours").write_bytes(content + b"a\n")
    (tmp_path / "theirs").write_bytes(content + b"b\n")

    status = _run(tmp_path, "a.md")

    assert status == 1
    assert (tmp_path / "ours").read_bytes() == content + b"a\n"
