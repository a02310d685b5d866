"""The part of `docs/options/<question>.md` that follows from the tree: what each answer brings, and where it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

Owned = Mapping[str, list[str]]

BLOCK = re.compile(r"(?<=<!-- answers -->\n).*(?=<!-- /answers -->)", re.DOTALL)
TAGGED = re.compile(r"# \{% if (.*?) %\}\n(.*?)# \{% endif %\}", re.DOTALL)
ASKS = re.compile(r"cookiecutter\.(\w+)(.*?)(?= and | or |$)")
PACKAGE = re.compile(r'^\s*"([a-z0-9-]+)[\[><=]', re.MULTILINE)
SETTING = re.compile(r"^(?:# ?)?([A-Z][A-Z0-9_]+)=", re.MULTILINE)
SHARED_PAGE = "names"


def page_of(question: str, default: object) -> str:
    """The page about a question; questions for a text of one's own share one."""
    return SHARED_PAGE if isinstance(default, str) else question


def value_of(answer: object) -> str:
    """An answer as an owner names it."""
    return str(answer).lower() if isinstance(answer, bool) else str(answer)


def shown(value: str) -> str:
    """What an owner names, as people answer it."""
    return f"`{ {'true': 'yes', 'false': 'no'}.get(value, value) }`"


def owners_of(question: str, answer: object, owned: Owned) -> list[str]:
    """The owners, such as `auth=telegram, telegram+clerk`, that an answer is among."""
    return [owner for owner in owned if owner.startswith(f"{question}=") and value_of(answer) in values_of(owner)]


def values_of(owner: str) -> list[str]:
    """The answers that an owner stands for; of two questions, those to the first."""
    return owner.partition(" and ")[0].partition("=")[2].split(", ")


def holds(condition: str, answer: object) -> bool:
    """Whether what follows the question in a comment-tag, as in `!= "none"`, is so for an answer."""
    if not condition:
        return answer is True
    return (answer in re.findall(r'"(.+?)"', condition)) is not condition.startswith(" !=")


def brought(text: str, question: str, answer: object, usual: Mapping[str, object]) -> str:
    """The lines that a shared file has because of an answer, beside the usual ones to the other questions."""
    return "".join(lines for tag, lines in TAGGED.findall(text) if is_due_to(question, answer, tag, usual))


def is_due_to(question: str, answer: object, tag: str, usual: Mapping[str, object]) -> bool:
    """Whether a comment-tag lets its lines through because of an answer."""
    asks = [
        (name, holds(condition, answer if name == question else usual[name])) for name, condition in ASKS.findall(tag)
    ]
    return (question, True) in asks and (" or " in tag or all(held for _, held in asks))


def usually_there(question: str, owned: Owned, usual: Mapping[str, object]) -> set[str]:
    """The files that the usual answers to the other questions bring anyway."""
    found: set[str] = set()
    for owner, files in owned.items():
        parts = [part.partition("=") for part in owner.split(" and ")]
        if all(name != question and value_of(usual[name]) in values.split(", ") for name, _, values in parts):
            found |= {*files}
    return found


def about(lines: int) -> str:
    """A number of lines to the nearest hundred, so that a small change of the tree leaves the page alone."""
    return f"{round(lines, -2):,}" if round(lines, -2) or not lines else "under 100"


def row(question: str, answer: object, owned: Owned, texts: Mapping[str, str], usual: Mapping[str, object]) -> str:
    """What one answer brings, as a row of the table."""
    there = usually_there(question, owned, usual)
    files = [name for owner in owners_of(question, answer, owned) for name in owned[owner] if name not in there]
    added = {name: brought(text, question, answer, usual) for name, text in texts.items()}
    lines = sum(texts[name].count("\n") for name in files) + sum(text.count("\n") for text in added.values())
    tests = sum(texts[name].count("\n") for name in files if name.startswith("tests/"))
    to_run, _, _ = texts["pyproject.toml"].partition("[dependency-groups]")  # not what development alone needs
    packages = PACKAGE.findall(brought(to_run, question, answer, usual))
    settings = SETTING.findall(added[".env.example"])
    cells = (shown(value_of(answer)), str(len(files)), about(lines), about(tests), listed(packages), listed(settings))
    return f"| {' | '.join(cells)} |"


def listed(names: Iterable[str]) -> str:
    """Names in a cell of a table."""
    return ", ".join(f"`{name}`" for name in dict.fromkeys(names)) or "none"


def standing(question: str, texts: Mapping[str, str]) -> str:
    """The shared files whose text depends on a question, in one line."""
    named = re.compile(rf"cookiecutter\.(?:__)?{question}\b")
    files = listed(name for name, text in texts.items() if named.search(text))
    return f"- `{question}`: {files}"


def files_by_owner(question: str, owned: Owned) -> Iterator[str]:
    """The files that are there with some answers only."""
    for owner, files in owned.items():
        if owner.startswith(f"{question}="):
            _, _, further = owner.partition(" and ")
            answers = " or ".join(map(shown, values_of(owner))) + (f" and `{further}`" if further else "")
            yield "\n".join(["", f"Only with {answers}:", "", "```text", *files, "```"])


def block(asked: Mapping[str, object], owned: Owned, texts: Mapping[str, str], usual: Mapping[str, object]) -> str:
    """The generated part of a page about some questions, given with their defaults."""
    parts = [""]
    for question, default in asked.items():
        answers = [default, not default] if isinstance(default, bool) else default
        if isinstance(answers, list) and any(owner.startswith(f"{question}=") for owner in owned):
            parts += ["| answer | files of its own | lines, about | of them tests | packages | settings |"]
            parts += ["| --- | --- | --- | --- | --- | --- |"]
            parts += [row(question, answer, owned, texts, usual) for answer in answers] + [""]
    parts += ["Shared files whose text depends on the answer:", ""]
    parts += [standing(question, texts) for question in asked]
    parts += [part for question in asked for part in files_by_owner(question, owned)]
    return "\n".join([*parts, "", ""])


def texts_of(tree: Path, files: Iterable[str]) -> dict[str, str]:
    """What the files of the tree hold; what is not text counts as empty."""
    return {name: (tree / name).read_bytes().decode("utf-8", "ignore") for name in files}


def current(folder: Path, questions: Mapping[str, object], owned: Owned, texts: Mapping[str, str]) -> dict[Path, str]:
    """The pages as they should be; a page that nobody wrote yet is not among them."""
    asked = {name: default for name, default in questions.items() if not name.startswith("_")}
    usual = {name: default[0] if isinstance(default, list) else default for name, default in asked.items()}
    wanted: dict[Path, str] = {}
    for path in sorted(folder.glob("*.md")):
        here = {name: default for name, default in asked.items() if page_of(name, default) == path.stem}
        wanted[path] = block(here, owned, texts, usual).join(BLOCK.split(path.read_text(encoding="utf-8"), maxsplit=1))
    return wanted
