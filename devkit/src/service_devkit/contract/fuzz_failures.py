"""Which failures of schemathesis are none: it does not know that a change of one object replaces those within it, that objects are somebody's, nor which ids exist.

Both of its checks that follow an object look at paths alone. The hooks note what succeeded, in its order, and drop a failure that this explains; the
summary of schemathesis counts them. What is left stands: an object that is gone though only others were added, read or deleted beside it.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple, Protocol
from urllib.parse import unquote
from uuid import UUID

import schemathesis
from schemathesis import HookContext, Response
from schemathesis.core.failures import Failure
from schemathesis.openapi.checks import EnsureResourceAvailability, RejectedPositiveData, UseAfterFree


class Request(Protocol):
    """What is needed of a case of schemathesis, whose type has parameters that it does not make public."""

    method: str
    path: str
    """The path as the contract has it, with its variables."""
    path_parameters: dict[str, object]

    @property
    def body(self) -> object: ...
    @property
    def formatted_path(self) -> str: ...
    @property
    def auth_identity(self) -> str | None: ...


class Change(NamedTuple):
    """A request that was not a read, and that succeeded."""

    label: str
    path: str
    person: str | None
    adds: bool
    values: frozenset[str]
    """What its path, its body and its answer name: an id is among them."""

    @property
    def resource(self) -> str:
        """What it changed: its path, or of a POST on `/plans/7/archive` the object before it, where there is one."""
        method, _, template = self.label.partition(" ")
        if method != "POST":
            return self.path
        names = template.split("/")
        variables = [place for place, name in enumerate(names) if "{" in name]
        return "/".join(self.path.split("/")[: variables[-1] + 1]) if variables else ""


class Changes:
    """What succeeded in a run, in its order."""

    def __init__(self) -> None:
        self._changes: list[Change] = []

    def add(self, case: Request, response: Response) -> None:
        """Note a change."""
        if case.method.upper() in ("GET", "HEAD", "OPTIONS", "TRACE") or not 200 <= response.status_code < 300:  # noqa: PLR2004 - the class of RFC 9110
            return
        adds = case.method.upper() == "POST" and response.status_code == 201  # noqa: PLR2004 - Created
        places = [case.formatted_path, *response.headers.get("location", [])]
        named = {part for place in places for part in place.split("/")}
        with suppress(ValueError):
            named.update(_scalars(response.json()))
        values = frozenset(unquote(each) for each in (*named, *_scalars(case.body)))
        label = f"{case.method.upper()} {case.path}"
        self._changes.append(Change(label, case.formatted_path, case.auth_identity, adds, values))

    def explain_missing(self, case: Request, made_by: str) -> bool:
        """Whether what an operation made may be gone by design: it is somebody else's, or what holds it was changed since.

        A PUT on a plan replaces the codes in it, and a POST on `/plans/{id}/archive` may empty it; schemathesis knows only of what is deleted.
        """
        ids = {unquote(str(each)) for each in (case.path_parameters or {}).values()}
        for change in reversed(self._changes):
            if change.label != made_by:
                if not change.adds and change.resource and f"{case.formatted_path}/".startswith(f"{change.resource}/"):
                    return True
            elif ids <= change.values:
                return change.person != case.auth_identity
        return False

    def explain_present(self, case: Request, deleted: str) -> bool:
        """Whether what was deleted was somebody else's own under a shared path, as `/plans/7/star` is: each has one."""
        for change in reversed(self._changes):
            if f"{change.label.partition(' ')[0]} {change.path}" == deleted:
                return change.person != case.auth_identity and not change.label.endswith("}")
        return False


def _scalars(value: object) -> Iterator[str]:
    if isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _scalars(each)
    else:
        yield str(value)


def names_nothing(case: Request, response: Response) -> bool:
    """Whether a body was refused for an id in it that names nothing: the problem document of a foreign key has no `errors`, as no value is wrong by itself."""
    if response.status_code != 422 or not any(map(_is_id, _scalars(case.body))):  # noqa: PLR2004 - Unprocessable Content
        return False
    with suppress(ValueError):
        answered = response.json()
        return isinstance(answered, dict) and answered.get("code") == "validation_failed" and "errors" not in answered
    return False


def _is_id(value: str) -> bool:
    with suppress(ValueError):
        return str(UUID(value)) == value.lower()
    return False


changes = Changes()


@schemathesis.hook
def after_call(_context: HookContext, case: Request, response: Response) -> None:
    """Note what succeeded."""
    changes.add(case, response)


@schemathesis.hook
def filter_failure(_context: HookContext, failure: Failure, case: Request, response: Response) -> bool:
    """Whether a failure stands."""
    if isinstance(failure, EnsureResourceAvailability):
        return not changes.explain_missing(case, failure.created_with)
    if isinstance(failure, UseAfterFree):
        return not changes.explain_present(case, failure.free)
    if isinstance(failure, RejectedPositiveData):
        return not names_nothing(case, response)
    return True
