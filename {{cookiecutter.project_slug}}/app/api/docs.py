"""`/docs` for people with a browser: Swagger UI, which the service carries itself, on the contract.

Nothing is loaded from elsewhere and nothing runs inline, so the page works without the internet and under a strict content security policy.
"""

import json
from functools import cache
from html import escape
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import yaml
from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response

from app.core import project
from app.core.errors import NotFound
from app.core.settings import Settings

CONTRACT: Final = Path(__file__).resolve().parents[2] / "contracts" / "openapi.yaml"
PUBLIC: Final = frozenset({"GET /docs", "GET /docs/start.js", "GET /docs/{asset}", "GET /openapi.json"})
_ASSETS: Final = frozenset({"swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"})
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def docs() -> HTMLResponse:
    """The page."""
    page = _text("docs.html").replace("TITLE", escape(project.TITLE), 1)
    return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY})


@router.get("/docs/start.js")
async def start(request: Request) -> Response:
    """What starts Swagger UI; in development it signs in with DOCS_AUTHORIZATION."""
    settings: Settings = request.app.state.settings
    # A page of another site could load the script and read what it holds.
    ours = request.headers.get("sec-fetch-site", "same-origin") == "same-origin"
    values = [value.get_secret_value() for value in settings.docs_authorization if ours]
    return Response(_text("docs.js").replace("AUTHORIZATION", json.dumps(values), 1), media_type="text/javascript")


@router.get("/docs/{asset}")
async def asset(asset: str) -> FileResponse:
    """A file of Swagger UI."""
    if asset not in _ASSETS:
        raise NotFound
    return FileResponse(_folder() / asset)


@router.get("/openapi.json")
async def contract(request: Request) -> Response:
    """The contract, with the prefix that a proxy takes off."""
    return Response(_contract(request.scope.get("root_path", "")), media_type="application/json")


@cache
def _text(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


@cache
def _folder() -> Path:
    """Where Swagger UI is installed; its package is never imported."""
    spec = find_spec("fastapi_swagger")
    assert spec is not None  # noqa: S101 - it is among our dependencies
    assert spec.submodule_search_locations  # noqa: S101 - it is a package
    return Path(spec.submodule_search_locations[0]) / "resources"


@cache
def _contract(prefix: str) -> bytes:
    document = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))
    if prefix:
        document["servers"] = [{"url": prefix}]
    return json.dumps(document, ensure_ascii=False, default=str).encode()
