"""`devkit translations`: catalogues are what the code says, and nothing of a translator's work is touched."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from service_devkit.translations.command import translations

CODE = """
from app.core.i18n import gettext as _, ngettext

SORRY = _("Nothing is here.")
SIZE = _("At most {size} bytes.", size=5)
LEFT = ngettext("{count} book is left.", "{count} books are left.", 5)


def check(value):
    raise PydanticCustomError("isbn_form", "This is no ISBN of {digits} digits.", {"digits": 13})
"""
HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Plural-Forms: nplurals=2; plural=(n > 1);\\n"\n'
FRENCH = {
    "Nothing is here.": "Il n'y a rien ici.",
    "At most {size} bytes.": "Au plus {size} octets.",
    "isbn_form": "Ceci n'est pas un ISBN à {digits} chiffres.",
}


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(translations, arguments)
    return result.exit_code, result.output


@pytest.fixture
def service(project: Path) -> Path:
    """A service with texts, whose French is complete."""
    with (project / "pyproject.toml").open("a") as file:
        file.write('[tool.devkit.translations]\ncomplete = ["fr"]\n')
    (project / "app" / "schemas").mkdir(parents=True)
    (project / "app" / "books.py").write_text(CODE, encoding="utf-8")
    catalogue(project).parent.mkdir(parents=True)
    catalogue(project).write_text(HEADER, encoding="utf-8")
    run()
    translate(project, FRENCH)
    return project


def catalogue(project: Path, name: str = "messages", language: str = "fr") -> Path:
    return project / "locales" / language / "LC_MESSAGES" / f"{name}.po"


def translate(project: Path, texts: dict[str, str]) -> None:
    """Fill in what translators would: these texts, and something for each error of pydantic."""
    path = catalogue(project)
    text = path.read_text(encoding="utf-8")
    for english, french in texts.items():
        text = text.replace(f'msgid "{english}"\nmsgstr ""', f'msgid "{english}"\nmsgstr "{french}"')
    text = text.replace('msgstr[0] ""', 'msgstr[0] "Il reste {count} livre."').replace(
        'msgstr[1] ""', 'msgstr[1] "Il reste {count} livres."'
    )
    path.write_text(text, encoding="utf-8")
    known = catalogue(project, "pydantic")
    lines = known.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines):
        if line in {'msgstr ""', 'msgstr[0] ""', 'msgstr[1] ""'} and number > 4:
            english = next(each for each in reversed(lines[:number]) if each.startswith("#."))
            names = {*re.findall(r"\{\w+\}", english)} - {"{error}", "{field_type}", "{expected_plural}"}
            lines[number] = f'{line[:-1]}Texte{"".join(sorted(names))}"'
    known.write_text("\n".join(lines), encoding="utf-8")


def replace(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


@pytest.mark.usefixtures("service")
def test_complete_language_passes() -> None:
    status, output = run("--check")

    assert (status, output.splitlines()[-1].rpartition(", ")[2]) == (0, "findings: 0"), output


def test_writing_again_changes_nothing(service: Path) -> None:
    before = {path: path.read_bytes() for path in service.rglob("*.po")}

    run()

    assert {path: path.read_bytes() for path in service.rglob("*.po")} == before
    assert [*before] != []


@pytest.mark.parametrize(
    ("before", "after", "finding"),
    [
        ('"Il n\'y a rien ici."', '""', "fr: 'Nothing is here.' is not translated\n"),
        ('msgid "Nothing is here."', '#, fuzzy\nmsgid "Nothing is here."', "is not translated"),
        ("Au plus {size} octets.", "Au plus {taille} octets.", "fr: locales/fr/LC_MESSAGES/messages.po:9: 'At most {size} bytes.': taille in braces"),
        ("Au plus {size} octets.", "Au plus quelques octets.", "leaves out size"),
        ("Au plus {size} octets.", "Au plus {size octets.", "in braces"),
        ('msgid "Nothing is here."', 'msgid "Nothing was here."', "the code does not say this"),
        ('msgstr[1] "Il reste {count} livres."\n', "", "book is left.' is not translated"),
        ('msgid "Nothing', 'msgd "Nothing', "Error: locales/fr/LC_MESSAGES/messages.po cannot be read"),
    ],
)  # fmt: skip
def test_catalogue_that_is_wrong_is_a_finding(service: Path, before: str, after: str, finding: str) -> None:
    replace(catalogue(service), before, after)

    status, output = run("--check")

    assert status == 1
    assert finding in output
    assert str(service) not in output


def test_finding_stands_once_for_all_forms_of_a_plural(service: Path) -> None:
    path = catalogue(service)
    path.write_text(path.read_text(encoding="utf-8").replace("Il reste {count}", "Il reste {nombre}"), encoding="utf-8")

    _, output = run("--check")

    assert output.count("nombre in braces") == 1
    assert output.count("leaves out count") == 1
    assert output.splitlines()[-1].endswith("findings: 2")


@pytest.mark.parametrize(
    ("name", "code", "finding"),
    [
        ("more.py", 'TEXT = _("This is new.")', "'This is new.' is not translated"),
        ("more.py", 'raise PydanticCustomError("new_type", "New.")', "validation new_type is not translated: New."),
        ("more.py", 'name = "x"\nTEXT = _(f"Hello {name}.")', "app/more.py:2: _ needs plain texts"),
        ("more.py", "TEXT = _(TEXT)", "app/more.py:1: _ needs plain texts"),
        ("schemas/x.py", 'def check(value):\n    raise ValueError("no")', "app/schemas/x.py:2: a text of ValueError cannot be translated"),
        ("schemas/deep/x.py", "assert False", "app/schemas/deep/x.py:1: a text of AssertionError"),
    ],
)  # fmt: skip
def test_code_that_goes_beyond_the_catalogue_is_a_finding(service: Path, name: str, code: str, finding: str) -> None:
    (service / "app" / name).parent.mkdir(exist_ok=True)
    (service / "app" / name).write_text(code)

    status, output = run("--check")

    assert status == 1
    assert finding in output


def test_error_of_a_schema_without_its_text_is_a_finding(service: Path) -> None:
    replace(catalogue(service, "pydantic"), 'msgid "missing"\nmsgstr "Texte"', 'msgid "missing"\nmsgstr ""')

    status, output = run("--check")

    assert status == 1
    assert "fr: validation missing is not translated: Field required" in output


def test_required_language_without_a_folder_is_incomplete(service: Path) -> None:
    replace(service / "pyproject.toml", '["fr"]', '["fr", "sl"]')

    status, output = run("--check")

    assert status == 1
    assert "sl: 'Nothing is here.' is not translated" in output


def test_third_language_is_a_folder_and_may_be_incomplete(service: Path) -> None:
    added, _ = run("--add", "sl")

    status, output = run("--check")

    assert (added, status) == (0, 0), output
    assert "languages: en fr sl" in output
    assert catalogue(service, language="sl").read_text(encoding="utf-8").count("msgstr[3]") == 1


def test_language_that_there_is_not_is_refused(service: Path) -> None:
    status, output = run("--add", "klingonese")

    assert status == 1
    assert "klingonese is no language" in output
    assert not (service / "locales" / "klingonese").exists()


def test_update_keeps_every_byte_of_what_stays(service: Path) -> None:
    path = catalogue(service)
    replace(path, 'msgid "Nothing is here."', '# of a translator\n#: somewhere\nmsgid "Nothing is here."')
    replace(service / "app" / "books.py", "At most {size} bytes.", "No more than {size} bytes.")
    before = path.read_text(encoding="utf-8")

    _, output = run()

    after = path.read_text(encoding="utf-8")
    assert "added: locales/fr/LC_MESSAGES/messages.po: 'No more than {size} bytes.'" in output
    assert "taken out: locales/fr/LC_MESSAGES/messages.po: 'At most {size} bytes.'" in output
    gone = 'msgid "At most {size} bytes."\nmsgstr "Au plus {size} octets."\n\n'
    assert after == before.replace(gone, "") + '\nmsgid "No more than {size} bytes."\nmsgstr ""\n'


def test_text_of_a_noun_goes_to_its_own_catalogue(service: Path) -> None:
    catalogue(service, "shelves").write_text(
        catalogue(service).read_text(encoding="utf-8").partition("\n\n")[0] + "\n", encoding="utf-8"
    )
    (service / "app" / "shelves_sorting.py").write_text('TEXT = _("The shelf is full.")')

    run()

    assert 'msgid "The shelf is full."' in catalogue(service, "shelves").read_text(encoding="utf-8")
