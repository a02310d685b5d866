"""What the routes of an application are, whatever tree of routers they hang on."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from copy import copy

from fastapi import APIRouter
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import BaseRoute, compile_path
from starlette.types import Scope

from app.auth.guard import is_guarded


class RouteTable:
    """The routes of an application as a flat table, made once when all of them are there."""

    def __init__(self, routes: list[BaseRoute]) -> None:
        self._paths: defaultdict[Callable[..., object] | None, set[str]] = defaultdict(set)
        self._guarded: dict[Callable[..., object] | None, bool] = {}
        self._methods: defaultdict[str, set[str]] = defaultdict(set)
        for route in iter_route_contexts(routes):
            path = route.path or ""
            self._paths[route.endpoint].add(path)
            self._guarded[route.endpoint] = is_guarded(route)
            self._methods[path] |= route.methods or set()
        self._patterns = [(compile_path(path)[0], methods) for path, methods in self._methods.items()]

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
        """Every method that the routes of the address name."""
        path = _path_of(scope)
        return {method for pattern, methods in self._patterns if pattern.match(path) for method in methods}


def in_order(routers: Sequence[APIRouter]) -> Iterator[tuple[int, APIRouter]]:
    """The routers with their numbers, in the order to include them: an address that is written out comes before a parameter that would take it.

    `/items/newest` is never asked for as the item `newest`, in whatever order and on whichever router the two stand.
    """
    routes = [each for router in routers for each in router.routes if isinstance(each, APIRoute)]
    taken = [each for place, each in enumerate(routes) if any(_takes(other, each) for other in routes[:place])]
    taken.sort(key=lambda route: [part.startswith("{") for part in route.path.split("/")])
    for number, router in enumerate(routers):
        if first := [each for each in taken if each in router.routes]:
            yield number, _with(router, first)
    for number, router in enumerate(routers):
        yield number, _with(router, [each for each in router.routes if each not in taken])


def _takes(route: APIRoute, other: APIRoute) -> bool:
    """Whether a route would answer what is meant for another, more exact one."""
    fits = route.path_regex.match(other.path) and not other.path_regex.match(route.path)
    return bool(fits and (route.methods or set()) & (other.methods or set()))


def _with(router: APIRouter, routes: Sequence[BaseRoute]) -> APIRouter:
    """A router with some of its routes only."""
    if len(routes) == len(router.routes):
        return router
    found = copy(router)
    found.routes = [*routes]
    return found


def _path_of(scope: Scope) -> str:
    """The path without what a proxy has taken off, which the server puts before it again."""
    return str(scope["path"]).removeprefix(scope.get("root_path", ""))
