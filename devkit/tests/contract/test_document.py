"""A contract that cannot be used is refused, each fault in one line with file and line number, whatever the command."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from devkit.tests.contract.books import CONTRACT, load, publish

from service_devkit.contract.commands import contract
from service_devkit.contract.document import ContractError, Fault, source
from service_devkit.contract.generate import modules
from service_devkit.contract.lint import findings
from service_devkit.contract.operations import operations
from service_devkit.contract.validity import faults
from service_devkit.contract.values import Json, mapping
from service_devkit.scaffold.command import scaffold

HEAD = 'openapi: 3.1.0\ninfo: {title: T, version: "1"}\n'
BOMB = "paths: {}\nx-0: &a0 [1, 2]\n" + "".join(
    f"x-{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 10)}]\n" for number in range(1, 12)
)
SCHEMA = HEAD + "paths: {}\ncomponents:\n  schemas:\n    A: "
FAULTS = [
    (b"- 1", 1, "is not a mapping"),
    (b"", 1, "is not a mapping"),
    (b"openapi: 3.1.0\npaths: {", 2, "not YAML: while parsing a flow node, expected"),
    (b"openapi: 3.1.0\n\tpaths: 1", 2, "not YAML: while scanning for the next token"),
    (b"openapi: 3.1.0\n---\nopenapi: 3.1.0\n", 2, "not YAML: expected a single document in the stream"),
    (b"openapi: 3.1.0\ninfo: a\x00b", 2, "not YAML: special characters are not allowed"),
    (b"openapi: 3.1.0\npaths: *nobody", 2, "not YAML: found undefined alias 'nobody'"),
    (b"openapi: 3.1.0\ninfo: \xff", 2, "not UTF-8: byte 7"),
    ("openapi: 3.1.0\ninfo: {title: Bücher}".encode("utf-16"), 1, "not UTF-8: byte 1"),
    (b"paths: {}\npaths: {}", 2, "the key 'paths' stands twice"),
    (b"paths:\n  200: {}\n  '200': {}", 3, "the key '200' stands twice"),
    (b"paths: {}\n? [a]\n: 1", 2, "a key that is no text"),
    (b"a: &a {b: 1}\nc:\n  <<: *a", 3, "'<<' as a key, which JSON does not have"),
    (b"paths: {}\nx: !!python/object:os.system {}", 2, "the YAML tag !!python/object:os.system, which JSON"),
    (b"paths: {}\nx: !!binary aGk=", 2, "the YAML tag !!binary"),
    (b"paths: {}\nx: .nan", 2, ".nan is no number of JSON"),
    (b"paths: {}\nx: 1" + b"0" * 5000, 2, "is no value of !!int"),
    (b'paths: {}\nx: "\\ud800"', 2, "half a surrogate pair"),
    (b"paths: {}\nx: &a [*a]", 2, "an alias that contains itself"),
    (BOMB.encode(), 2, "aliases make this more than 500000 values"),
    (b"paths: {}\nx: " + b"[" * 1500 + b"]" * 1500, 2, "nested too deeply"),
    (b"paths: {}\n", 1, "openapi: must be 3.1.x, and is missing"),
    (b'info: {}\nopenapi: 3.0.3\n', 2, "openapi: must be 3.1.x, and is 3.0.3"),
    (b"info: {}\nopenapi: 3.10\n", 2, "openapi: must be 3.1.x, and is 3.1"),
    (f"{SCHEMA}{{$ref: '#/components/schemas/B'}}".encode(), 6, "$ref: #/components/schemas/B: leads nowhere"),
    (f"{SCHEMA}{{$ref: '#/components/schemas/A'}}".encode(), 6, "#/components/schemas/A: leads in a circle"),
    (f"{SCHEMA}{{$ref: 'b.yaml#/A'}}".encode(), 6, "leads out of the file"),
    (f"{SCHEMA}{{$ref: 5}}".encode(), 6, "$ref: 5: must be text"),
    (f"{SCHEMA}\n      properties:\n        default: {{$ref: '#/b'}}".encode(), 8, "$ref: #/b: leads nowhere"),
    (f"{SCHEMA}{{type: nonsense}}".encode(), 6, "'nonsense' is not"),
    (HEAD.encode() + b"paths: 1", 3, "paths: 1 is not of type"),
]  # fmt: skip
COMMANDS = (["lint"], ["verify"], ["generate"], ["breaking"], ["fuzz", "--examples", "1"])


@pytest.mark.parametrize(("content", "line", "said"), FAULTS)
def test_fault_is_one_line_with_file_and_line(project: Path, content: bytes, line: int, said: str) -> None:
    publish(project).write_bytes(content)

    result = CliRunner().invoke(contract, ["lint"])

    first = result.output.splitlines()[0].removeprefix("Error: ")
    assert (result.exit_code, type(result.exception)) == (1, SystemExit), result.output
    assert first.startswith(f"contracts/openapi.yaml:{line}: "), result.output
    assert said in first
    assert len(first) < 400


@pytest.mark.parametrize("arguments", COMMANDS, ids=lambda arguments: arguments[0])
@pytest.mark.parametrize("content", [b"paths: {", SCHEMA.encode() + b"{$ref: '#/b'}", HEAD.encode() + b"paths: 1"])
def test_every_command_refuses_what_cannot_be_used(project: Path, content: bytes, arguments: list[str]) -> None:
    publish(project).write_bytes(content)

    result = CliRunner().invoke(contract, arguments)

    assert (result.exit_code, type(result.exception)) == (1, SystemExit), result.exception
    assert "contracts/openapi.yaml:" in result.output


def test_scaffold_refuses_it_too(project: Path) -> None:
    publish(project, SCHEMA + "{$ref: '#/b'}")

    result = CliRunner().invoke(scaffold, ["books"])

    assert (result.exit_code, type(result.exception)) == (1, SystemExit), result.exception
    assert "contracts/openapi.yaml:6: $ref: #/b: leads nowhere" in result.output


def test_missing_file_is_named(project: Path) -> None:
    result = CliRunner().invoke(contract, ["lint"])

    assert project.exists()
    assert result.output == "Error: contracts/openapi.yaml: cannot be read: No such file or directory\n"


def test_what_looks_like_a_reference_in_an_example_is_none(tmp_path: Path) -> None:
    load(tmp_path, SCHEMA + "{type: object, examples: [{$ref: '#/nowhere'}], x-a: {$ref: '#/nowhere'}}")


def test_invalid_contract_is_reported_with_its_place(tmp_path: Path) -> None:
    found = load(tmp_path, CONTRACT.replace("in: query", "in: body"))

    assert any("components > parameters > Limit" in str(fault) for fault in faults(found))


@pytest.mark.parametrize("wrong", [[], {}, 5, "text", None])
def test_no_part_of_a_contract_can_be_so_wrong_that_a_command_fails_without_a_fault(wrong: Json) -> None:
    """Each part is put in place of once; what is still valid after it goes through the rules and the comparison too."""
    given = source(CONTRACT, name="c.yaml").document

    for where in _positions(given):
        for fault in _all_that_is_reported_of(_with(given, where, wrong)):
            assert "\n" not in str(fault)


def _positions(value: Json, where: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    members: list[tuple[str | int, Json]] = [*mapping(value).items()]
    members += enumerate(value) if isinstance(value, list) else ()
    for key, each in members:
        yield (*where, key)
        yield from _positions(each, (*where, key))


def _with(value: Json, where: tuple[str | int, ...], new: Json) -> Json:
    if not where:
        return new
    if isinstance(value, dict):
        return {key: _with(each, where[1:], new) if key == where[0] else each for key, each in value.items()}
    assert isinstance(value, list)
    return [_with(each, where[1:], new) if number == where[0] else each for number, each in enumerate(value)]


def _all_that_is_reported_of(document: Json) -> list[Fault]:
    try:
        given = source(json.dumps(document), name="c.yaml").document
    except ContractError:
        return []
    if found := list(faults(given)):
        return found
    operations(given)
    modules(given)
    return list(findings(given))
