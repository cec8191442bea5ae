import asyncio
import ssl
from typing import Any

import pytest

from providers.kube.access import denied
from providers.kube.client import connect
from providers.kube.errors import Unauthorized
from providers.kube.permissions import Permission
from providers.target import ClusterTarget
from tests.kube.authority import Authority
from tests.kube.servers import ApiServer, serving, status

REVIEWS = "/apis/authorization.k8s.io/v1"
WANTED = [Permission("", "pods", ("get", "create")), Permission("apps", "deployments/scale", ("update",))]


def rule(groups: list[str], resources: list[str], verbs: list[str], **more: Any) -> dict[str, Any]:
    return {"apiGroups": groups, "resources": resources, "verbs": verbs} | more


def ask(
    authority: Authority,
    context: ssl.SSLContext,
    rules: Any,
    access: tuple[int, Any],
    wanted: list[Permission] = WANTED,
    *,
    incomplete: bool = False,
) -> tuple[list[str], int]:
    """What is denied, and how many requests it took to know."""
    answer = (
        rules if isinstance(rules, tuple) else (200, {"status": {"resourceRules": rules, "incomplete": incomplete}})
    )
    answers = {f"{REVIEWS}/selfsubjectrulesreviews": answer, f"{REVIEWS}/selfsubjectaccessreviews": access}
    server = ApiServer(answers)

    async def scenario() -> list[str]:
        async with serving(server, context) as address:
            target = ClusterTarget(address=address, namespace="coder", ca_pem=authority.pem)
            async with connect(target) as client:
                return [f"{verb} {resource}" for _, resource, verb in await denied(client, wanted)]

    return asyncio.run(scenario()), len(server.requests)


ALLOWED, REFUSED = ((200, {"status": {"allowed": answer}}) for answer in (True, False))


@pytest.mark.parametrize(
    "rules",
    [
        [rule(["*"], ["*"], ["*"])],
        [rule([""], ["pods"], ["get", "create"]), rule(["apps"], ["*/scale"], ["update"])],
        [rule(["", "apps"], ["pods", "deployments/scale"], ["*"])],
    ],
)
def test_one_request_is_enough_for_what_the_rules_grant(
    authority: Authority, context: ssl.SSLContext, rules: list[dict[str, Any]]
) -> None:
    assert ask(authority, context, rules, REFUSED, incomplete=True) == ([], 1)


def test_a_complete_answer_is_believed(authority: Authority, context: ssl.SSLContext) -> None:
    rules = [rule([""], ["pods"], ["get"]), rule(["apps"], ["deployments"], ["*"])]
    assert ask(authority, context, rules, ALLOWED) == (["create pods", "update deployments/scale"], 1)


def test_what_an_incomplete_answer_leaves_open_is_asked_one_by_one(
    authority: Authority, context: ssl.SSLContext
) -> None:
    rules = [rule([""], ["pods"], ["get"])]
    assert ask(authority, context, rules, ALLOWED, incomplete=True) == ([], 3)
    refused = (["create pods", "update deployments/scale"], 3)
    assert ask(authority, context, rules, REFUSED, incomplete=True) == refused


def test_a_cluster_without_rules_reviews_is_asked_one_by_one(authority: Authority, context: ssl.SSLContext) -> None:
    assert ask(authority, context, status(404, "NotFound"), ALLOWED) == ([], 4)


def test_a_right_to_named_objects_is_none_but_for_the_own_namespace(
    authority: Authority, context: ssl.SSLContext
) -> None:
    wanted = [Permission("", "namespaces", ("get",)), Permission("", "pods", ("get",))]
    rules = [rule([""], ["namespaces", "pods"], ["get"], resourceNames=["coder"])]
    assert ask(authority, context, rules, REFUSED, wanted) == (["get pods"], 1)


def test_a_refused_credential_is_no_answer(authority: Authority, context: ssl.SSLContext) -> None:
    with pytest.raises(Unauthorized):
        ask(authority, context, [], status(401, "Unauthorized"), incomplete=True)
