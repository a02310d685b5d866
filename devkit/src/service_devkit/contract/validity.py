"""Whether a document is valid OpenAPI 3.1: every fault with its place."""

from collections.abc import Callable, Iterator
from typing import Final

# Ships no types; it is what openapi-schema-validator is made of.
from jsonschema import FormatChecker  # type: ignore[import-untyped] # it has no types of its own
from jsonschema.exceptions import SchemaError, ValidationError  # type: ignore[import-untyped] # as above
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from openapi_spec_validator.validation.keywords import KeywordValidator

from service_devkit.contract.defaults import CHECKED, is_format
from service_devkit.contract.document import Fault, shortened
from service_devkit.contract.implied import ADVICE, missing_ids
from service_devkit.contract.operation import operations_of
from service_devkit.contract.operations import METHODS
from service_devkit.contract.schema import Schemas, bounded
from service_devkit.contract.schemas import Placed, Where, roots, schemas_below
from service_devkit.contract.values import Node, mapping, sequence


class _NoCheck(KeywordValidator):
    """Leaves defaults to `_of_defaults`, which says where they stand."""

    def __call__(self, *_: object) -> Iterator[ValidationError]:
        return iter(())


class _SpecValidator(OpenAPIV31SpecValidator):
    keyword_validators = {**OpenAPIV31SpecValidator.keyword_validators, "default": _NoCheck}  # noqa: RUF012 - as the base has it


def _has_format(form: str) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or is_format(form, value)


_FORMATS: Final = FormatChecker(formats=[])
for _name in CHECKED:
    _FORMATS.checks(_name)(_has_format(_name))


def faults(document: Node) -> Iterator[Fault]:
    """What keeps the document from being valid; a deeper look only at what is sound so far."""
    version = document.get("openapi", "missing")
    if not isinstance(version, str) or not version.startswith("3.1."):
        yield Fault(("openapi",), f"openapi: must be 3.1.x, and is {version}")
        return
    for look in (_of_shape, _of_schemas, _of_operations, _of_defaults):
        if found := list(look(document)):
            yield from found
            return


def _of_shape(document: Node) -> Iterator[Fault]:
    for error in OpenAPIV31SpecValidator.schema_validator.iter_errors(document):
        where = tuple(error.absolute_path)
        yield Fault(where, f"{_described(where)}: {shortened(error.message)}")


def _of_schemas(document: Node) -> Iterator[Fault]:
    for root in roots(document):
        try:
            OAS31Validator.check_schema(root.node)
        except SchemaError as error:
            where = (*root.where, *error.absolute_path)
            yield Fault(where, f"{_described(where)}: {shortened(error.message)}")
        else:
            for each in schemas_below(root):
                yield from _of_schema(each)


def _of_schema(placed: Placed) -> Iterator[Fault]:
    """A property that is asked for and does not exist is a typing error, though JSON Schema allows it."""
    if not isinstance(properties := placed.node.get("properties"), dict):
        return
    for name in sequence(placed.node.get("required")):
        if name not in properties:
            yield Fault(
                (*placed.where, "required"),
                f"{_described(placed.where)}: required names {name!r}, which is no property",
            )


def _of_operations(document: Node) -> Iterator[Fault]:
    """What concerns several places: ids that stand twice, path parameters that are not declared."""
    implied = {
        f"Path parameter '{name}' for '{each.method}' operation in '{each.path}' was not resolved": (name, each.path)
        for each in operations_of(Schemas(document))
        for name in missing_ids(each)
    }
    for error in _SpecValidator(document).iter_errors():
        if error.message in implied:
            name, path = implied[error.message]
            yield Fault(("paths", path), f"{path}: {{{name}}} is not declared: {ADVICE}", is_implied=True)
        else:
            where = tuple(error.absolute_path) or _place(document, error.message)
            yield Fault(where, shortened(error.message))


def _of_defaults(document: Node) -> Iterator[Fault]:
    """Defaults that their own schema refuses."""
    validator = OAS31Validator(document, format_checker=_FORMATS)
    for root in roots(document):
        for placed in schemas_below(root):
            if "default" in placed.node:
                for error in validator.evolve(schema=bounded(placed.node)).iter_errors(placed.node["default"]):
                    where = (*placed.where, "default")
                    yield Fault((*where, *error.absolute_path), f"{_described(where)}: {shortened(error.message)}")


def _place(document: Node, message: str) -> Where:
    path = next((path for path in mapping(document.get("paths")) if f"'{path}'" in message), None)
    method = next((method for method in METHODS if f"'{method}'" in message), None)
    return tuple(part for part in ("paths", path, method) if part is not None) if path else ()


def _described(where: Where) -> str:
    return " > ".join(map(str, where)) or "the document"
