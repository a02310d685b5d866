"""The lock names the versions that were tested, and no host."""

import re

from tests.variants import TREE
from tools.lock import versions, without_hosts

LOCK = (TREE / "uv.lock").read_text(encoding="utf-8")

COMPLETED = """\
version = 1
revision = 5
requires-python = ">=3.11"
resolution-markers = [
    "python_full_version >= '3.12'",
    "python_full_version < '3.12'",
]

[[package]]
name = "click"
version = "8.5.1"
source = { registry = "https://index.example/simple" }
dependencies = [
    { name = "colorama", version = "1.0", source = { registry = "https://index.example/simple" }, marker = "sys_platform == 'win32'" },
]
sdist = { url = "https://files.example/click.tar.gz", hash = "sha256:00", size = 1 }
wheels = [
    { url = "https://files.example/click.whl", hash = "sha256:00", size = 1 },
]

[[package]]
name = "service-name"
version = "0.1.0"
source = { virtual = "." }
dependencies = [
    { name = "click" },
]

[package.metadata]
requires-dist = [{ name = "click", specifier = ">=8.5,<9" }]

[package.metadata.requires-dev]
dev = [{ name = "click" }]
"""

STRIPPED = """\
version = 1
revision = 5
# {% filter replace("3.11", cookiecutter.python_version) %}
requires-python = ">=3.11"
# {% endfilter %}
resolution-markers = [
    "python_full_version < '3.12'",
    "python_full_version >= '3.12'",
]

[[package]]
name = "click"
version = "8.5.1"
source = { registry = "." }
dependencies = [
    { name = "colorama", version = "1.0", source = { registry = "." }, marker = "sys_platform == 'win32'" },
]

[[package]]
# {% filter replace("service-name", cookiecutter.project_slug) %}
name = "service-name"
# {% endfilter %}
version = "0.1.0"
source = { virtual = "." }
dependencies = [
    { name = "click" },
]
"""


def test_stripping_takes_hosts_hashes_and_requirements_out_and_keeps_versions() -> None:
    assert without_hosts(COMPLETED).rstrip("\n") == STRIPPED.rstrip("\n")


def test_stripping_twice_changes_nothing() -> None:
    assert without_hosts(LOCK) == LOCK


def test_committed_lock_names_no_host_and_no_file() -> None:
    wheel = 'source = { path = "vendor/service_devkit-'

    named = [line for line in re.findall(r".*(?:://|sha256|\.whl|\.tar\.gz).*", LOCK) if not line.startswith(wheel)]

    assert named == []


def test_committed_lock_has_the_packages_that_the_service_names() -> None:
    named = set(
        re.findall(
            r'^    "([a-z0-9-]+)(?:\[.*\])?>=', (TREE / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE
        )
    )

    assert named
    assert named <= {name for name, _ in versions(LOCK)}
