"""The manifests of a service as a cluster would read them: rendered by kustomize where kubectl is installed, and held to the schemas of Kubernetes."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from tests.project import Project
from tests.variants import Answer, Variant, choices

KUSTOMIZE = pytest.mark.skipif(shutil.which("kubectl") is None, reason="THE OVERLAY WAS NOT RENDERED: no kubectl here")
OLDEST, NEWEST = "1.29", "1.37"  # unhealthyPodEvictionPolicy is of 1.27


Folder = Callable[..., Path]


@pytest.fixture
def folder_of(baked: Callable[[Variant], Project], tmp_path: Path) -> Folder:
    """The manifests of a service, for the test to change."""

    def folder_of(auth: Answer = "none") -> Path:
        answers: Variant = {"auth": auth, "docker": True, "kubernetes": True, "example": False, "jobs": True}
        project = baked({**answers, "telemetry": True})
        return Path(shutil.copytree(project.root / "deploy" / "kubernetes", tmp_path / "kubernetes"))

    return folder_of


@pytest.fixture
def folder(folder_of: Folder) -> Path:
    """The manifests of some service."""
    return folder_of()


def objects_of_the_base(folder: Path) -> Iterator[dict[str, Any]]:
    """What the files of the base say."""
    for path in sorted((folder / "base").glob("*.yaml")):
        yield from (each for each in yaml.safe_load_all(path.read_text()) if each["kind"] != "Kustomization")


def rendered(folder: Path) -> list[dict[str, Any]]:
    """What `kubectl apply -k` would send."""
    command = ["kubectl", "kustomize", str(folder / "overlays" / "production")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return list(yaml.safe_load_all(done.stdout))


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_base_follows_the_schemas(folder: Path, version: str) -> None:
    kinds = [each["kind"] for each in objects_of_the_base(folder)]

    for each in objects_of_the_base(folder):
        kubernetes_validate.validate(each, version, strict=True)

    assert {"Deployment", "Service", "Job", "HorizontalPodAutoscaler", "PodDisruptionBudget"} <= {*kinds}


def test_schema_sees_a_key_that_there_is_not(folder: Path) -> None:
    deployment = next(each for each in objects_of_the_base(folder) if each["kind"] == "Deployment")
    deployment["spec"]["stratgey"] = {}

    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(deployment, NEWEST, strict=True)


@KUSTOMIZE
@pytest.mark.parametrize("auth", choices()["auth"])
def test_rendered_overlay_follows_the_schemas_and_belongs_to_the_service(folder_of: Folder, auth: Answer) -> None:
    objects = rendered(folder_of(auth))

    for each in objects:
        kubernetes_validate.validate(each, NEWEST, strict=True)
    assert {each["metadata"]["namespace"] for each in objects} == {"my-service"}
    assert {each["metadata"]["labels"]["app.kubernetes.io/name"] for each in objects} == {"my-service"}


@KUSTOMIZE
@pytest.mark.parametrize("tag", ["0.1.0", "1.2.3-alpha.1", "2026-11-28"])
def test_release_has_a_job_of_its_own(folder: Path, tag: str) -> None:
    overlay = folder / "overlays" / "production" / "kustomization.yaml"
    overlay.write_text(overlay.read_text().replace('newTag: "0.1.0"', f'newTag: "{tag}"'))

    objects = {f"{each['kind']}/{each['metadata']['name']}": each for each in rendered(folder)}

    images = [
        objects[name]["spec"]["template"]["spec"]["containers"][0]["image"]
        for name in ("Deployment/app", f"Job/migrate-{tag}")
    ]
    assert images == [f"registry.example.com/my-service:{tag}"] * 2


@KUSTOMIZE
def test_change_of_a_setting_rolls_the_pods(folder: Path) -> None:
    settings = folder / "overlays" / "production" / "settings.env"

    def taken() -> str:
        pods = [each["spec"]["template"]["spec"] for each in rendered(folder) if each["kind"] == "Deployment"]
        (name,) = {pod["containers"][0]["envFrom"][0]["configMapRef"]["name"] for pod in pods}
        return str(name)

    before = taken()
    settings.write_text(settings.read_text().replace("LOG_LEVEL=INFO", "LOG_LEVEL=DEBUG"))

    assert before.startswith("settings-")
    assert taken() != before
