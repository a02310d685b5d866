"""The catalogues of a service: `locales/LANGUAGE/LC_MESSAGES/*.po`, held to what the code says, and completed."""

import re
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Final

import click
from babel import Locale, UnknownLocaleError
from babel.messages import Catalog, Message as Entry
from babel.messages.plurals import get_plural
from babel.messages.pofile import PoFileError, normalize, read_po

from service_devkit.translations.schemas import ENGLISH
from service_devkit.translations.sources import VALIDATION, Message

COMMON: Final = "messages"
KNOWN: Final = "pydantic"  # the catalogue of the errors that pydantic raises by itself
# English sentences and words that pydantic puts into the context of an error.
_ENGLISH_VALUES: Final = frozenset({"error", "field_type", "encoding_error", "expected_plural"})
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class CatalogueFile:
    """One file of a language; `name` is its path as a finding shows it, from the root of the service."""

    path: Path
    name: str
    catalogue: Catalog

    @property
    def entries(self) -> dict[Key, Entry]:
        """Its messages by context and text; the header is none."""
        return {(entry.context or "", _first(entry.id)): entry for entry in self.catalogue if entry.id}


def languages(root: Path) -> dict[str, list[CatalogueFile]]:
    """The files of each language that has a folder.

    Raises:
        click.ClickException: one of them cannot be read.
    """
    folders = sorted(path for path in (root / "locales").glob("*/LC_MESSAGES") if path.is_dir())
    return {folder.parent.name: [_read(path, root) for path in sorted(folder.glob("*.po"))] for folder in folders}


def wanted(code: Mapping[Key, Message], raised: Set[str]) -> dict[Key, Message]:
    """What a complete language has: the messages of the code, and the errors that pydantic can raise by itself."""
    types = {(VALIDATION, name): _known(name) for name in sorted(raised & ENGLISH.keys())}
    return {**code, **types}


def faults(files: Iterable[CatalogueFile], needed: Mapping[Key, Message], *, complete: bool) -> Iterator[str]:
    """What is wrong with a language, a line each."""
    translated: set[Key] = set()
    for file in files:
        for key, entry in file.entries.items():
            where = f"{file.name}:{entry.lineno}: {_shown(key)}"
            known = needed.get(key) or (_known(key[1]) if key[0] == VALIDATION and key[1] in ENGLISH else None)
            if known is None:
                yield f"{where}: the code does not say this; just translations takes it out"
            elif entry.fuzzy or not all(_forms(entry)):
                continue
            else:
                translated.add(key)
                found = dict.fromkeys(_entry_faults(entry, known, file.catalogue.num_plurals))  # once for all forms
                yield from (f"{where}: {fault}" for fault in found)
    missing = [key for key in needed if key not in translated]
    if complete:
        yield from (f"{_shown(key)} is not translated{_meaning(needed[key])}" for key in missing)


def complete(folder: Path, files: list[CatalogueFile], needed: Mapping[Key, Message], domains: Set[str]) -> list[str]:
    """Add what is missing and take out what the code does not say, and leave every other byte; what was changed."""
    changed: list[str] = []
    present = {key for file in files for key in file.entries}
    texts = {file.path: _without(file, needed, changed) for file in files}
    head = next((_head(text) for text in texts.values()), None) or header(folder.parent.name)
    forms = int((re.search(r"nplurals *= *(\d+)", head) or ["", "2"])[1])
    for key, message in needed.items():
        if key not in present:
            path = folder / f"{_domain(message, domains)}.po"
            texts[path] = texts.get(path, head) + "\n" + _written(message, forms)
            changed.append(f"added: {path.relative_to(folder.parents[2]).as_posix()}: {_shown(key)}")
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in texts.items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    return changed


def header(language: str) -> str:
    """What a catalogue begins with.

    Raises:
        click.ClickException: there is no such language.
    """
    try:
        rule = get_plural(Locale.parse(language))
    except (ValueError, UnknownLocaleError):
        raise click.ClickException(f"{language} is no language; folders are named like fr or pt_BR.") from None
    lines = (
        f"Language: {language}",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: 8bit",
        f"Plural-Forms: {rule.plural_forms}",
    )
    return 'msgid ""\nmsgstr ""\n' + "".join(f'"{line}\\n"\n' for line in lines)


def _head(text: str) -> str:
    """The first message of a catalogue, which is its header."""
    return text.partition("\n\n")[0].rstrip("\n") + "\n"


def _read(path: Path, root: Path) -> CatalogueFile:
    name = path.relative_to(root).as_posix()
    try:
        with path.open(encoding="utf-8") as file:
            return CatalogueFile(path, name, read_po(file, abort_invalid=True, ignore_obsolete=True))
    except (PoFileError, ValueError) as error:
        raise click.ClickException(f"{name} cannot be read: {error}") from None


def _known(name: str) -> Message:
    plural = name if "{expected_plural}" in ENGLISH[name] else ""
    return Message(VALIDATION, name, plural, ENGLISH[name], frozenset({KNOWN}))


def _domain(message: Message, domains: Set[str]) -> str:
    """The catalogue of the noun whose modules alone say it, where there is one; else the common one."""
    if message.context == VALIDATION and message.text in ENGLISH:
        return KNOWN
    owners = {_noun(module, domains) for module in message.modules}
    return owners.pop() if len(owners) == 1 else COMMON


def _noun(module: str, domains: Set[str]) -> str:
    folder, _, name = module.partition("/")
    named = (noun for noun in sorted(domains) if noun in {folder, name} or name.startswith(f"{noun}_"))
    return next(named, COMMON)


def _entry_faults(entry: Entry, message: Message, forms: int) -> Iterator[str]:
    texts = _forms(entry)
    if message.context != VALIDATION and bool(message.plural) != (len(texts) > 1):
        yield "singular and plural are not those of the code"
    if len(texts) > 1 and len(texts) != forms:
        yield f"has {len(texts)} forms of the plural, and the language {forms}"
    offered = _names(message.english) | _names(message.plural) - _ENGLISH_VALUES
    for text in texts:
        if extra := _names(text) - (offered - _ENGLISH_VALUES):
            yield f"{', '.join(sorted(map(str, extra)))} in braces, and there is no such value, or it is English"
    if lost := offered - _ENGLISH_VALUES - {"class", "class_name", "actual_length"} - _names(texts[-1]):
        yield f"leaves out {', '.join(sorted(map(str, lost)))}"


def _names(text: str) -> set[str]:
    try:
        return {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError:
        return {text}


def _without(file: CatalogueFile, needed: Mapping[Key, Message], changed: list[str]) -> str:
    lines = file.path.read_text(encoding="utf-8").split("\n")
    for key, entry in reversed(file.entries.items()):
        if key in needed or (key[0] == VALIDATION and key[1] in ENGLISH):
            continue
        first = last = (entry.lineno or 1) - 1
        while first > 0 and lines[first - 1].strip():
            first -= 1
        while last < len(lines) and lines[last].strip():
            last += 1
        del lines[first : last + 1]
        changed.append(f"taken out: {file.name}: {_shown(key)}")
    return "\n".join(lines).rstrip("\n") + "\n"


def _written(message: Message, plural_forms: int) -> str:
    comment = f"#. {message.english}\n" if message.context else ""
    context = f"msgctxt {normalize(message.context)}\n" if message.context else ""
    if not message.plural:
        return f'{comment}{context}msgid {normalize(message.text)}\nmsgstr ""\n'
    forms = "".join(f'msgstr[{number}] ""\n' for number in range(plural_forms))
    return f"{comment}{context}msgid {normalize(message.text)}\nmsgid_plural {normalize(message.plural)}\n{forms}"


def _forms(entry: Entry) -> tuple[str, ...]:
    return tuple(entry.string) if isinstance(entry.string, list | tuple) else (str(entry.string),)


def _first(text: str | list[str] | tuple[str, ...]) -> str:
    return text if isinstance(text, str) else text[0]


def _meaning(message: Message) -> str:
    """What the type of an error stands for; another message says it itself."""
    return f": {message.english}" if message.context and message.english else ""


def _shown(key: Key) -> str:
    return f"{key[0]} {key[1]}" if key[0] else re.sub(r"(.{60}).+", r"\1...", repr(key[1]))
