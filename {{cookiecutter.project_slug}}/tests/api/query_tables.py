"""Tables of what operations ask the database: calling what they describe, comparing with them, writing them."""

import json
import re
import textwrap
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import httpx2
import pytest
from service_devkit.contract.document import read
from service_devkit.contract.operations import METHODS
from service_devkit.contract.schema import Schemas
from service_devkit.contract.values import Node, mapping, sequence
from service_devkit.fixtures.queries import Statements, folded

from tests.plugins.environment import CONTRACT

WIDTH: Final = 110
_TABLE: Final = re.compile(r"^STATEMENTS: dict\[str, list\[str\]\] = \{(?:\}|.*?^\})$", re.MULTILINE | re.DOTALL)
_CLAUSE: Final = re.compile(r"(?<!DELETE) (?=(?:FROM|WHERE|ORDER BY|VALUES|ON CONFLICT|RETURNING|FOR UPDATE)\b)")


@dataclass(frozen=True)
class Given:
    """What calls need: values for their paths, bodies (by operation) where the contract's example does not fit or is no JSON, and headers."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    bodies: Mapping[str, Node | str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


async def nothing(_client: httpx2.AsyncClient) -> Given:
    """The calls need nothing."""
    return Given()


@dataclass(frozen=True)
class Noun:
    """The table of one noun, the fixture whose client calls its operations, and what makes ready what the calls need."""

    path: Path
    statements: dict[str, list[str]]
    client: str = "client"
    given: Callable[[httpx2.AsyncClient], Awaitable[Given]] = nothing

    def compare(self, operation: str, sent: Statements) -> None:
        """Fail unless the operation sent what the table says."""
        texts = [folded(text) for text, _ in sent.sent]
        table = [folded(text) for text in self.statements.get(operation, [])]
        if operation not in self.statements or texts != table:
            pytest.fail("\n".join(self._complaint(operation, sent, table)), pytrace=False)

    def write(self, operation: str, sent: Statements) -> None:
        """Put what the operation sent into the table."""
        present = self.statements.get(operation)
        if present is not None and [*map(folded, present)] == [folded(text) for text, _ in sent.sent]:
            return  # a table that shares its texts keeps them shared
        self.statements[operation] = [text for text, _ in sent.sent]
        entries = "".join(entry(*each) for each in sorted(self.statements.items(), key=_place))
        table = "\n".join(["STATEMENTS: dict[str, list[str]] = {", f"{entries}}}"])
        text = self.path.read_text(encoding="utf-8")
        self.path.write_text(_TABLE.sub(lambda _: table, text, count=1), encoding="utf-8")

    def _complaint(self, operation: str, sent: Statements, table: list[str]) -> Iterator[str]:
        yield f"{operation} does not send what tests/api/queries/{self.path.name} says ('+' is not there, '-' was not sent):"
        texts = [folded(text) for text, _ in sent.sent]
        yield from (f"{'  ' if folded(text) in table else '+ '}{where}: {folded(text)}" for text, where in sent.sent)
        yield from (f"- {text}" for text in table if text not in texts)
        yield "If that is meant, this is its place in the table, and `just queries` puts it there:"
        yield entry(operation, [text for text, _ in sent.sent])


def entry(operation: str, texts: Iterable[str]) -> str:
    """The lines of one operation in a table, as the formatter leaves them."""
    lines = [line for text in texts for line in _literal(text)]
    return "\n".join([f'    "{operation}": [', *lines, "    ],", ""]) if lines else f'    "{operation}": [],\n'


def _literal(text: str) -> Iterator[str]:
    """A statement as a text in Python: where it is long, each clause on a line of its own, those in parentheses further in."""
    text = folded(text).replace("\\", "\\\\")
    if len(text) <= WIDTH and '"' not in text:
        yield f'        "{text}",'
        return
    yield '        """'
    depth = 0
    for clause in _CLAUSE.split(text):
        yield from _wrapped(clause, "  " * (depth + 4))
        depth += clause.count("(") - clause.count(")")
    yield '        """,'


def _wrapped(clause: str, indent: str) -> list[str]:
    return textwrap.wrap(
        clause,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def content_of(body: Node | str) -> bytes:
    """A body as it is sent: a text as it is, all else as JSON."""
    return body.encode() if isinstance(body, str) else json.dumps(body).encode()


async def call(client: httpx2.AsyncClient, operation: str, given: Given) -> httpx2.Response:
    """Send the request that an operation is tried with."""
    method, _, path = operation.partition(" ")
    body = given.bodies.get(operation, EXAMPLES.get(operation))
    media_type = "text/plain" if isinstance(body, str) else "application/json"
    headers = given.headers if body is None else {"Content-Type": media_type, **given.headers}
    content = None if body is None else content_of(body)
    return await client.request(method, path.format_map(given.parameters), content=content, headers=headers)


def _operations(document: Node) -> Iterator[tuple[str, Node]]:
    for path, item in mapping(document.get("paths")).items():
        for method in METHODS:
            if method in mapping(item):
                yield f"{method.upper()} {path}", mapping(mapping(item)[method])


def _example(schemas: Schemas, operation: Node) -> Node | None:
    """The contract's example of a body; None where there is none."""
    content = mapping(schemas.target(operation.get("requestBody")).get("content"))
    schema = schemas.target(mapping(content.get("application/json")).get("schema"))
    return next((mapping(each) for each in sequence(schema.get("examples"))), None)


def _place(item: tuple[str, object]) -> int:
    """Where an operation stands in the contract."""
    return list(PROMISED).index(item[0]) if item[0] in PROMISED else len(PROMISED)


_DOCUMENT: Final = read(CONTRACT)
# The noun of each operation of the contract, and the example of its body.
PROMISED: Final = {
    name: str(next(iter(sequence(each.get("tags"))), "")).replace(" ", "_") for name, each in _operations(_DOCUMENT)
}
EXAMPLES: Final = {name: _example(Schemas(_DOCUMENT), each) for name, each in _operations(_DOCUMENT)}
