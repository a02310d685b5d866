"""Reads an OpenAPI document, and says whether it is a valid one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator

from service_devkit.contract.values import Node, mapping, plain

TIMESTAMP: Final = "tag:yaml.org,2002:timestamp"


class ContractError(Exception):
    """The contract cannot be read; the message says where and why."""


class _Loader(yaml.SafeLoader):
    """YAML as JSON knows it: dates stay text, and a key that stands twice is an error, where YAML keeps the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        keys: set[object] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in keys:
                raise ContractError(f"line {key_node.start_mark.line + 1}: the key {key!r} stands twice")
            keys.add(key)
        return super().construct_mapping(node, deep=deep)


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != TIMESTAMP]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(path: Path) -> Node:
    """Load an OpenAPI document; `ContractError` if it is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ContractError(f"{path.name} cannot be read: {error}") from error
    return parse(text, name=path.name)


def parse(text: str, *, name: str) -> Node:
    """Read an OpenAPI document from its text; `ContractError`, with its name, if it is none."""
    try:
        document = yaml.load(text, _Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ContractError) as error:
        raise ContractError(f"{name} cannot be read: {error}") from error
    if not isinstance(document, dict):
        raise ContractError(f"{name} is not a mapping")
    return mapping(plain(document))


def faults(document: Node) -> Iterator[str]:
    """What keeps the document from being valid OpenAPI 3.1."""
    if not str(document.get("openapi", "")).startswith("3.1"):
        yield "openapi: must be 3.1"
        return
    for error in OpenAPIV31SpecValidator(document).iter_errors():
        yield f"{' > '.join(map(str, error.absolute_path)) or 'the document'}: {error.message}"
