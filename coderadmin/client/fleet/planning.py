"""What it takes to bring the fleet to the file: create, change, delete. Nothing is changed here."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from coderadmin.client.api import Api, Document
from coderadmin.client.errors import usage
from coderadmin.client.fleet.document import FILES, PLAIN, as_entry, named_files, new_provider, present_fleet
from coderadmin.client.fleet.files import Folders, NamedFile


@dataclass(frozen=True, kw_only=True)
class Change:
    """`fields` go in one PATCH; `differences` are all of them, field: (old, new), for people."""

    provider: Document
    fields: Document = field(default_factory=dict)
    cordon: str | None = None
    """The reason to cordon with; empty to uncordon."""
    access: dict[str, tuple[str, str]] = field(default_factory=dict)
    becomes_default: bool = False
    differences: dict[str, tuple[Any, Any]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """`bodies`: of what is to be registered, by name; it holds secrets, from `files`.

    `left`: not in the file, and not deleted.
    """

    creations: list[Document]
    bodies: dict[str, Document] = field(repr=False)
    files: list[NamedFile]
    changes: list[Change]
    deletions: list[Document]
    left: list[str]
    unchanged: int
    organizations: dict[str, str]
    """Ids by the names that the file has."""

    @property
    def is_empty(self) -> bool:
        return not (self.creations or self.changes or self.deletions)


def make_plan(api: Api, entries: list[Document], *, folders: Folders, prune: bool) -> Plan:
    """Raises ClientError for an organization that is not there, or a new provider without its credential."""
    fleet = present_fleet(api)
    by_name = {each["name"].casefold(): each for each in fleet.providers}
    creations = [entry for entry in entries if entry["name"].casefold() not in by_name]
    named = {entry["name"].casefold() for entry in entries}
    missing = [each for name, each in by_name.items() if name not in named and not each["built_in"]]
    existing = [(entry, by_name[entry["name"].casefold()]) for entry in entries if entry not in creations]
    bodies = {entry["name"]: new_provider(entry) for entry in creations}
    files = [file for entry in creations for file in named_files(entry, folders)]
    for file in files:
        bodies[file.provider][FILES[file.key]] = file.read()
    changes = [_change(entry, each, fleet.access_to(each)) for entry, each in existing]
    return Plan(
        creations=creations,
        bodies=bodies,
        files=files,
        changes=[change for change in changes if change.differences],
        deletions=missing if prune else [],
        left=[] if prune else [each["name"] for each in missing],
        unchanged=sum(not change.differences for change in changes),
        organizations=_organizations(api, entries, fleet.organizations),
    )


def wishes(plan: Plan, created: dict[str, str]) -> list[Document]:
    """All changes of access, for one request: `created` are ids of new providers by name."""
    return [*_wishes_of_changes(plan), *_wishes_of_creations(plan, created)]


def _wishes_of_changes(plan: Plan) -> Iterator[Document]:
    for change in plan.changes:
        for name, (old, new) in change.access.items():
            pair = {"provider": change.provider["id"], "organization": plan.organizations[name]}
            yield pair | {"access": new, "was": old}


def _wishes_of_creations(plan: Plan, created: dict[str, str]) -> Iterator[Document]:
    for entry in plan.creations:
        for name in entry.get("organizations") or {}:
            if entry["name"] in created:
                pair = {"provider": created[entry["name"]], "organization": plan.organizations[name]}
                yield pair | {"access": "open"}


def _change(entry: Document, provider: Document, access: dict[str, str]) -> Change:
    present = as_entry(provider, access)
    present["devurl_host"] = provider["devurl_host"]
    both = [name for name in PLAIN if entry.get(name) is not None and name in present]
    differing = {name: entry[name] for name in both if entry[name] != present[name]}
    wanted = _access(entry, access)
    becomes_default = bool(entry.get("default")) and not provider["is_default"]
    cordon = _cordon(entry, present["cordon"])
    differences = {name: (present[name], value) for name, value in differing.items()}
    differences |= {f"access of {name}": pair for name, pair in wanted.items()}
    if cordon is not None:
        differences["cordon"] = (present["cordon"], cordon)
    if becomes_default:
        differences["default"] = (False, True)
    return Change(
        provider=provider,
        fields=differing,
        cordon=cordon,
        access=wanted,
        becomes_default=becomes_default,
        differences=differences,
    )


def _cordon(entry: Document, present: str) -> str | None:
    """None: stays. Another reason alone changes nothing, as on the page."""
    if "cordon" not in entry:
        return None
    wanted = entry["cordon"] or ""
    return wanted if bool(wanted) != bool(present) else None


def _access(entry: Document, present: dict[str, str]) -> dict[str, tuple[str, str]]:
    """A closing entry goes by itself with its last environment: where there is none, closing is reached."""
    if entry.get("organizations") is None:
        return {}
    wanted = entry["organizations"]
    pairs = {name: (present.get(name, "none"), wanted.get(name, "none")) for name in sorted({*present, *wanted})}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1] and pair != ("none", "closing")}


def _organizations(api: Api, entries: list[Document], known: dict[str, str]) -> dict[str, str]:
    """Ids of every name that may be needed. A request for each 200 organizations, if one is not known yet."""
    if all(name in known for entry in entries for name in entry.get("organizations") or {}):
        return known
    ids = known | {each["name"]: each["id"] for each in api.pages("/organizations")}
    for entry in entries:
        for name in entry.get("organizations") or {}:
            if name not in ids:
                raise usage(f"{entry['name']}: there is no organization {name}.", remedy="Try: coderadmin orgs ls")
    return ids
