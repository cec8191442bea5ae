"""A client that speaks as coder-sdk at v1.18.1 does, header by header (coder-v1-cli, coder-sdk/request.go)."""

import http.client
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.wire.go import API_TOKEN, ENVIRONMENT, IMAGE, NEW_PROVIDER, ORGANIZATION, PROVIDER, USER, decoded, text

ME = "me"


class CoderError(Exception):
    """As the person reads it."""

    def __init__(self, status: int, msg: str) -> None:
        super().__init__(f"unexpected status code {status}: {msg}")
        self.status, self.msg = status, msg


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def error(self, url: str) -> CoderError:
        try:
            msg = json.loads(self.body)["error"]["msg"]
        except (ValueError, KeyError, TypeError):
            msg = ""
        return CoderError(self.status, msg or f"{url}: {self.status}")


@dataclass
class Original:
    """`url` is the client's base URL; `family` the word that its version says for environments."""

    url: str
    token: str = ""
    family: str = "environments"
    headers: dict[str, str] = field(default_factory=dict)

    def send(self, method: str, path: str, body: Any = None) -> Answer:
        """No content type, no Accept, no cookie; a redirect is not followed but returned."""
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.netloc, timeout=30)
        payload = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        connection.putrequest(method, parts.path.removesuffix("/") + path, skip_accept_encoding=True)
        connection.putheader("User-Agent", "Go-http-client/1.1")
        if payload is not None or method in ("POST", "PUT", "PATCH"):
            connection.putheader("Content-Length", str(len(payload or b"")))
        if self.token:
            connection.putheader("Session-Token", self.token)
        for name, value in self.headers.items():
            connection.putheader(name, value)
        connection.putheader("Accept-Encoding", "gzip")
        connection.endheaders(payload)
        response = connection.getresponse()
        answer = Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        connection.close()
        return answer

    def call(self, method: str, path: str, body: Any = None, *, out: Any = None) -> Any:
        """`out`: the shape that is decoded; without it the body is ignored. Raises CoderError from 300 on."""
        answer = self.send(method, path, body)
        if answer.status > 299:
            raise answer.error(self.url + path)
        return decoded(out, json.loads(answer.body)) if out is not None else None

    # coder login URL

    def version(self) -> str:
        return self.send("GET", "/api").headers.get("coder-version", "unknown")

    def log_in(self, token: str) -> Any:
        self.token = token
        self.version()
        return self.me()

    def log_in_with_password(self, email: str, password: str) -> str:
        """The SDK looks at the body only."""
        answer = Original(self.url).send("POST", "/auth/basic/login", {"email": email, "password": password})
        self.token = json.loads(answer.body).get("session_token", "")
        if not self.token:
            raise answer.error(self.url)
        return self.token

    # coder tokens

    def tokens(self) -> Any:
        return self.call("GET", f"/api/v0/api-keys/{ME}", out=[API_TOKEN])

    def create_token(self, name: str) -> str:
        return self.call("POST", f"/api/v0/api-keys/{ME}", {"name": name}, out={"key": text})["key"]

    def regenerate_token(self, pk: str) -> str:
        return self.call("POST", f"/api/v0/api-keys/{ME}/{pk}/regen", out={"key": text})["key"]

    def remove_token(self, pk: str) -> None:
        self.call("DELETE", f"/api/v0/api-keys/{ME}/{pk}")

    # coder users, and what every command about environments asks first

    def me(self) -> Any:
        return self.call("GET", f"/api/v0/users/{ME}", out=USER)

    def users(self) -> Any:
        return self.call("GET", "/api/v0/users", out=[USER])

    def user_by_email(self, email: str) -> Any:
        return self.me() if email == ME else next(user for user in self.users() if user["email"] == email)

    def organizations(self) -> Any:
        return self.call("GET", "/api/v0/orgs", out=[ORGANIZATION])

    def organizations_of(self, email: str = ME) -> list[Any]:
        user = self.user_by_email(email)
        return [each for each in self.organizations() if user["id"] in {member["id"] for member in each["members"]}]

    # coder providers

    def providers(self) -> list[Any]:
        return self.call("GET", "/api/private/resource-pools", out={"kubernetes": [PROVIDER]})["kubernetes"]

    def provider(self, name: str) -> Any:
        """Raises LookupError, the client's “resource not found”."""
        for provider in self.providers():
            if provider["name"] == name:
                return provider
        raise LookupError("resource not found")

    def default_provider(self) -> Any:
        """The first that says built_in, as DefaultWorkspaceProvider does."""
        for provider in self.providers():
            if provider["built_in"]:
                return provider
        raise LookupError("resource not found")

    def create_provider(self, name: str, *, hostname: str, cluster_address: str) -> Any:
        body = {"name": name, "type": "kubernetes", "hostname": hostname, "cluster_address": cluster_address}
        return self.call("POST", "/api/private/resource-pools", body, out=NEW_PROVIDER)

    def helm_values(self, created: Any, *, hostname: str, cluster_address: str) -> dict[str, str]:
        """What the printed Helm command sets."""
        return {
            "envproxy.token": created["envproxy_token"],
            "envproxy.accessURL": hostname,
            "ingress.host": urlsplit(hostname).hostname or "",
            "envproxy.clusterAddress": cluster_address,
            "cemanager.accessURL": self.url,
        }

    def remove_provider(self, name: str) -> None:
        self.call("DELETE", f"/api/private/resource-pools/{self.provider(name)['id']}")

    def cordon(self, name: str, reason: str) -> None:
        self.call("POST", f"/api/private/resource-pools/{self.provider(name)['id']}/cordon", {"reason": reason})

    def uncordon(self, name: str) -> None:
        self.call("POST", f"/api/private/resource-pools/{self.provider(name)['id']}/uncordon")

    def rename_provider(self, old: str, new: str) -> None:
        self.call("PATCH", f"/api/private/resource-pools/{self.provider(old)['id']}", {"name": new})

    # coder images

    def images(self, organization: str) -> Any:
        return self.call("GET", f"/api/v0/images?org={organization}", out=[IMAGE])

    def image(self, pk: str) -> Any:
        return self.call("GET", f"/api/v0/images/{pk}", out=IMAGE)

    def find_image(self, repository: str, *, organization: str = "") -> Any:
        for each in self.organizations_of():
            if organization in ("", each["name"]):
                return next(image for image in self.images(each["id"]) if image["repository"] == repository)
        raise LookupError(organization)

    # coder envs

    def create_environment(self, name: str, *, image: str, tag: str = "latest", provider: str = "", **more: Any) -> Any:
        found = self.find_image(image)
        place = self.provider(provider) if provider else self.default_provider()
        body = {
            "name": name,
            "image_id": found["id"],
            "org_id": found["organization_id"],
            "image_tag": tag,
            "cpu_cores": found["default_cpu_cores"],
            "memory_gb": found["default_memory_gb"],
            "disk_gb": found["default_disk_gb"],
            "gpus": 0,
            "use_container_vm": False,
            "resource_pool_id": place["id"],
            "namespace": place["config"]["default_namespace"],
            "autostart_enabled": False,
        }
        return self.call("POST", f"/api/v0/{self.family}", body | more, out=ENVIRONMENT)

    def environments(self, email: str = ME) -> list[Any]:
        """`envs ls`: the environments of each organization, then the image of each and its provider."""
        user, found = self.user_by_email(email), []
        for each in self.organizations_of(email):
            path = f"/api/v0/{self.family}?orgs={each['id']}&users={user['id']}"
            found += self.call("GET", path, out=[ENVIRONMENT])
        known = {provider["id"] for provider in self.providers()}
        for environment in found:
            self.image(environment["image_id"])
            if environment["resource_pool_id"] not in known:
                raise LookupError("fetch env workspace provider: resource not found")
        return found

    def environments_of_provider(self, name: str) -> Any:
        path = f"/api/private/resource-pools/{self.provider(name)['id']}/{self.family}"
        mine = self.me()["id"]
        return [each for each in self.call("GET", path, out=[ENVIRONMENT]) if each["user_id"] == mine]

    def all_environments(self) -> Any:
        return self.call("GET", f"/api/v0/{self.family}", out=[ENVIRONMENT])

    def environment(self, name: str, email: str = ME) -> Any:
        return next(each for each in self.environments(email) if each["name"] == name)

    def configure_ssh(self) -> tuple[list[str], str]:
        """`config-ssh`: the hosts that it writes, and the private key. Raises LookupError when there is none."""
        user, environments = self.me(), self.environments()
        providers = {each["id"]: each for each in self.providers()}
        hosts = [
            f"{user['username']}-{each['name']}@{urlsplit(providers[each['resource_pool_id']]['envproxy_access_url']).netloc}"
            for each in environments
            if providers[each["resource_pool_id"]]["config"]["ssh_enabled"]
        ]
        if not hosts:
            raise LookupError("SSH is disabled or not available for any environments in your Coder deployment.")
        key = self.call("GET", f"/api/v0/users/{ME}/sshkey", out={"public_key": text, "private_key": text})
        state = {"cliSSHConfigured": {each["id"]: True for each in environments}}
        self.call("PUT", f"/api/private/users/{user['id']}/ux-state", state)
        return hosts, key["private_key"]

    def stop(self, name: str) -> None:
        self.call("PUT", f"/api/v0/{self.family}/{self.environment(name)['id']}/stop")

    def rebuild(self, name: str, **changes: Any) -> None:
        """Every key is sent; null leaves it unchanged."""
        body: dict[str, Any] = dict.fromkeys(("image_id", "image_tag", "cpu_cores", "memory_gb", "disk_gb", "gpus"))
        self.call("PATCH", f"/api/v0/{self.family}/{self.environment(name)['id']}", body | changes)

    def remove(self, name: str) -> None:
        self.call("DELETE", f"/api/v0/{self.family}/{self.environment(name)['id']}")
