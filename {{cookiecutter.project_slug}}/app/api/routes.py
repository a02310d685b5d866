"""What the routes of an application are, whatever tree of routers they hang on."""

from collections import defaultdict
from collections.abc import Callable

from fastapi.routing import iter_route_contexts
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


def _path_of(scope: Scope) -> str:
    """The path without what a proxy has taken off, which the server puts before it again."""
    return str(scope["path"]).removeprefix(scope.get("root_path", ""))
