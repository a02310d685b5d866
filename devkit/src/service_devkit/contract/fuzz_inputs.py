"""What fuzzing sends, as the contract means it. schemathesis loads this module, by `SCHEMATHESIS_HOOKS`."""

import schemathesis
from schemathesis import HookContext

from service_devkit.contract.values import Json


@schemathesis.hook
def map_body(_context: HookContext, body: Json) -> Json:
    """The body with whole numbers as JSON writes them: by its schema 1.0 is an integer, and a service that is strict refuses it."""
    return with_integers(body)


def with_integers(value: Json) -> Json:
    """The value without 1.0."""
    if isinstance(value, dict):
        return {name: with_integers(each) for name, each in value.items()}
    if isinstance(value, list):
        return [with_integers(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
