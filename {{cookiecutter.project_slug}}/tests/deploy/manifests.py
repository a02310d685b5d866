"""The Kubernetes manifests as data, and the rules that hold them to the application."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from re import fullmatch
from typing import Any, Final

import click
import pytest
import yaml

from app.api.routes import RouteTable
from app.cli import cli
from app.core.settings import ConfigurationError, Settings, load_settings
from app.main import create_app
from app.services.readiness import TIMEOUT_SECONDS

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "deploy" / "kubernetes"
RUN: Final = ["python", "-m", "app"]
CONNECTIONS: Final = 97  # of PostgreSQL's 100, three are kept for its owner
OF_A_WORKER: Final = 2  # beside its pool: one listens, one renews leases
LAST_LINES: Final = 4  # seconds that a process waits for what it has to tell to be taken: traces, then its log
OF_A_PROCESS: Final = 160  # MiB: 115 when it has started, 32 that a cache may have, and some
OF_A_HASH: Final = 19  # MiB, of a password
MEBIBYTES: Final = {"Mi": 1, "Gi": 1024}
# What stands behind `migrate-` in the name of an object, and in a label, which has 63 characters.
TAG: Final = r"(?!.{56})[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"

Object = Mapping[str, Any]


@dataclass(frozen=True)
class Manifests:
    """Every object of the base, the variables that its pods get, and the tag of their image."""

    objects: list[Object]
    settings: dict[str, str]
    secrets: set[str]
    tag: object

    def of(self, kind: str) -> list[Object]:
        """The objects of a kind."""
        return [each for each in self.objects if each["kind"] == kind]

    def pods(self) -> Iterator[tuple[str, Object]]:
        """The template of each kind of pod, with what it belongs to."""
        for each in self.objects:
            if "template" in each.get("spec", {}):
                yield f"{each['kind']} {each['metadata']['name']}", each["spec"]["template"]

    def containers(self) -> Iterator[tuple[str, Object]]:
        """Each container, with what it belongs to."""
        for name, pod in self.pods():
            for container in pod["spec"]["containers"]:
                yield name, container


@cache
def read() -> Manifests:
    """The manifests as they stand in the files, read once: who changes them takes a copy."""
    listed = yaml.safe_load((FOLDER / "base" / "kustomization.yaml").read_text("utf-8"))["resources"]
    texts = [(FOLDER / "base" / name).read_text("utf-8") for name in listed]
    place = FOLDER / "overlays" / "production"
    settings = variables(FOLDER / "base" / "settings.env") | variables(place / "settings.env")
    objects = [each for text in texts for each in yaml.safe_load_all(text)]
    (image,) = yaml.safe_load((place / "kustomization.yaml").read_text("utf-8"))["images"]
    return Manifests(objects, settings, set(variables(place / "secrets.env.example")), image["newTag"])


def variables(path: Path) -> dict[str, str]:
    """What a file of variables sets."""
    lines = [line for line in path.read_text("utf-8").splitlines() if line and not line.startswith("#")]
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def findings(manifests: Manifests) -> list[str]:
    """What is wrong, each with the rule that says so; empty where all is well."""
    if wrong := [f"{variables_are_settings.__name__}: {each}" for each in variables_are_settings(manifests)]:
        return wrong  # the other rules read them
    return [f"{rule.__name__}: {each}" for rule in RULES for each in rule(manifests)]


def variables_are_settings(manifests: Manifests) -> Iterator[str]:
    """Every variable is one of the application, none is missing, and the values are accepted in production."""
    known = {name.upper() for name in Settings.model_fields}
    yield from sorted(({*manifests.settings} | manifests.secrets) - known)
    for name, problem in refused(manifests.settings).items():
        if name not in manifests.secrets or not problem.startswith("is missing"):
            yield f"{name} {problem}"


def refused(given: Mapping[str, str]) -> dict[str, str]:
    """What the application says of these settings and no others."""
    with pytest.MonkeyPatch.context() as patch:
        for name in Settings.model_fields:
            patch.delenv(name.upper(), raising=False)
        for name, value in given.items():
            patch.setenv(name, value)
        try:
            load_settings()
        except ConfigurationError as error:
            lines = (line.strip().partition(": ") for line in str(error).splitlines()[1:])
            return {name: problem for name, _, problem in lines}
    return {}


def pods_get_every_variable(manifests: Manifests) -> Iterator[str]:
    """Each container takes the settings and the secrets whole."""
    for name, container in manifests.containers():
        sources = [ref["name"] for source in container.get("envFrom", []) for ref in source.values()]
        if sources != ["settings", "secrets"]:
            yield f"{name} takes {sources}"


def commands_are_commands(manifests: Manifests) -> Iterator[str]:
    """What a container runs, the command line takes; without arguments it is what the image runs."""
    for name, container in manifests.containers():
        arguments = container.get("args", [*RUN, "serve"])
        if "command" in container or arguments[:3] != RUN:
            yield f"{name} does not run {' '.join(RUN)}"
            continue
        try:
            with cli.make_context("app", arguments[3:]) as context:
                _, command, rest = cli.resolve_command(context, arguments[3:])
                if command is not None:
                    command.make_context(command.name, rest)
        except click.ClickException as error:
            yield f"{name}: {error.message}"


def probes_ask_routes(manifests: Manifests) -> Iterator[str]:
    """Probes ask routes of the application; only readiness may depend on the database."""
    paths = {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}
    for name, container in serving(manifests):
        for probe, path in paths.items():
            asked = container.get(probe, {}).get("httpGet", {}).get("path")
            if asked != path or "GET" not in routes().methods_of({"path": path}):
                yield f"{name}: {probe} asks {asked}"


@cache
def routes() -> RouteTable:
    """The routes of the application."""
    return RouteTable(create_app().routes)


def serving(manifests: Manifests) -> Iterator[tuple[str, Object]]:
    """The containers that listen."""
    yield from ((name, container) for name, container in manifests.containers() if container.get("ports"))


def ports_are_those_of_the_settings(manifests: Manifests) -> Iterator[str]:
    """A port is called after its setting, PORT is http; whatever names a port names one that a container listens on."""
    of_settings = {name.lower().removesuffix("_port"): value for name, value in manifests.settings.items()}
    of_settings["http"] = manifests.settings["PORT"]
    listening: set[object] = set()
    for name, container in serving(manifests):
        ports = {port["name"]: str(port["containerPort"]) for port in container["ports"]}
        listening |= ports.keys()
        yield from (f"{name}: {port} is not that of the settings" for port in ports.items() - of_settings.items())
        arguments = container.get("args", [])
        if "--port" in arguments and arguments[-1] != of_settings["http"]:
            yield f"{name} listens on {arguments[-1]}, which is not PORT"
        named = [probe["httpGet"]["port"] for key, probe in container.items() if key.endswith("Probe")]
        yield from (f"{name} has no port {port}" for port in named if port not in ports)
    named = [port["targetPort"] for each in manifests.of("Service") for port in each["spec"]["ports"]]
    named += [port["port"] for rule in ingress(manifests) for port in rule["ports"]]
    yield from (f"nothing listens on {port}" for port in named if port not in listening)


def scrapers_find_metrics(manifests: Manifests) -> Iterator[str]:
    """A pod that has metrics says on which port: its `metrics`, or that of a worker."""
    for name, pod in manifests.pods():
        container, annotations = pod["spec"]["containers"][0], pod["metadata"].get("annotations", {}).items()
        found = {key: value for key, value in annotations if key.startswith("prometheus.io/")}
        ports = {port["name"]: str(port["containerPort"]) for port in container.get("ports", [])}
        measured = ports.get("http" if "worker" in container.get("args", []) else "metrics")
        if found != ({"prometheus.io/scrape": "true", "prometheus.io/port": measured} if measured else {}):
            yield f"{name}: metrics are on {measured}, the annotations say {found}"


def ingress(manifests: Manifests) -> Iterator[Object]:
    """What may come in."""
    for each in manifests.of("NetworkPolicy"):
        yield from each["spec"].get("ingress", [])


def probes_fit_the_times(manifests: Manifests) -> Iterator[str]:
    """Readiness has time to answer, is seen to end before listening does, and a start has half a minute at least."""
    for name, container in serving(manifests):
        ready, start = container.get("readinessProbe", {}), container.get("startupProbe", {})
        if ready.get("timeoutSeconds", 1) <= TIMEOUT_SECONDS:
            yield f"{name}: readiness answers within {TIMEOUT_SECONDS} s"
        if ready.get("periodSeconds", 10) * ready.get("failureThreshold", 3) >= number(manifests, "DRAIN_SECONDS"):
            yield f"{name}: DRAIN_SECONDS are over before readiness was seen to end"
        if start.get("periodSeconds", 10) * start.get("failureThreshold", 3) < 30:
            yield f"{name}: a start may take 30 s"


def number(manifests: Manifests, name: str) -> float:
    """A setting that is a number."""
    return float(manifests.settings.get(name) or Settings.model_fields[name.lower()].default)


def pods_may_end_in_peace(manifests: Manifests) -> Iterator[str]:
    """The cluster kills later than the application ends."""
    needed = number(manifests, "DRAIN_SECONDS") + number(manifests, "SHUTDOWN_SECONDS") + LAST_LINES
    for name, pod in manifests.pods():
        if pod["spec"].get("terminationGracePeriodSeconds", 30) <= needed:
            yield f"{name}: terminationGracePeriodSeconds must be above {needed:g}"


def selectors_match(manifests: Manifests) -> Iterator[str]:
    """What selects pods selects those of its own name and no others, or every one where it is called `all`."""
    labels = {name.split()[1]: pod["metadata"].get("labels", {}) for name, pod in manifests.pods()}
    for each in manifests.objects:
        spec, name = each.get("spec", {}), each["metadata"]["name"]
        selector = spec.get("selector") or spec.get("podSelector")
        if selector is None:
            continue
        selected = {pod for pod, given in labels.items() if selects(selector, given)}
        if selected != ({*labels} if name == "all" else {name}):
            yield f"{each['kind']} {name} selects {sorted(selected)}"


def selects(selector: Object, labels: Mapping[str, str]) -> bool:
    """Whether a selector takes a pod of these labels. That of a Service is nothing but labels."""
    rules = selector.get("matchExpressions", [])
    wanted = selector.get("matchLabels", {}) if rules or "matchLabels" in selector else selector
    return wanted.items() <= labels.items() and all(
        rule["operator"] == "Exists" and rule["key"] in labels for rule in rules
    )


def names_exist(manifests: Manifests) -> Iterator[str]:
    """What is scaled is there, and the ServiceAccount of each pod."""
    for each in manifests.of("HorizontalPodAutoscaler"):
        scaled = each["spec"]["scaleTargetRef"]
        if scaled["name"] not in [one["metadata"]["name"] for one in manifests.of(scaled["kind"])]:
            yield f"{each['metadata']['name']} scales nothing"
    names = {each["metadata"]["name"] for each in manifests.of("ServiceAccount")}
    yield from (
        f"{name} has no ServiceAccount"
        for name, pod in manifests.pods()
        if pod["spec"].get("serviceAccountName") not in names
    )


def pods_are_reached_and_protected(manifests: Manifests) -> Iterator[str]:
    """There is a way to the pods, a bound on how many a node takes away, and for each a policy of what comes in and what goes out."""
    yield from (f"there is no {kind}" for kind in ("Service", "PodDisruptionBudget") if not manifests.of(kind))
    policies = [each["spec"] for each in manifests.of("NetworkPolicy")]
    for name, pod in manifests.pods():
        labels = pod["metadata"].get("labels", {})
        held = {way for each in policies if selects(each["podSelector"], labels) for way in each["policyTypes"]}
        if "app.kubernetes.io/component" not in labels or held != {"Ingress", "Egress"}:
            yield f"{name} has no label or no policy for what comes in and what goes out"


def pods_have_no_rights(manifests: Manifests) -> Iterator[str]:
    """No token of the cluster, the user of the image, nothing to write to, no more rights than that user has."""
    user = [
        line.split()[1].split(":")[0]
        for line in (ROOT / "Dockerfile").read_text("utf-8").splitlines()
        if line.startswith("USER ")
    ]
    for name, pod in manifests.pods():
        spec, context = pod["spec"], pod["spec"].get("securityContext", {})
        if spec.get("automountServiceAccountToken") is not False:
            yield f"{name} has a token"
        if context.get("runAsNonRoot") is not True or [str(context.get("runAsUser"))] != user:
            yield f"{name} does not run as the user of the image"
        if context.get("seccompProfile") != {"type": "RuntimeDefault"}:
            yield f"{name} may call all of the kernel"
    for name, container in manifests.containers():
        if container.get("securityContext") != {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }:
            yield f"{name} may do more than it needs"


def resources_are_bounded(manifests: Manifests) -> Iterator[str]:
    """What a container needs is said, its memory is limited, its CPU is not."""
    for name, container in manifests.containers():
        resources = container.get("resources", {})
        if {*resources.get("requests", {})} != {"cpu", "memory"} or {*resources.get("limits", {})} != {"memory"}:
            yield f"{name} needs requests of cpu and memory, and a limit of memory alone"


def releases_leave_some_serving(manifests: Manifests) -> Iterator[str]:
    """Neither a release nor a drained node takes the last pod away."""
    scaled = {each["spec"]["scaleTargetRef"]["name"] for each in manifests.of("HorizontalPodAutoscaler")}
    smallest = min((each["spec"]["minReplicas"] for each in manifests.of("HorizontalPodAutoscaler")), default=0)
    if smallest < 2:
        yield "there are two pods at least"
    if [each for each in manifests.of("PodDisruptionBudget") if each["spec"].get("maxUnavailable") != 1]:
        yield "one pod may go at a time, or a node is never drained"
    for each in manifests.of("Deployment"):
        if each["spec"].get("strategy", {}).get("rollingUpdate", {}).get("maxUnavailable") != 0:
            yield f"{each['metadata']['name']}: an old pod goes when a new one is ready"
        replicas = each["spec"].get("replicas")
        if each["metadata"]["name"] in scaled and replicas is not None:
            yield f"{each['metadata']['name']}: replicas are the autoscaler's"
        if each["metadata"]["name"] not in scaled and (replicas or 1) < 2:
            yield f"{each['metadata']['name']}: there are two pods at least"


def migrations_are_a_job(manifests: Manifests) -> Iterator[str]:
    """Migrations run once for each release, beside the pods and never in each of them, and are not repeated blindly."""
    jobs = [each["spec"] for each in manifests.of("Job") if each["metadata"]["name"] == "migrate"]
    if not jobs or jobs[0].get("backoffLimit") != 0 or jobs[0]["template"]["spec"].get("restartPolicy") != "Never":
        yield "one Job, one attempt"
    yield from (f"{name} has initContainers" for name, pod in manifests.pods() if "initContainers" in pod["spec"])


def connections_suffice(manifests: Manifests) -> Iterator[str]:
    """All pods that there can be, one more in a release, stay within the connections of the database."""
    pool = number(manifests, "DB_POOL_SIZE") + number(manifests, "DB_POOL_OVERFLOW")
    serving = sum(each["spec"]["maxReplicas"] + 1 for each in manifests.of("HorizontalPodAutoscaler"))
    workers = sum(each["spec"]["replicas"] + 1 for each in manifests.of("Deployment") if "replicas" in each["spec"])
    needed = serving * number(manifests, "WORKERS") * pool + workers * (pool + OF_A_WORKER)
    if needed > CONNECTIONS:
        yield f"{serving} pods and {workers} workers open {needed:g} connections"


def memory_suffices(manifests: Manifests) -> Iterator[str]:
    """A container may take what its process needs and, where it serves, all that the settings let requests take."""
    for name, container in manifests.containers():
        needed: float = OF_A_PROCESS
        if "args" not in container:
            needed = number(manifests, "WORKERS") * (OF_A_PROCESS + of_requests(manifests))
        limit = str(container.get("resources", {}).get("limits", {}).get("memory", "0Mi"))
        if float(limit[:-2]) * MEBIBYTES[limit[-2:]] < needed:
            yield f"{name} may take {limit}, and needs {needed:g}Mi"


def of_requests(manifests: Manifests) -> float:
    """MiB that requests take at most: passwords, and bodies held in memory while children read them, each kind with settings of its own."""
    known = Settings.model_fields
    needed = OF_A_HASH * number(manifests, "PASSWORD_HASHERS") if "password_hashers" in known else 0
    for kind in (name.removesuffix("MEMORY") for name in map(str.upper, known) if name.endswith("_MEMORY")):
        read = number(manifests, f"{kind}CONCURRENCY")
        held = (read + number(manifests, f"{kind}WAITING")) * number(manifests, f"{kind}MAX_BYTES") / 2**20
        needed += held + read * number(manifests, f"{kind}MEMORY")
    return needed


def tag_can_name_a_job(manifests: Manifests) -> Iterator[str]:
    """The tag of the image stands in the name of the Job, which has fewer characters than a tag may have."""
    if not isinstance(manifests.tag, str) or fullmatch(TAG, manifests.tag) is None:
        yield f"{manifests.tag!r} is no text of at most 55 lower-case letters, digits, dots and dashes"


RULES: Final[list[Callable[[Manifests], Iterator[str]]]] = [
    pods_get_every_variable,
    commands_are_commands,
    probes_ask_routes,
    ports_are_those_of_the_settings,
    scrapers_find_metrics,
    probes_fit_the_times,
    pods_may_end_in_peace,
    selectors_match,
    names_exist,
    pods_are_reached_and_protected,
    pods_have_no_rights,
    resources_are_bounded,
    releases_leave_some_serving,
    migrations_are_a_job,
    connections_suffice,
    memory_suffices,
    tag_can_name_a_job,
]
