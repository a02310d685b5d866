"""Where a service keeps its contract, and the types that are written from it."""

from pathlib import Path


def contract_of(root: Path) -> Path:
    """The contract; beside it stand the configurations of the tools that read it."""
    return root / "contracts" / "openapi.yaml"


def schemas_of(root: Path) -> Path:
    """The folder of the types."""
    return root / "app" / "schemas"
