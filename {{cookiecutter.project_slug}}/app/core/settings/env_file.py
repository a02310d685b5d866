"""The file `.env`, read so that a mistake in it is reported instead of changing a value."""

import os
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from dotenv.parser import Binding, parse_stream
from dotenv.variables import Variable, parse_variables
from pydantic_settings import DotEnvSettingsSource


class EnvFileError(ValueError):
    """The file cannot be read; the message names it, the line, and what to do."""


class EnvFileSource(DotEnvSettingsSource):
    """Settings of `.env`. A shell's rules for quotes: `${NAME}` stands for a variable, but not inside of single quotes."""

    def _read_env_file(self, file_path: Path) -> Mapping[str, str | None]:
        values = read_env_file(file_path)
        return {name if self.case_sensitive else name.lower(): value for name, value in values.items() if value}


def read_env_file(path: Path) -> Mapping[str, str]:
    """The variables of a file, in order: `${NAME}` is a variable of the environment or of a line above, and the last of two lines counts.

    Raises:
        EnvFileError: it may not be read, is not UTF-8, has a line that is no `NAME=VALUE`, or a `${NAME}` that is set nowhere.
    """
    values: dict[str, str] = {}
    for binding in parse_stream(StringIO(_text_of(path))):
        where = f"{path}, line {_line(binding)}"
        if binding.error or (binding.key is not None and binding.value is None):
            raise EnvFileError(f"{where}: is not NAME=VALUE; a value over several lines needs quotes")
        if binding.key is not None and binding.value is not None:
            values[binding.key] = binding.value if _is_literal(binding) else _resolved(binding.value, values, where)
    return values


def _text_of(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise EnvFileError(f"{path}: is not UTF-8, as `>` of Windows PowerShell writes it; save it as UTF-8") from None
    except OSError as error:
        raise EnvFileError(f"{path}: cannot be read ({error.strerror}); let this user read it") from None
    if "\0" in text:  # UTF-16 without its mark
        raise EnvFileError(f"{path}: is not UTF-8, for it has NUL in it; save it as UTF-8")
    return text


def _resolved(value: str, above: Mapping[str, str], where: str) -> str:
    known = {**os.environ, **above}
    parts = list(parse_variables(value))
    if any(isinstance(part, Variable) and part.default is None and part.name not in known for part in parts):
        raise EnvFileError(where + ": has a ${NAME} that is set nowhere; in single quotes it is text")
    return "".join(part.resolve(known) for part in parts)


def _line(binding: Binding) -> int:
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")


def _is_literal(binding: Binding) -> bool:
    """Whether the value stands in single quotes."""
    return binding.original.string.partition("=")[2].lstrip().startswith("'")
