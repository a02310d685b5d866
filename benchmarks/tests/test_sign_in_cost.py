"""`python -m benchmarks sign-in-cost`."""

import re
import subprocess
import sys

import click
import pytest
from fastapi import FastAPI

from benchmarks import TEMPLATE
from benchmarks.in_process import get
from benchmarks.tests import SERVICE


def test_cost_of_a_signed_in_request_is_printed() -> None:
    options = ["--service", str(SERVICE), "sign-in-cost", "--requests", "2", "--rounds", "2"]

    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *options], cwd=TEMPLATE, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines
    for line in lines:
        assert re.fullmatch(
            r"\w+ +public +\d+ us   remembered +[+-]\d+ us   proven +[+-]\d+ us   ratio \d+\.\d\d", line
        )


async def test_refused_credentials_are_an_error() -> None:
    with pytest.raises(click.ClickException, match=r"^/guarded answered 404$"):
        await get(FastAPI(), "/guarded", "Wrong credentials")


def test_folder_without_a_service_is_refused() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--service", "docs", "run"],
        cwd=TEMPLATE,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "docs holds no service: bake one, then uv sync in it" in done.stderr
