"""What the code says to people: the messages that stand in its source, by the calls that mark them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

VALIDATION: Final = "validation"
CUSTOM: Final = "PydanticCustomError"
# How many of the arguments are texts.
_MARKS: Final = {"_": 1, "gettext": 1, "ngettext": 2, CUSTOM: 2}
_UNTRANSLATABLE: Final = frozenset({"ValueError", "AssertionError"})


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the code: its context and text name it. `english` is what it says, `modules` say it, as `folder/name`."""

    context: str
    text: str
    plural: str
    english: str
    modules: frozenset[str]

    @property
    def key(self) -> tuple[str, str]:
        """What the message is looked up by."""
        return self.context, self.text


def messages_in(root: Path, folder: str) -> tuple[dict[tuple[str, str], Message], list[str]]:
    """The messages of a folder with source, and what is wrong with the way that some are marked."""
    found: dict[tuple[str, str], Message] = {}
    wrong: list[str] = []
    for path in sorted((root / folder).rglob("*.py")):
        for call in _calls(path):
            message = _message(call, f"{path.parent.name}/{path.stem}")
            if message is None:
                wrong.append(
                    f"{path.relative_to(root)}:{call.lineno}: {_name(call)} needs plain texts, which can be found without running the code; values go in by name"
                )
            else:
                before = found.get(message.key)
                modules = message.modules | (before.modules if before else frozenset())
                found[message.key] = Message(*message.key, message.plural, message.english, modules)
    return found, wrong


def untranslatable_in(root: Path, folder: str) -> list[str]:
    """Where a schema raises an error that carries an English sentence instead of a type."""
    return [
        f"{path.relative_to(root)}:{node.lineno}: a text of {name} cannot be translated; raise {CUSTOM}(type, text, context)"
        for path in sorted((root / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.stmt) and (name := _raised(node)) in _UNTRANSLATABLE
    ]


def _calls(path: Path) -> Iterator[ast.Call]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and _name(node) in _MARKS:
            yield node


def _name(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _message(call: ast.Call, module: str) -> Message | None:
    name, modules = _name(call), frozenset({module})
    texts = [_plain(argument) for argument in call.args[: _MARKS[name]]]
    if len(texts) < _MARKS[name] or texts[0] is None:
        return None
    if name == CUSTOM and isinstance(call.args[1], ast.Name):  # a constant that several share; it has no values
        return Message(VALIDATION, texts[0], "", "", modules)
    if texts[-1] is None:
        return None
    if name == CUSTOM:
        return Message(VALIDATION, texts[0], "", texts[-1], modules)
    return Message("", texts[0], texts[1] or "" if name == "ngettext" else "", texts[0], modules)


def _plain(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _raised(node: ast.stmt) -> str:
    if isinstance(node, ast.Assert):
        return "AssertionError"
    if not isinstance(node, ast.Raise):
        return ""
    error = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    return error.id if isinstance(error, ast.Name) else ""
