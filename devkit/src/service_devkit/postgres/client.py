"""Connecting to a server of ours, whatever the shell says about other servers."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import asyncpg

# libpq, and after it asyncpg, take what an address leaves open from PGSSLMODE, PGTARGETSESSIONATTRS, PGOPTIONS and some thirty more
# (https://www.postgresql.org/docs/current/libpq-envars.html). PG_BIN is ours: where the programs are.
_PREFIX: Final = "PG"
_OURS: Final = "PG_BIN"


def without_libpq(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment without the variables that would change how its programs connect to a server of ours."""
    return {name: value for name, value in environment.items() if not name.startswith(_PREFIX) or name == _OURS}


async def connect(*, port: int, user: str, password: str, database: str) -> asyncpg.Connection:
    """Connect to a server of ours on this machine."""
    with _clean_environment():
        return await asyncpg.connect(host="127.0.0.1", port=port, user=user, password=password, database=database)


@contextmanager
def _clean_environment() -> Iterator[None]:
    """As asyncpg asks for each variable by name, and for more of them in each version."""
    before = dict(os.environ)
    for name in before.keys() - without_libpq(before).keys():
        del os.environ[name]
    try:
        yield
    finally:
        os.environ.update(before)
