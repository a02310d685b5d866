"""Reads an OpenAPI document, and keeps the lines on which its parts stand."""

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import click
import yaml
from yaml.composer import Composer

from service_devkit.contract.references import wrong_references
from service_devkit.contract.values import Node, mapping, plain

# Aliases make few lines into billions of values.
MAX_VALUES: Final = 500_000
MAX_LINE: Final = 200
_TIMESTAMP: Final = "tag:yaml.org,2002:timestamp"
# OpenAPI 3.1, 4.2: the tags of YAML's JSON schema, and no others.
_SCALARS: Final = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "int", "float", "bool", "null")}
_COLLECTIONS: Final = {f"tag:yaml.org,2002:{kind}" for kind in ("map", "seq")}

Where = Sequence[str | int]


class ContractError(click.ClickException):
    """The contract cannot be used; each line of the message is a fault, and begins with file and line number."""


@dataclass(frozen=True)
class Fault:
    """What is wrong, and where in the document."""

    where: tuple[str | int, ...]
    text: str
    is_implied: bool = False  # what `devkit contract fill` writes is missing, and nothing is wrong

    def __str__(self) -> str:
        return self.text


class Source:
    """A contract with the lines on which its parts stand."""

    def __init__(self, text: str, *, name: str) -> None:
        """Read the text; `ContractError` if it is no YAML that JSON could say, or no mapping."""
        self.name = name
        self._root = _composed(text, name)
        self.document: Node = mapping(plain(_Values(name).of(self._root)))

    def line(self, where: Where) -> int:
        """The line of a part; that of the nearest part around it, where it does not exist."""
        node: yaml.Node | None = self._root
        line = 1
        for part in where:
            key, node = _member(node, part)
            if key is None:
                break
            line = _line(key.start_mark)
        return line

    def line_of(self, fault: Fault) -> str:
        """The fault as a line: `contracts/openapi.yaml:12: ...`."""
        return f"{self.name}:{self.line(fault.where)}: {fault.text}"


def read(path: Path) -> Node:
    """Load an OpenAPI document; `ContractError` if it is none."""
    return load(path).document


def load(path: Path) -> Source:
    """Load a document with its lines; `ContractError` if it cannot be read, or refers to what is not there."""
    return source(text_of(path), name=name_of(path))


def name_of(path: Path) -> str:
    """What messages call a file."""
    return f"{path.parent.name}/{path.name}"


def text_of(path: Path) -> str:
    """The text of a file as it is, line ends too; `ContractError` if it cannot be read."""
    name = name_of(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ContractError(f"{name}: cannot be read: {error.strerror}") from None
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start].split(b"\n")
        raise ContractError(f"{name}:{len(before)}: not UTF-8: byte {len(before[-1]) + 1}") from None


def parse(text: str, *, name: str) -> Node:
    """Read an OpenAPI document from its text; `ContractError`, with its name, if it is none."""
    return source(text, name=name).document


def source(text: str, *, name: str) -> Source:
    """The same with its lines."""
    found = Source(text, name=name)
    if wrong := [found.line_of(Fault(where, said)) for where, said in wrong_references(found.document)]:
        raise ContractError("\n".join(wrong))
    return found


class _Mark(Protocol):
    line: int


_RESOLVERS: Final = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != _TIMESTAMP]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


class _Loader(yaml.SafeLoader):
    """YAML as JSON knows it: dates stay text."""

    yaml_implicit_resolvers = _RESOLVERS


_Parser: Final = yaml.CSafeLoader if yaml.__with_libyaml__ else yaml.SafeLoader


class _FastLoader(Composer, _Parser):  # type: ignore[misc, valid-type] # one of two, as PyYAML was built
    """The same, with the text taken apart by libyaml, six times as fast. Python puts it together: in C a deep nesting ends the process."""

    yaml_implicit_resolvers = _RESOLVERS

    def __init__(self, text: str) -> None:
        super().__init__()
        _Parser.__init__(self, text)


def _node(text: str) -> yaml.Node | None:
    """The document's root. What libyaml refuses is read again, for the words and the place of the error."""
    with suppress(yaml.YAMLError):
        return _FastLoader(text).get_single_node()
    return _Loader(text).get_single_node()


def _composed(text: str, name: str) -> yaml.MappingNode:
    try:
        root = _node(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = ", ".join(part for part in (error.context, error.problem) if part)
        raise ContractError(f"{name}:{_line(mark)}: not YAML: {said}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ContractError(f"{name}:{line}: not YAML: {error.reason}: {error.character!r}") from None
    except RecursionError:
        raise ContractError(f"{name}:{_deepest(text)}: nested too deeply") from None
    if not isinstance(root, yaml.MappingNode):
        raise ContractError(f"{name}:1: is not a mapping")
    return root


def _deepest(text: str) -> int:
    """The line on which the nesting is deepest."""
    depth, deepest, line = 0, 0, 1
    for event in yaml.parse(text):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > deepest:
                deepest, line = depth, _line(event.start_mark)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    return line


def _line(mark: _Mark | None) -> int:
    return 1 if mark is None else mark.line + 1


class _Values:
    """Makes values of composed YAML, and refuses what JSON cannot say."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._loader = _Loader("")
        self._made = 0
        self._inside: set[int] = set()

    def of(self, node: yaml.Node) -> object:
        self._made += 1
        if self._made > MAX_VALUES:
            raise self._error(node, f"aliases make this more than {MAX_VALUES} values")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if id(node) in self._inside:
            raise self._error(node, "an alias that contains itself")
        if node.tag not in _COLLECTIONS:
            raise self._error(node, f"the YAML tag {_tag(node)}, which JSON does not have")
        self._inside.add(id(node))
        value = self._mapping(node) if isinstance(node, yaml.MappingNode) else [self.of(each) for each in node.value]
        self._inside.remove(id(node))
        return value

    def _mapping(self, node: yaml.MappingNode) -> dict[str, object]:
        found: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if key in found:
                raise self._error(key_node, f"the key {key!r} stands twice")
            found[key] = self.of(value_node)
        return found

    def _key(self, node: yaml.Node) -> str:
        """As it is written: `200` and `"200"` are one key."""
        if not isinstance(node, yaml.ScalarNode):
            raise self._error(node, "a key that is no text")
        if node.tag not in _SCALARS:
            raise self._error(node, f"{node.value!r} as a key, which JSON does not have: write the members out")
        return str(node.value)

    def _scalar(self, node: yaml.ScalarNode) -> object:
        if node.tag not in _SCALARS:
            raise self._error(node, f"the YAML tag {_tag(node)}, which JSON does not have")
        try:
            value: object = self._loader.construct_object(node)
        except (ValueError, KeyError, yaml.YAMLError):
            raise self._error(node, f"{shortened(node.value)!r} is no value of {_tag(node)}") from None
        if isinstance(value, float) and not math.isfinite(value):
            raise self._error(node, f"{node.value} is no number of JSON")
        if isinstance(value, str) and any("\ud800" <= each <= "\udfff" for each in value):
            raise self._error(node, "half a surrogate pair, which no text in UTF-8 has")
        return value

    def _error(self, node: yaml.Node, said: str) -> ContractError:
        return ContractError(f"{self._name}:{_line(node.start_mark)}: {said}")


def _member(node: yaml.Node | None, part: str | int) -> tuple[yaml.Node | None, yaml.Node | None]:
    """The node that knows the line of a member, and the member."""
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == str(part)), (None, None))
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part]
    return None, None


def _tag(node: yaml.Node) -> str:
    return str(node.tag).replace("tag:yaml.org,2002:", "!!")


def shortened(text: str) -> str:
    """A text on one line, without its middle where it is long: messages repeat the value that they are about."""
    text = " ".join(text.split())
    return text if len(text) <= MAX_LINE else f"{text[:120]} ... {text[-70:]}"
