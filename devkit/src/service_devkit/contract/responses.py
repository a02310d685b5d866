"""Whether a response is one that the contract promises: its status, media type, headers and schema."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from openapi_schema_validator import OAS31Validator, oas31_format_checker

from service_devkit.contract.operations import METHODS
from service_devkit.contract.schema import Schemas
from service_devkit.contract.values import Json, Node, mapping, plain

# No operation promises these: nobody plans a mistake of the service, and a wrong method leads to no operation.
UNPROMISED: Final = {"500"}


@dataclass(frozen=True)
class Response:
    """An answer that a test has seen. Header names are in lower case."""

    method: str
    path: str
    status: int
    headers: Mapping[str, str]
    body: bytes


class Promises:
    """The responses that a contract lists, by operation."""

    def __init__(self, document: Node) -> None:
        self._schemas = Schemas(document)
        self._components = document.get("components", {})
        paths = mapping(document.get("paths"))
        self._paths = [
            (_pattern(path), path, mapping(item)) for path, item in sorted(paths.items(), key=_literal_first)
        ]

    def breaches(self, response: Response) -> Iterator[str]:
        """What the contract does not promise about this response; nothing for an address that it does not have."""
        for pattern, path, item in self._paths:
            if pattern.fullmatch(response.path):
                where = f"{response.method} {path} {response.status}"
                yield from (f"{where}: {breach}" for breach in self._of_path(item, response))
                return

    def _of_path(self, item: Node, response: Response) -> Iterator[str]:
        method = response.method.lower()
        if method not in METHODS or method not in item:
            return
        promised = mapping(mapping(item[method]).get("responses"))
        status = str(response.status)
        if status in promised:
            yield from self._of_response(self._schemas.target(promised[status]), response)
        elif status not in UNPROMISED:
            yield f"the contract has only {', '.join(sorted(promised))}"

    def _of_response(self, promise: Node, response: Response) -> Iterator[str]:
        for name in mapping(promise.get("headers")):
            if name.lower() not in response.headers:
                yield f"the header {name} is missing"
        content = mapping(promise.get("content"))
        media_type = response.headers.get("content-type", "").partition(";")[0]
        if not content and response.body:
            yield "the contract has no body"
        elif content and media_type not in content:
            yield f"{media_type or 'no media type'}, where the contract has {', '.join(content)}"
        elif content:
            yield from self._of_body(mapping(content[media_type]).get("schema", {}), response.body)

    def _of_body(self, schema: Json, body: bytes) -> Iterator[str]:
        try:
            document = plain(json.loads(body))
        except ValueError:
            yield "the body is not JSON"
            return
        rooted = {"allOf": [schema], "components": self._components}
        for error in OAS31Validator(rooted, format_checker=oas31_format_checker).iter_errors(document):
            yield f"{error.json_path}: {error.message}"


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))


def _literal_first(entry: tuple[str, Json]) -> tuple[int, str]:
    """`/plans/mine` is looked for before `/plans/{id}`."""
    return entry[0].count("{"), entry[0]
