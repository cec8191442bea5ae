"""The first start, and every later one: what is there stays, what a person removed does not come back."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from coderadmin.embedded.sandbox.process import SandboxProcess
from environments.models import Environment
from environments.world import CLUSTERS
from organizations.models import Organization, User
from providers.choices import CredentialKind
from providers.models import Operation, WorkspaceProvider
from tests.providers.claims import claim_due_providers
from tests.providers.clusters import target_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path, sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder whose sandbox clusters are those of the test run."""
    for name in CLUSTERS:
        (tmp_path / "sandbox" / name).mkdir(parents=True)
        (tmp_path / "sandbox" / name / "kubeconfig").write_text(sandbox.kubeconfig("one").read_text())
    (tmp_path / "own").write_text(sandbox.kubeconfig("two").read_text())
    monkeypatch.setenv("CODERADMIN_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("CODERADMIN_KUBECONFIG", str(tmp_path / "own"))
    monkeypatch.setattr("environments.world.CLUSTERS", ("sydney",))  # one cluster, one namespace: one provider
    return tmp_path


def first_start() -> str:
    output = StringIO()
    call_command("first_start", stdout=output)
    return output.getvalue()


def test_it_prints_a_password_that_signs_in_once(folder: Path) -> None:
    first, second = first_start(), first_start()
    password = first.partition("password: ")[2].strip()
    assert User.objects.get(email="admin@example.com").check_password(password)
    assert "password" not in second


def test_a_preset_password_is_not_printed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODERADMIN_ADMIN_PASSWORD", "preset by the operator")
    assert "password" not in first_start()
    assert User.objects.get(email="admin@example.com").check_password("preset by the operator")


def test_built_in_is_the_default_and_open_to_the_default_organization(folder: Path) -> None:
    first_start()
    built_in = WorkspaceProvider.objects.get(built_in=True)
    assert built_in.is_default
    assert built_in.organizations.filter(is_default=True).exists()
    assert built_in.credential.target() == target_in(folder / "own", built_in.namespace)


def test_a_deployment_in_a_cluster_uses_its_own_service_account(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CODERADMIN_KUBECONFIG")
    first_start()
    built_in = WorkspaceProvider.objects.get(built_in=True)
    assert built_in.credential_kind == CredentialKind.IN_CLUSTER
    assert not hasattr(built_in, "credential"), "its token is read anew for each check"
    assert any(built_in.pk in batch for batch in claim_due_providers()), "it is checked as all are"


def test_the_world_is_furnished_once(folder: Path) -> None:
    first_start()
    counts = [model.objects.count() for model in (WorkspaceProvider, Organization, User, Environment, Operation)]
    first_start()
    assert counts == [
        model.objects.count() for model in (WorkspaceProvider, Organization, User, Environment, Operation)
    ]
    assert WorkspaceProvider.objects.filter(name__in=["built-in", "sydney", "brazil"]).count() == 3


def test_what_a_person_changed_or_deleted_stays_so(folder: Path) -> None:
    first_start()
    Environment.objects.all().delete()
    WorkspaceProvider.objects.filter(built_in=False).delete()
    WorkspaceProvider.objects.update(name="home")
    first_start()
    assert [provider.name for provider in WorkspaceProvider.objects.all()] == ["home"]


def test_a_cluster_that_moved_is_followed(folder: Path, sandbox: SandboxProcess) -> None:
    first_start()
    (folder / "own").write_text(sandbox.kubeconfig("two").read_text().replace("127.0.0.1", "localhost"))
    first_start()
    built_in = WorkspaceProvider.objects.get(built_in=True)
    assert built_in.cluster_address == f"https://localhost:{sandbox.port('two')}"
    assert built_in.credential.target().address == built_in.cluster_address


def test_production_is_not_furnished(folder: Path, settings: Any) -> None:
    settings.EMBEDDED = False
    first_start()
    assert WorkspaceProvider.objects.count() == 1
    assert User.objects.count() == 1
