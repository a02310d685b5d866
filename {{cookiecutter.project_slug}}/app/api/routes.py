"""What the routes of an application are, whatever tree of routers they hang on."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from copy import copy

from fastapi import APIRouter
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import BaseRoute, Match, compile_path
from starlette.types import Scope

from app.auth.guard import is_guarded


class RouteTable:
    """The routes of an application as a flat table, made once when all of them are there."""

    def __init__(self, routes: list[BaseRoute]) -> None:
        self._paths: defaultdict[Callable[..., object] | None, set[str]] = defaultdict(set)
        self._guarded: dict[Callable[..., object] | None, bool] = {}
        patterns: dict[str, re.Pattern[str]] = {}
        methods: defaultdict[str, set[str]] = defaultdict(set)
        for route in iter_route_contexts(routes):
            path = route.path or ""
            self._paths[route.endpoint].add(path)
            self._guarded[route.endpoint] = is_guarded(route)
            patterns[_shape(path)] = compile_path(path)[0]
            methods[_shape(path)] |= route.methods or set()
        self._addresses = [(patterns[shape], methods[shape]) for shape in sorted(patterns, key=_parameters_last)]

    def template_of(self, scope: Scope) -> str | None:
        """The path template that a request was routed to; None where no route matched."""
        paths = self._paths.get(scope.get("endpoint"), set())
        if len(paths) > 1:  # one handler under several addresses; those have no parameters
            return _path_of(scope)
        return next(iter(paths), None)

    def is_guarded(self, scope: Scope) -> bool:
        """Whether the request was routed to a handler that needs a principal."""
        return self._guarded.get(scope.get("endpoint"), False)

    def methods_of(self, scope: Scope) -> set[str]:
        """Every method that the routes of the address name; not those of a parameter that it could stand for."""
        path = _path_of(scope)
        return next((methods for pattern, methods in self._addresses if pattern.match(path)), set())


def in_order(routers: Sequence[APIRouter]) -> Iterator[tuple[int, APIRouter]]:
    """The routers with their numbers, in the order to include them: an address that is written out comes before a parameter that would take it.

    `/items/newest` is never asked for as the item `newest`, by whatever method, in whatever order and on whichever router the two stand.
    """
    routes = [each for router in routers for each in router.routes if isinstance(each, APIRoute)]
    taken = [each for each in routes if any(_takes(other, each) for other in routes)]
    taken.sort(key=lambda route: _parameters_last(route.path))
    firsts = [(number, [each for each in taken if each in router.routes]) for number, router in enumerate(routers)]
    last = {_shape(route.path): route for _, first in firsts for route in first}
    for number, first in firsts:
        if first:
            yield number, _with(routers[number], [_refusing(each) if each in last.values() else each for each in first])
    for number, router in enumerate(routers):
        yield number, _with(router, [each for each in router.routes if each not in taken])


def _takes(route: APIRoute, other: APIRoute) -> bool:
    """Whether the address of a route would take that of another, more exact one."""
    return bool(route.path_regex.match(other.path) and not other.path_regex.match(route.path))


class _RefusingRoute(APIRoute):
    """The last route of its address: what comes to it by a method of none of them is refused (405), and goes to no parameter."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As the original, for all methods; it answers 405 itself where it does not have the one that is asked for."""
        match, found = super().matches(scope)
        return (Match.FULL if match is Match.PARTIAL else match), found


def _refusing(route: APIRoute) -> APIRoute:
    found = copy(route)
    found.__class__ = _RefusingRoute  # with all that it was made with, which its constructor would ask for again
    return found


def _shape(path: str) -> str:
    """The address without the names of its parameters."""
    return re.sub(r"\{[^:}]*", "{", path)


def _parameters_last(path: str) -> list[bool]:
    """What sorts addresses so that a written part comes before a parameter in its place."""
    return [part.startswith("{") for part in path.split("/")]


def _with(router: APIRouter, routes: Sequence[BaseRoute]) -> APIRouter:
    """A router with these of its routes only."""
    found = copy(router)
    found.routes = [*routes]
    return found


def _path_of(scope: Scope) -> str:
    """The path without what a proxy has taken off, which the server puts before it again."""
    return str(scope["path"]).removeprefix(scope.get("root_path", ""))
