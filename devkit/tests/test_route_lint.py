"""The linter of a service takes the routes that people write."""

import subprocess
import sys

import pytest
from devkit.tests.processes import SERVICE

ROUTE = '''"""A route."""

from fastapi import APIRouter, BackgroundTasks, Request

from app.api.deps import ReadSession

router = APIRouter()


@router.put("/shelves/{shelf_id}/books/{book_id}")
async def put_book(PARAMETERS) -> None:
    """Put a book on a shelf."""
'''


@pytest.mark.parametrize(
    "parameters",
    [
        "body: int, user: str, session: ReadSession, request: Request, background: BackgroundTasks, shelf_id: int, book_id: int",
        "shelf_id: int, book_id: int, page: int, search: str, sort: str, after: str, user: str, session: ReadSession, request: Request",
    ],
)
def test_route_with_all_that_a_route_may_ask_for_passes(parameters: str) -> None:
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--ignore",
        "ARG,F401,I001,E501",
        "--stdin-filename",
        "app/api/v1/books.py",
        "-",
    ]

    done = subprocess.run(  # noqa: S603 - our own command
        command, cwd=SERVICE, input=ROUTE.replace("PARAMETERS", parameters), capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout
