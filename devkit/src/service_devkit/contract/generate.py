"""Writes the types of `app/schemas/` from the contract: one module for each noun, nothing in it by hand.

datamodel-code-generator makes the classes; here they are given their base class, sorted into modules, and formatted. What the contract says about
a schema is the class: an object that callers send refuses unknown fields, and what may be left out is `MISSING` and never null.
"""

import ast
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from service_devkit.contract.document import ContractError, shortened
from service_devkit.contract.formats import Said, annotations_of, defaults_of, reduced, with_formats
from service_devkit.contract.operations import METHODS
from service_devkit.contract.schema import Schemas
from service_devkit.contract.values import Json, Node, mapping, sequence

HEAD: Final = (
    '"""{about}\n\nWritten from contracts/openapi.yaml by `just generate`: change the contract, not this file.\n"""\n'
)
PROBLEM: Final = "application/problem+json"
# Modules in a folder of their own come before those of the package.
_TRY: Final = """
import importlib, pathlib, sys
root, first, *names = sys.argv[1:]
sys.path.insert(0, root)
import app.schemas
app.schemas.__path__ = [str(pathlib.Path(first).parent), *app.schemas.__path__]
for name in names:
    importlib.import_module(f"app.schemas.{name}")
"""
_COMPONENT: Final = "#/components/schemas/"
_OPTIONS: Final = (
    *("--input-file-type", "openapi"),
    *("--output-model-type", "pydantic_v2.BaseModel"),
    *("--target-python-version", "3.11"),
    *("--enum-field-as-literal", "all"),
    *("--formatters", "builtin"),
    "--use-annotated",
    "--use-union-operator",
    "--use-standard-collections",
    "--field-constraints",
    "--strict-nullable",
    "--use-missing-sentinel",
    "--use-schema-description",
    "--use-double-quotes",
    "--disable-timestamp",
    "--collapse-root-models",
    "--disable-warnings",
)


def modules(document: Node) -> dict[str, list[str]]:
    """The names of the schemas by module, which is the noun of the first operation that uses them.

    Errors are a noun of their own. Schemas that nothing uses are left out.
    """
    schemas = Schemas(document)
    found: dict[str, str] = {}
    for operation in _operations(document):
        noun = str(next(iter(sequence(operation.get("tags"))), "untagged")).replace(" ", "_")
        for name, is_problem in _used_by(operation, schemas):
            found.setdefault(name, "problems" if is_problem else noun)
    named = mapping(mapping(document.get("components")).get("schemas"))
    return {noun: [name for name in named if found.get(name) == noun] for noun in sorted({*found.values()})}


def generate(document: Node) -> Mapping[str, str]:
    """The text of each module by its name, not yet formatted."""
    nouns = modules(document)
    module_of = {name: noun for noun, names in nouns.items() for name in names}
    classes, imports = _classes(document, sent=_sent(document))
    for name in reversed([*classes]):  # a class without a name in the contract stands where it is used
        users = [user for user, text in classes.items() if user != name and re.search(rf"\b{name}\b", text)]
        module_of.setdefault(name, next((module_of[user] for user in users if user in module_of), ""))
    tags = {str(mapping(tag)["name"]).replace(" ", "_"): mapping(tag) for tag in sequence(document.get("tags"))}
    return {
        noun: _module(
            [(name, classes[name]) for name in classes if module_of.get(name) == noun],
            about=str(tags.get(noun, {}).get("description", "Errors, as every operation answers them.")),
            module_of=module_of,
            noun=noun,
            imports=imports,
        )
        for noun in nouns
    }


def write(texts: Mapping[str, str], folder: Path) -> list[Path]:
    """Write the modules as they belong, formatted; the files.

    Raises:
        ContractError: Python cannot import what would be written, and nothing was.
    """
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".generated-") as name:
        made = _formatted(texts, Path(name))
        _import(made, folder)
        return [file.replace(folder / file.name) for file in made]


def stale(texts: Mapping[str, str], folder: Path) -> list[Path]:
    """The modules of a folder that are not what the contract says, or not there."""
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".generated-") as name:
        return [
            folder / file.name
            for file in _formatted(texts, Path(name))
            if not (folder / file.name).exists() or (folder / file.name).read_bytes() != file.read_bytes()
        ]


def _formatted(texts: Mapping[str, str], folder: Path) -> list[Path]:
    files = [folder / f"{name}.py" for name in texts]
    for file in files:
        file.write_text(texts[file.stem], encoding="utf-8")
    check = ("check", "--fix-only", "--quiet", "--config", 'lint.isort.known-first-party=["app"]')
    for arguments in (check, ("format", "--quiet")) if files else ():
        subprocess.run([sys.executable, "-m", "ruff", *arguments, *map(str, files)], check=True)  # noqa: S603 - our own command
    return files


def _import(files: list[Path], folder: Path) -> None:
    """Import new modules in a process of its own, in the place of those that they are to replace."""
    arguments = [str(folder.parents[1]), *(str(file) for file in files[:1]), *(file.stem for file in files)]
    if not files:
        return
    done = subprocess.run([sys.executable, "-c", _TRY, *arguments], capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if done.returncode:
        reason = shortened(done.stderr.strip().rpartition("\n")[2])
        raise ContractError(f"nothing was written, since Python cannot import what the contract makes: {reason}")


def _operations(document: Node) -> Iterator[Node]:
    for item in mapping(document.get("paths")).values():
        yield from (mapping(mapping(item)[method]) for method in METHODS if method in mapping(item))


def _used_by(operation: Node, schemas: Schemas) -> Iterator[tuple[str, bool]]:
    """The schemas of an operation's bodies, and whether each belongs to an error."""
    request = schemas.target(operation.get("requestBody"))
    responses = [schemas.target(each) for each in mapping(operation.get("responses")).values()]
    for body in (request, *responses):
        for media_type, entry in mapping(body.get("content")).items():
            for name in _references(mapping(entry).get("schema"), schemas):
                yield name, media_type == PROBLEM


def _references(value: Json, schemas: Schemas, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _references(each, schemas, seen)
    if not isinstance(value, dict):
        return
    reference = value.get("$ref")
    if isinstance(reference, str) and reference not in seen:
        yield reference.removeprefix(_COMPONENT)
        yield from _references(schemas.target(value), schemas, seen | {reference})
    yield from _references([each for key, each in value.items() if key != "$ref"], schemas, seen)


def _sent(document: Node) -> set[str]:
    """The schemas that callers send."""
    schemas = Schemas(document)
    bodies = [schemas.target(operation.get("requestBody")) for operation in _operations(document)]
    return {name for body in bodies for name in _references(body.get("content"), schemas)}


def _classes(document: Node, *, sent: set[str]) -> tuple[dict[str, str], list[str]]:
    """The text of each class by its name, each after those that it needs; and the imports of all."""
    named = mapping(mapping(document.get("components")).get("schemas"))
    bases = {name: f"app.schemas.base.{'Input' if name in sent else 'Output'}" for name in named}
    around = {"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": {}}
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "openapi.json"), Path(folder, "models.py")
        source.write_text(json.dumps({**around, "components": {"schemas": reduced(named)}}), encoding="utf-8")
        command = [sys.executable, "-m", "datamodel_code_generator", "--input", str(source), "--output", str(target)]
        command += [*_OPTIONS, "--base-class-map", json.dumps(bases)]
        subprocess.run(command, check=True)  # noqa: S603 - our own command
        text = target.read_text(encoding="utf-8")
    tree = ast.parse(text)
    imports = [
        ast.unparse(each) for each in tree.body if isinstance(each, ast.ImportFrom) and each.module != "__future__"
    ]
    found = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    formats, defaults = annotations_of(document), defaults_of(document)
    texts = _inlined({node.name: ast.get_source_segment(text, node) or "" for node in found}, named)
    return {
        name: with_formats(
            _tidy(each), Said(formats.get(name, {}), defaults.get(name, {}), frozenset([*texts][number:]))
        )
        for number, (name, each) in enumerate(texts.items())
    }, imports


def _inlined(texts: Mapping[str, str], named: Node) -> dict[str, str]:
    """The classes without those that the generator makes for the members of a list: services work with plain values."""
    inner = {
        name: text.partition("    root: ")[2].strip()
        for name, text in texts.items()
        if name not in named and text.startswith(f"class {name}(RootModel[")
    }
    kept = {name: text for name, text in texts.items() if name not in inner}
    for name, annotation in inner.items():
        kept = {each: re.sub(rf"\b{name}\b", lambda _: annotation, text) for each, text in kept.items()}  # noqa: B023 - called at once
    return kept


def _tidy(text: str) -> str:
    """`extra="forbid"` stands in the base class of everything that is sent; a docstring of one line is one line."""
    text = re.sub(r"\n    model_config = ConfigDict\(\s*extra=.forbid.,?\s*\)\n?", "\n", text)
    return re.sub(r'"""\n    (.*)\n    """', r'"""\1"""', text)


def _module(
    classes: list[tuple[str, str]], *, about: str, module_of: Mapping[str, str], noun: str, imports: list[str]
) -> str:
    """A module with every import that a class may need; the linter takes out the others."""
    text = "\n\n\n".join(each for _, each in classes)
    foreign = sorted(
        {(module_of[name], name) for name in module_of if module_of[name] != noun and re.search(rf"\b{name}\b", text)}
    )
    lines = [
        *(each for each in imports if "MISSING" not in each),
        "from pydantic import MISSING",
        "from datetime import date, datetime, time, timedelta",
        "from decimal import Decimal",
        "from typing import Annotated",
        "from uuid import UUID",
        "from app.schemas.base import Input, Output, TextFormat",
        *(f"from app.schemas.{module} import {name}" for module, name in foreign),
    ]
    return "\n".join([HEAD.format(about=about), *lines, "", "", text, ""])
