"""Texts for people follow the caller's language; names and every `code` stay English."""

import httpx2
import pytest

from app.core.settings import Settings

ME = "/api/v1/users/me"
FRENCH = {"Accept-Language": "fr-CH, fr;q=0.9, en;q=0.8"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Nobody is remembered, so that a language that was just stored counts at once."""
    return settings.model_copy(update={"caller_known_seconds": 0})


async def test_error_is_in_the_language_of_the_request(client: httpx2.AsyncClient) -> None:
    response = await client.patch(ME, json={"display_name": 1, "locale": "x" * 36, "surname": "x"}, headers=FRENCH)

    document = response.json()
    assert response.headers["content-language"] == "fr"
    assert "Accept-Language" in response.headers["vary"]
    assert (document["title"], document["code"]) == ("Contenu non traitable", "validation_failed")
    assert document["detail"] == "La requête contient des valeurs qui ne peuvent pas être acceptées."
    assert {error["code"]: error["detail"] for error in document["errors"]} == {
        "string_type": "Un texte est attendu",
        "string_too_long": "Le texte doit compter au plus 35 caractères",
        "extra_forbidden": "Ce champ n'est pas accepté",
    }


@pytest.mark.parametrize(
    ("headers", "language", "detail"),
    [
        ({}, "en", "There is nothing here."),
        ({"Accept-Language": "xx"}, "en", "There is nothing here."),
        (FRENCH, "fr", "Il n'y a rien ici."),
    ],
)
async def test_error_of_the_framework_has_a_language_too(
    anonymous: httpx2.AsyncClient, headers: dict[str, str], language: str, detail: str
) -> None:
    response = await anonymous.get("/nothing/here", headers=headers)

    assert (response.headers["content-language"], response.json()["detail"]) == (language, detail)


async def test_stored_language_is_next(client: httpx2.AsyncClient) -> None:
    await client.patch(ME, json={"locale": "fr-CA"})

    wrong = [await client.patch(ME, json={"surname": "x"}, headers=one) for one in ({}, {"Accept-Language": "en"})]

    assert [response.headers["content-language"] for response in wrong] == ["fr", "en"]


async def test_answer_without_a_text_of_ours_names_no_language(client: httpx2.AsyncClient) -> None:
    response = await client.get(ME, headers=FRENCH)

    assert "content-language" not in response.headers
    assert "Accept-Language" not in response.headers.get("vary", "")
