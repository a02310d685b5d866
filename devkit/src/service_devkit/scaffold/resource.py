"""What the contract says about one noun."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from service_devkit.contract.schema import Schemas
from service_devkit.contract.values import Node, mapping, sequence
from service_devkit.scaffold.access import (
    WRITTEN_BY,
    Access,
    ScaffoldError,
    access_of,
    component,
    example_of,
    named_in,
    operations_of_tag,
    sent_by,
    tag_of,
)
from service_devkit.scaffold.columns import Columns, columns_of
from service_devkit.scaffold.listing import Listing, listing_of
from service_devkit.scaffold.references import REFERENCES, Needs, Reference, references_of, snake, steps_of
from service_devkit.scaffold.samples import others_of

BASE: Final = "/api/v1"
# What can be written, by method and whether the path ends with an id.
ACTIONS: Final = {
    ("post", False): "create",
    ("get", False): "list",
    ("get", True): "read",
    ("patch", True): "update",
    ("delete", True): "delete",
}
# The errors that `app/api/router.py` adds to every operation, by whether it is for anybody.
OF_ALL: Final = {True: {"429", "503"}, False: {"401", "403", "429", "503"}}
# What the routes declare of themselves.
_BODY: Final = {"400", "413", "415", "422"}
DECLARED: Final = {
    "create": _BODY,
    "list": {"422"},
    "read": {"404", "422"},
    "update": {"404", *_BODY},
    "delete": {"404", "422"},
}
READS: Final = {"list", "read"}
Operations = dict[tuple[str, str], Node]


@dataclass(frozen=True)
class Stub:
    """An operation that is left to be written: its route, and what it takes and answers."""

    name: str
    method: str
    path: str
    parameters: dict[str, str]
    body: str
    answer: str
    status: str
    errors: list[str]
    is_public: bool


@dataclass(frozen=True)
class Resource:
    """A noun with what may be done to it: the operation ids by action; `public` are the actions for anybody.

    `created` and `changed` are examples of bodies, `others` what differs in further ones; `needs` is what must be there for them, `parent_needs`
    for what they belong to; `promised` are errors by action that only the contract knows; `left` says what a person must write.
    """

    tag: str
    about: str
    item: str
    path: str
    identifier: str
    access: Access
    actions: dict[str, str]
    public: set[str]
    columns: Columns
    listing: Listing
    created: Node
    changed: Node
    others: list[Node]
    references: dict[str, Reference]
    promised: dict[str, list[str]]
    needs: Needs
    parent_needs: Needs
    stubs: list[Stub]
    left: list[str]

    @property
    def module(self) -> str:
        """Its file name in every layer."""
        return self.tag.replace(" ", "_")

    @property
    def prefix(self) -> str:
        """Its path below the version of the API, where all its operations begin with it."""
        path = self.path.removeprefix(BASE)
        return path if all(re.match(rf"{re.escape(path)}(/|$)", each.path) for each in self.stubs) else ""


def resource_of(document: Node, tag: str) -> Resource:
    """The noun of a tag.

    Raises:
        ScaffoldError: names what is missing or cannot be written.
    """
    about = tag_of(document, tag)
    found = operations_of_tag(document, tag)
    path = _collection(found)
    if about is None or path is None:
        raise ScaffoldError(
            f"the contract needs the tag {tag!r} with a description, and an operation that makes one: "
            "a POST whose body is a component called ...Create, such as BookCreate"
        )
    name = sent_by(found["POST", path])
    item = name.removesuffix("Create")
    access = access_of(document, tag, path)
    actions = dict(_actions(document, found, path, access))
    columns, references = _columns(document, name, in_path=re.findall(r"\{(\w+)\}", path))
    parent_needs = steps_of(document, f"{access.parent.item}Create", frozenset({tag})) if access.parent else ([], {})
    listing = listing_of(Schemas(document), mapping(actions.get("list", ("", {}))[1]), columns)
    _index(columns, references, () if access.foreign_key else listing.indexed)
    stubs = _stubs(document, found, actions)
    promised = {action: _errors_of(action, each, is_child="{" in path) for action, (_, each) in actions.items()}
    left = [*_left(stubs), *_left_of_promises(Schemas(document), actions, promised), *listing.left]
    return Resource(
        tag=tag,
        about=str(about.get("description", tag)),
        item=item,
        path=path,
        identifier=_identifier(actions, item),
        access=access,
        actions={action: str(operation.get("operationId")) for action, (_, operation) in actions.items()},
        public={action for action, (_, operation) in actions.items() if _is_public(operation)},
        columns=columns,
        listing=listing,
        created=example_of(document, name),
        changed=example_of(document, f"{item}Update") if "update" in actions else {},
        others=others_of(document, name, without=references),
        references=references,
        promised=promised,
        needs=steps_of(document, name, frozenset({tag})),
        parent_needs=parent_needs,
        stubs=stubs,
        left=[*columns.left, *_left_of_references(columns, references), *left, *_left_of_access(access, about)],
    )


def _columns(document: Node, name: str, *, in_path: list[str]) -> tuple[Columns, dict[str, Reference]]:
    """The columns of what a component makes; ids of other nouns are foreign keys."""
    read = component(document, f"{name.removesuffix('Create')}Read")
    columns = columns_of(Schemas(document), component(document, name), read, in_path=in_path)
    named = references_of(document, name)
    references = {key: each for key, each in named.items() if columns.types.get(key, "").startswith("UUID")}
    for column, each in references.items():
        key = f'ForeignKey("{each.table}.id", ondelete="RESTRICT")'
        columns.lines[column] = f"Mapped[{columns.types[column]}] = mapped_column({key})"
    return columns, references


def _index(columns: Columns, references: Iterable[str], indexed: Collection[str]) -> None:
    """Index what refers to other nouns, but for what an index of the list begins with."""
    for column in references:
        if column not in indexed:
            columns.lines[column] = columns.lines[column].removesuffix(")") + ", index=True)"


def _stubs(document: Node, found: Operations, actions: dict[str, tuple[str, Node]]) -> list[Stub]:
    """What is done to the noun beside its actions."""
    return [
        _stub(document, method, where, operation)
        for (method, where), operation in found.items()
        if (where, operation) not in actions.values()
    ]


def _collection(found: Operations) -> str | None:
    """The path of the operation that makes one: the shortest."""
    paths = [path for (method, path), each in found.items() if method == "POST" and sent_by(each).endswith("Create")]
    return min((path for path in paths if not path.endswith("}")), key=len, default=None)


def _actions(document: Node, found: Operations, path: str, access: Access) -> Iterator[tuple[str, tuple[str, Node]]]:
    """What is done to the noun itself, as far as it can be written: anybody may read what belongs to nobody, and write nothing."""
    if "{" in path and access.parent is None:
        return
    for (method, where), operation in found.items():
        action = ACTIONS.get((method.lower(), where.endswith("}")))
        if not action or not (where == path or re.fullmatch(re.escape(path) + r"/\{\w+\}", where)):
            continue
        if action == "list" and _has_its_end(document, operation):
            continue
        if not _is_public(operation) or (action in READS and not access.is_owned):
            yield action, (where, operation)


def _has_its_end(document: Node, operation: Node) -> bool:
    """Whether a list comes whole: its items have `maxItems`, and nobody asks for a part."""
    schemas = Schemas(document)
    names = {schemas.target(each).get("name") for each in sequence(operation.get("parameters"))}
    answer = named_in(schemas.target(mapping(operation.get("responses")).get("200")))
    items = schemas.target(mapping(component(document, answer).get("properties")).get("items")) if answer else {}
    return "maxItems" in items and not names & {"limit", "after"}


def _is_public(operation: Node) -> bool:
    return operation.get("security") == []


def _stub(document: Node, method: str, path: str, operation: Node) -> Stub:
    schemas = Schemas(document)
    responses = mapping(operation.get("responses"))
    status = next((each for each in responses if each.startswith("2")), "200")
    parameters = [schemas.target(each) for each in sequence(operation.get("parameters"))]
    return Stub(
        name=str(operation.get("operationId")),
        method=method.lower(),
        path=path.removeprefix(BASE),
        parameters={
            str(each.get("name")): "UUID" if schemas.target(each.get("schema")).get("format") == "uuid" else "str"
            for each in parameters
            if each.get("in") == "path"
        },
        body=sent_by(operation),
        answer=named_in(schemas.target(responses.get(status))),
        status=status,
        errors=[each for each in responses if each >= "400" and each not in OF_ALL[_is_public(operation)]],
        is_public=_is_public(operation),
    )


def _left(stubs: list[Stub]) -> Iterator[str]:
    for stub in stubs:
        yield f"{stub.method.upper()} {BASE}{stub.path} ({stub.name}): it answers that it is not written; write it, its parameters, its responses and its tests"


def _errors_of(action: str, operation: Node, *, is_child: bool) -> list[str]:
    """The errors that an operation promises and the routes do not declare of themselves, such as 409."""
    declared = DECLARED[action] | OF_ALL[_is_public(operation)] | ({"404"} if is_child else set())
    return [
        each
        for each in mapping(operation.get("responses"))
        if each.isdigit() and each >= "400" and each not in declared
    ]


def _left_of_promises(
    schemas: Schemas, actions: dict[str, tuple[str, Node]], errors: dict[str, list[str]]
) -> Iterator[str]:
    """Headers, the answer that nothing has changed, and errors, which the contract promises of what is written without them."""
    for action, (path, operation) in actions.items():
        if errors[action]:
            yield (
                f"{operation.get('operationId')} of {path} can answer {', '.join(errors[action])}: its route declares it; write the rule that "
                "answers so, and its test"
            )
        responses = {status: schemas.target(each) for status, each in mapping(operation.get("responses")).items()}
        headers = [name for status in responses if status < "3" for name in mapping(responses[status].get("headers"))]
        promised = [name for name in headers if name.lower() != "location"] + [
            each for each in responses if each == "304"
        ]
        if promised:
            yield (
                f"{operation.get('operationId')} of {path} promises {', '.join(promised)}: declare and send it, as docs/recipes.md has it "
                "for a public route that is cached; or take it out of the contract"
            )


def _left_of_references(columns: Columns, references: dict[str, Reference]) -> Iterator[str]:
    """What follows from the ids of other nouns, and ids of which nobody knows what they name."""
    for column, reference in references.items():
        whose = "; in the service ask whether it is the caller's" if reference.is_owned else ""
        yield f"{column} names one of {reference.table}: an id of nothing is 422, and deleting what is named 409, which its DELETE declares{whose}"
    for name, kind in columns.types.items():
        if name.endswith("_id") and kind.startswith("UUID") and name not in references:
            yield (
                f"{name} looks like an id of another noun, and the contract makes none of that name, so any id is stored: say {REFERENCES}: TAG "
                f"beside the property before you scaffold, or write the ForeignKey, and what the tests need, by hand"
            )


def _left_of_access(access: Access, about: Node) -> Iterator[str]:
    if WRITTEN_BY in about and access.is_owned and access.parent:
        yield f"{WRITTEN_BY}: what belongs to {access.parent.module} of callers is written as theirs; let the roles in by hand"


def _identifier(actions: dict[str, tuple[str, Node]], item: str) -> str:
    """The name of the id in paths."""
    paths = [path for path, _ in actions.values() if path.endswith("}")]
    return re.sub(r".*\{(\w+)\}", r"\1", paths[0]) if paths else f"{snake(item)}_id"
