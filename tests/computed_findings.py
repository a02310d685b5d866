"""What can be wrong with the services that a template makes, found in each different text once and without a bake."""

from __future__ import annotations

import ast
import json
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from post_gen_project import is_chosen

from tests.computed import QUESTION, Computation, Text
from tests.findings import lines_with_words, owners_of_words, parse_toml, wrong_text
from tests.project import run
from tests.variants import NEEDS, Variant
from tests.words import WORDS


def computed_findings(computed: Computation, folder: Path, commands: Path) -> list[str]:
    """All that is wrong with any variant; `folder` is for the texts that ruff reads."""
    texts = list(computed.texts())
    return [
        *(f"{text.name}: {what}" for text in texts for what in wrong_text(text.name, text.content)),
        *(f"word: {line}" for name in computed.sources for line in words_of_others(computed, name)),
        *(f"empty: {line}" for line in hollow_folders(computed)),
        *(f"import: {line}" for text in texts if text.name.endswith(".py") for line in broken_imports(computed, text)),
        *ruff_findings(texts, folder, commands),
    ]


def words_of_others(computed: Computation, name: str) -> Iterator[str]:
    """Words, in a file or its name, of an owner that some variant with this text has not chosen; each with one such case."""
    if name == "uv.lock" or b"\0" in computed.sources[name]:
        return
    seen: set[str] = set()
    for case in computed.cases(name):
        for line in [name, *lines_with_words(computed.text(name, case))]:
            owners = [owner for owner in sorted(owners_of_words(line)) if owner in WORDS and not sure(owner, case)]
            if owners and line not in seen:
                seen.add(line)
                yield f"{name}: {line.strip()} ({', '.join(owners)}; {case})"


def sure(owner: str, case: Variant) -> bool:
    """Whether every variant of the case has chosen the owner."""
    if all(question in case for question in QUESTION.findall(owner)) and is_chosen(owner, case):
        return True
    return any(owner in needed.split(" and ") and sure(answer, case) for answer, needed in NEEDS.items())


def hollow_folders(computed: Computation) -> Iterator[str]:
    """Packages of which some variant has nothing but an empty `__init__.py`."""
    for name, content in computed.sources.items():
        folder, _, file = name.rpartition("/")
        if file == "__init__.py" and not content:
            inside = [each for each in computed.sources if each.startswith(f"{folder}/") and each != name]
            for case in computed.combinations(computed.owning(name, *inside)):
                if computed.has(case, name) and not any(computed.has(case, each) for each in inside):
                    yield f"{folder} ({case})"


def broken_imports(computed: Computation, text: Text) -> Iterator[str]:
    """Modules of ours that a file imports in variants that do not have them."""
    for module in sorted(imports_of(text.content)):
        target = next((name for name in files_of_module(module) if name in computed.sources), None)
        for case in computed.combinations(computed.owning(target, text.name)) if target else ():
            both = case | text.answers
            agrees = all(text.answers.get(question, answer) == answer for question, answer in case.items())
            if target and agrees and computed.has(both, text.name) and not computed.has(both, target):
                yield f"{text.name}: {module} ({both})"


def imports_of(content: bytes) -> set[str]:
    """The modules that a file names in its imports, and the names taken from them, which may be modules."""
    found: set[str] = set()
    try:
        tree = ast.parse(content)
    except SyntaxError:  # ruff reports it
        return found
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update({node.module, *(f"{node.module}.{alias.name}" for alias in node.names)})
    return found


def files_of_module(module: str) -> tuple[str, str]:
    """Where a module may stand."""
    path = module.replace(".", "/")
    return f"{path}.py", f"{path}/__init__.py"


def ruff_findings(texts: list[Text], folder: Path, commands: Path) -> Iterator[str]:
    """What ruff says of each text: syntax, lint, format; and of all of them with each settings that a variant has."""
    write(texts, folder)
    whole = f"src = [{json.dumps(str(folder / '0'))}]"  # by what is there, imports are sorted
    for arguments in (("check", "--no-fix", "--output-format=concise", "--config", whole), ("format", "--check")):
        done = run(commands / "ruff", *arguments, "--no-cache", ".", cwd=folder)
        if done.returncode:
            yield f"ruff {arguments[0]}: {done.stdout}"


def write(texts: list[Text], folder: Path) -> None:
    """The texts in as many folders as there are of one file; whole trees in the first, one for each settings of ruff."""
    by_name: dict[str, list[bytes]] = defaultdict(list)
    for text in texts:
        by_name[text.name].append(text.content)
    settings = list({settings_of(content): content for content in by_name["pyproject.toml"]}.values())
    python = {name: contents for name, contents in by_name.items() if name.endswith(".py")}
    for number in range(max(len(settings), *(len(contents) for contents in python.values()))):
        place = folder / str(number)
        place.mkdir(parents=True)
        (place / "pyproject.toml").write_bytes(settings[number % len(settings)])
        for name, contents in python.items():
            if number < max(len(contents), len(settings)):
                (place / name).parent.mkdir(parents=True, exist_ok=True)
                (place / name).write_bytes(contents[number % len(contents)])
                for package in {*Path(name).parents} - {Path()}:
                    if f"{package.as_posix()}/__init__.py" in python:
                        (place / package / "__init__.py").touch()


def settings_of(content: bytes) -> str:
    """What ruff takes from a `pyproject.toml`; the text itself where that does not parse, which is found elsewhere."""
    try:
        read = parse_toml(content)
    except tomllib.TOMLDecodeError:
        return content.decode()
    return repr((read["project"].get("requires-python"), read["tool"]["ruff"]))
