"""The file: what may be in it, and how the present fleet looks as one. It holds no secret."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from coderadmin.client.api import Api, Document
from coderadmin.client.errors import usage
from coderadmin.client.fleet.files import Folders, NamedFile

VERSION = 1
PLAIN = (
    "hostname", "devurl_host", "ssh_enabled", "cluster_address", "namespace", "storage_class", "tolerations",
    "node_selector", "affinity", "service_account_annotations", "envproxy_image", "envproxy_replicas",
)  # fmt: skip
OUTER = ("hostname", "devurl_host", "ssh_enabled")  # for everybody, not in details
KINDS: dict[str, tuple[type, str]] = {
    "ssh_enabled": (bool, "true or false"),
    "default": (bool, "true or false"),
    "envproxy_replicas": (int, "a whole number"),
    "tolerations": (list, "a list"),
    "node_selector": (dict, "a mapping"),
    "affinity": (dict, "a mapping"),
    "service_account_annotations": (dict, "a mapping"),
}
FILES = {"kubeconfig_file": "kubeconfig", "token_file": "token", "ca_file": "ca_pem"}
KEYS = {"name", "way", "default", "cordon", "organizations", "context", *PLAIN, *FILES}
WAYS = ("kubeconfig", "fields", "enrolment")
ACCESS = ("open", "closing")
HEAD = """\
# The workspace providers of {url}.
# Change it, then: coderadmin providers plan FILE, and coderadmin providers apply FILE
# What is left out of a provider stays as it is. It holds no secret: a new provider names files for its credential.
"""


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """`providers` as the API says; `organizations`: ids by name, of those that have access somewhere."""

    providers: list[Document]
    organizations: dict[str, str] = field(default_factory=dict)
    access: dict[str, dict[str, str]] = field(default_factory=dict)
    """By provider id: the access of each organization's name."""

    def entries(self) -> list[Document]:
        """As the file has them."""
        return [as_entry(each, self.access_to(each)) for each in self.providers]

    def access_to(self, provider: Document) -> dict[str, str]:
        return self.access.get(provider["id"], {})


def present_fleet(api: Api) -> Fleet:
    """A request for each 200 providers and each 200 allowlist entries.

    Raises ClientError for those who may not see them.
    """
    fleet = Fleet(providers=list(api.pages("/providers")))
    for entry in api.pages("/access/entries"):
        organization = entry["organization"]
        fleet.organizations[organization["name"]] = organization["id"]
        fleet.access.setdefault(entry["provider"]["id"], {})[organization["name"]] = entry["access"]
    return fleet


def as_entry(provider: Document, access: dict[str, str]) -> Document:
    """One provider as the file has it."""
    details = provider["details"]
    entry: Document = {"name": provider["name"]}
    if provider["is_default"]:
        entry["default"] = True
    entry["cordon"] = provider["cordon"]["reason"] if provider["cordon"] else ""
    if not provider["built_in"]:
        entry["way"] = details["credential_kind"]
    for name in PLAIN:
        value = provider[name] if name in OUTER else details[name]
        is_own = provider["built_in"] and name in ("hostname", "cluster_address", "namespace")
        if not is_own and not (name == "devurl_host" and value == f"*.{urlsplit(provider['hostname']).hostname}"):
            entry[name] = value
    entry["organizations"] = dict(sorted(access.items()))
    return entry


def as_file(url: str, entries: list[Document]) -> str:
    import yaml

    body = yaml.safe_dump({"version": VERSION, "providers": entries}, sort_keys=False, allow_unicode=True, width=120)
    return HEAD.format(url=url) + body


def read_file(text: str, where: str) -> list[Document]:
    """The entries. Raises ClientError that names the first thing that is wrong, and the provider."""
    import yaml

    try:
        document = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    except yaml.YAMLError as error:
        raise usage(f"{where} is no YAML: {' '.join(str(error).split())}") from error
    if not isinstance(document, dict) or set(document) != {"version", "providers"} or document["version"] != VERSION:
        raise usage(
            f"{where} needs version: {VERSION} and providers.", remedy="Begin with: coderadmin providers export"
        )
    entries = document["providers"] or []
    if not isinstance(entries, list):
        raise usage(f"{where}: providers is a list.")
    seen: set[str] = set()
    for number, entry in enumerate(entries, 1):
        name = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not name:
            raise usage(f"{where}: provider {number} has no name.")
        if name.casefold() in seen:
            raise usage(f"{where}: {name} is there twice.")
        seen.add(name.casefold())
        if wrong := _wrong(entry):
            raise usage(f"{where}: {name}: {wrong}")
    if len([entry for entry in entries if entry.get("default")]) > 1:
        raise usage(f"{where}: there can be one default provider.")
    return entries


def new_provider(entry: Document) -> Document:
    """The body that registers it, without what is in files. Raises ClientError."""
    way = entry.get("way")
    if way not in WAYS:
        raise usage(f"{entry['name']} is new: it needs way: one of {', '.join(WAYS)}.")
    body = {name: entry[name] for name in ("name", "way", "context", *PLAIN) if entry.get(name) is not None}
    needed = {"kubeconfig": "kubeconfig_file", "fields": "token_file"}.get(way)
    if needed and not entry.get(needed):
        raise usage(f"{entry['name']} is new: name the file of its credential with {needed}.")
    if way == "kubeconfig":
        body.pop("cluster_address", None)
    return body


def named_files(entry: Document, folders: Folders) -> list[NamedFile]:
    """What is read and sent to register it. Raises ClientError for a file that may not be."""
    keys = {"kubeconfig": ("kubeconfig_file",), "fields": ("token_file", "ca_file")}.get(entry["way"], ())
    return [folders.find(entry[key], provider=entry["name"], key=key) for key in keys if entry.get(key)]


def _wrong(entry: Document) -> str:
    """Empty when its shape is right; the values are the server's to judge."""
    if unknown := sorted(map(str, set(entry) - KEYS)):
        return f"{unknown[0]} is not known. Known are: {', '.join(sorted(KEYS))}."
    if entry.get("organizations") is not None and not _is_access(entry["organizations"]):
        return f"organizations is a mapping of names to {' or '.join(ACCESS)}."
    for name in sorted(set(entry) - {"organizations"}):
        kind, words = KINDS.get(name, (str, "a text"))
        if entry[name] is not None and type(entry[name]) is not kind:
            return f"{name} is {words}."
    return ""


def _is_access(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(name, str) and each in ACCESS for name, each in value.items())
