"""Texts for people: English in the code, every other language in the catalogues of `locales/` (docs/languages.md)."""

import re
from collections.abc import Mapping

from app.core.catalogues import catalogues

DEFAULT = "en"
TAG = "[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*"  # a language, as BCP 47 names it
MAX_TAG = 35
VALIDATION = "validation"  # the context of what is wrong with values: the type stands in place of the English sentence
# In "'en' or 'fr'" the word, but not the one in "'this or that'".
_OR = re.compile(r" or (?='(?:[^'\\]|\\.)*'$|[^' ]+$)")


class Text(str):
    """A sentence for people, which is English as a `str`: so logs and the command line have it.

    Made directly, it stays English; `gettext` and `ngettext` are what translators find.
    """

    forms: tuple[str, ...]
    values: Mapping[str, object]

    def __new__(cls, *forms: str, **values: object) -> "Text":
        """One sentence, or two: for one and for many `count`."""
        text = super().__new__(cls, _fill(forms[0] if values.get("count") == 1 else forms[-1], values))
        text.forms, text.values = forms, values
        return text

    def into(self, language: str) -> str:
        """The sentence in a language; English where that has none."""
        if (catalogue := catalogues().get(language)) is None:
            return str(self)
        count = self.values.get("count")
        if isinstance(count, int):
            return _fill(catalogue.ngettext(self.forms[0], self.forms[-1], count), self.values)
        return _fill(catalogue.gettext(self.forms[0]), self.values)


def gettext(message: str, /, **values: object) -> Text:
    """A sentence, by its usual name: `_("The body may have at most {size} bytes.", size=5)`."""
    return Text(message, **values)


def ngettext(one: str, many: str, count: int, /, **values: object) -> Text:
    """A sentence with a number: `ngettext("{count} seat is left.", "{count} seats are left.", 5)`."""
    return Text(one, many, count=count, **values)


def validation_text(language: str, code: str, english: str, context: Mapping[str, object]) -> str:
    """What is wrong with a value, by the type and the context of pydantic's error; the first whole number there decides between singular and plural."""
    if (catalogue := catalogues().get(language)) is None:
        return english
    count = next((value for value in context.values() if isinstance(value, int)), 1)
    text = catalogue.npgettext(VALIDATION, code, code, count)
    text = catalogue.pgettext(VALIDATION, code) if text == code else text
    if text == code:
        return english
    return _fill(
        text, {name: _without_or(value) if name.startswith("expected") else value for name, value in context.items()}
    )


def _without_or(value: object) -> object:
    """A list of values without its last separator, which is English."""
    return _OR.sub(", ", value) if isinstance(value, str) else value


def _fill(text: str, values: Mapping[str, object]) -> str:
    return text.format_map(values) if values else text
