"""What the allowlists and the matrix take and answer."""

from uuid import UUID

from ninja import Field, Schema

from coderadmin.api.bodies import Body, Named
from providers.api.schemas import ImpactOut
from providers.choices import Access


class AccessEntry(Body):
    organization: UUID
    access: Access


class AllowlistIn(Body):
    organizations: list[AccessEntry] = Field(max_length=10_000, description="All of them: others lose their access.")


class AccessChangeIn(Body):
    provider: UUID
    organization: UUID
    access: Access
    was: Access | None = Field(None, description="What it was when you looked: 412 when it is neither that nor this.")


class AccessPatch(Body):
    changes: list[AccessChangeIn] = Field(max_length=10_000)


class AccessChangeOut(Schema):
    provider: Named
    organization: Named
    old: Access
    new: Access
    sentence: str


class AccessAnswer(Schema):
    dry_run: bool
    changes: list[AccessChangeOut]
    impact: ImpactOut


class AllowlistEntryOut(Schema):
    organization: Named
    access: Access
    running: int
    stopped: int


class OrganizationProviderOut(Schema):
    provider: Named
    access: Access
    running: int
    stopped: int


class MatrixCell(Schema):
    provider: UUID
    access: Access
    running: int
    stopped: int


class MatrixRow(Schema):
    organization: Named
    cells: list[MatrixCell] = Field(description="Only where there is access, or an environment.")


class MatrixOut(Schema):
    providers: list[Named]
    items: list[MatrixRow]
    next_cursor: str | None
