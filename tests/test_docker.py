"""The Docker files of a service, read: what no build is needed for. tests/test_docker_replay.py runs their steps."""

from __future__ import annotations

import importlib.metadata
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import Bake
from tests.dockerfile import Step, context_files, last_stage, parse
from tests.project import Project, run
from tests.service_environment import commands_of_ours
from tests.variants import REPOSITORY, Variant, choices
from tools.lock import uv
from tools.wheel import VENDOR

OFF_THE_IMAGE = (
    ".env",
    ".git/config",
    ".venv/bin/python",
    ".dev/postgres/data/PG_VERSION",
    "app/.env",
)
# The lock names it; the build looks at it and leaves it behind.
WHEEL = {f"vendor/{path.name}" for path in VENDOR.glob("*.whl")}
CACHES = ("app/__pycache__/main.cpython-311.pyc", "alembic/versions/__pycache__/x.pyc")

AUTHENTICATE = """
import asyncio, sys
from app.auth.provider import build_authenticator
from app.core.settings import load_settings
print("signed in as", asyncio.run(build_authenticator(load_settings()).authenticate([sys.argv[1]])).subject)
"""
DEVKIT = REPOSITORY / "devkit" / "src" / "service_devkit"
# What the commands of Compose import of devkit.
OF_DEVKIT = ("__main__", "environment", "project", "sign_in")


@pytest.fixture
def service(baked: Callable[[Variant], Project]) -> Project:
    """A service with the answers that every other has, and Docker."""
    return baked({"docker": True})


def steps_of(service: Project) -> list[Step]:
    """The Dockerfile, step by step."""
    return parse(service.text("Dockerfile"))


def only(steps: list[Step], name: str) -> Step:
    """The one step of this name."""
    (step,) = (step for step in steps if step.name == name)
    return step


def compose_of(service: Project) -> dict[str, Any]:
    """The Compose file."""
    document: dict[str, Any] = yaml.safe_load(service.text("compose.yaml"))
    return document


def without_variables(value: object) -> str:
    """A value of the Compose file as it is where no variable is set: `${PORT:-8000}` is 8000."""
    return re.sub(r"\$\{\w+:-(.*)\}", r"\1", str(value))


def test_hadolint_finds_nothing(service: Project) -> None:
    result = service.run(commands_of_ours() / "hadolint", "--no-color", "Dockerfile")

    assert (result.returncode, result.stdout) == (0, "")


@pytest.mark.parametrize("auth", choices()["auth"])
def test_compose_file_follows_the_schema(baked: Callable[[Variant], Project], auth: str) -> None:
    command = commands_of_ours() / "check-jsonschema"

    result = baked({"auth": auth, "docker": True}).run(
        command, "--builtin-schema", "vendor.compose-spec", "compose.yaml"
    )

    assert result.returncode == 0, result.stdout


def test_page_names_the_oldest_versions_that_know_what_is_used(service: Project) -> None:
    """From the release notes of Docker Engine (the `HEALTHCHECK` of a Dockerfile) and of Compose."""
    since_engine = {"--start-interval=": (25,), "--mount=": (23,), "HEALTHCHECK": (1, 12)}
    since_compose = {"start_interval": (2, 20, 2), "required: false": (2, 24), "service_completed_successfully": (2, 0)}
    files = [(service.text("Dockerfile"), since_engine), (service.text("compose.yaml"), since_compose)]

    engine, compose = (max(since for word, since in known.items() if word in text) for text, known in files)

    page = service.text("docs/docker.md")
    assert (
        f"Docker Engine {'.'.join(map(str, engine))} and Compose {'.'.join(map(str, compose))} are the oldest" in page
    )


def test_image_is_made_of_two_folders_of_the_build_and_nothing_else(service: Project) -> None:
    steps = last_stage(steps_of(service))

    assert steps[0].text == "base"
    assert [(step.flags, step.text) for step in steps if step.name in {"COPY", "ADD"}] == [
        ({"from": "build"}, "/opt/venv /opt/venv"),
        ({"from": "build"}, "/srv /srv"),
    ]
    assert [step for step in steps if step.name == "RUN"] == []


def test_dependencies_are_the_locked_ones_without_those_of_development(service: Project) -> None:
    syncs = [part for step in steps_of(service) for part in step.text.split(" && ") if "uv sync" in part]

    assert syncs == ["uv sync --locked --no-dev"]


@pytest.mark.parametrize(("certificates", "seen"), [("visibly fake", "ca"), ("", ""), (None, "")])
def test_certificates_of_a_proxy_are_a_secret_of_the_build(
    service: Project, tmp_path: Path, certificates: str | None, seen: str
) -> None:
    (step,) = (step for step in steps_of(service) if "uv sync" in step.text)
    (tmp_path / "uv").write_text('#!/bin/sh\necho "uses $SSL_CERT_FILE"\nexit 1\n')
    (tmp_path / "uv").chmod(0o755)
    if certificates is not None:
        (tmp_path / "ca").write_text(certificates)

    done = run(
        "sh",
        "-c",
        step.text.replace("/run/secrets", str(tmp_path)),
        cwd=tmp_path,
        PATH=f"{tmp_path}:/usr/bin:/bin",
        SSL_CERT_FILE="",
    )

    assert "type=secret,id=ca" in step.flags["mount"].split()
    assert done.stdout == f"uses {tmp_path / seen if seen else ''}\n"


def test_uv_of_the_image_is_the_one_that_was_tried(service: Project) -> None:
    sources = [step.flags["from"] for step in steps_of(service) if "from" in step.flags]

    assert f"ghcr.io/astral-sh/uv:{importlib.metadata.version('uv')}" in sources


def test_user_is_a_number_and_not_root(service: Project) -> None:
    user = only(last_stage(steps_of(service)), "USER").text

    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)


def test_service_is_started_and_checked_by_its_own_commands_without_a_shell(service: Project) -> None:
    steps = last_stage(steps_of(service))

    assert only(steps, "CMD").exec_form() == ["python", "-m", "app", "serve"]
    assert only(steps, "HEALTHCHECK").exec_form() == ["python", "-I", "-S", "app/core/probe.py"]


def test_image_is_for_production_unless_told_otherwise(service: Project) -> None:
    environment = " ".join(step.text for step in last_stage(steps_of(service)) if step.name == "ENV")

    assert "ENVIRONMENT=production" in environment.split()


def test_answers_reach_the_files(bake: Bake) -> None:
    service = bake(python_version="3.13", port="9123")

    assert steps_of(service)[0].text == "python:3.13-slim-trixie AS base"
    assert only(steps_of(service), "EXPOSE").text == "9123"
    assert compose_of(service)["services"]["app"]["ports"] == ["127.0.0.1:${PORT:-9123}:${PORT:-9123}"]
    assert compose_of(service)["services"]["app"]["environment"]["PORT"] == "${PORT:-9123}"


def test_only_the_service_enters_the_build(bake: Bake) -> None:
    service = bake()
    wanted = {name for name in service.files() if name.startswith(("app/", "alembic/", "locales/"))}
    for name in (*OFF_THE_IMAGE, *CACHES):
        (service.root / name).parent.mkdir(parents=True, exist_ok=True)
        (service.root / name).write_text("visibly fake")

    assert context_files(service.root) == {*wanted, "alembic.ini", "pyproject.toml", "uv.lock", *WHEEL}


def test_start_order_of_compose_is_held_by_health(service: Project) -> None:
    services = compose_of(service)["services"]

    assert services["db"]["healthcheck"]["test"][1] == "pg_isready"
    assert services["migrate"]["depends_on"] == {
        "db": {"condition": "service_healthy"},
        "setup": {"condition": "service_completed_successfully"},
    }
    assert services["app"]["depends_on"] == {
        "db": {"condition": "service_healthy"},
        "migrate": {"condition": "service_completed_successfully"},
    }


def test_compose_runs_a_worker_on_what_the_service_runs_on(baked: Callable[[Variant], Project]) -> None:
    services = compose_of(baked({"docker": True, "jobs": True}))["services"]
    worker, app = services["worker"], services["app"]

    assert "python -m app worker --reload" in worker["command"][-1]
    assert "app/core/probe.py" in worker["healthcheck"]["test"]
    assert "ports" not in worker
    assert {name for name in app if worker.get(name) != app[name]} == {"command", "ports"}


def test_copies_of_a_service_run_at_once(service: Project) -> None:
    compose = compose_of(service)
    ports = [port for each in compose["services"].values() for port in each.get("ports", [])]

    assert "name" not in compose
    assert [each for each in compose["services"].values() if "container_name" in each] == []
    assert compose["volumes"] == {"database": None}
    assert all(re.fullmatch(r"127\.0\.0\.1:\$\{\w+:-\d+\}:.*", port) for port in ports)


def test_code_of_the_image_is_replaced_by_that_of_the_folder(service: Project) -> None:
    compose = compose_of(service)["services"]
    workdir = [step.text for step in steps_of(service) if step.name == "WORKDIR"][-1]

    assert compose["app"]["volumes"] == compose["migrate"]["volumes"] == [f".:{workdir}:ro"]
    assert compose["setup"]["volumes"] == [f".:{workdir}"]
    assert compose["app"]["command"][-1] == "--reload"


def test_one_service_of_compose_builds_the_image_and_all_take_it(service: Project) -> None:
    ours = {name: each for name, each in compose_of(service)["services"].items() if name != "db"}

    assert [name for name, each in ours.items() if "build" in each] == ["setup"]
    assert {each["image"] for each in ours.values()} == {"${COMPOSE_PROJECT_NAME:-service}-app"}
    assert {each["pull_policy"] for each in ours.values()} == {"never", "build"}


def test_compose_knows_no_secret_of_the_service(bake: Bake, service_commands: Path) -> None:
    service = bake(auth="jwt")
    given = compose_of(service)["services"]["app"]["environment"]
    settings = {name: without_variables(value) for name, value in given.items()} | {"ENVIRONMENT": "production"}

    result = run(service_commands / "python", "-m", "app", "doctor", cwd=service.root, **settings)

    missing = set(re.findall(r"^  (\w+): is missing", result.stdout, re.MULTILINE))
    assert missing == {"SECRET_KEY", "ACCESS_TOKEN_KEYS"}


def as_compose_runs(service: Project, commands: Path, name: str, *arguments: str) -> str:
    """What a service of the Compose file prints, run in its folder with the service's own Python."""
    each = compose_of(service)["services"][name]
    command = [word.replace("$$", "$") for word in (*each.get("entrypoint", []), *(arguments or each["command"]))]
    done = service.run(*command, PATH=f"{commands}{os.pathsep}{os.environ['PATH']}")
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize("auth", ["telegram", "clerk", "jwt"])
def test_developer_with_compose_alone_signs_in(bake: Bake, service_commands: Path, auth: str) -> None:
    service = bake(auth=auth)

    made = as_compose_runs(service, service_commands, "setup")
    header = as_compose_runs(service, service_commands, "sign-in", auth)
    known = service.run(service_commands / "python", "-c", AUTHENTICATE, header.strip().removeprefix("Authorization: "))

    assert made == "settings: .env created, with development secrets\n"
    assert "signed in as " in known.stdout, known.stdout


@pytest.mark.parametrize("auth", ["telegram", "clerk", "jwt"])
def test_copy_with_a_project_name_of_its_own_gets_its_secrets_too(
    bake: Bake, service_commands: Path, auth: str
) -> None:
    service = bake(auth=auth)
    (service.root / ".env").write_text("COMPOSE_PROJECT_NAME=two\n")

    made = as_compose_runs(service, service_commands, "setup")
    completed = service.text(".env")
    again = as_compose_runs(service, service_commands, "setup")
    header = as_compose_runs(service, service_commands, "sign-in", auth)
    known = service.run(service_commands / "python", "-c", AUTHENTICATE, header.strip().removeprefix("Authorization: "))

    assert made.startswith("settings: added to .env: ")
    assert completed.startswith("COMPOSE_PROJECT_NAME=two\n")
    assert (again, service.text(".env")) == ("settings: .env is there\n", completed)
    assert "signed in as " in known.stdout, known.stdout


@pytest.mark.parametrize("auth", ["telegram", "clerk", "jwt"])
def test_refusal_to_sign_in_says_what_helps(bake: Bake, service_commands: Path, auth: str) -> None:
    service = bake(auth=auth)
    (service.root / ".env").write_text("COMPOSE_PROJECT_NAME=two\n")
    sign_in = (service_commands / "python", "-m", "dev", "sign-in", auth)

    refused = service.run(*sign_in)
    (advice,) = re.findall(r"`(devkit [a-z-]+)`", refused.stdout)
    helped = service.run(*f"{service_commands}/{advice}".split())
    signed_in = service.run(*sign_in)

    assert refused.returncode == 1
    assert helped.returncode == 0, helped.stdout
    assert signed_in.stdout.startswith("Authorization: "), signed_in.stdout


@pytest.mark.parametrize("auth", choices()["auth"])
def test_commands_of_compose_import_nothing_that_the_image_lacks(
    baked: Callable[[Variant], Project], auth: str
) -> None:
    service = baked({"auth": auth, "docker": True})
    files = [*(service.root / "dev").rglob("*.py"), *(DEVKIT / f"{name}.py" for name in OF_DEVKIT)]
    lines = "\n".join(path.read_text() for path in files)
    imported = set(re.findall(r"^(?:import|from) (\w+)", lines, re.MULTILINE)) - {"app", "dev", "service_devkit"}
    needed = service.run(uv(), "export", "--frozen", "--no-dev", "--no-hashes", "--no-header", "--no-annotate").stdout
    packages = {name.replace("-", "_") for name in re.findall(r"^[\w-]+(?===)", needed, re.MULTILINE)}

    assert "click" in imported
    assert imported - sys.stdlib_module_names <= packages | ({"jwt"} if "pyjwt" in packages else set())


def test_service_that_signs_nobody_in_has_no_command_for_it(bake: Bake) -> None:
    assert "sign-in" not in compose_of(bake(auth="none"))["services"]
