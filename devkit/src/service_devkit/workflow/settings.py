"""What a service says about its workflow: `[tool.devkit.workflow]` of `pyproject.toml`."""

from dataclasses import dataclass, fields
from pathlib import Path

from service_devkit.project import tool
from service_devkit.workflow.command import Refused


@dataclass(frozen=True)
class Settings:
    """One line of `[tool.devkit.workflow]` each; commands are lines of a shell, run in the folder of the service."""

    main: str = "main"
    remote: str = "origin"
    forge: str = ""
    first_port: int = 18_000
    setup: str = '"${UV:-uv}" sync --quiet'
    gates: str = '"${UV:-uv}" run just check && "${UV:-uv}" run just integration'
    hotfix_gates: str = '"${UV:-uv}" run just check --except performance --except fuzz --except audit'
    tests: str = '"${UV:-uv}" run python -m pytest'
    coverage: str = '"${UV:-uv}" run coverage report --format=total --precision=2'


def settings_of(root: Path) -> Settings:
    """The settings of a service.

    Raises:
        Refused: a name that is no setting, or a value of another type.
    """
    given = {str(name).replace("-", "_"): value for name, value in tool(root, "devkit", "workflow").items()}
    types = {field.name: type(field.default) for field in fields(Settings)}
    for name, value in given.items():
        if name not in types or type(value) is not types[name]:
            known = ", ".join(f"{known.replace('_', '-')} ({kind.__name__})" for known, kind in types.items())
            raise Refused(
                f"[tool.devkit.workflow] has {name.replace('_', '-')} = {value!r}", then=f"the settings are {known}"
            )
    return Settings(**given)  # type: ignore[arg-type] # checked above, by the types of the fields
