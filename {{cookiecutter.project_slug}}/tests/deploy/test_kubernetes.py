"""The Kubernetes manifests are held to the application, and each rule that does it finds what it is for."""

import re
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from app.core.settings import Settings
from tests.deploy.manifests import ROOT, Manifests, findings, read

GONE = object()


def test_manifests_are_what_the_application_needs() -> None:
    assert findings(read()) == []


def broken(path: str, value: object) -> Iterator[Manifests]:
    """The manifests with one value changed, or gone, in each object of the kind that has it: `Deployment/spec/strategy`, `settings/PORT`.

    `Service` alone is all that are of this kind.
    """
    if path == "tag":
        yield replace(read(), tag=value)
        return
    if "/" not in path:
        yield replace(read(), objects=[each for each in read().objects if each["kind"] != path])
        return
    first, *middle, last = path.split("/")
    if first == "secrets":
        yield replace(read(), secrets={str(value)})
    for number in range(1 if first == "settings" else len(read().of(first))):
        manifests = deepcopy(read())
        node: Any = manifests.settings if first == "settings" else manifests.of(first)[number]
        try:
            for key in middle:
                node = node[int(key) if key.isdigit() else key]
        except KeyError:
            continue
        if value is GONE:
            del node[last]
        else:
            node[last] = value
        yield manifests


CONTAINER = "spec/template/spec/containers/0"
COMPONENT = "app.kubernetes.io/component"
# Of parts that not every service has.
OPTIONAL = [
    (f"settings/{name.upper().replace('_MEMORY', '_CONCURRENCY')}", "60", "memory_suffices")
    for name in Settings.model_fields
    if name.endswith(("_hashers", "_memory"))
]


@pytest.mark.parametrize(
    ("path", "value", "rule"),
    [
        ("settings/LOG_LEVLE", "INFO", "variables_are_settings: LOG_LEVLE"),
        ("settings/DRAIN_SECONDS", "soon", "variables_are_settings: DRAIN_SECONDS"),
        ("secrets/only", "SECRET_KEY", "variables_are_settings"),
        (f"Deployment/{CONTAINER}/envFrom", [], "pods_get_every_variable"),
        (f"Job/{CONTAINER}/envFrom/1/secretRef/name", "other", "pods_get_every_variable"),
        (f"Job/{CONTAINER}/args", ["python", "-m", "app", "migrat"], "commands_are_commands"),
        (f"Job/{CONTAINER}/args", ["python", "-m", "app", "migrate", "--all"], "commands_are_commands"),
        (f"Deployment/{CONTAINER}/command", ["sh"], "commands_are_commands"),
        (f"Deployment/{CONTAINER}/livenessProbe/httpGet/path", "/health", "probes_ask_routes"),
        (f"Deployment/{CONTAINER}/livenessProbe/httpGet/path", "/readyz", "probes_ask_routes"),
        (f"Deployment/{CONTAINER}/startupProbe", GONE, "probes_ask_routes"),
        ("settings/PORT", "9000", "ports_are_those_of_the_settings"),
        ("Service/spec/ports/0/targetPort", "web", "ports_are_those_of_the_settings"),
        ("NetworkPolicy/spec/ingress/0/ports/0/port", 8000, "ports_are_those_of_the_settings"),
        (f"Deployment/{CONTAINER}/ports/0/containerPort", 8000, "ports_are_those_of_the_settings"),
        (f"Deployment/{CONTAINER}/livenessProbe/httpGet/port", "web", "ports_are_those_of_the_settings"),
        ("Deployment/spec/template/metadata/annotations", {"prometheus.io/port": "80"}, "scrapers_find_metrics"),
        (f"Deployment/{CONTAINER}/readinessProbe/timeoutSeconds", 1, "probes_fit_the_times"),
        (f"Deployment/{CONTAINER}/readinessProbe/periodSeconds", 10, "probes_fit_the_times"),
        (f"Deployment/{CONTAINER}/startupProbe/failureThreshold", 3, "probes_fit_the_times"),
        ("settings/SHUTDOWN_SECONDS", "27", "pods_may_end_in_peace"),
        ("Job/spec/template/spec/terminationGracePeriodSeconds", GONE, "pods_may_end_in_peace"),
        ("Service/spec/selector", {COMPONENT: "web"}, "selectors_match: Service"),
        ("Service/spec/selector", {COMPONENT: "migrate"}, "selectors_match: Service"),
        ("Deployment/spec/selector/matchLabels", {COMPONENT: "migrate"}, "selectors_match: Deployment"),
        ("Deployment/spec/template/metadata/labels", {}, "selectors_match: Deployment"),
        ("PodDisruptionBudget/spec/selector/matchLabels", {"app": "app"}, "selectors_match: PodDisruptionBudget"),
        ("PodDisruptionBudget/spec/selector/matchLabels", {COMPONENT: "migrate"}, "selectors_match"),
        ("NetworkPolicy/spec/podSelector", {"matchLabels": {COMPONENT: "web"}}, "selectors_match: NetworkPolicy"),
        ("HorizontalPodAutoscaler/spec/scaleTargetRef/name", "web", "names_exist: app"),
        ("Job/spec/template/spec/serviceAccountName", "default", "names_exist: Job"),
        ("Service", GONE, "pods_are_reached_and_protected"),
        ("PodDisruptionBudget", GONE, "pods_are_reached_and_protected"),
        ("NetworkPolicy", GONE, "pods_are_reached_and_protected"),
        ("Job/spec/template/metadata/labels", {}, "pods_are_reached_and_protected: Job"),
        ("Job/spec/template/spec/automountServiceAccountToken", GONE, "pods_have_no_rights"),
        ("Deployment/spec/template/spec/securityContext/runAsUser", 0, "pods_have_no_rights"),
        ("Deployment/spec/template/spec/securityContext/seccompProfile", GONE, "pods_have_no_rights"),
        (f"Job/{CONTAINER}/securityContext/readOnlyRootFilesystem", False, "pods_have_no_rights"),
        (f"Deployment/{CONTAINER}/resources/limits/cpu", "1", "resources_are_bounded"),
        (f"Job/{CONTAINER}/resources/limits", GONE, "resources_are_bounded"),
        ("HorizontalPodAutoscaler/spec/minReplicas", 1, "releases_leave_some_serving"),
        ("PodDisruptionBudget/spec/maxUnavailable", 0, "releases_leave_some_serving"),
        ("Deployment/spec/strategy", {}, "releases_leave_some_serving"),
        ("Deployment/spec/replicas", 1, "releases_leave_some_serving"),
        ("Job/spec/backoffLimit", GONE, "migrations_are_a_job"),
        ("Job/metadata/name", "other", "migrations_are_a_job"),
        ("Deployment/spec/template/spec/initContainers", [], "migrations_are_a_job"),
        ("HorizontalPodAutoscaler/spec/maxReplicas", 7, "connections_suffice"),
        ("settings/DB_POOL_SIZE", "20", "connections_suffice"),
        (f"Deployment/{CONTAINER}/resources/limits/memory", "128Mi", "memory_suffices"),
        ("tag", "1.2.3_rc1", "tag_can_name_a_job"),
        ("tag", "V1", "tag_can_name_a_job"),
        ("tag", 1.1, "tag_can_name_a_job"),
        ("tag", "a" * 56, "tag_can_name_a_job"),
        *OPTIONAL,
    ],
)
def test_manifest_that_does_not_fit_is_found(path: str, value: object, rule: str) -> None:
    found = [findings(manifests) for manifests in broken(path, value)]

    assert found
    assert all(any(one.startswith(rule) for one in each) for each in found), found


def test_commands_of_the_page_name_the_namespace_and_every_deployment() -> None:
    page = (ROOT / "docs" / "kubernetes.md").read_text("utf-8")
    commands = [each for each in re.findall(r"kubectl [^`\n]*", page) if " -k ." not in each]

    lost = [each for each in commands if "namespace" not in each]
    rolled = [{*re.findall(rf"rollout {verb} deployment/(\w+)", page)} for verb in ("restart", "status", "undo")]

    assert lost == []
    assert all({each["metadata"]["name"] for each in read().of("Deployment")} <= names for names in rolled), rolled
