"""Export the OpenAPI document."""

import json
from typing import TextIO

import click

from app.main import create_app


@click.command()
@click.option(
    "--output", type=click.File("w", encoding="utf-8"), default="-", help="File to write; the screen when absent."
)
def openapi(output: TextIO) -> None:
    """Print what the application is, as OpenAPI in JSON. The contract is contracts/openapi.yaml."""
    output.write(json.dumps(create_app().openapi(), indent=2, ensure_ascii=False) + "\n")
