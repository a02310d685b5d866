"""Build the wheel of devkit that stands in the service: `python -m tools.wheel [--check]`.

The build is reproducible: the same source gives the same bytes, so whether the wheel in the tree is that of the source beside it can be
seen (docs/decisions/0013-three-products-in-one-repository.md).
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tools.lock import REPOSITORY, TREE, uv

SOURCE = REPOSITORY / "devkit"
VENDOR = TREE / "vendor"


def build(folder: Path, source: Path = SOURCE) -> Path:
    """Build the wheel into a folder; its path."""
    environment = {
        name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "SOURCE_DATE_EPOCH")
    }
    command = [
        uv(),
        "build",
        "--quiet",
        "--wheel",
        "--no-config",
        "--force-pep517",
        "--out-dir",
        str(folder),
        str(source),
    ]
    if subprocess.run(command, check=False, env=environment, cwd=source).returncode:
        sys.exit("uv could not build the wheel.")
    (wheel,) = folder.glob("*.whl")
    return wheel


def main() -> int:
    """Put the wheel in its place, or say whether it is the one of the source."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.wheel", description="Build the wheel of devkit that stands in the service."
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit 1 if the wheel is not that of the source"
    )
    check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as folder:
        built = build(Path(folder))
        name, content = built.name, built.read_bytes()
    standing = {path.name: path.read_bytes() for path in VENDOR.glob("*.whl")}
    if standing == {name: content}:
        print(f"{name} is built from devkit/.")
        return 0
    if check:
        print(
            f"vendor/ holds {', '.join(standing) or 'no wheel'}, which is not what devkit/ builds: python -m tools.wheel"
        )
        return 1
    VENDOR.mkdir(exist_ok=True)
    for old in standing:
        (VENDOR / old).unlink()
    (VENDOR / name).write_bytes(content)
    print(f"Written: {(VENDOR / name).relative_to(REPOSITORY)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
