"""The template as a git repository with releases: the last tags of this one where they are there, the work tree, and two releases to come."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

from tests.project import copy_template
from tests.repository import commit, git
from tests.variants import REPOSITORY
from tools.wheel import SOURCE, build

WORK_TREE = "work-tree"
LATER = ("later", "latest")
RELEASES_TO_TRY = 2
TREE = "{{cookiecutter.project_slug}}"
# Where a service is changed too, as near to its lines as a template may come.
CHANGES = {
    "app/api/router.py": ("GUARDED: list", "# Listed by release {0}.\n\\g<0>"),
    "app/core/permissions.py": ("    # Updates of the template add", '    {0}_READ = "{1}:read"\n\\g<0>'),
    "app/core/errors.py": (r"\Z", "\n\n# A line of release {0}.\n"),
    "README.md": ("## Gates\n", "A line of release {0}.\n\n\\g<0>"),
    "contracts/openapi.yaml": ("components:\n", "# A line of release {0}.\n\\g<0>"),
    "justfile": ("# Run for production", "# A line of release {0}.\n\n\\g<0>"),
    "pyproject.toml": (r'"types-pyyaml>=[\d.]+"', '"types-pyyaml>=6.0.12.2025{2}"'),
}


def last_tags() -> list[str]:
    """The last releases of this repository; none in a clone without tags or history."""
    listing = ["git", "tag", "--list", "v[0-9]*.[0-9]*.[0-9]*", "--merged", "HEAD", "--sort=-version:refname"]
    listed = subprocess.run(listing, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    return [tag for tag in listed.stdout.split() if "-" not in tag][:RELEASES_TO_TRY][::-1]


def make_releases(folder: Path) -> Path:
    """A clone whose tags are the last releases, the work tree, and two that come after it."""
    git(folder.parent, "clone", "--quiet", str(REPOSITORY), str(folder))
    git(folder, "rm", "-r", "--quiet", ".")
    copy_template(folder)
    release(folder, WORK_TREE)
    for number, name in enumerate(LATER, 1):
        for file, (place, text) in CHANGES.items():
            path = folder / TREE / file
            content = path.read_text(encoding="utf-8")
            changed = re.sub(place, text.format(name.upper(), name, f"010{number}"), content, count=1)
            assert changed != content, f"{file} has no {place}"
            path.write_text(changed, encoding="utf-8")
        (folder / TREE / "app" / "core" / f"{name}.py").write_text(f'"""New in release {name}."""\n', encoding="utf-8")
        renew_wheel(folder, number)
        release(folder, name)
    return folder


def renew_wheel(folder: Path, number: int) -> None:
    """Another devkit: first the same name with other bytes, then another version, which is another name."""
    source, vendor = folder / "devkit", folder / TREE / "vendor"
    shutil.copytree(SOURCE, source, dirs_exist_ok=True, ignore=shutil.ignore_patterns("tests", "__pycache__", ".*"))
    (source / "src" / "service_devkit" / "later.py").write_text(f'"""Release {number}."""\n', encoding="utf-8")
    if number > 1:
        version = tomllib.loads((source / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
        for path in (source / "pyproject.toml", folder / TREE / "pyproject.toml"):
            text = path.read_text(encoding="utf-8")
            text = text.replace(f'\nversion = "{version}"', '\nversion = "0.4.9"', 1) if path.parent == source else text
            path.write_text(text.replace(f"service_devkit-{version}-", "service_devkit-0.4.9-"), encoding="utf-8")
    for wheel in vendor.glob("*.whl"):
        wheel.unlink()
    shutil.copy(build(folder.parent / f"wheel-{number}", source), vendor)


def release(folder: Path, name: str) -> None:
    """Commit all that is there, and tag it."""
    commit(folder)
    git(folder, "tag", name)
