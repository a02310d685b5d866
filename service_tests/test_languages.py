"""Which language is chosen, and what catalogues say."""

import shutil
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.types import Scope

from app.core.catalogues import catalogues, read_catalogue
from app.core.i18n import Text, ngettext, validation_text
from app.core.languages import language_of, negotiate
from app.models.users import User
from app.seeds import files, seed_all

HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\nPlural-Forms: nplurals=3; plural=n==1 ? 0 : n==2 ? 1 : 2;\\n"\n'


@pytest.mark.parametrize(
    ("accepted", "stored", "language"),
    [
        ("", "", "en"),
        ("", "fr", "fr"),
        ("", "fr-CA", "fr"),
        ("", "xx", "en"),
        ("fr", "", "fr"),
        ("FR-ch", "", "fr"),
        ("en", "fr", "en"),
        ("xx", "fr", "fr"),
        ("xx", "", "en"),
        ("frx", "", "en"),
        ("en;q=0.5, fr", "", "fr"),
        ("en;q=0.5, fr;q=0.501", "", "fr"),
        ("fr ; q = 0.4 , en;Q=0.9", "", "en"),
        ("fr, en", "", "fr"),
        ("xx, fr;q=0.1", "", "fr"),
        ("*", "", "en"),
        ("*", "fr", "fr"),
        ("*, fr;q=0.5", "", "en"),
        ("fr, *;q=0.5", "", "fr"),
        ("fr;q=0", "fr", "en"),
        ("fr-CH, fr;q=0", "", "en"),
        ("en;q=0, *", "", "fr"),
        ("en;q=0, fr;q=0, pt;q=0", "", "en"),
        ("en;q=0, fr;q=0, pt;q=0, pt-BR;q=0.1", "", "pt-BR"),
        ("pt-BR-x-private, fr;q=0.5", "", "pt-BR"),
        ("pt", "", "en"),
        ("fr;q=2, fr;q=-1, fr;q=1.5, ;q=1, fr;q, =, \xe9, fr fr", "", "en"),
        ("fr;q=0.1234, en;q=0.1", "", "en"),
        ("xx," * 400 + "fr", "", "en"),
        ("xx;q=0.1," * 110 + "x" * 4 + ",fr;q=0.9," + "y" * 900, "fr", "fr"),
    ],
)
def test_language_that_is_preferred_and_there_is_chosen(accepted: str, stored: str, language: str) -> None:
    chosen = negotiate(accepted, stored=stored, offered=["en", "fr", "pt-BR"])

    assert chosen == language


def test_headers_of_one_name_are_one_list() -> None:
    scope: Scope = {"headers": [(b"accept-language", b"en;q=0.1"), (b"accept-language", b"fr")]}

    assert language_of(scope) == "fr"


@pytest.mark.parametrize(("count", "french"), [(0, "0 élément"), (1, "1 élément"), (2, "2 éléments")])
def test_number_has_the_plural_of_its_language(count: int, french: str) -> None:
    text = validation_text("fr", "too_long", "English", {"field_type": "List", "max_length": count, "actual_length": 5})

    assert french in text


@pytest.mark.parametrize(
    ("expected", "shown"),
    [("'en' or 'fr'", "'en', 'fr'"), ("'a', 'b' or 'this or that'", "'a', 'b', 'this or that'"), ("1 or 2", "1, 2")],
)
def test_values_that_are_expected_are_listed_without_english(expected: str, shown: str) -> None:
    text = validation_text("fr", "literal_error", "English", {"expected": expected})

    assert text == f"Valeurs acceptées : {shown}"


def test_what_a_language_lacks_is_english() -> None:
    assert Text("Not translated.").into("fr") == "Not translated."
    assert Text("{name} is new.", name="Ada").into("xx") == "Ada is new."
    assert validation_text("fr", "not_translated", "English", {}) == "English"


async def test_another_language_is_a_folder_with_its_own_plurals(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, anonymous: httpx2.AsyncClient
) -> None:
    folder = tmp_path / "sl" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    nothing = 'msgid "There is nothing here."\nmsgstr "Tukaj ni ničesar."\n'
    forms = 'msgid "{count} day"\nmsgid_plural "{count} days"\nmsgstr[0] "{count} dan"\nmsgstr[1] "{count} dneva"\nmsgstr[2] "{count} dni"\n'
    (folder / "messages.po").write_text(f"{HEADER}\n{nothing}", encoding="utf-8")
    (folder / "days.po").write_text(f"{HEADER}\n{forms}", encoding="utf-8")
    found = catalogues(tmp_path)
    for module in ("i18n", "languages"):
        monkeypatch.setattr(f"app.core.{module}.catalogues", lambda: found)

    answer = await anonymous.get("/nothing", headers={"Accept-Language": "sl-SI, fr"})
    texts = [ngettext("{count} day", "{count} days", count).into("sl") for count in (1, 2, 5)]

    assert (answer.headers["content-language"], answer.json()["detail"]) == ("sl", "Tukaj ni ničesar.")
    assert answer.json()["title"] == "Not Found"
    assert texts == ["1 dan", "2 dneva", "5 dni"]


async def test_example_data_of_another_language_are_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, session: AsyncSession
) -> None:
    shutil.copytree(files.FOLDER / "fr", tmp_path / "sl")
    monkeypatch.setattr(files, "FOLDER", tmp_path)

    first, second = [await seed_all(session, locale) for locale in files.locales() * 2]

    assert await session.scalar(select(User.locale)) == "sl"
    assert min(first.values()) > 0
    assert {*second.values()} == {0}


def test_catalogue_is_read_as_translators_write_it(tmp_path: Path) -> None:
    path = tmp_path / "messages.po"
    entries = [
        '# of a translator\n#: app/x.py:1\nmsgid "a"\nmsgstr ""\n"one\\n"\n"\\"two\\""',
        '#, fuzzy\nmsgid "b"\nmsgstr "guessed"',
        'msgid "c"\nmsgstr ""',
        '#~ msgid "d"\n#~ msgstr "gone"',
        'msgctxt "menu"\nmsgid "a"\nmsgstr "other"',
    ]
    path.write_bytes("\r\n\r\n".join([HEADER, *entries]).encode())

    catalogue = read_catalogue(path)

    assert [catalogue.gettext(message) for message in "abcd"] == ['one\n"two"', "b", "c", "d"]
    assert catalogue.pgettext("menu", "a") == "other"


@pytest.mark.parametrize(
    "text", ["<<<<<<< ours", '"alone"', 'msgid "a"\nmsgid "b"\nmsgstr "c"', 'msgstr "a"', 'msgid "é"\nmsgstr "é"']
)
def test_file_that_is_no_catalogue_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.po"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ValueError, match=r"broken\.po is no catalogue"):
        read_catalogue(path)
