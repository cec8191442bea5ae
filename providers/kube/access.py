"""Which permissions the credential lacks, asked with as few requests as the cluster allows."""

import asyncio
from collections.abc import Iterable, Sequence

from providers.kube.client import KubeClient
from providers.kube.document import Json
from providers.kube.errors import Forbidden, NotFound
from providers.kube.permissions import Permission

REVIEWS = "/apis/authorization.k8s.io/v1"
ASKED_AT_A_TIME = 4

Need = tuple[str, str, str]  # group, resource, verb


async def denied(client: KubeClient, permissions: Iterable[Permission]) -> list[Need]:
    """The needs that are not met, in order.

    One SelfSubjectRulesReview tells most: what its rules grant is granted. It is called incomplete on every cluster
    with the Node authorizer, and webhooks may grant more, so only what it does not list is asked one by one.
    """
    namespace = client.target.namespace
    rules, complete = await _own_rules(client)
    needs = [(each.group, each.resource, verb) for each in permissions for verb in each.verbs]
    open_needs = [need for need in needs if not any(_grants(rule, need, namespace) for rule in rules)]
    if complete:
        return open_needs
    slots = asyncio.Semaphore(ASKED_AT_A_TIME)
    answers = await _gather(_may_in_slot(client, need, slots) for need in open_needs)
    return [need for need, allowed in zip(open_needs, answers, strict=True) if not allowed]


async def may(client: KubeClient, need: Need, *, namespace: str | None = None) -> bool:
    """One SelfSubjectAccessReview; an empty `namespace` asks for the whole cluster, None for the target's own."""
    group, resource, verb = need
    resource, _, subresource = resource.partition("/")
    namespace = client.target.namespace if namespace is None else namespace
    attributes = {"group": group, "resource": resource, "verb": verb, "namespace": namespace}
    if resource == "namespaces" and namespace:
        attributes["name"] = namespace  # a Role may give its own namespace only
    if subresource:
        attributes["subresource"] = subresource
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    }
    answer = await client.ask(f"{REVIEWS}/selfsubjectaccessreviews", body)
    return bool(answer.get("status", {}).get("allowed"))


def grouped(needs: Sequence[Need]) -> str:
    """`create, delete pods; list secrets`"""
    verbs: dict[str, list[str]] = {}
    for _, resource, verb in needs:
        verbs.setdefault(resource, []).append(verb)
    return "; ".join(f"{', '.join(each)} {resource}" for resource, each in verbs.items())


async def _own_rules(client: KubeClient) -> tuple[list[Json], bool]:
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": client.target.namespace},
    }
    try:
        answer = await client.ask(f"{REVIEWS}/selfsubjectrulesreviews", body)
    except (NotFound, Forbidden):
        return [], False
    status = answer.get("status", {})
    return status.get("resourceRules") or [], not status.get("incomplete", True)


def _grants(rule: Json, need: Need, namespace: str) -> bool:
    group, resource, verb = need
    names = rule.get("resourceNames")
    if names and not (resource == "namespaces" and namespace in names):
        return False
    _, slash, subresource = resource.partition("/")
    resources = {"*", resource} | ({f"*/{subresource}"} if slash else set())
    return (
        bool({"*", verb} & set(rule.get("verbs") or []))
        and bool({"*", group} & set(rule.get("apiGroups") or []))
        and bool(resources & set(rule.get("resources") or []))
    )


async def _may_in_slot(client: KubeClient, need: Need, slots: asyncio.Semaphore) -> bool:
    async with slots:
        return await may(client, need)


async def _gather(questions: Iterable) -> list[bool]:
    """All answers; after an error or a time-out nothing is left running."""
    tasks = [asyncio.ensure_future(question) for question in questions]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
