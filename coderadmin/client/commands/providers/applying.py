"""Doing what a plan says, step by step; a step that fails leaves the others to be told."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import NoReturn

from coderadmin.client.api import Document
from coderadmin.client.commands.providers.registering import change as change_provider
from coderadmin.client.commands.providers.registering import hand_over
from coderadmin.client.errors import FAILED, ClientError
from coderadmin.client.fleet.planning import Plan, wishes
from coderadmin.client.session import Client

Step = tuple[str, Callable[[], object]]


@dataclass(kw_only=True)
class Applying:
    """`made`: the new providers by name, with what enrolment hands over this once; `deletions`: their operations."""

    client: Client
    planned: Plan
    made: dict[str, Document] = field(default_factory=dict)
    deletions: list[Document] = field(default_factory=list)

    def run(self) -> None:
        """Raises ClientError after saying what is done and what is not."""
        steps = list(self._steps())
        for number, (name, do) in enumerate(steps):
            try:
                do()
            except ClientError as error:
                self._stopped([name for name, _ in steps], number, error)
            self.client.output.note(f"Done: {name}.")

    def _steps(self) -> Iterator[Step]:
        """In this order: create, change, access, default, delete."""
        for entry in self.planned.creations:
            yield f"register {entry['name']}", partial(self._register, entry)
            if entry.get("cordon"):
                yield f"cordon {entry['name']}", partial(self._cordon, entry["name"], entry["cordon"])
        for change in self.planned.changes:
            name = change.provider["name"]
            if change.fields:
                yield f"change {name}", partial(change_provider, self.client, change.provider, change.fields)
            if change.cordon is not None:
                verb = "cordon" if change.cordon else "uncordon"
                yield f"{verb} {name}", partial(self._cordon, name, change.cordon)
        if wishes(self.planned, {entry["name"]: "" for entry in self.planned.creations}):
            yield "change access", self._change_access
        for name in self._defaults():
            yield f"make {name} the default", partial(self._post, name, "default")
        for provider in self.planned.deletions:
            yield f"ask for the deletion of {provider['name']}", partial(self._delete, provider)

    def _stopped(self, names: list[str], number: int, error: ClientError) -> NoReturn:
        output = self.client.output
        done, left = names[:number], names[number:]
        if output.is_for_people:
            output.note(f"Applied: {', '.join(done) or 'nothing'}.")
            output.note(f"Not applied: {', '.join(left)}.")
        else:
            output.document({"applied": done, "not_applied": left, "created": list(self.made.values())})
        remedy = f"{error.remedy} Then apply again: it goes on from here.".strip()
        exit_code = FAILED if done else error.exit_code
        raise ClientError(f"Stopped at: {left[0]}. {error.message}", remedy=remedy, exit_code=exit_code) from error

    def _defaults(self) -> Iterator[str]:
        yield from (change.provider["name"] for change in self.planned.changes if change.becomes_default)
        yield from (entry["name"] for entry in self.planned.creations if entry.get("default"))

    def _register(self, entry: Document) -> None:
        new = self.client.api.post("/providers", self.planned.bodies[entry["name"]])
        self.made[entry["name"]] = new
        if self.client.output.is_for_people and new["enrolment"]:
            hand_over(self.client, new["enrolment"], new)

    def _cordon(self, name: str, reason: str) -> None:
        self._post(name, "cordon" if reason else "uncordon", {"reason": reason} if reason else None)

    def _change_access(self) -> None:
        wanted = wishes(self.planned, {name: each["id"] for name, each in self.made.items()})
        self.client.api.patch("/access", {"changes": wanted})

    def _delete(self, provider: Document) -> None:
        self.deletions.append(self.client.api.delete(f"/providers/{provider['id']}"))

    def _post(self, name: str, verb: str, body: Document | None = None) -> None:
        self.client.api.post(f"/providers/{self._ids[name]}/{verb}", body)

    @property
    def _ids(self) -> dict[str, str]:
        known = {change.provider["name"]: change.provider["id"] for change in self.planned.changes}
        return known | {name: each["id"] for name, each in self.made.items()}
