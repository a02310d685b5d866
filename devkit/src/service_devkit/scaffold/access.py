"""Whose the rows of a noun are: the caller's, everybody's, or those of what stands before them in the path."""

import re
from dataclasses import dataclass
from typing import Final

from service_devkit.contract.operations import METHODS
from service_devkit.contract.schema import Schemas
from service_devkit.contract.values import Node, mapping, sequence

# On a tag: its rows belong to nobody. All who may read them do, and these roles write them.
WRITTEN_BY: Final = "x-written-by"
_ABOVE: Final = re.compile(r"(.+)/\{(\w+)\}/[^/{}]+")


class ScaffoldError(Exception):
    """The contract does not say enough."""


@dataclass(frozen=True)
class Parent:
    """What the rows belong to: the noun before it in the path, whose id is `parameter` there and `column` in the table."""

    parameter: str
    module: str
    item: str
    path: str
    created: Node
    is_owned: bool


@dataclass(frozen=True)
class Access:
    """`writers` are the roles that write what belongs to nobody; `foreign_key` is the column and the table of what it belongs to."""

    writers: tuple[str, ...]
    parent: Parent | None
    foreign_key: tuple[str, str] | None

    @property
    def is_owned(self) -> bool:
        """Whether the caller's id decides, by itself or through the parent."""
        return self.parent.is_owned if self.parent else not self.writers


def operations_of_tag(document: Node, tag: str) -> dict[tuple[str, str], Node]:
    """The operations of a tag by method and path, with the parameters of the path."""
    return {
        (method.upper(), path): {
            **mapping(mapping(item)[method]),
            "parameters": [
                *sequence(mapping(item).get("parameters")),
                *sequence(mapping(mapping(item)[method]).get("parameters")),
            ],
        }
        for path, item in mapping(document.get("paths")).items()
        for method in METHODS
        if tag in sequence(mapping(mapping(item).get(method)).get("tags"))
    }


def tag_of(document: Node, name: str) -> Node | None:
    """What the contract says about a tag."""
    return next((mapping(each) for each in sequence(document.get("tags")) if mapping(each).get("name") == name), None)


def access_of(document: Node, tag: str, path: str) -> Access:
    """Whose the rows of a tag are, which are made at a path."""
    writers = _writers(tag_of(document, tag) or {})
    if "{" not in path:
        return Access(writers, None, None if writers else ("owner_id", "users"))
    found = _ABOVE.fullmatch(path)
    if found is None:
        return Access(writers, None, None)
    above, parameter = found.groups()
    foreign_key = (parameter, above.rpartition("/")[2].replace("-", "_"))
    name = sent_by(mapping(mapping(mapping(document.get("paths")).get(above)).get("post")))
    if "{" in above or not name.endswith("Create"):
        return Access(writers, None, foreign_key)
    owner = str(next(iter(sequence(mapping(mapping(mapping(document["paths"])[above])["post"]).get("tags"))), ""))
    writers_above = _writers(tag_of(document, owner) or {})
    module, item = owner.replace(" ", "_"), name.removesuffix("Create")
    parent = Parent(parameter, module, item, above, example_of(document, name), is_owned=not writers_above)
    return Access(() if parent.is_owned else writers or writers_above, parent, (parameter, module))


def sent_by(operation: Node) -> str:
    """The name of the component that an operation takes."""
    return named_in(mapping(operation.get("requestBody")))


def named_in(holder: Node) -> str:
    """The name of the component that a body or a response holds."""
    schema = mapping(mapping(mapping(holder.get("content")).get("application/json")).get("schema"))
    return str(schema.get("$ref", "")).rpartition("/")[2]


def component(document: Node, name: str) -> Node:
    """A schema by its name."""
    return Schemas(document).target(mapping(mapping(document.get("components")).get("schemas")).get(name))


def example_of(document: Node, name: str) -> Node:
    """The first example of a schema."""
    return mapping(next(iter(sequence(component(document, name).get("examples"))), {}))


def _writers(tag: Node) -> tuple[str, ...]:
    """The roles that a tag names."""
    if WRITTEN_BY not in tag:
        return ()
    said = tag[WRITTEN_BY]
    roles = tuple(each for each in (said if isinstance(said, list) else [said]) if isinstance(each, str))
    if not roles or not all(map(str.isidentifier, roles)) or (isinstance(said, list) and len(roles) < len(said)):
        raise ScaffoldError(f"{WRITTEN_BY} of the tag names roles, such as staff or [staff, editor], not {said!r}")
    return roles
