"""A small interpreter of Dockerfiles for machines without Docker: it takes the steps themselves, one by one, in another root.

The base image is a stand-in: the system of this machine, read-only, and its Python, as the official image has it. So what is proven is the steps, their order, paths, users and
commands, not the real base. An instruction, a flag or an image that is not known here is an error, never skipped.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from string import Template

from tests.project import run
from tests.service_environment import commands_of_ours
from tools.derived import matches
from tools.lock import uv

Caches = Sequence[tuple[Path, str]]  # a folder of this machine, and where the image sees it

PYTHON = Path(sys.base_prefix)
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
BASE = f"python:{VERSION}-slim-trixie"
# What the official image takes out of its Python, bytecode above all, and packages of this machine.
NOT_IN_BASE = ("__pycache__", "test", "tests", "idle_test", "libpython*.a", "site-packages")
# The instructions that are known here, with their flags.
KNOWN_FLAGS: dict[str, set[str]] = {
    **{name: set() for name in ("FROM", "ENV", "WORKDIR", "USER", "EXPOSE", "CMD")},
    "COPY": {"from"},
    "RUN": {"mount"},
    "HEALTHCHECK": {"interval", "timeout", "start-period", "start-interval"},
}
ABSENT_SECRETS = {"type=secret,id=ca"}  # a secret that is not handed in is mounted nowhere
# What the build may know of the network that it is in, as Docker passes proxies on.
NETWORK = re.compile(r"(?:SSL_CERT_\w+|\w+_PROXY|UV_DEFAULT_INDEX|UV_INDEX\w*)", re.IGNORECASE)
# Arguments: the root, whether it may be written to, then source, target and mode of each mount up to `--`, then those of chroot.
ENTER = """
root=$1 mode=$2; shift 2
mount --bind "$root" "$root"
while [ "$1" != -- ]; do
    mkdir -p "$root$2"
    mount --rbind "$1" "$root$2"
    [ "$3" = rw ] || mount -o remount,bind,ro "$root$2"
    shift 3
done
shift
[ "$mode" = rw ] || mount -o remount,bind,ro "$root"
exec chroot "$@"
"""


@dataclass(frozen=True)
class Step:
    """One instruction: `RUN --mount=type=cache make` has a name, flags and a text."""

    name: str
    flags: dict[str, str]
    text: str

    def exec_form(self) -> list[str]:
        """The command as a list; ValueError where a shell would be started for it."""
        command: list[str] = json.loads(self.text.removeprefix("CMD "))
        return command


def parse(text: str) -> list[Step]:
    """Read a Dockerfile."""
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    return [_step(line) for line in text.splitlines() if line.strip()]


def _step(line: str) -> Step:
    name, _, rest = line.strip().partition(" ")
    flags: dict[str, str] = {}
    while match := re.match(r"\s*--([a-z-]+)=(\S+)\s*", rest):
        if match[1] in flags and match[1] != "mount":
            raise LookupError(f"--{match[1]} stands twice, which is not known here")
        flags[match[1]] = f"{flags.get(match[1], '')} {match[2]}".strip()
        rest = rest[match.end() :]
    return Step(name, flags, re.sub(r"\s+", " ", rest.strip()))


def last_stage(steps: list[Step]) -> list[Step]:
    """The steps that make the image itself, without those of the stages before."""
    start = max(number for number, step in enumerate(steps) if step.name == "FROM")
    return steps[start:]


def context_files(folder: Path) -> set[str]:
    """What enters the build: the files that `.dockerignore` leaves; the last pattern that matches decides."""
    lines = (folder / ".dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in lines if line and not line.startswith("#")]
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return {name for name in names if not _is_ignored(name, patterns)}


def _is_ignored(name: str, patterns: list[str]) -> bool:
    deciding = [pattern for pattern in patterns if matches(name, pattern.removeprefix("!"))]
    return bool(deciding) and not deciding[-1].startswith("!")


def why_not_here() -> str | None:
    """Why no other root and user can be entered here, if so."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "only root on Linux can enter another root as another user"
    trial = subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True)  # noqa: S607 - of the system
    return None if trial.returncode == 0 else "this machine allows no mount namespaces"


@dataclass
class Image:
    """A root, and how commands run in it."""

    root: Path
    environment: dict[str, str]
    workdir: str = "/"
    user: str = "0:0"
    command: list[str] = field(default_factory=list)
    healthcheck: list[str] = field(default_factory=list)
    intervals: dict[str, float] = field(default_factory=dict)  # of the health check, in seconds

    def path(self, inside: str) -> Path:
        """Where a path of the image is on this machine."""
        return self.root / os.path.normpath(f"{self.workdir}/{inside}" if inside[0] != "/" else inside).lstrip("/")

    def argv(
        self, command: list[str], given: Mapping[str, str], *, read_only: bool = False, caches: Caches = ()
    ) -> list[str]:
        """What runs a command as Docker would; the process stays the same down to the command, so signals reach it."""
        home = "/root" if self.user.startswith("0:") else "/"
        environment = {"HOME": home, **self.environment, **given}
        mounts = [*_system(), *((str(source), target, "rw") for source, target in caches)]
        return [
            *("unshare", "--mount", "sh", "-ec", ENTER, "sh", str(self.root), "ro" if read_only else "rw"),
            *(word for mount in mounts for word in mount),
            *("--", f"--userspec={self.user}", "--groups=", str(self.root)),
            *("env", "-i", f"--chdir={self.workdir}", *(f"{name}={value}" for name, value in environment.items())),
            *command,
        ]

    def run(self, command: list[str], given: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command and wait for its end; output and errors come back together."""
        return subprocess.run(
            self.argv(command, given or {}), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
        )

    @contextmanager
    def entered(self) -> Iterator[Container]:
        """The root held open, read-only, so that commands start in it at once, as `docker exec` starts them."""
        argv = self.argv(["sleep", "infinity"], {}, read_only=True)
        with subprocess.Popen(argv) as holder:
            try:
                while Path(f"/proc/{holder.pid}/comm").read_text(encoding="utf-8") != "sleep\n":
                    if holder.poll() is not None:
                        raise RuntimeError("the root cannot be entered")
                    time.sleep(0.01)
                yield Container(self, holder.pid)
            finally:
                holder.kill()


@dataclass(frozen=True)
class Container:
    """An image in whose root a process holds the mounts."""

    image: Image
    holder: int

    def argv(self, command: Sequence[str], given: Mapping[str, str]) -> list[str]:
        """What runs a command; the process stays the same down to the command."""
        user, _, group = self.image.user.partition(":")
        environment = {"HOME": "/", **self.image.environment, **given}
        return [
            *("nsenter", f"--target={self.holder}", "--mount", "--root", f"--setuid={user}", f"--setgid={group}"),
            *(
                "env",
                "-i",
                f"--chdir={self.image.workdir}",
                *(f"{name}={value}" for name, value in environment.items()),
            ),
            *command,
        ]


def _system() -> list[tuple[str, str, str]]:
    """The stand-in's mounts: the system without /usr/local."""
    folders = [f"/usr/{path.name}" for path in Path("/usr").iterdir() if path.is_dir() and path.name != "local"]
    mounts = [(folder, folder, "ro") for folder in (*folders, "/etc")]
    return [*mounts, ("/dev", "/dev", "rw"), ("/proc", "/proc", "rw")]


class Build:
    """The build of one image. `others` are the foreign images that files are copied from: a folder for each name."""

    image: Image

    def __init__(self, context: Path, folder: Path, *, others: dict[str, Path], cache: Path) -> None:
        self._folder, self._others, self._cache = folder, others, cache
        self._context = folder / "context"
        for name in context_files(context):
            _copy_file(context / name, self._context / name)
        self._images: dict[str, Image] = {}
        for step in parse((context / "Dockerfile").read_text(encoding="utf-8")):
            if unknown := step.flags.keys() - KNOWN_FLAGS[step.name]:
                raise LookupError(f"{step.name} has flags that are not known here: {unknown}")
            getattr(self, f"_{step.name.lower()}")(step)

    def _base(self) -> Image:
        root = self._folder / f"stage-{len(self._images)}"
        shutil.copytree(PYTHON / "bin", root / "usr/local/bin", symlinks=True)
        shutil.copytree(
            PYTHON / "lib", root / "usr/local/lib", symlinks=True, ignore=shutil.ignore_patterns(*NOT_IN_BASE)
        )
        for name in ("bin", "lib", "lib64", "sbin"):
            (root / name).symlink_to(f"usr/{name}")
        (root / "tmp").mkdir()
        (root / "tmp").chmod(0o1777)
        path = "/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
        return Image(root, {"PATH": path, "LD_LIBRARY_PATH": "/usr/local/lib"})

    def _from(self, step: Step) -> None:
        source, _, name = step.text.partition(" AS ")
        if source not in {BASE, *self._images}:
            raise LookupError(f"no stand-in for {source}")
        if source == BASE:
            self.image = self._base()
        else:
            root = self._folder / f"stage-{len(self._images)}-of-{source}"
            parent = self._images[source]
            shutil.copytree(parent.root, root, symlinks=True)
            self.image = replace(parent, root=root, environment=dict(parent.environment))
        self._images[name] = self.image

    def _copy(self, step: Step) -> None:
        *sources, target = step.text.split()
        origin = self._origin(step.flags.get("from"))
        for source in (origin / source.lstrip("/") for source in sources):
            into = self.image.path(target)
            if source.is_dir():
                shutil.copytree(source, into, symlinks=True, dirs_exist_ok=True)
            else:
                _copy_file(source, into / source.name if target.endswith("/") else into)

    def _origin(self, name: str | None) -> Path:
        if name is None:
            return self._context
        return self._images[name].root if name in self._images else self._others[name]

    def _env(self, step: Step) -> None:
        for pair in shlex.split(step.text):
            name, _, value = pair.partition("=")
            self.image.environment[name] = Template(value).substitute(self.image.environment)

    def _run(self, step: Step) -> None:
        mounts = [mount for mount in step.flags.get("mount", "").split() if mount not in ABSENT_SECRETS]
        caches = [(self._cache, self._cached(mount)) for mount in mounts]
        network = {name: value for name, value in os.environ.items() if NETWORK.fullmatch(name)}
        argv = self.image.argv(["/bin/sh", "-c", step.text], network, caches=caches)
        done = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"RUN {step.text}\n{done.stdout}")

    @staticmethod
    def _cached(mount: str) -> str:
        parts = dict(part.split("=") for part in mount.split(","))
        if parts.keys() != {"type", "target"} or parts["type"] != "cache":
            raise LookupError(f"--mount={mount} is not known here")
        return parts["target"]

    def _workdir(self, step: Step) -> None:
        self.image.workdir = step.text
        self.image.path(step.text).mkdir(parents=True, exist_ok=True)

    def _user(self, step: Step) -> None:
        self.image.user = step.text

    def _expose(self, step: Step) -> None:
        """Says something to people, and changes nothing."""

    def _healthcheck(self, step: Step) -> None:
        self.image.healthcheck = step.exec_form()
        self.image.intervals = {name: float(text.removesuffix("s")) for name, text in step.flags.items()}

    def _cmd(self, step: Step) -> None:
        self.image.command = step.exec_form()


def built(service: Path, folder: Path) -> Image:
    """The image of a baked service whose lock is complete: every step of its Dockerfile, with our own uv."""
    (folder / "uv").mkdir(parents=True)
    shutil.copy2(commands_of_ours() / "uv", folder / "uv" / "uv")
    others = {f"ghcr.io/astral-sh/uv:{importlib.metadata.version('uv')}": folder / "uv"}
    cache = run(uv(), "cache", "dir", cwd=service, NO_COLOR="1").stdout.strip()
    return Build(service, folder / "stages", others=others, cache=Path(cache)).image


def _copy_file(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)
