"""A day of a deployment in which every secret gets used, by the real pages and the API, also where things fail."""

import base64
import re
import secrets
import signal
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from os import kill
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import psycopg
import yaml
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from coderadmin.embedded.sandbox.certificates import Authority
from tests.clusters import eventually
from tests.e2e.conftest import Deployment
from tests.organizations.smtp import Server
from tests.security.invited import invite_people
from tests.security.visitor import Visitor, shown
from tests.security.written import WEB, Processes, broker

ADMIN = "admin@example.com"
PROVIDERS = "/manage/admin/workspace-providers/"
ENDED = "SELECT count(*) FROM {} WHERE state NOT IN ('succeeded', 'failed', 'cancelled')"


def canary(name: str) -> str:
    return f"canary-{name.replace(' ', '-')}-{secrets.token_hex(8)}"


@dataclass
class Story:
    """`secrets` by name; `once`: at which address a page shows one; `waiting`: the broker while messages lay in it."""

    deployment: Deployment
    processes: Processes
    post: Server
    secrets: dict[str, str] = field(default_factory=dict)
    once: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.visitor = Visitor(self.deployment.url)
        self.cluster = yaml.safe_load((self.deployment.folder / "sandbox" / "europe" / "kubeconfig").read_text())

    def new(self, name: str) -> str:
        return self.secrets.setdefault(name, canary(name))

    def note(self, name: str, page: httpx.Response, secret: str) -> str:
        """A secret that the system made, and the answer in which it shows it."""
        assert len(secret) > 8, name
        self.secrets[name], self.once[name] = secret, f"{page.request.method} {page.request.url.path}"
        return secret

    def tell(self, admin_password: str) -> None:
        self.sign_in_and_change_the_password(admin_password)
        self.make_tokens()
        self.make_people()
        invite_people(self)
        provider = self.deploy_by_kubeconfig()
        self.give_credentials_that_the_cluster_refuses()
        self.paste_what_can_not_be_read()
        self.enrol()
        self.open_an_environment()
        self.let_messages_wait(provider)
        self.crash()
        self.secrets["session"] = self.visitor.browser.cookies["sessionid"]
        self.visitor.look_around(
            "/", "/account/", "/manage/audit/", "/manage/users/", PROVIDERS, "/support/", "/environments/"
        )
        for kind in ("providers", "operations", "users", "organizations", "environments", "tokens"):
            self.visitor.api("GET", f"/{kind}", self.secrets["API token of the page"])

    def sign_in_and_change_the_password(self, first: str) -> None:
        visitor, new = self.visitor, self.new("new password")
        self.secrets["first password"] = first
        assert "do not go together" in visitor.sign_in(ADMIN, self.new("wrong password")).text
        assert visitor.sign_in(ADMIN, first).status_code == 200
        wrong = {"current": self.new("wrong current password"), "new": new, "confirmation": new}
        assert "not your current password" in visitor.submit("/account/password/", **wrong).text
        other = {"current": first, "new": new, "confirmation": self.new("other new password")}
        visitor.submit("/account/password/", **other)
        visitor.submit("/account/password/", current=first, new=new, confirmation=new)
        self.secrets["session before"] = visitor.browser.cookies["sessionid"]
        visitor.submit("/sign-out/")
        visitor.sign_in(ADMIN, new)

    def make_tokens(self) -> None:
        visitor = self.visitor
        page = visitor.submit("/account/tokens/new/", name="of the page", scopes=["write"], days="9")
        token = self.note("API token of the page", page, shown(page, "token"))
        for _ in range(2):
            body, key = {"name": "of the API", "scopes": ["write"], "days": 3}, self.new("idempotency key")
            made = visitor.api("POST", "/tokens", token, body, **{"Idempotency-Key": key})
            self.note("API token of the API", made, made.json()["token"])
        page = visitor.submit("/internal-auth")
        self.note("API token of coder login", page, shown(page, "token"))
        sign_in = {"email": ADMIN, "password": self.secrets["new password"]}
        made = visitor.ask("POST", "/auth/basic/login", json=sign_in)
        self.note("API token by password", made, made.json()["session_token"])
        visitor.ask("POST", "/auth/basic/login", json={"email": ADMIN, "password": self.new("wrong password of coder")})
        visitor.api("GET", "/me", self.new("API token that is none"))
        key = visitor.ask("GET", "/api/v0/users/me/sshkey", headers={"Session-Token": token})
        self.note("SSH key", key, key.json()["private_key"].splitlines()[2])
        service = {
            "issuer": "https://sign-in.invalid",
            "client_id": "canary",
            "client_secret": self.new("client secret"),
        }
        refused = visitor.submit("/manage/admin/authentication/openid-connect/", **service)
        assert refused.status_code == 200
        assert "sign-in.invalid" in refused.text

    def make_people(self) -> None:
        visitor = self.visitor
        page = visitor.submit("/manage/users/new/", email="mira@example.com", name="Mira", invite="")
        self.note("temporary password", page, shown(page, "password"))
        (pk,) = self.rows("SELECT id FROM organizations_user WHERE email = 'mira@example.com'")
        page = visitor.submit(f"/manage/users/{pk[0]}/reset-password/")
        temporary = self.note("second temporary password", page, shown(page, "password"))
        own = self.new("own password")
        mira = Visitor(self.deployment.url, visitor.pages)
        with mira.browser:
            mira.sign_in("mira@example.com", temporary)
            mira.submit("/account/password/", current=temporary, new=own, confirmation=own)
            self.add_an_authenticator_app(mira)

    def add_an_authenticator_app(self, person: Visitor) -> None:
        """Its key is shown in groups of four; it waits in the session until it is used."""
        address = "/account/second-factors/app/"
        key = shown(person.ask("GET", address), "secret").replace(" ", "")
        self.secrets["key of the authenticator app"] = key
        person.submit(address, code="000000")
        code = format_hotp_value(hotp_value(key, int(time.time()) // 30))
        assert "Recovery codes" in person.submit(address, code=code).text

    def deploy_by_kubeconfig(self) -> str:
        """Registered at the second attempt, deployed well, then badly. Returns the address of its page."""
        kubeconfig = {"way": "kubeconfig", "kubeconfig": yaml.safe_dump(self.cluster), "namespace": "canary"}
        self.secrets["token of the kubeconfig"] = self.cluster["users"][0]["user"]["token"]
        self.visitor.submit(f"{PROVIDERS}new/", name="Not a Name", **kubeconfig)
        address = self.register("canary", **kubeconfig)
        for image, outcome in (("", "succeeded"), ("broken/envproxy:9", "failed")):
            self.visitor.submit(f"{address}edit/", envproxy_image=image)
            with self.processes.watched():
                self.visitor.submit(f"{address}deploy/")
                self.wait_until_ended()
            assert self.rows("SELECT state FROM providers_operation ORDER BY requested_at DESC LIMIT 1") == [(outcome,)]
        page = self.visitor.submit(f"{address}rotate-token/")
        self.note("envproxy token of the page", page, shown(page, "token"))
        return address

    def give_credentials_that_the_cluster_refuses(self) -> None:
        """As fields, and as a certificate that the cluster's CA has not signed."""
        typed = {"way": "fields", "token": self.new("token that is refused"), "namespace": "refused", **self.place()}
        with self.processes.watched():
            refused = self.register("refused", **typed)
            self.visitor.submit(f"{refused}check/")
            self.register("certificate", way="kubeconfig", kubeconfig=self.stranger(), namespace="certificate")
        reasons = self.rows(
            "SELECT name, reason FROM providers_workspaceprovider WHERE name IN ('refused', 'certificate')"
        )
        assert all(reason for _, reason in reasons), reasons

    def stranger(self) -> str:
        """A kubeconfig with a client certificate of another CA."""
        with TemporaryDirectory() as folder:
            Authority.fresh("canary").write(Path(folder))
            certificate, key = (Path(folder, name).read_bytes() for name in ("ca.pem", "ca-key.pem"))
        self.secrets["client key"] = key.decode().splitlines()[1]
        user = {"client-certificate-data": certificate, "client-key-data": key}
        encoded = {name: base64.b64encode(pem).decode() for name, pem in user.items()}
        return yaml.safe_dump(self.cluster | {"users": [{"name": self.cluster["users"][0]["name"], "user": encoded}]})

    def paste_what_can_not_be_read(self) -> None:
        for number, text in enumerate(
            (
                "users: [{name: a, user: {token: %s",
                "users:\n- name: a\n  user: {token: [%s]}\n",
                "users: [{name: a, user: {exec: {command: %s}}}]",
                "%s",
                "{%s: 1}",
            )
        ):
            broken = text % self.new(f"unreadable kubeconfig {number}")
            page = self.visitor.submit(f"{PROVIDERS}new/", name="broken", way="kubeconfig", kubeconfig=broken)
            assert page.status_code == 200

    def enrol(self) -> None:
        """A provider whose envproxy brings the token of its service account, which the cluster refuses."""
        address = self.register("enrolled", way="enrolment", namespace="enrolled", **self.place())
        page = self.visitor.submit(f"{address}command/")
        token = self.note("envproxy token of the enrolment", page, shown(page, "token"))
        account = self.new("token of a service account")
        place = self.place()
        beat = {"access_url": self.deployment.url, "namespace": "enrolled", "service_account_token": account, **place}
        for bearer, status in ((token, 200), (self.new("envproxy token that is none"), 401)):
            headers = {"authorization": f"Bearer {bearer}"}
            assert self.visitor.ask("POST", "/api/envproxy/v1/beat", json=beat, headers=headers).status_code == status

    def open_an_environment(self) -> None:
        token = self.secrets["API token of the page"]
        (organization,) = self.rows("SELECT id FROM organizations_organization WHERE is_default")[0]
        (sydney,) = self.rows("SELECT id FROM providers_workspaceprovider WHERE name = 'sydney'")[0]
        wanted = {
            "organization": str(organization),
            "name": "canary",
            "image": "codercom/base",
            "provider": str(sydney),
        }
        made = self.visitor.api("POST", "/environments", token, wanted).json()
        assert eventually(
            lambda: self.rows("SELECT 1 FROM environments_environment WHERE name='canary' AND status='on'"), 60
        )
        opened = self.visitor.ask("GET", f"/environments/{made['id']}/open/")
        assert opened.status_code == 200, opened.text
        self.secrets["session at the environment"] = self.visitor.browser.cookies["coderadmin_environment"]
        tickets = [url.params["ticket"] for url in self.visitor.visited if "ticket" in url.params]
        self.secrets["ticket"], self.once["ticket"] = tickets[0], f"GET /environments/{made['id']}/open/"

    def let_messages_wait(self, address: str) -> None:
        workers = self.deployment.processes("celery.* worker")
        ((other,),) = self.rows("SELECT id FROM providers_workspaceprovider WHERE name = 'sydney'")
        for pid in workers:
            kill(pid, signal.SIGSTOP)
        try:
            for place in (f"{PROVIDERS}{other}/", address):
                self.visitor.submit(f"{place}check/")
                self.visitor.submit(f"{place}deploy/")
            assert eventually(self.holds_messages), list(self.waiting)
        finally:
            for pid in workers:
                kill(pid, signal.SIGCONT)

    def holds_messages(self) -> bool:
        """The first message of a queue goes to the worker that had asked for it before it was stopped."""
        self.waiting = broker(self.deployment)
        return {"Valkey checks", "Valkey operations"} <= set(self.waiting)

    def crash(self) -> None:
        """Where it hurts most: with the secret in the frames of the traceback."""
        token = self.secrets["API token of the page"]
        with self.without_table("providers_clustercredential"):
            typed = {"way": "fields", "token": self.new("token in a crash"), "namespace": "crash", **self.place()}
            assert self.visitor.submit(f"{PROVIDERS}new/", name="crash", **typed).status_code == 500
            body = typed | {"name": "crash", "token": self.new("token in a crash of the API")}
            assert self.visitor.api("POST", "/providers", token, body).status_code == 500
        with self.without_table("audit_auditevent"):
            present, new = self.secrets["new password"], self.new("password in a crash")
            changed = self.visitor.submit("/account/password/", current=present, new=new, confirmation=new)
            assert changed.status_code == 500
            sign_in = {"email": ADMIN, "password": present}
            assert self.visitor.ask("POST", "/auth/basic/login", json=sign_in).status_code == 500
            assert self.visitor.submit("/account/tokens/new/", name="x", scopes=["write"], days="9").status_code == 500

    def register(self, name: str, **fields: Any) -> str:
        page = self.visitor.submit(f"{PROVIDERS}new/", name=name, **fields)
        assert page.url.path != f"{PROVIDERS}new/", re.findall('class="errors".*', page.text)
        self.wait_until_ended()
        (pk,) = self.rows(f"SELECT id FROM providers_workspaceprovider WHERE name = '{name}'")[0]  # noqa: S608
        return f"{PROVIDERS}{pk}/"

    def place(self) -> dict[str, str]:
        cluster = self.cluster["clusters"][0]["cluster"]
        return {
            "cluster_address": cluster["server"],
            "ca_pem": base64.b64decode(cluster["certificate-authority-data"]).decode(),
        }

    def wait_until_ended(self) -> None:
        assert eventually(lambda: self.rows(ENDED.format("providers_operation")) == [(0,)], 200)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(self.connect()) as connection:
            return connection.execute(query.encode()).fetchall()

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(self.deployment.variables(WEB)["DATABASE_URL"], autocommit=True)

    @contextmanager
    def without_table(self, name: str) -> Iterator[None]:
        with closing(self.connect()) as connection:
            connection.execute(f"ALTER TABLE {name} RENAME TO away".encode())
            try:
                yield
            finally:
                connection.execute(f"ALTER TABLE away RENAME TO {name}".encode())
