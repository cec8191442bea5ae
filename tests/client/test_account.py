"""Signing in, who one is, and where that is kept."""

import stat
from datetime import timedelta
from typing import Any

from django.utils import timezone

from organizations.models import ApiToken, User
from tests.api.things import make_token
from tests.client.conftest import Shells
from tests.people import PASSWORD


def test_a_token_from_stdin_is_kept_for_its_owner_alone(shell_of: Shells, site_manager: User, live_server: Any) -> None:
    shell, token = shell_of(url=""), make_token(site_manager)
    done = shell.run("login", live_server.url, "--stdin", stdin=f"{token}\n")
    assert site_manager.email in done.stdout
    assert token not in done.output
    path = shell.home / "coderadmin" / "config.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert shell.json("whoami")["email"] == site_manager.email
    shell.run("logout")
    assert not path.exists()
    assert "coderadmin login" in shell.run("whoami", code=4).stderr
    assert ApiToken.objects.filter(user=site_manager).exists()


def test_email_and_password_make_a_token(shell_of: Shells, member: User, live_server: Any) -> None:
    shell = shell_of(url="")
    sign_in = ["login", live_server.url, "--email", member.email, "--stdin"]
    refused = shell.run(*sign_in, stdin="wrong\n", code=4)
    assert refused.stderr.startswith("Error: ")
    assert len(refused.stderr.splitlines()) == 1
    assert not shell.home.exists()
    assert member.email in shell.run(*sign_in, stdin=f"{PASSWORD}\n").stdout
    assert shell.json("whoami")["token"]["scopes"]


def test_a_stored_token_goes_to_no_other_deployment(shell_of: Shells, member: User, live_server: Any) -> None:
    shell = shell_of(url="")
    shell.run("login", live_server.url, "--stdin", stdin=make_token(member))
    assert (
        "not signed in to https://other.example.com"
        in shell.run("whoami", code=4, CODER_URL="other.example.com").stderr
    )


def test_without_a_terminal_nobody_is_asked(shell_of: Shells, live_server: Any) -> None:
    assert "--stdin" in shell_of().run("login", live_server.url, code=2).stderr


def test_an_expired_token_says_what_to_do(shell_of: Shells, member: User) -> None:
    shell = shell_of(member)
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    refused = shell.run("providers", "ls", code=4).stderr
    assert "has expired" in refused
    assert "coderadmin login" in refused


def test_an_unreachable_server_is_told_from_a_refusal(shell_of: Shells, live_server: Any) -> None:
    shell = shell_of(url="http://127.0.0.1:9", token="t")
    failed = shell.run("providers", "ls", code=5).stderr
    assert "can't be reached: connection refused" in failed
    assert len(failed.splitlines()) == 1


def test_what_is_no_deployment_is_named_so(shell_of: Shells) -> None:
    shell = shell_of(token="t")
    assert "is no address" in shell.run("whoami", code=2, CODER_URL="https://host/path").stderr
    assert "is no address" in shell.run("whoami", code=2, CODER_URL="https://[").stderr


def test_a_broken_configuration_is_no_traceback(shell_of: Shells) -> None:
    shell = shell_of(url="")
    path = shell.home / "coderadmin" / "config.json"
    path.parent.mkdir(parents=True)
    path.write_text("[1]")
    assert "Remove it and sign in again" in shell.run("whoami", code=1).stderr


def test_whoami_names_role_and_scopes(shell_of: Shells, site_manager: User) -> None:
    shown = shell_of(site_manager).run("whoami").stdout
    assert site_manager.email in shown
    assert "site-manager" in shown
    assert "write" in shown


def test_tokens_are_made_listed_and_ended(shell_of: Shells, site_manager: User) -> None:
    shell = shell_of(site_manager)
    made = shell.run("tokens", "create", "ci", "--scope", "providers", "--days", "7", "-v")
    secret = made.stdout.strip()
    assert ApiToken.objects.filter(name="ci").exists()
    assert secret and secret not in made.stderr
    assert shell_of(token=secret).json("whoami")["token"]["name"] == "ci"
    assert secret not in shell.run("tokens", "ls", "-o", "yaml").stdout
    assert "--yes" in shell.run("tokens", "revoke", "ci", code=2).stderr
    shell.run("tokens", "revoke", "ci", "--yes")
    shell_of(token=secret).run("whoami", code=4)
    assert "tokens ls" in shell.run("tokens", "revoke", "ci", "--yes", code=1).stderr


def test_the_end_of_a_token_names_what_ends_with_it(shell_of: Shells, member: User) -> None:
    shell = shell_of(member)
    of_ci = shell_of(token=shell.run("tokens", "create", "ci", "--scope", "write").stdout.strip())
    of_ci.run("tokens", "create", "ci child")
    assert "with what was made with it: ci child" in shell.run("tokens", "revoke", "ci", code=2).stderr
    shell.run("tokens", "revoke", "ci", "--yes")
    assert [each["name"] for each in shell.json("tokens", "ls")] == ["token 1"]
