"""Providers from the command line."""

from pathlib import Path

import pytest
import yaml

from organizations.models import Organization, User
from providers.choices import ProviderStatus
from providers.models import AllowlistEntry, Operation, WorkspaceProvider
from tests.client.conftest import Shell, Shells
from tests.factories import make_built_in, make_environment, make_operation, make_organization, make_provider
from tests.providers.kubeconfigs import kubeconfig

ADDRESS = "https://203.0.113.7:6443"


@pytest.fixture
def acme(db: None) -> Organization:
    return make_organization(name="Acme Works")


@pytest.fixture
def sydney(acme: Organization) -> WorkspaceProvider:
    make_built_in()
    return make_provider(name="sydney", organizations=[acme])


def test_enrolment_prints_the_values_once_and_alone(shell: Shell, sydney: WorkspaceProvider) -> None:
    place = ["--cluster-address", ADDRESS, "--namespace", "coder"]
    made = shell.run("providers", "create", "oslo", *place, "-v")
    assert "cemanager" in yaml.safe_load(made.stdout)
    assert "helm" in made.stderr and "cemanager:" not in made.stderr
    handover = shell.json("providers", "create", "perth", *place[:2], "--namespace", "perth")["enrolment"]
    assert handover["token"] in handover["values_file"]
    rotated = shell.json("providers", "rotate-token", "perth", "--yes")
    assert rotated["token"] in rotated["values_file"] and rotated["token"] != handover["token"]
    assert handover["token"] not in shell.run("providers", "show", "perth", "-o", "json").stdout
    assert "Error: name:" in shell.run("providers", "create", "Oslo", *place, "--namespace", "other", code=2).stderr


def test_a_kubeconfig_comes_from_a_file_or_stdin(shell: Shell, sydney: WorkspaceProvider, tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    file.write_text(kubeconfig("one"))
    shell.run("providers", "create", "oslo", "--kubeconfig", str(file))
    assert WorkspaceProvider.objects.get(name="oslo").credential_kind == "kubeconfig"
    shell.run("providers", "edit", "sydney", "--kubeconfig", "-", "--context", "default", stdin="no: [yaml", code=2)
    assert "can't be read" in shell.run("providers", "create", "x", "--kubeconfig", str(tmp_path / "no"), code=2).stderr


def test_a_token_comes_from_stdin(shell: Shell, sydney: WorkspaceProvider) -> None:
    way = ["--cluster-address", ADDRESS, "--namespace", "coder", "--token-stdin"]
    done = shell.run("providers", "create", "oslo", *way, "-v", stdin="secret-of-cluster\n")
    assert "secret-of-cluster" not in done.output
    assert WorkspaceProvider.objects.get(name="oslo").credential_kind == "fields"
    assert "--token-stdin" in shell.run("providers", "edit", "oslo", "--token", code=2).stderr


def test_lists_and_details(shell: Shell, shell_of: Shells, member: User, sydney: WorkspaceProvider) -> None:
    assert [each["name"] for each in shell.json("providers", "ls")] == ["built-in", "sydney"]
    table = shell.run("providers", "ls").stdout
    assert table.splitlines()[0].startswith("NAME")
    assert "sydney" in shell.run("providers", "ls", "-o", "yaml").stdout
    assert "203.0.113.7" in shell.run("providers", "show", "sydney").stdout
    assert shell.json("providers", "show", str(sydney.pk))["name"] == "sydney"
    assert shell.run("providers", "ls", "--status", "error").stdout == "No provider fits.\n"
    assert "providers ls" in shell.run("providers", "show", "nowhere", code=1).stderr
    shell_of(member).run("providers", "show", "sydney", code=1)
    shell_of(member).run("providers", "create", "x", code=4)


def test_edit_and_rename(shell: Shell, sydney: WorkspaceProvider, tmp_path: Path) -> None:
    file = tmp_path / "scheduling.yaml"
    file.write_text("node_selector: {disk: ssd}\n")
    shell.run("providers", "edit", "sydney", "--storage-class", "fast", "--no-ssh", "--scheduling", str(file))
    sydney.refresh_from_db()
    assert (sydney.storage_class, sydney.ssh_enabled, sydney.node_selector) == ("fast", False, {"disk": "ssd"})
    shell.run("providers", "edit", "sydney", "--storage-class", "")
    shell.run("providers", "rename", "SYDNEY", "perth")
    sydney.refresh_from_db()
    assert (sydney.name, sydney.storage_class) == ("perth", "")
    assert "Nothing to change" in shell.run("providers", "edit", "perth", code=2).stderr
    assert "hostname:" in shell.run("providers", "edit", "perth", "--hostname", "http://else.org", code=2).stderr


def test_cordon_default_and_their_impact(shell: Shell, sydney: WorkspaceProvider) -> None:
    dry = shell.json("providers", "cordon", "sydney", "--reason", "upgrade", "--dry-run")
    assert [each["name"] for each in dry["organizations"]] == ["Acme Works"]
    assert "--yes" in shell.run("providers", "cordon", "sydney", "--reason", "upgrade", code=2).stderr
    assert not WorkspaceProvider.objects.exclude(cordoned_at=None)
    shell.run("providers", "cordon", "sydney", "--reason", "upgrade", "-y")
    assert shell.json("providers", "show", "sydney")["cordon"]["reason"] == "upgrade"
    shell.run("providers", "uncordon", "sydney")
    shell.run("providers", "default", "sydney", "--yes")
    assert shell.json("providers", "show", "sydney")["is_default"]


def test_access(shell: Shell, sydney: WorkspaceProvider, acme: Organization) -> None:
    other = make_organization(name="other")
    assert shell.json("providers", "allow", "sydney", "other", "--dry-run")["dry_run"]
    assert not AllowlistEntry.objects.filter(organization=other)
    assert "other may place environments on sydney." in shell.run("providers", "allow", "sydney", "other").stdout
    assert "It is so already" in shell.run("providers", "allow", "sydney", "other").stdout
    matrix = shell.run("providers", "matrix").stdout
    assert "SYDNEY" in matrix and "open" in matrix
    assert shell.json("providers", "matrix")["items"]
    make_environment(sydney, organization=acme)
    refused = shell.run("providers", "disallow", "sydney", "Acme Works", "--yes", code=3).stderr
    assert refused.startswith("Error: ")
    shell.run("providers", "allow", "built-in", "Acme Works")
    shell.run("providers", "disallow", "sydney", "Acme Works", "--closing", "--yes")
    assert AllowlistEntry.objects.get(provider=sydney, organization=acme).closing
    why = shell.run("providers", "why", "sydney", "--organization", "Acme Works").stdout
    assert why.endswith("It is not possible now.\n")
    assert shell.json("providers", "why", "sydney", "--organization", "Acme Works")["allowed"] is False


def test_slow_work_is_asked_for_and_refused_twice(shell: Shell, sydney: WorkspaceProvider) -> None:
    operation = shell.json("providers", "deploy", "sydney")
    assert operation["kind"] == "deploy"
    refused = shell.run("providers", "preflight", "sydney", code=3).stderr
    assert "under way" in refused
    assert "sydney" in shell.run("operations", "ls", "--provider", "sydney").stdout
    assert shell.json("operations", "show", "sydney")["id"] == operation["id"]
    assert "cancelled" in shell.run("operations", "cancel", operation["id"], "-y").stdout
    assert "being checked" in shell.run("providers", "check", "sydney").stdout


def test_logs_without_anything_that_a_terminal_obeys(shell: Shell, sydney: WorkspaceProvider) -> None:
    assert "no operation yet" in shell.run("providers", "logs", "sydney", code=2).stderr
    make_operation(sydney, lines=["first", "second \x1b[31m red \x07"], state="failed", error_text="no luck")
    assert shell.run("providers", "logs", "sydney").stdout.splitlines() == ["· first", "· second �[31m red �"]
    assert shell.json("providers", "logs", "sydney")[0]["text"] == "first"
    failed = shell.run("operations", "watch", "sydney", code=1)
    assert "first" in failed.stdout
    assert "no luck" in failed.stderr


def test_a_long_log_is_whole_also_as_json(
    shell: Shell, sydney: WorkspaceProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("providers.api.operations.MOST_LINES", 2)
    make_operation(sydney, lines=["one", "two", "three", "four", "five"], state="succeeded")
    assert len(shell.run("providers", "logs", "sydney").stdout.splitlines()) == 5
    assert [line["text"] for line in shell.json("providers", "logs", "sydney")][2:] == ["three", "four", "five"]


def test_deleting(shell: Shell, sydney: WorkspaceProvider, acme: Organization) -> None:
    AllowlistEntry.objects.create(provider=WorkspaceProvider.objects.get(built_in=True), organization=acme)
    environment = make_environment(sydney, organization=acme)
    assert "1 environment there" in shell.run("providers", "rm", "sydney", "--dry-run").stdout
    assert environment.name in shell.run("providers", "rm", "sydney", "--yes", code=3).stderr
    environment.delete()
    shell.run("providers", "rm", "sydney", "--yes")
    assert Operation.objects.get().kind == "delete"
    shell.run("providers", "rm", "built-in", "--yes", code=3)


def test_a_provider_in_error_says_why_and_what_next(shell: Shell, sydney: WorkspaceProvider) -> None:
    values = {"status": ProviderStatus.ERROR, "reason": "connect_timeout", "message": "No answer from 203.0.113.7."}
    WorkspaceProvider.objects.filter(pk=sydney.pk).update(**values)
    assert "No answer from 203.0.113.7." in shell.run("providers", "show", "sydney").stdout
