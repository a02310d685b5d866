"""Puts members into a YAML file, and leaves every other byte as it is: comments, order, quotes, line ends."""

import re
from collections.abc import Mapping
from typing import Final, cast

import yaml

from service_devkit.contract.document import ContractError
from service_devkit.contract.values import Json

_ALIAS: Final = "alias"
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z_]*( [A-Za-z_]+)*")


class Edit:
    """What is put into a text of YAML. Places are those of the text as it was given."""

    def __init__(self, text: str, *, name: str) -> None:
        """Take a text that can be read; `name` is for messages."""
        self._text = text
        self._name = name
        self._root = cast("yaml.Node", _Loader(text).get_single_node())
        self._put: list[tuple[int, str]] = []
        self._break = "\r\n" if "\r\n" in text else "\n"

    def put(self, where: tuple[str, ...], members: Mapping[str, Json], *, after: str | None = None) -> None:
        """Put members into the mapping at `where`: behind the member `after`, or first of all.

        Raises:
            ContractError: an alias stands there.
        """
        start, node = self._at(where)
        previous = next((value for key, value in node.value if key.value == after), None)
        end = start if previous is None else self._end(previous)
        if not node.flow_style:
            lines = [line for key, value in members.items() for line in _lines(key, value)]
            self._put_lines(end, node.value[0][0].start_mark.column, lines)
            return
        said = ", ".join(f"{_scalar(key)}: {flow(value)}" for key, value in members.items())
        if previous is None:
            self._put.append((self._text.index("{", end) + 1, f" {said}{', ' if node.value else ' '}"))
        else:
            self._put.append((end, f", {said}"))

    def append(self, where: tuple[str, ...], value: Json) -> None:
        """Put an item at the end of the list at `where`, which has some."""
        _, node = self._at(where)
        end = self._end(node.value[-1])
        if node.flow_style:
            self._put.append((end, f", {flow(value)}"))
        else:
            self._put_lines(end, node.start_mark.column, [f"- {flow(value)}"])

    def text(self) -> str:
        """The text with all that was put into it."""
        at, parts = 0, []
        for index, added in sorted(self._put, key=lambda each: each[0]):
            parts += [self._text[at:index], added]
            at = index
        return "".join([*parts, self._text[at:]])

    def _at(self, where: tuple[str, ...]) -> tuple[int, yaml.CollectionNode]:
        """Where the key of a place ends, and its value."""
        start: int = 0
        node: yaml.Node = self._root
        for part in where:
            key, node = next((key, value) for key, value in node.value if key.value == part)
            start = key.end_mark.index
            if node.tag == _ALIAS:
                line = node.start_mark.line + 1
                raise ContractError(f"{self._name}:{line}: *{node.value} stands in several places: write it out here")
        return start, cast("yaml.CollectionNode", node)

    def _end(self, node: yaml.Node) -> int:
        """Where a value ends; what follows it, such as a comment, is not part of it."""
        if isinstance(node, yaml.ScalarNode):
            end: int = node.end_mark.index
            return len(self._text[:end].rstrip()) if node.style in ("|", ">") else end
        if cast("yaml.CollectionNode", node).flow_style:
            return int(node.end_mark.index)
        last = node.value[-1]
        return self._end(last[1] if isinstance(node, yaml.MappingNode) else last)

    def _put_lines(self, index: int, column: int, lines: list[str]) -> None:
        """Put lines after the one in which something ends."""
        end = self._text.find("\n", index)
        end = len(self._text) if end < 0 else end - (self._text[end - 1] == "\r")
        self._put.append((end, "".join(f"{self._break}{' ' * column}{line}" for line in lines)))


class _Loader(yaml.SafeLoader):
    """Composes an alias as a leaf where it stands, not as what it stands for."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if not self.check_event(yaml.AliasEvent):
            return super().compose_node(parent, index)
        event: yaml.AliasEvent = self.get_event()  # type: ignore[no-untyped-call] # the stubs have no types here
        start, end = cast("tuple[yaml.Mark, yaml.Mark]", (event.start_mark, event.end_mark))
        return yaml.ScalarNode(_ALIAS, event.anchor, start, end)


def flow(value: Json) -> str:
    """A value on one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_scalar(key)}: {flow(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    return _scalar(value)


def _lines(key: str, value: Json) -> list[str]:
    """A member in lines of its own: what is shared stays on one line."""
    if isinstance(value, list):
        return [f"{_scalar(key)}:", *(f"  - {flow(each)}" for each in value)]
    if isinstance(value, dict) and "$ref" not in value:
        return [f"{_scalar(key)}:", *(f"  {_scalar(name)}: {flow(each)}" for name, each in value.items())]
    return [f"{_scalar(key)}: {flow(value)}"]


def _scalar(value: Json) -> str:
    if isinstance(value, str) and value != "$ref" and not _PLAIN.fullmatch(value):
        return f"'{value}'" if value.startswith("#") else f'"{value}"'
    return str(value) if isinstance(value, str) else str(value).lower()
