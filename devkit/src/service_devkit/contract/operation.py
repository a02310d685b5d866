"""An operation as the contract has it, with what it refers to at hand."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from service_devkit.contract.operations import METHODS
from service_devkit.contract.schema import Schemas
from service_devkit.contract.values import Json, Node, mapping, sequence


@dataclass(frozen=True)
class Operation:
    """One operation of a contract, with what it refers to at hand."""

    method: str
    path: str
    node: Node
    item: Node
    schemas: Schemas

    @property
    def name(self) -> str:
        """`METHOD /path`."""
        return f"{self.method.upper()} {self.path}"

    @property
    def where(self) -> tuple[str, str, str]:
        """Its place in the document."""
        return ("paths", self.path, self.method)

    @property
    def responses(self) -> dict[str, Node]:
        """The promised responses by status."""
        return {status: self.schemas.target(each) for status, each in mapping(self.node.get("responses")).items()}

    @property
    def parameters(self) -> list[Node]:
        """Its own parameters and those of its path."""
        given = [*sequence(self.item.get("parameters")), *sequence(self.node.get("parameters"))]
        return [self.schemas.target(each) for each in given]

    @property
    def body(self) -> Node:
        """What may be sent, by media type."""
        return mapping(self.schemas.target(self.node.get("requestBody")).get("content"))

    @property
    def makes_one(self) -> bool:
        """Whether it makes one that can be read: a POST of a component called `...Create`, where `{id}` below it has a GET."""
        sent = mapping(mapping(self.body.get("application/json")).get("schema")).get("$ref")
        below = re.compile(re.escape(self.path) + r"/\{\w+\}")
        paths = mapping(self.schemas.document.get("paths"))
        is_read = any(below.fullmatch(path) and "get" in mapping(item) for path, item in paths.items())
        return self.method == "post" and is_read and str(sent).endswith("Create")

    def schemas_of(self, content: Json) -> list[Json]:
        """The schemas of bodies, by media type."""
        return [mapping(each).get("schema") for each in mapping(content).values()]


def operations_of(schemas: Schemas) -> Iterator[Operation]:
    """Every operation of a document."""
    for path, item in mapping(schemas.document.get("paths")).items():
        for method in METHODS:
            if method in mapping(item):
                yield Operation(method, path, mapping(mapping(item)[method]), mapping(item), schemas)
