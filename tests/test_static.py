"""Every variant passes its own static gates exactly as baked: nothing is fixed up first."""

import json
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.project import Project
from tests.variants import Variant, cross_product, owning, shaping, title

VARIANTS = pytest.mark.parametrize("variant", cross_product(shaping()), ids=title)
Baked = Callable[[Variant], Project]


@VARIANTS
def test_variant_passes_lint(baked: Baked, service_commands: Path, variant: Variant) -> None:
    result = baked(variant).run(service_commands / "ruff", "check", "--no-fix", "--no-cache", ".")

    assert result.returncode == 0, result.stdout


@VARIANTS
def test_variant_is_born_formatted(baked: Baked, service_commands: Path, variant: Variant) -> None:
    result = baked(variant).run(service_commands / "ruff", "format", "--check", "--no-cache", ".")

    assert result.returncode == 0, result.stdout


@VARIANTS
def test_variant_passes_strict_typing(baked: Baked, service_commands: Path, mypy_cache: Path, variant: Variant) -> None:
    result = baked(variant).run(service_commands / "mypy", "--strict", "--cache-dir", mypy_cache)

    assert result.returncode == 0, result.stdout


@VARIANTS
def test_variant_keeps_its_layers(baked: Baked, service_commands: Path, variant: Variant) -> None:
    result = baked(variant).run(
        service_commands / "lint-imports", "--no-logo", "--no-cache", PYTHONDONTWRITEBYTECODE="1"
    )

    assert result.returncode == 0, result.stdout


@VARIANTS
def test_variant_declares_what_it_imports_and_no_more(baked: Baked, service_commands: Path, variant: Variant) -> None:
    result = baked(variant).run(service_commands / "deptry", "app", "alembic")

    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("variant", cross_product(owning()), ids=title)
def test_types_of_variant_are_what_its_contract_says(baked: Baked, service_commands: Path, variant: Variant) -> None:
    result = baked(variant).run(
        service_commands / "python", "-m", "dev.contract", "generate", "--check", PYTHONDONTWRITEBYTECODE="1"
    )

    assert result.returncode == 0, result.stdout


@VARIANTS
def test_data_files_of_variant_parse(baked: Baked, variant: Variant) -> None:
    parsers: dict[str, Callable[[str], object]] = {
        ".toml": tomllib.loads,
        ".lock": tomllib.loads,
        ".json": json.loads,
        ".yaml": yaml.safe_load,
        ".yml": yaml.safe_load,
    }
    project = baked(variant)
    files = [name for name in project.files() if Path(name).suffix in parsers]

    parsed = [parsers[Path(name).suffix](project.text(name)) for name in files]

    assert len(parsed) >= 3
    assert all(parsed)
