"""One look at a provider's cluster, and many at the same time. A healthy provider costs four small requests."""

import asyncio
import logging
import re
import time
from collections.abc import AsyncGenerator, Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from providers.kube.access import denied, grouped
from providers.kube.client import CONNECT_TIMEOUT, READ_TIMEOUT, KubeClient, connect, namespaced
from providers.kube.diagnose import explain_deployment
from providers.kube.document import Json
from providers.kube.envproxy_url import ask_envproxy
from providers.kube.errors import (
    NOT_UNDERSTOOD,
    Forbidden,
    KubeError,
    NotFound,
    NotKubernetes,
    NotReady,
    Reason,
    Unauthorized,
    shorten,
)
from providers.kube.evidence import EnvproxyFacts, Evidence, ReleaseFacts, UrlAnswer, broken
from providers.kube.namespaces import namespace_phase
from providers.kube.permissions import RUN
from providers.kube.pool import Pool
from providers.kube.releases import Revision, list_revisions, read_content
from providers.kube.storage import list_storage_classes
from providers.kube.version import VERSION_LIMIT, read_version, require_supported
from providers.target import ClusterTarget

RELEASE_NAME = "coder-workspace-provider"
ENVPROXY = "envproxy"
DEADLINE = 15.0  # seconds for one provider
GROUPED = 0.2  # seconds: what comes within is stored together
CONCURRENCY = 50  # above the number of dead clusters that may be met at the same time
MOST_STORAGE_CLASSES, STORAGE_CLASS_LIMIT = 50, 253
PROBLEM_LIMIT = 2000  # characters: several pods, each with a sentence or two

MALFORMED = (AttributeError, LookupError, TypeError, ValueError)  # raised by JSON that no Kubernetes API would send

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Facts:
    """What has been learned so far, so that a failure keeps it."""

    reachable: bool = False
    reason: str = ""
    message: str = ""
    kubernetes_version: str = ""
    namespace_phase: str = ""
    denied: tuple[str, ...] | None = None
    release: ReleaseFacts | None = None
    envproxy: EnvproxyFacts | None = None
    storage_classes: tuple[str, ...] | None = None
    url_answer: UrlAnswer | None = None
    release_values: dict[str, Any] | None = None


@dataclass(frozen=True, kw_only=True)
class Questions:
    """What a look is about. `check_verbs`: also what is asked seldom, permissions and storage classes.

    `is_thorough`: over a connection of its own, since one that was made earlier hides that the certificate is no longer
    good, and that nobody new gets in.

    `known_revision` is the revision of the release whose values need not be read again; `envproxy_url` is empty when
    nobody shall answer there yet.
    """

    expects_release: bool
    check_verbs: bool = False
    is_thorough: bool = False
    known_revision: int | None = None
    envproxy_url: str = ""


@dataclass(frozen=True, kw_only=True)
class CheckRequest(Questions):
    """One provider of a batch; `key` comes back with its evidence."""

    key: Hashable
    target: ClusterTarget


Found = tuple[Hashable, Evidence]


async def collect(
    target: ClusterTarget, questions: Questions, *, timeout: float = DEADLINE, pool: Pool | None = None
) -> Evidence:
    """Evidence within `timeout` seconds, whatever the cluster does; cluster trouble is in it and never raised."""
    facts = _Facts()
    checked_at, started = datetime.now(UTC), time.monotonic()
    look = _look_in_time(target, facts, questions, timeout, pool)
    if questions.envproxy_url:
        await asyncio.gather(
            look, _ask(facts, questions.envproxy_url, timeout, None if questions.is_thorough else pool)
        )
    else:
        await look
    duration_ms = round((time.monotonic() - started) * 1000)
    found = {name: getattr(facts, name) for name in _Facts.__slots__}
    return Evidence(checked_at=checked_at, duration_ms=duration_ms, **found)


async def _ask(facts: _Facts, url: str, timeout: float, pool: Pool | None) -> None:
    facts.url_answer = await ask_envproxy(url, timeout=timeout, pool=pool)


async def _look_in_time(
    target: ClusterTarget, facts: _Facts, questions: Questions, timeout: float, pool: Pool | None
) -> None:
    try:
        async with asyncio.timeout(timeout):
            await _look(target, facts, questions, timeout, pool)
    except KubeError as error:
        facts.reason, facts.message = error.reason, error.message
        facts.reachable |= error.status is not None and not isinstance(error, NotKubernetes)
    except TimeoutError:
        facts.reason = (Reason.READ_TIMEOUT if facts.reachable else Reason.CONNECT_TIMEOUT).value
        facts.message = f"The cluster did not answer everything within {timeout:g} seconds."
    except MALFORMED:
        logger.warning("malformed answer from %s", target.address, exc_info=True)
        facts.reason, facts.message = Reason.UNEXPECTED.value, NOT_UNDERSTOOD


async def collect_many(
    requests: Sequence[CheckRequest],
    *,
    concurrency: int = CONCURRENCY,
    deadline: float = DEADLINE,
    pool: Pool | None = None,
) -> AsyncGenerator[list[Found], None]:
    """Evidence in groups as it comes in, the quick ones first. Each provider has its own `deadline` from its start.

    An empty group says that nothing came for a moment.
    """
    slots = asyncio.Semaphore(concurrency)

    async def check(request: CheckRequest) -> Found:
        async with slots:
            began = datetime.now(UTC)
            try:
                return request.key, await collect(request.target, request, timeout=deadline, pool=pool)
            except Exception:  # a fault of ours: it must not keep the others of the batch from being stored
                logger.exception("the check of %s broke off", request.key)
                return request.key, broken(began, 0)

    pending = {asyncio.create_task(check(request)) for request in requests}
    try:
        while pending:
            finished, pending = await asyncio.wait(pending, timeout=GROUPED)
            yield [task.result() for task in finished]
    finally:
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)


async def _look(target: ClusterTarget, facts: _Facts, questions: Questions, timeout: float, pool: Pool | None) -> None:
    # All shorter than the deadline, so that the first silent call is told by its own name.
    limits = {
        "connect_timeout": min(CONNECT_TIMEOUT, timeout / 3),
        "read_timeout": min(READ_TIMEOUT, timeout * 0.6),
        "call_timeout": timeout * 0.9,
    }
    async with connect(target, pool=pool, is_new=questions.is_thorough, **limits) as client:
        try:
            await _look_at_cluster(client, facts)
            if questions.check_verbs:
                await _look_at_verbs(client, facts)
            if questions.expects_release:
                await _look_at_release(client, facts, questions.known_revision)
                await _look_at_envproxy(client, facts)
            if questions.check_verbs:
                await _look_at_storage(client, facts)
        except (Forbidden, NotReady, Unauthorized) as error:
            await _prefer_not_ready(client)
            raise error


async def _look_at_cluster(client: KubeClient, facts: _Facts) -> None:
    facts.kubernetes_version = await read_version(client)
    facts.reachable = True
    require_supported(facts.kubernetes_version)
    name = client.target.namespace
    try:
        facts.namespace_phase = await namespace_phase(client)
    except NotFound as error:
        raise KubeError(Reason.NAMESPACE_MISSING, f"The cluster has no namespace {name}.", status=404) from error
    except Forbidden as error:
        if error.reason != Reason.VERB_DENIED:
            raise
        logger.debug("may not look at namespace %s", name)  # a Role of the admin's own may lack it
    if facts.namespace_phase == "Terminating":
        raise KubeError(Reason.NAMESPACE_TERMINATING, f"The namespace {name} is being deleted.")


async def _look_at_verbs(client: KubeClient, facts: _Facts) -> None:
    missing = await denied(client, RUN)
    facts.denied = tuple(f"{verb} {resource}" for _, resource, verb in missing)
    if missing:
        message = f"In namespace {client.target.namespace} the credential may not: {grouped(missing)}."
        raise KubeError(Reason.VERB_DENIED, message)


async def _look_at_release(client: KubeClient, facts: _Facts, known_revision: int | None) -> None:
    revisions = await list_revisions(client, RELEASE_NAME)
    where = f"Helm release {RELEASE_NAME} in namespace {client.target.namespace}"
    if not revisions or revisions[0].status == "uninstalled":
        raise KubeError(Reason.RELEASE_MISSING, f"There is no {where}.")
    in_force = next((each for each in revisions if each.status == "deployed"), None)
    facts.release = _release_facts(revisions[0], in_force)
    if in_force is None:
        raise KubeError(Reason.RELEASE_FAILED, f"The {where} is in state {revisions[0].status}.")
    if in_force.revision != known_revision:
        await _look_at_values(client, facts, in_force)


async def _look_at_values(client: KubeClient, facts: _Facts, revision: Revision) -> None:
    """Not to know them is no trouble of the provider's; they are asked for again by the next check."""
    try:
        facts.release_values = (await read_content(client, revision)).values
    except (KubeError, *MALFORMED):
        logger.debug("the values of revision %s at %s are not known", revision.revision, client.target.address)


def _release_facts(newest: Revision, in_force: Revision | None) -> ReleaseFacts:
    return ReleaseFacts(
        name=newest.name,
        revision=newest.revision,
        status=newest.status,
        deployed_revision=in_force.revision if in_force else 0,
        chart_version="",
        updated=newest.updated,
    )


def _chart_version(deployment: Json) -> str:
    """From the label `helm.sh/chart: workspace-provider-0.1.0`, where + is written as _."""
    label = (deployment["metadata"].get("labels") or {}).get("helm.sh/chart", "")
    found = re.search(r"-(\d+\.\d+\.\d+.*)$", label)
    return shorten(found[1].replace("_", "+"), VERSION_LIMIT) if found else ""


def _count(number: object) -> int:
    """Raises ValueError for what is no number of replicas, such as NaN or 1e999, which JSON readers take."""
    if not isinstance(number, int) or not 0 <= number < 2**31:
        raise ValueError("not a number of replicas")
    return number


async def _look_at_envproxy(client: KubeClient, facts: _Facts) -> None:
    deployment = await client.get_or_none(namespaced(client.target, "apps/v1", "deployments", ENVPROXY))
    if deployment is None:
        raise KubeError(Reason.ENVPROXY_UNAVAILABLE, f"The Deployment {ENVPROXY} is not there.")
    if facts.release:
        facts.release = replace(facts.release, chart_version=_chart_version(deployment))
    desired = _count(deployment["spec"].get("replicas", 1))
    available = _count(deployment.get("status", {}).get("availableReplicas", 0))
    facts.envproxy = EnvproxyFacts(desired=desired, available=available)
    if available < desired or not desired:
        problem = shorten(" ".join(await explain_deployment(client, ENVPROXY)), PROBLEM_LIMIT)
        facts.envproxy = EnvproxyFacts(desired=desired, available=available, problem=problem)
    if not available:
        message = f"{available} of {desired} replicas of {ENVPROXY} are available. {facts.envproxy.problem}"
        raise KubeError(Reason.ENVPROXY_UNAVAILABLE, message.rstrip())


async def _look_at_storage(client: KubeClient, facts: _Facts) -> None:
    """What the provider's form offers. Not to know it is no trouble of the provider's."""
    try:
        classes = await list_storage_classes(client)
    except (KubeError, *MALFORMED):
        logger.debug("the storage classes of %s are not known", client.target.address)
        return
    names = [each.name for each in sorted(classes, key=lambda each: not each.is_default)]
    facts.storage_classes = tuple(shorten(name, STORAGE_CLASS_LIMIT) for name in names[:MOST_STORAGE_CLASSES])


async def _prefer_not_ready(client: KubeClient) -> None:
    """An API server that has just started refuses what it will allow in a moment: then /readyz tells the truth."""
    status, text = await client.look("/readyz?verbose=true")
    if status >= 500:
        failed = [line[3:].partition(" ")[0] for line in text.splitlines() if line.startswith("[-]")]
        checks = f": {', '.join(failed)}" if failed else ""
        raise NotReady(Reason.API_NOT_READY, f"The API server says that it is not ready{checks}.", status=status)
