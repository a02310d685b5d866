"""The size limits: one line too many is told with its place."""

from pathlib import Path

import pytest

from dev.sizes import offenders


def write(root: Path, text: str) -> None:
    path = root / "app" / "long.py"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            "x = 1\n\ndef work():\n" + "    x = 1\n" * 49,
            "app/long.py:3: function work has 50 lines; the limit is under 50",
            id="function",
        ),
        pytest.param(
            "async def work():\n" + "    x = 1\n" * 49,
            "app/long.py:1: function work has 50 lines; the limit is under 50",
            id="coroutine",
        ),
        pytest.param(
            "class A:\n    def work(self):\n" + "        x = 1\n" * 49,
            "app/long.py:2: function work has 50 lines; the limit is under 50",
            id="method",
        ),
        pytest.param(
            "class A:\n" + "    x = 1\n" * 99,
            "app/long.py:1: class A has 100 lines; the limit is under 100",
            id="class",
        ),
        pytest.param(
            "x = 1\n" * 500,
            "app/long.py:1: the file has 500 lines; the limit is under 500",
            id="file",
        ),
    ],
)
def test_offender_is_named_with_its_place(tmp_path: Path, text: str, expected: str) -> None:
    write(tmp_path, text)

    assert [str(offender) for offender in offenders(tmp_path)] == [expected]


@pytest.mark.parametrize(
    "text",
    ["def work():\n" + "    x = 1\n" * 48, "class A:\n" + "    x = 1\n" * 98, "x = 1\n" * 499],
    ids=["function", "class", "file"],
)
def test_one_line_less_passes(tmp_path: Path, text: str) -> None:
    write(tmp_path, text)

    assert list(offenders(tmp_path)) == []
