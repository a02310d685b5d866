"""`python -m dev`: every Click command that a module of this package defines."""

import importlib
import pkgutil
from collections.abc import Iterator

import click

import dev


def _commands() -> Iterator[click.Command]:
    for module in pkgutil.iter_modules(dev.__path__):
        if module.name == "__main__":
            continue
        values = vars(importlib.import_module(f"dev.{module.name}")).values()
        yield from (value for value in values if isinstance(value, click.Command))


main = click.Group("dev", commands=list(_commands()), help="Commands for developers.")

if __name__ == "__main__":
    main(prog_name="python -m dev")
