"""The Kubernetes manifests are held to the application, and each rule that does it finds what it is for."""

from copy import deepcopy
from typing import Any

import pytest

from tests.deploy.manifests import Manifests, findings, read

GONE = object()


def test_manifests_are_what_the_application_needs() -> None:
    assert findings(read()) == []


def broken(path: str, value: object) -> Manifests:
    """The manifests with one value changed, or gone: `Deployment/spec/replicas`, `settings/PORT`."""
    manifests = deepcopy(read())
    first, *middle, last = path.split("/")
    if first == "secrets":
        return Manifests(manifests.objects, manifests.settings, {str(value)})
    node: Any = manifests.settings if first == "settings" else manifests.of(first)[0]
    for key in middle:
        node = node[int(key) if key.isdigit() else key]
    if value is GONE:
        del node[last]
    else:
        node[last] = value
    return manifests


CONTAINER = "spec/template/spec/containers/0"


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
        ("settings/PORT", "9000", "ports_are_that_of_the_setting"),
        ("Service/spec/ports/0/targetPort", "web", "ports_are_that_of_the_setting"),
        ("NetworkPolicy/spec/ingress/0/ports/0/port", 8000, "ports_are_that_of_the_setting"),
        (f"Deployment/{CONTAINER}/readinessProbe/timeoutSeconds", 1, "probes_fit_the_times"),
        (f"Deployment/{CONTAINER}/readinessProbe/periodSeconds", 10, "probes_fit_the_times"),
        (f"Deployment/{CONTAINER}/startupProbe/failureThreshold", 3, "probes_fit_the_times"),
        ("settings/SHUTDOWN_SECONDS", "60", "pods_may_end_in_peace"),
        ("Job/spec/template/spec/terminationGracePeriodSeconds", GONE, "pods_may_end_in_peace"),
        ("Service/spec/selector", {"app.kubernetes.io/component": "web"}, "selectors_match: Service"),
        ("Deployment/spec/template/metadata/labels", {}, "selectors_match"),
        ("PodDisruptionBudget/spec/selector/matchLabels", {"app": "app"}, "selectors_match: PodDisruptionBudget"),
        ("HorizontalPodAutoscaler/spec/scaleTargetRef/name", "web", "selectors_match: HorizontalPodAutoscaler"),
        ("Job/spec/template/spec/serviceAccountName", "default", "selectors_match: Job"),
        ("Job/spec/template/spec/automountServiceAccountToken", GONE, "pods_have_no_rights"),
        ("Deployment/spec/template/spec/securityContext/runAsUser", 0, "pods_have_no_rights"),
        ("Deployment/spec/template/spec/securityContext/seccompProfile", GONE, "pods_have_no_rights"),
        (f"Job/{CONTAINER}/securityContext/readOnlyRootFilesystem", False, "pods_have_no_rights"),
        (f"Deployment/{CONTAINER}/resources/limits/cpu", "1", "resources_are_bounded"),
        (f"Job/{CONTAINER}/resources/limits", GONE, "resources_are_bounded"),
        ("HorizontalPodAutoscaler/spec/minReplicas", 1, "releases_leave_some_serving"),
        ("PodDisruptionBudget/spec/maxUnavailable", 0, "releases_leave_some_serving"),
        ("Deployment/spec/strategy", {}, "releases_leave_some_serving"),
        ("Deployment/spec/replicas", 2, "releases_leave_some_serving"),
        ("Job/spec/backoffLimit", GONE, "migrations_are_a_job"),
        ("Job/metadata/name", "other", "migrations_are_a_job"),
        ("Deployment/spec/template/spec/initContainers", [], "migrations_are_a_job"),
        ("HorizontalPodAutoscaler/spec/maxReplicas", 7, "connections_suffice"),
        ("settings/WORKERS", "4", "connections_suffice"),
    ],
)
def test_manifest_that_does_not_fit_is_found(path: str, value: object, rule: str) -> None:
    found = findings(broken(path, value))

    assert found
    assert all(each.startswith(rule) for each in found), found
