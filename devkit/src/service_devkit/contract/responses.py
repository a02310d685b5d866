"""Whether a response is one that the contract promises: its status, media type, headers and schema."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.message import Message
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


class DeclaredResponses:
    """The responses that a contract lists, by operation."""

    def __init__(self, document: Node) -> None:
        self._schemas = Schemas(document)
        self._components = document.get("components", {})
        paths = mapping(document.get("paths"))
        self._paths = [
            (_pattern(path), path, mapping(item)) for path, item in sorted(paths.items(), key=_literal_first)
        ]

    def violations(self, response: Response) -> Iterator[str]:
        """What the contract does not promise about this response; nothing for an address that it does not have."""
        for pattern, path, item in self._paths:
            if pattern.fullmatch(response.path):
                where = f"{response.method} {path} {response.status}"
                yield from (f"{where}: {breach}" for breach in self._of_path(item, response))
                return

    def path_of(self, address: str) -> str | None:
        """The path of the contract that an address belongs to."""
        return next((path for pattern, path, _ in self._paths if pattern.fullmatch(address)), None)

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
        content = {name.lower(): mapping(each) for name, each in mapping(promise.get("content")).items()}
        media_type = _essence(response.headers.get("content-type", ""))
        promised = _promised(content, media_type)
        if not response.body and (not content or response.method.upper() == "HEAD"):
            return
        if not content:
            yield "the contract has no body"
        elif promised is None:
            yield f"{media_type or 'no media type'}, where the contract has {', '.join(content)}"
        else:
            yield from self._of_body(promised.get("schema", {}), response.headers["content-type"], response.body)

    def _of_body(self, schema: Json, content_type: str, body: bytes) -> Iterator[str]:
        media_type = _essence(content_type)
        try:
            document = _value(media_type, body, _charset(content_type))
        except ValueError as error:
            yield f"the body is not {error}"
            return
        if document is None and not _is_json(media_type):
            return  # bytes, of which a schema says nothing
        rooted = {"allOf": [schema], "components": self._components}
        for breach in OAS31Validator(rooted, format_checker=oas31_format_checker).iter_errors(document):
            yield f"{breach.json_path}: {breach.message}"


def _essence(content_type: str) -> str:
    """The media type without its parameters, in lower case (RFC 9110, 8.3.1)."""
    return content_type.partition(";")[0].strip().lower()


def _promised(content: Mapping[str, Node], media_type: str) -> Node | None:
    """What is promised of a media type: its own entry before that of a range (OpenAPI 3.1, 4.8.14)."""
    ranges = (media_type, f"{media_type.partition('/')[0]}/*", "*/*")
    by_name = {_essence(name): each for name, each in content.items()}
    return next((by_name[each] for each in ranges if media_type and each in by_name), None)


def _is_json(media_type: str) -> bool:
    return media_type == "application/json" or media_type.endswith("+json")


def _charset(content_type: str) -> str:
    """How a text is encoded: as its media type says, else in UTF-8."""
    message = Message()
    message["content-type"] = content_type
    return message.get_content_charset("UTF-8").upper()


def _value(media_type: str, body: bytes, charset: str) -> Json:
    """What a schema is held against: the document of JSON, the text of other text, None for bytes.

    Raises:
        ValueError: with what the body is not.
    """
    if _is_json(media_type):
        try:
            return plain(json.loads(body))
        except ValueError:
            raise ValueError("JSON") from None
    if not media_type.startswith("text/"):
        return None
    try:
        return body.decode(charset)
    except (UnicodeDecodeError, LookupError):
        raise ValueError(charset) from None


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))


def _literal_first(entry: tuple[str, Json]) -> tuple[int, str]:
    """`/plans/mine` is looked for before `/plans/{id}`."""
    return entry[0].count("{"), entry[0]
