"""What fuzzing sends, as the contract means it: hooks of schemathesis."""

import schemathesis
from schemathesis import HookContext

from service_devkit.contract.values import Json


@schemathesis.hook
def map_body(_context: HookContext, body: Json) -> Json:
    """The body with whole numbers as JSON writes them: by its schema 1.0 is an integer, and a service that is strict refuses it."""
    return with_integers(body)


@schemathesis.hook
def filter_body(_context: HookContext, body: Json) -> bool:
    """Whether the body means the same to everybody: a text with blanks around may be too long by them, which a service that trims takes."""
    return not has_blanks_around(body)


def has_blanks_around(value: Json) -> bool:
    """Whether a text in the value begins or ends with blanks."""
    if isinstance(value, dict):
        return any(has_blanks_around(each) for each in value.values())
    if isinstance(value, list):
        return any(has_blanks_around(each) for each in value)
    return isinstance(value, str) and value != value.strip()


def with_integers(value: Json) -> Json:
    """The value without 1.0."""
    if isinstance(value, dict):
        return {name: with_integers(each) for name, each in value.items()}
    if isinstance(value, list):
        return [with_integers(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
