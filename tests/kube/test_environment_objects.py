import json
import re
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from providers.kube.environment_objects import (
    LONGEST_NAME,
    make_deployment,
    make_network_policy,
    make_objects,
    make_service,
    make_service_account,
    make_volume_claim,
    object_name,
)
from tests.kube.specs import ENVIRONMENT_ID, make_spec

NAME = object_name("dev", ENVIRONMENT_ID)  # what it may be is tested by itself, below
SELECTOR = {"coderadmin.dev/environment": "11111111-1111-4111-8111-111111111111"}
LABELS = {
    "app.kubernetes.io/managed-by": "coderadmin",
    "app.kubernetes.io/name": "environment",
    "app.kubernetes.io/instance": NAME,
    "coderadmin.dev/environment": "11111111-1111-4111-8111-111111111111",
    "coderadmin.dev/owner": "22222222-2222-4222-8222-222222222222",
    "coderadmin.dev/organization": "33333333-3333-4333-8333-333333333333",
}
ANNOTATIONS = {
    "coderadmin.dev/environment-name": "dev",
    "coderadmin.dev/owner-email": "ada@example.com",
    "coderadmin.dev/organization-name": "Data Science",
}
METADATA = {"name": NAME, "namespace": "coder", "labels": LABELS, "annotations": ANNOTATIONS}
POD = {
    "serviceAccountName": NAME,
    "automountServiceAccountToken": False,
    "enableServiceLinks": False,
    "securityContext": {
        "runAsNonRoot": True,
        "runAsUser": 1000,
        "runAsGroup": 1000,
        "fsGroup": 1000,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    },
    "containers": [
        {
            "name": "environment",
            "image": "registry.invalid/base:1",
            "env": [
                {"name": "CODER_WP_NAME", "value": "sydney"},
                {"name": "CODER_ENVIRONMENT_NAME", "value": "dev"},
                {"name": "CODER_USERNAME", "value": "ada"},
            ],
            "ports": [{"name": "http", "containerPort": 3000, "protocol": "TCP"}],
            "resources": {
                "requests": {"cpu": "500m", "memory": "1536Mi"},
                "limits": {"cpu": "500m", "memory": "1536Mi"},
            },
            "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
            "volumeMounts": [{"name": "home", "mountPath": "/home/coder"}],
        }
    ],
    "volumes": [{"name": "home", "persistentVolumeClaim": {"claimName": NAME}}],
}

NAMES = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?", fullmatch=True)
TYPED = st.one_of(NAMES, st.text())
IDS = st.builds(lambda number: UUID(int=number), st.integers(0, 2**128 - 1))  # also ids that are nearly the same
DNS_1035 = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
LABEL_VALUE = re.compile(r"([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")


def pod_of(**changes: Any) -> dict[str, Any]:
    pod: dict[str, Any] = make_deployment(make_spec(**changes), "coder")["spec"]["template"]["spec"]
    return pod


def test_a_service_account_has_no_token() -> None:
    assert make_service_account(make_spec(), "coder") == {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": METADATA,
        "automountServiceAccountToken": False,
    }


def test_a_claim_leaves_the_class_to_the_cluster() -> None:
    assert make_volume_claim(make_spec(), "coder") == {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": METADATA,
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Gi"}}},
    }


def test_a_claim_names_the_class_that_the_provider_names() -> None:
    assert make_volume_claim(make_spec(storage_class="fast"), "coder")["spec"]["storageClassName"] == "fast"


def test_a_service_finds_its_environment_by_id() -> None:
    assert make_service(make_spec(), "coder") == {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": METADATA,
        "spec": {
            "type": "ClusterIP",
            "selector": SELECTOR,
            "ports": [{"name": "http", "port": 3000, "targetPort": "http", "protocol": "TCP"}],
        },
    }


def test_a_network_policy_lets_envproxy_in_and_everything_out() -> None:
    envproxy = {"app.kubernetes.io/name": "envproxy", "app.kubernetes.io/component": "workspace-provider"}
    assert make_network_policy(make_spec(), "coder") == {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": METADATA,
        "spec": {
            "podSelector": {"matchLabels": SELECTOR},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": [{"podSelector": {"matchLabels": envproxy}}]}],
        },
    }


def test_a_deployment_is_one_restricted_pod() -> None:
    assert make_deployment(make_spec(), "coder") == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": METADATA,
        "spec": {
            "replicas": 1,
            "revisionHistoryLimit": 0,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": SELECTOR},
            "template": {"metadata": {"labels": LABELS}, "spec": POD},
        },
    }


def test_the_settings_of_the_provider_reach_the_pod() -> None:
    placed = {
        "node_selector": {"disk": "ssd"},
        "tolerations": [{"key": "dev", "operator": "Exists"}],
        "affinity": {"podAntiAffinity": {}},
    }
    wanted = {
        "nodeSelector": {"disk": "ssd"},
        "tolerations": [{"key": "dev", "operator": "Exists"}],
        "affinity": {"podAntiAffinity": {}},
    }
    assert pod_of(**placed) == POD | wanted


def test_an_environment_that_is_off_has_no_pod() -> None:
    assert make_deployment(make_spec(running=False), "coder")["spec"]["replicas"] == 0


def test_gpus_are_a_limit_of_their_resource() -> None:
    resources = pod_of(gpus=2, gpu_resource="amd.com/gpu")["containers"][0]["resources"]
    assert resources["limits"] == {"cpu": "500m", "memory": "1536Mi", "amd.com/gpu": "2"}
    assert resources["requests"] == {"cpu": "500m", "memory": "1536Mi"}


@pytest.mark.parametrize(
    ("cores", "gigabytes", "expected"),
    [
        ("2", "4", {"cpu": "2", "memory": "4Gi"}),
        ("2.00", "4.00", {"cpu": "2", "memory": "4Gi"}),
        ("0.25", "0.25", {"cpu": "250m", "memory": "256Mi"}),
        ("10", "0.1", {"cpu": "10", "memory": "103Mi"}),
    ],
)
def test_sizes_are_written_as_kubernetes_writes_them(cores: str, gigabytes: str, expected: dict[str, str]) -> None:
    pod = pod_of(cpu_cores=Decimal(cores), memory_gb=Decimal(gigabytes))
    assert pod["containers"][0]["resources"]["requests"] == expected


def test_the_email_is_the_one_template_of_account_annotations() -> None:
    given = {
        "iam": "dev-{{ .UserEmail }}/{{.UserEmail}}",
        "other": "{{ .UserName }}",
        "coderadmin.dev/owner-email": "x",
    }
    spec = make_spec(owner_email=r"a\1{{ .UserEmail }}@example.com", service_account_annotations=given)
    annotations = make_service_account(spec, "coder")["metadata"]["annotations"]
    assert annotations["iam"] == f"dev-{spec.owner_email}/{spec.owner_email}"
    assert annotations["other"] == "{{ .UserName }}"
    assert annotations["coderadmin.dev/owner-email"] == spec.owner_email


def test_a_variable_is_never_expanded() -> None:
    variables = pod_of(username="$(CODER_WP_NAME)$$")["containers"][0]["env"]
    assert variables[2] == {"name": "CODER_USERNAME", "value": "$$(CODER_WP_NAME)$$$$"}


def test_the_home_is_applied_first_and_the_pod_last() -> None:
    kinds = [each["kind"] for each in make_objects(make_spec(), "coder")]
    assert kinds == ["PersistentVolumeClaim", "ServiceAccount", "NetworkPolicy", "Service", "Deployment"]


@given(name=TYPED, environment_id=IDS)
def test_an_object_name_is_always_valid(name: str, environment_id: UUID) -> None:
    assert DNS_1035.fullmatch(object_name(name, environment_id))


@given(one=st.tuples(TYPED, IDS), other=st.tuples(TYPED, IDS))
def test_two_environments_never_share_an_object_name(one: tuple[str, UUID], other: tuple[str, UUID]) -> None:
    assume(one != other)
    assert object_name(*one) != object_name(*other)


@given(name=TYPED, other_name=TYPED, number=st.integers(0, 2**128 - 1), bit=st.integers(0, 127))
def test_neither_an_id_one_bit_away_nor_another_name_meets_it(
    name: str, other_name: str, number: int, bit: int
) -> None:
    near = object_name(name, UUID(int=number ^ (1 << bit)))
    assert object_name(name, UUID(int=number)) != near
    assume(name != other_name)
    assert object_name(name, UUID(int=number)) != object_name(other_name, UUID(int=number))


@given(name=st.from_regex(rf"[a-z0-9]([-a-z0-9]{{0,{LONGEST_NAME - 2}}}[a-z0-9])?", fullmatch=True))
def test_no_name_up_to_the_longest_is_cut_in_anything_made_of_it(name: str) -> None:
    made = object_name(name, ENVIRONMENT_ID)
    assert made.startswith(f"env-{name}-")
    replica_set = f"{made}-{'b' * 10}"  # a hash of 32 bits in at most ten characters
    assert len(f"{replica_set}-") <= 63 - 5  # longer ones lose their end to the five letters of a pod


def test_one_character_more_would_be_cut() -> None:
    assert len(object_name("n" * (LONGEST_NAME + 1), ENVIRONMENT_ID)) + 11 + 1 > 63 - 5


@given(name=TYPED, email=st.text(), organization=st.text(), username=st.text(), environment_id=IDS)
def test_labels_are_valid_and_annotations_keep_what_people_type(
    name: str, email: str, organization: str, username: str, environment_id: UUID
) -> None:
    spec = make_spec(
        environment_id=environment_id, name=name, owner_email=email, organization_name=organization, username=username
    )
    for made in make_objects(spec, "coder"):
        json.dumps(made)
        metadata = made["metadata"]
        assert all(LABEL_VALUE.fullmatch(value) for value in metadata["labels"].values())
        assert list(metadata["annotations"].values()) == [name, email, organization]
