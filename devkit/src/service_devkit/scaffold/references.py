"""Ids of other nouns in what callers send: the table that each one names, and what a test makes first so that it is there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from service_devkit.contract.schema import Schemas
from service_devkit.contract.values import Node, mapping, sequence
from service_devkit.scaffold.access import (
    ScaffoldError,
    access_of,
    component,
    example_of,
    sent_by,
    tag_of,
)
from service_devkit.scaffold.samples import others_of

# On a property: the tag whose rows its ids name, where neither a path nor a component says so.
REFERENCES: Final = "x-references"
_CHILD: Final = re.compile(r"(.+)/\{\w+\}(/[^/{}]+)")


@dataclass(frozen=True)
class Reference:
    """A column whose values are ids of the rows of a tag."""

    column: str
    tag: str
    is_owned: bool
    names_back: bool = False  # what it names has an id of this noun, too

    @property
    def table(self) -> str:
        """The table, and the module, of what it names."""
        return self.tag.replace(" ", "_")


@dataclass(frozen=True)
class Step:
    """What is made first: one called `name`, by a role of `writers`, at a path and with a body that may need the ids of earlier ones, by name.

    `others` is what differs in further ones.
    """

    name: str
    writers: tuple[str, ...]
    path: str
    above: str
    below: str
    body: Node
    ids: dict[str, str]
    others: list[Node]


# Steps, and the name of one by property of what they are made for.
Needs: TypeAlias = tuple[list[Step], dict[str, str]]


def references_of(document: Node, name: str) -> dict[str, Reference]:
    """The ids of other nouns in a component, by property.

    Raises:
        ScaffoldError: `x-references` names no tag that something is made of.
    """
    schemas = Schemas(document)
    made = {tag: (path, item) for tag, path, item in _made(document)}
    found = {}
    for column, reference in mapping(component(document, name).get("properties")).items():
        tag = _tag_of(document, made, column, schemas.target(reference))
        if tag is not None:
            path, item = made[tag]
            back = mapping(component(document, f"{item}Create").get("properties")).items()
            tags = {_tag_of(document, made, key, schemas.target(each)) for key, each in back}
            own = {each for each, (_, of) in made.items() if f"{of}Create" == name and each != tag}
            found[column] = Reference(column, tag, access_of(document, tag, path).is_owned, names_back=bool(own & tags))
    return found


def steps_of(document: Node, name: str, seen: frozenset[str] = frozenset()) -> Needs:
    """What the example of a component needs to be there, each after what it needs itself; and by property which of them."""
    steps: list[Step] = []
    ids: dict[str, str] = {}
    for column, reference in references_of(document, name).items():
        if column in example_of(document, name) and reference.tag not in seen:
            steps += _step(document, reference.tag, seen | {reference.tag})
            ids[column] = steps[-1].name
    return list({each.name: each for each in steps}.values()), ids


def _step(document: Node, tag: str, seen: frozenset[str]) -> list[Step]:
    """The steps that make one of a tag."""
    path, item = next((path, item) for each, path, item in _made(document) if each == tag)
    steps, ids = steps_of(document, f"{item}Create", seen)
    above = ""
    if child := _CHILD.fullmatch(path):
        owner = next((each for each, where, _ in _made(document) if where == child[1]), None)
        if owner is not None and owner not in seen:
            steps += _step(document, owner, seen | {owner})
            above = steps[-1].name
    writers = access_of(document, tag, path).writers
    where, below = (child[1], child[2]) if child else (path, "")
    name = f"{item}Create"
    others = others_of(document, name, without=references_of(document, name))
    return [*steps, Step(snake(item), writers, where, above, below, example_of(document, name), ids, others)]


def _made(document: Node) -> Iterator[tuple[str, str, str]]:
    """The tag, the path and the name of all that can be made: a POST of a component called `...Create`."""
    for path, item in mapping(document.get("paths")).items():
        operation = mapping(mapping(item).get("post"))
        name = sent_by(operation)
        if name.endswith("Create") and not path.endswith("}"):
            yield str(next(iter(sequence(operation.get("tags"))), "")), path, name.removesuffix("Create")


def _tag_of(document: Node, made: dict[str, tuple[str, str]], column: str, schema: Node) -> str | None:
    said = schema.get(REFERENCES)
    if said is not None and (said not in made or tag_of(document, str(said)) is None):
        raise ScaffoldError(f"{REFERENCES} of {column} names a tag that something is made of, not {said!r}")
    if said is not None:
        return str(said)
    paths = mapping(document.get("paths"))
    named = (tag for tag, (path, item) in made.items() if column == f"{snake(item)}_id" or _is_in(paths, path, column))
    return next(named, None)


def _is_in(paths: Node, path: str, column: str) -> bool:
    """Whether a path has the id of one of a collection under the name of a column."""
    return any(each == f"{path}/{{{column}}}" or each.startswith(f"{path}/{{{column}}}/") for each in paths)


def snake(item: str) -> str:
    """The name of a class as that of a variable."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", item).lower()
