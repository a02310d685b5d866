"""The file `.env`, read so that a mistake in it is told instead of changing a value."""

from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from dotenv.main import resolve_variables
from dotenv.parser import Binding, parse_stream
from pydantic_settings import DotEnvSettingsSource


class EnvFileError(ValueError):
    """The file cannot be read; the message names it, the line, and what to do."""


class EnvFileSource(DotEnvSettingsSource):
    """Settings of `.env`. A shell's rules for quotes: `${NAME}` stands for a variable, but not inside of single quotes."""

    def _read_env_file(self, file_path: Path) -> Mapping[str, str | None]:
        values = read_env_file(file_path)
        return {name if self.case_sensitive else name.lower(): value for name, value in values.items() if value}


def read_env_file(path: Path) -> Mapping[str, str | None]:
    """The variables of a file.

    Raises:
        EnvFileError: it may not be read, is not UTF-8, or has a line that is no `NAME=VALUE`.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise EnvFileError(f"{path}: is not UTF-8, as `>` of Windows PowerShell writes it; save it as UTF-8") from None
    except OSError as error:
        raise EnvFileError(f"{path}: cannot be read ({error.strerror}); let this user read it") from None
    bindings = list(parse_stream(StringIO(text)))
    for binding in bindings:
        if binding.error or (binding.key is not None and binding.value is None):
            raise EnvFileError(
                f"{path}, line {_line(binding)}: is not NAME=VALUE; a value over several lines needs quotes"
            )
    values = [(binding.key, binding.value) for binding in bindings if binding.key is not None]
    literal = {binding.key: binding.value for binding in bindings if binding.key is not None and _is_literal(binding)}
    return {**resolve_variables(values, override=True), **literal}


def _line(binding: Binding) -> int:
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")


def _is_literal(binding: Binding) -> bool:
    """Whether the value stands in single quotes."""
    return binding.original.string.partition("=")[2].lstrip().startswith("'")
