"""`/docs`: complete in itself, strict, and off where the service is deployed."""

import re

import httpx2
import pytest
from fastapi import FastAPI

from app.core.project import VERSION
from app.core.settings import ConfigurationError, Settings, load_settings
from app.db.database import Database
from app.main import create_app
from tests.plugins.client import open_client
from tests.plugins.environment import CONTRACT

STRONG = "kX7-visibly-fake-9sQ2-key-for-tests-only"


@pytest.fixture
def app(settings: Settings, database: Database) -> FastAPI:
    """An application with its documentation, signed in by a header."""
    values = {"DOCS": "true", "DOCS_AUTHORIZATION": 'Key a"b,Bearer x'}
    documented = Settings.model_validate({name.lower(): value for name, value in values.items()})
    chosen = {"docs": documented.docs, "docs_authorization": documented.docs_authorization}
    return create_app(settings.model_copy(update=chosen), database=database)


async def test_page_loads_only_what_the_service_itself_answers(anonymous: httpx2.AsyncClient) -> None:
    page = await anonymous.get("/docs")
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert loaded == ["docs/favicon-32x32.png", "docs/swagger-ui.css", "docs/swagger-ui-bundle.js", "docs/start.js"]
    for address in loaded:
        assert (await anonymous.get(f"/{address}")).status_code == 200


async def test_nothing_of_the_page_runs_inline(anonymous: httpx2.AsyncClient) -> None:
    page = await anonymous.get("/docs")

    assert "unsafe" not in page.headers["content-security-policy"]
    assert page.headers["content-security-policy"].startswith("default-src 'none'; script-src 'self'")
    assert re.findall(r"<script(?! src)|<style| style=| on\w+=", page.text) == []


async def test_document_is_the_contract(anonymous: httpx2.AsyncClient) -> None:
    document = (await anonymous.get("/openapi.json")).json()

    assert document["info"]["version"] == VERSION
    assert len(document["paths"]) == CONTRACT.read_text(encoding="utf-8").count("\n  /")
    assert document["components"]["schemas"]["UserUpdate"]["examples"]


async def test_authorization_is_a_value_of_the_script_and_no_part_of_it(anonymous: httpx2.AsyncClient) -> None:
    script = await anonymous.get("/docs/start.js")

    assert script.headers["content-type"].startswith("text/javascript")
    assert script.text.startswith('const authorization = ["Key a\\"b", "Bearer x"];\n')


async def test_page_of_another_site_gets_no_authorization(anonymous: httpx2.AsyncClient) -> None:
    script = await anonymous.get("/docs/start.js", headers={"Sec-Fetch-Site": "cross-site"})

    assert script.text.startswith("const authorization = [];\n")


@pytest.mark.parametrize("name", ["__init__.py", "%2e%2e%2fmain.py", "nothing"])
async def test_other_files_are_not_served(anonymous: httpx2.AsyncClient, name: str) -> None:
    assert (await anonymous.get(f"/docs/{name}")).status_code == 404


async def test_document_and_page_are_off_unless_switched_on(settings: Settings, database: Database) -> None:
    async with open_client(create_app(settings, database=database)) as client:
        assert (await client.get("/docs")).status_code == 404
        assert (await client.get("/openapi.json")).status_code == 404


@pytest.mark.parametrize(
    ("environment", "docs", "served"),
    [("development", "", True), ("development", "false", False), ("test", "", False), ("production", "", False), ("production", "true", True)],
)  # fmt: skip
def test_documentation_is_for_development_unless_the_setting_says_so(
    monkeypatch: pytest.MonkeyPatch, sign_in_settings: dict[str, str], environment: str, docs: str, served: bool
) -> None:
    given = {"environment": environment, "docs": docs, "secret_key": STRONG, "database_url": "postgresql://u@h/d"}
    for name, value in (given | sign_in_settings).items():
        monkeypatch.setenv(name.upper(), value)

    assert load_settings().has_docs is served


def test_deployed_service_signs_nobody_in_on_its_docs(
    monkeypatch: pytest.MonkeyPatch, sign_in_settings: dict[str, str]
) -> None:
    given = {"environment": "production", "secret_key": STRONG, "database_url": "postgresql://u@h/d"}
    for name, value in (given | sign_in_settings | {"docs_authorization": "Key visibly-fake"}).items():
        monkeypatch.setenv(name.upper(), value)

    with pytest.raises(ConfigurationError, match="DOCS_AUTHORIZATION: must be empty outside development"):
        load_settings()
