"""Fleets that name files, and fleets that are applied in part."""

from pathlib import Path

import pytest
import yaml

from organizations.models import Organization
from providers.models import AllowlistEntry, WorkspaceProvider
from tests.client.conftest import Shell
from tests.factories import make_built_in, make_environment, make_organization, make_provider

OSLO = {"name": "oslo", "way": "fields", "cluster_address": "https://203.0.113.7:6443", "namespace": "coder"}
SECRET = "secret-of-cluster"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of the fleet's file, with files that may be sent and such that may not."""
    make_built_in()
    folder = tmp_path / "fleet"
    (folder / ".ssh").mkdir(parents=True)
    (folder / "keys").mkdir()
    for name in ("fleet/oslo.token", "fleet/keys/oslo.token", "fleet/.ssh/id", "fleet/.token", "elsewhere"):
        (tmp_path / name).write_text(f"{SECRET}\n")
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    return folder


def saved(folder: Path, *entries: dict[str, object]) -> str:
    file = folder / "fleet.yaml"
    file.write_text(yaml.safe_dump({"version": 1, "providers": list(entries)}))
    return str(file)


def test_a_new_provider_needs_the_file_of_its_credential(shell: Shell, folder: Path) -> None:
    assert "token_file" in shell.run("providers", "plan", saved(folder, OSLO), code=2).stderr
    missing = saved(folder, OSLO | {"token_file": "no.token"})
    assert "no.token can't be read" in shell.run("providers", "plan", missing, code=2).stderr
    assert "is no file" in shell.run("providers", "plan", saved(folder, OSLO | {"token_file": "keys"}), code=2).stderr


@pytest.mark.parametrize("name", ["oslo.token", "keys/oslo.token", "keys/../oslo.token"])
def test_a_plan_lists_what_apply_sends(name: str, shell: Shell, folder: Path) -> None:
    file = saved(folder, OSLO | {"token_file": name})
    path = str((folder / name).resolve())
    assert f"    sends {path} (token_file)" in shell.run("providers", "plan", file).stdout
    assert shell.json("providers", "plan", file)["files"] == [{"provider": "oslo", "key": "token_file", "path": path}]
    assert path in shell.run("providers", "apply", file, code=2).stderr
    applied = shell.run("providers", "apply", file, "--yes", "-v")
    assert SECRET not in applied.output
    assert WorkspaceProvider.objects.get(name="oslo").credential.target().token == SECRET
    assert "Nothing to change" in shell.run("providers", "apply", file).stdout


@pytest.mark.parametrize("name", ["../elsewhere", "{}/elsewhere", "link", ".ssh/id", ".token", "/etc/hostname"])
def test_no_other_file_is_read_unless_it_is_allowed(name: str, shell: Shell, folder: Path, tmp_path: Path) -> None:
    file = saved(folder, OSLO | {"token_file": name.format(tmp_path)})
    for command in (("plan",), ("apply", "--yes")):
        refused = shell.run("providers", *command, file, code=2).stderr
        assert "oslo: token_file names" in refused and "--allow-files" in refused
    assert not WorkspaceProvider.objects.filter(name="oslo").exists()
    path = (folder / name.format(tmp_path)).resolve()
    allowed = ["--allow-files", str(path.parent), "--allow-files", str(tmp_path / "nothing")]
    assert f"sends {path}" in shell.run("providers", "plan", file, *allowed).stdout


def test_a_fleet_from_stdin_names_no_file_by_itself(
    shell: Shell, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    text = Path(saved(folder, OSLO | {"token_file": "oslo.token"})).read_text()
    assert "--allow-files" in shell.run("providers", "plan", "-", stdin=text, code=2).stderr
    assert "sends" in shell.run("providers", "plan", "-", "--allow-files", "oslo.token", stdin=text).stdout


@pytest.fixture
def acme(folder: Path) -> Organization:
    """With its only environment on a provider that a fleet takes away from it."""
    acme = make_organization(name="Acme Works")
    AllowlistEntry.objects.create(provider=WorkspaceProvider.objects.get(built_in=True), organization=acme)
    make_environment(make_provider(name="sydney", organizations=[acme]), organization=acme)
    return acme


def test_what_is_applied_and_what_is_not_is_told_and_applied_again_it_goes_on(
    shell: Shell, folder: Path, acme: Organization
) -> None:
    make_provider(name="perth", organizations=[acme])
    oslo = OSLO | {"way": "enrolment", "cordon": "not yet"}
    sydney = {"name": "sydney", "storage_class": "fast"}
    file = saved(folder, oslo, sydney, {"name": "perth"} | {"hostname": "http://else.org"}, {"name": "built-in"})
    failed = shell.run("providers", "apply", file, "--yes", code=1)
    assert "cemanager" in failed.stdout
    told = failed.stderr.splitlines()[-3:]
    assert told[0] == "Applied: register oslo, cordon oslo, change sydney."
    assert told[1] == "Not applied: change perth."
    assert told[2].startswith("Error: Stopped at: change perth. hostname: ") and "apply again" in told[2]
    assert WorkspaceProvider.objects.get(name="sydney").storage_class == "fast"
    file = saved(folder, oslo, sydney, {"name": "perth", "storage_class": "slow"}, {"name": "built-in"})
    assert "0 to create, 1 to change" in shell.run("providers", "apply", file, "--yes").stdout


def test_a_program_gets_the_secrets_of_what_was_made_before_it_failed(
    shell: Shell, folder: Path, acme: Organization
) -> None:
    file = saved(folder, OSLO | {"way": "enrolment"}, {"name": "sydney", "hostname": "http://else.org"})
    told = shell.json("providers", "apply", file, "--yes", code=1)
    assert (told["applied"], told["not_applied"]) == (["register oslo"], ["change sydney"])
    assert told["created"][0]["enrolment"]["token"]


def test_a_refusal_of_the_first_step_keeps_its_exit_code(shell: Shell, folder: Path, acme: Organization) -> None:
    file = saved(folder, {"name": "sydney", "hostname": "http://else.org"})
    failed = shell.run("providers", "apply", file, "--yes", code=2)
    assert "Applied: nothing." in failed.stderr
