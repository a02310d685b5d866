"""The operations of a contract, and which one makes the objects that another one is about."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlencode

from service_devkit.benchmark import examples
from service_devkit.benchmark.examples import NoExampleError
from service_devkit.contract.operations import METHODS
from service_devkit.contract.schema import Schemas
from service_devkit.contract.values import Json, Node, mapping, sequence

_LAST_PARAMETER: Final = re.compile(r"^(.+)/\{([^{}/]+)\}$")


@dataclass(frozen=True)
class Maker:
    """The operation whose answer has the ids for another's path, and where: runtime expressions by parameter (OpenAPI 3.1, 4.8.20.3).

    `body` is what the other one sends, with such expressions in it; None where its own example does.
    """

    name: str
    expressions: Mapping[str, str]
    body: Json = None


@dataclass(frozen=True)
class Known:
    """What the answer of a maker tells for a request: the parameters of its path, and its body."""

    values: Mapping[str, str] = field(default_factory=dict)
    body: Json = None


@dataclass(frozen=True)
class Request:
    """What is sent."""

    method: str
    path: str
    values: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Json = None

    def content(self) -> bytes:
        """The body as it is sent."""
        is_text = self.headers.get("Content-Type", "").startswith("text/")
        return (str(self.body) if is_text else json.dumps(self.body)).encode()


@dataclass(frozen=True)
class Example:
    """What a request has in place of its first examples: another body, or the value of a parameter. The plain one has no name."""

    name: str = ""
    body: Json = None
    parameters: Mapping[str, Json] = field(default_factory=dict)


PLAIN: Final = Example()


@dataclass(frozen=True)
class Operation:
    """One operation; `name` is its operationId."""

    name: str
    method: str
    path: str
    node: Node
    parameters: tuple[Node, ...]
    is_open: bool

    def examples(self, schemas: Schemas) -> Iterator[Example]:
        """The plain one, which has the first examples of all, and one for each further example."""
        yield PLAIN
        for name, body in examples.further_bodies(schemas, self.node).items():
            yield Example(f"body {name}", body)
        for each in self.parameters:
            if each["in"] != "path":
                for found, value in examples.further_values(schemas, each).items():
                    yield Example(f"{each['name']} {found}", parameters={str(each["name"]): value})

    def request(self, schemas: Schemas, known: Known, example: Example = PLAIN) -> Request:
        """The request that its examples make, with what is known of it.

        Raises:
            NoExampleError: an example is missing.
        """
        values = {place: dict[str, str]() for place in ("path", "query", "header", "cookie")}
        for each in self.parameters:
            name, place = str(each["name"]), str(each["in"])
            if place == "path" and name in known.values:
                values[place][name] = known.values[name]
            elif name in example.parameters:
                values[place][name] = _text(example.parameters[name])
            elif each.get("required"):
                values[place][name] = _text(examples.parameter(schemas, each))
        path = re.sub(r"\{([^{}]+)\}", lambda found: quote(values["path"].get(found[1], ""), safe=""), self.path)
        query = f"?{urlencode(values['query'])}" if values["query"] else ""
        media_type, body = examples.body(schemas, self.node) or ("", None)
        body = body if example.body is None else example.body
        headers = values["header"] | ({"Content-Type": media_type} if media_type else {})
        return Request(self.method, path + query, values["path"], headers, body if known.body is None else known.body)


def _text(value: Json) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class Contract:
    """All operations, in the order of the document."""

    def __init__(self, document: Node) -> None:
        self.schemas = Schemas(document)
        self.operations = {each.name: each for each in self._operations()}
        self._links = {target: maker for target, maker in self._linked() if target in self.operations}

    def maker(self, operation: Operation) -> Maker | None:
        """Who makes what its path or its body names: a link to it, or else the POST one level above it."""
        linked = self._links.get(operation.name)
        if linked and linked.body is not None:
            return linked
        return (linked or self._above(operation)) if "{" in operation.path else self._named(operation)

    def remover(self, operation: Operation) -> tuple[Operation, Maker] | None:
        """The DELETE of what an operation makes, and where its ids are."""
        for each in self.operations.values():
            if each.method == "DELETE" and (maker := self.maker(each)) and maker.name == operation.name:
                return each, maker
        return None

    def _operations(self) -> Iterator[Operation]:
        document = self.schemas.document
        for path, reference in mapping(document.get("paths")).items():
            item = self.schemas.target(reference)
            for method in (method for method in item if method in METHODS):
                node = mapping(item[method])
                found = [*sequence(item.get("parameters")), *sequence(node.get("parameters"))]
                targets = map(self.schemas.target, found)
                parameters = {(each.get("in"), each.get("name")): each for each in targets}
                name = str(node.get("operationId", f"{method.upper()} {path}"))
                security = sequence(node.get("security", document.get("security")))
                is_open = not security or {} in security
                yield Operation(name, method.upper(), path, node, tuple(parameters.values()), is_open)

    def _linked(self) -> Iterator[tuple[str, Maker]]:
        for operation in self.operations.values():
            for reference in mapping(operation.node.get("responses")).values():
                for link in map(self.schemas.target, mapping(self.schemas.target(reference).get("links")).values()):
                    expressions = {name: str(each) for name, each in mapping(link.get("parameters")).items()}
                    yield str(link.get("operationId")), Maker(operation.name, expressions, link.get("requestBody"))

    def _above(self, operation: Operation) -> Maker | None:
        """`POST /plans` for what begins with `/plans/{id}`; the longest one counts."""
        path = operation.path
        while path and not _LAST_PARAMETER.match(path):
            path = path.rpartition("/")[0]
        if not (found := _LAST_PARAMETER.match(path)):
            return None
        collection, last = found.groups()
        for each in self.operations.values():
            if each.method == "POST" and each.path == collection:
                above = re.findall(r"\{([^{}]+)\}", collection)
                return Maker(
                    each.name, {last: "$response.body#/id"} | {name: f"$request.path.{name}" for name in above}
                )
        return None

    def _named(self, operation: Operation) -> Maker | None:
        """`POST /books` for a body with a `book_id`, as the path `/books/{book_id}` has it; the first one counts."""
        try:
            sent = mapping((examples.body(self.schemas, operation.node) or ("", None))[1])
        except NoExampleError:  # which its own request tells
            return None
        paths = [each.path for each in self.operations.values()]
        for name in sent:
            collections = {path.partition(f"/{{{name}}}")[0] for path in paths if f"/{{{name}}}" in path}
            for each in self.operations.values():
                if each.method == "POST" and each.path in collections and each is not operation:
                    return Maker(each.name, {}, {**sent, name: "$response.body#/id"})
        return None


def known_by(maker: Maker, request: Request, answer: Json) -> Known:
    """What the answer to a request of the maker tells.

    Raises:
        NoExampleError: it does not have what an expression asks for.
    """
    values = {name: evaluate(each, request, answer) for name, each in maker.expressions.items()}
    return Known(values, _filled(maker.body, request, answer))


def _filled(body: Json, request: Request, answer: Json) -> Json:
    if isinstance(body, dict):
        return {name: _filled(each, request, answer) for name, each in body.items()}
    if isinstance(body, list):
        return [_filled(each, request, answer) for each in body]
    return evaluate(body, request, answer) if isinstance(body, str) else body


def evaluate(expression: str, request: Request, answer: Json) -> str:
    """The value of a runtime expression: a part of the answer, or of the path that was asked for.

    Raises:
        NoExampleError: it has no value.
    """
    value: Json = expression if not expression.startswith("$") else None
    if expression.startswith("$request.path."):
        value = request.values.get(expression.removeprefix("$request.path."))
    elif expression.startswith("$response.body#"):
        value = answer
        for part in expression.removeprefix("$response.body#").split("/")[1:]:
            value = _member(value, part.replace("~1", "/").replace("~0", "~"))
    if value is None:
        raise NoExampleError(f"{expression} has no value in the answer of {request.method} {request.path}")
    return _text(value)


def _member(value: Json, part: str) -> Json:
    if isinstance(value, list):
        return value[int(part)] if part.isdecimal() and int(part) < len(value) else None
    return mapping(value).get(part)
