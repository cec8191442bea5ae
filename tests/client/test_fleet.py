"""Providers as code."""

import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from audit.models import AuditEvent
from organizations.models import Organization, User
from providers.models import AllowlistEntry, Operation, WorkspaceProvider
from tests.client.conftest import Shell, Shells
from tests.factories import make_built_in, make_environment, make_organization, make_provider

ADDRESS = "https://203.0.113.7:6443"
NEW = {"way": "enrolment", "cluster_address": ADDRESS, "namespace": "coder"}


@pytest.fixture
def acme(db: None) -> Organization:
    return make_organization(name="Acme Works")


@pytest.fixture
def fleet(acme: Organization) -> WorkspaceProvider:
    built_in = make_built_in()
    AllowlistEntry.objects.create(provider=built_in, organization=acme)
    sydney = make_provider(name="sydney", organizations=[acme], node_selector={"disk": "ssd"})
    AllowlistEntry.objects.filter(provider=sydney).update(closing=True)
    make_environment(sydney, organization=acme)
    return sydney


class File:
    """An exported fleet that one changes."""

    def __init__(self, shell: Shell, path: Path) -> None:
        self.shell, self.path = shell, path
        self.text = shell.run("providers", "export").stdout
        self.document = yaml.safe_load(self.text)

    def entry(self, name: str) -> dict[str, Any]:
        return next(each for each in self.document["providers"] if each["name"] == name)

    def saved(self) -> str:
        self.path.write_text(yaml.safe_dump(self.document))
        return str(self.path)


@pytest.fixture
def file(shell: Shell, fleet: WorkspaceProvider, tmp_path: Path) -> File:
    return File(shell, tmp_path / "fleet.yaml")


def test_an_export_holds_no_secret_and_applied_changes_nothing(shell: Shell, file: File) -> None:
    assert "cluster-token" not in file.text and "client-key" not in file.text
    before = AuditEvent.objects.count()
    applied = shell.run("providers", "apply", "-", stdin=file.text)
    assert applied.stdout == "Nothing to change: 2 providers are as the file says.\n"
    assert shell.json("providers", "export") == file.document
    assert AuditEvent.objects.count() == before


def test_a_plan_says_what_and_whom_and_changes_nothing(shell: Shell, file: File) -> None:
    file.entry("sydney").update(storage_class="fast", organizations={"Acme Works": "open"}, cordon="upgrade")
    file.document["providers"].append({"name": "oslo", **NEW, "organizations": {"Acme Works": "open"}})
    before = AuditEvent.objects.count()
    planned = shell.json("providers", "plan", file.saved())
    assert planned["create"] == ["oslo"]
    [change] = planned["change"]
    assert change["differences"] == {
        "storage_class": {"old": "", "new": "fast"},
        "access of Acme Works": {"old": "closing", "new": "open"},
        "cordon": {"old": "", "new": "upgrade"},
    }
    assert {each["of"] for each in planned["impact"]} == {"access", "cordon"}
    shown = shell.run("providers", "plan", file.saved()).stdout
    assert "+ create oslo (enrolment)" in shown
    assert "    storage_class: nothing → fast" in shown
    assert AuditEvent.objects.count() == before


def test_apply_does_it_once(shell: Shell, file: File, acme: Organization) -> None:
    file.entry("built-in").pop("default")
    file.entry("sydney").update(storage_class="fast", organizations={"Acme Works": "open"}, default=True)
    file.document["providers"].append(
        {"name": "oslo", **NEW, "cordon": "not yet", "organizations": {"Acme Works": "open"}}
    )
    assert "--yes" in shell.run("providers", "apply", file.saved(), code=2).stderr
    assert not WorkspaceProvider.objects.filter(name="oslo")
    applied = shell.run("providers", "apply", file.saved(), "--yes")
    assert "Applied: 1 to create, 1 to change, 0 to delete, 1 unchanged." in applied.stdout
    assert "cemanager" in applied.stdout and "helm" in applied.stderr
    sydney, oslo = WorkspaceProvider.objects.get(name="sydney"), WorkspaceProvider.objects.get(name="oslo")
    assert (sydney.storage_class, sydney.is_default, oslo.cordon_reason) == ("fast", True, "not yet")
    assert AllowlistEntry.objects.filter(organization=acme, closing=False).count() == 3
    assert "Nothing to change: 3 providers" in shell.run("providers", "apply", file.saved(), "--yes").stdout


def test_nothing_is_deleted_unless_prune_is_said(shell: Shell, file: File) -> None:
    make_provider(name="oslo")
    assert "--prune deletes them): oslo" in shell.run("providers", "apply", file.saved()).stdout
    assert shell.json("providers", "plan", file.saved(), "--prune")["delete"] == ["oslo"]
    shell.run("providers", "apply", file.saved(), "--prune", "--yes")
    assert Operation.objects.get().provider_name == "oslo"


@pytest.mark.parametrize("command", [("plan",), ("apply", "--yes")])
def test_a_file_without_any_provider_prunes_nothing(command: tuple[str, ...], shell: Shell, file: File) -> None:
    file.document["providers"] = None
    refused = shell.run("providers", *command, file.saved(), "--prune", code=2).stderr
    assert "would delete every provider" in refused
    assert not Operation.objects.exists()


def test_a_rule_refuses_as_on_the_page(shell: Shell, file: File) -> None:
    file.entry("sydney")["organizations"] = {}
    refused = shell.run("providers", "plan", file.saved(), code=3).stderr
    assert refused.startswith("Error: ")
    shell.run("providers", "apply", file.saved(), "--yes", code=3)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[", "is no YAML"),
        ("providers: []", "needs version"),
        ("version: 1\nproviders: [{}]", "provider 1 has no name"),
        ("version: 1\nproviders: [{name: a}, {name: A}]", "there twice"),
        ("version: 1\nproviders: [{name: a, token: x}]", "token is not known"),
        ("version: 1\nproviders: [{name: a, organizations: {b: yes}}]", "organizations is a mapping"),
        ("version: 1\nproviders: [{name: built-in, ssh_enabled: 'no'}]", "ssh_enabled is true or false"),
        ("version: 1\nproviders: [{name: built-in, envproxy_replicas: '2'}]", "envproxy_replicas is a whole number"),
        ("version: 1\nproviders: [{name: a, organizations: {b: open}}]", "needs way"),
        ("version: 1\nproviders: [{name: built-in, organizations: {b: open}}]", "there is no organization b"),
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_is_named_so(shell: Shell, fleet: WorkspaceProvider, text: str, words: str) -> None:
    refused = shell.run("providers", "plan", "-", stdin=text, code=2).stderr
    assert words in refused
    assert len(refused.splitlines()) == 1


def test_who_sees_no_details_is_refused(
    shell_of: Shells, member: User, auditor: User, fleet: WorkspaceProvider
) -> None:
    shell_of(member).run("providers", "export", code=4)
    text = shell_of(auditor).run("providers", "export").stdout.replace("storage_class: ''", "storage_class: fast")
    shell_of(auditor).run("providers", "apply", "-", "--yes", stdin=text, code=4)


def test_two_hundred_providers_change_nothing(shell: Shell, fleet: WorkspaceProvider, acme: Organization) -> None:
    for number in range(200):
        make_provider(name=f"region-{number}", organizations=[acme], credential=False)
    begun = time.monotonic()
    text = shell.run("providers", "export", "-v")
    applied = shell.run("providers", "apply", "-", "-v", stdin=text.stdout)
    print(f"export | apply of 202 providers: {time.monotonic() - begun:.1f} s")  # noqa: T201 - measured, not asserted
    assert applied.stdout == "Nothing to change: 202 providers are as the file says.\n"
    requests = [line for line in (text.stderr + applied.stderr).splitlines() if "/api/v1" in line]
    assert len(requests) < 12
