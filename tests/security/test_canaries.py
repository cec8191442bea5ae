"""No secret is in anything that a deployment writes; each place where one may be is named here."""

import base64
import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from kubernetes import client

from tests.clusters import api_client
from tests.e2e.conftest import running_deployment
from tests.organizations.smtp import running_server
from tests.security.leaks import leaks
from tests.security.story import Story, canary
from tests.security.written import WEB, Processes, everything, raw_database

pytestmark = pytest.mark.timeout(600)

KEY = canary("encryption-key").ljust(60, "x")


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    password, mail_password = canary("first-password"), canary("mail-password")
    with TemporaryDirectory(prefix="ca-tmp-") as temporary, running_server(knows_us=True) as (post, port):
        variables = {"CODERADMIN_ADMIN_PASSWORD": password, "CODERADMIN_ENCRYPTION_KEYS": KEY, "TMPDIR": temporary}
        variables["CODERADMIN_EMAIL_URL"] = f"smtp://coder:{mail_password}@127.0.0.1:{port}"
        with running_deployment(**variables) as deployment:
            story = Story(deployment, Processes(deployment, Path(temporary)), post)
            own = deployment.variables(WEB)
            story.secrets["encryption key"], story.secrets["SECRET_KEY"] = KEY, own["SECRET_KEY"]
            story.secrets["database password"] = own["DATABASE_URL"].split(":")[2].split("@")[0]
            story.secrets["mail password"] = mail_password
            with story.visitor.browser:
                story.tell(password)
            story.secrets |= minted(story)
            yield story


def minted(story: Story) -> dict[str, str]:
    """The envproxy tokens that deploys have put into the cluster: nobody else ever sees them."""
    found = {}
    for secret in secrets_in_cluster(story):
        if secret.type != "helm.sh/release.v1":
            for name, value in (secret.data or {}).items():
                found[f"{secret.metadata.name}/{name}"] = base64.b64decode(value).decode()
    assert found
    return found


def secrets_in_cluster(story: Story) -> list[client.V1Secret]:
    with api_client(story.deployment.folder / "sandbox" / "europe" / "kubeconfig") as api:
        return client.CoreV1Api(api).list_namespaced_secret("canary").items


def found_in(secrets: Mapping[str, str], written: Mapping[str, bytes], **how: Any) -> set[tuple[str, str]]:
    """Secret and place."""
    return {(name, place) for place, content in written.items() for name in leaks(secrets, content, **how)}


def test_nothing_that_was_stored_or_logged_holds_a_secret(story: Story) -> None:
    written = everything(story.deployment)
    assert len([place for place in written if place.startswith("logs/")]) >= 5
    assert b"mira@example.com" in written["database dump"]
    assert b"Traceback" in written["logs/web.log"]
    assert found_in(story.secrets, written) == set()


def test_the_files_of_the_database_hold_none_either(story: Story) -> None:
    assert found_in(story.secrets, raw_database(story.deployment), depth=0) == set()


def test_a_message_that_waits_holds_none(story: Story) -> None:
    assert found_in(story.secrets, story.waiting) == set()


def test_a_page_shows_a_secret_only_where_it_is_shown_once(story: Story) -> None:
    pages = {place: b"\0".join(bodies) for place, bodies in story.visitor.pages.items()}
    assert len(pages) > 60
    assert found_in(story.secrets, pages) == set(story.once.items())


def test_the_process_list_and_temporary_files_hold_none(story: Story) -> None:
    """Our own programs get the deployment's keys by their environment; Helm's child gets nothing at all."""
    seen = {place: b"\n".join(contents) for place, contents in story.processes.seen.items()}
    assert [place for place in seen if "providers.helm.child" in place]
    of_the_deployment = {"encryption key", "SECRET_KEY", "database password", "first password", "mail password"}
    given = {name: secret for name, secret in story.secrets.items() if name not in of_the_deployment}
    in_a_pod = [place for place in seen if "coderadmin.cli envproxy" in place]
    assert found_in(given, {place: text for place, text in seen.items() if place not in in_a_pod}) == set()
    foreign = {place: text for place, text in seen.items() if "helm.child" in place or place in in_a_pod}
    own = {name: story.secrets[name] for name in of_the_deployment}
    assert found_in(own, foreign) == set()


def test_in_the_cluster_are_the_tokens_of_its_envproxy_and_nothing_else(story: Story) -> None:
    releases = [secret for secret in secrets_in_cluster(story) if secret.type == "helm.sh/release.v1"]
    documents = [gzip.decompress(base64.b64decode(base64.b64decode(secret.data["release"]))) for secret in releases]
    assert all(json.loads(document)["config"]["envproxy"]["token"] for document in documents)
    others = {name: secret for name, secret in story.secrets.items() if not name.endswith("/token")}
    assert found_in(others, {"releases": b"\n".join(documents)}) == set()
