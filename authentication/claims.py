"""What a sign-in by OpenID Connect says of a person, and which roles follow from it. Pure functions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import UUID

from authentication.limits import LONGEST_SUBJECT, LONGEST_VALUE, MOST_GROUPS
from organizations.choices import OrganizationRole, SiteRole

RANK = {SiteRole.MEMBER: 0, SiteRole.AUDITOR: 1, SiteRole.MANAGER: 2}


@dataclass(frozen=True, kw_only=True)
class Person:
    """As the provider describes them. `email` is in lower case, and empty unless it is verified there."""

    subject: str
    email: str
    is_verified: bool
    name: str
    groups: tuple[str, ...]

    @classmethod
    def of(cls, claims: Mapping[str, Any], *, groups_claim: str) -> Self:
        """Raises ValueError without a usable subject."""
        subject = claims.get("sub")
        if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or "\0" in subject:
            raise ValueError("the claim sub is not usable")
        verified = claims.get("email_verified") in (True, "true")  # some providers send a text
        return cls(
            subject=subject,
            email=_text(claims.get("email"), 254).lower(),
            is_verified=verified,
            name=_text(claims.get("name"), 150),
            groups=groups_of(claims, groups_claim),
        )


def merged(id_token: Mapping[str, Any], userinfo: Mapping[str, Any]) -> dict[str, Any]:
    """The signed claims, and of the others what they don't say. No e-mail is verified by a word on another one."""
    more = dict(userinfo)
    if "email" in id_token and id_token["email"] != more.get("email"):
        more.pop("email_verified", None)
    return more | dict(id_token)


def groups_of(claims: Mapping[str, Any], path: str) -> tuple[str, ...]:
    """The values of a claim, whose name may lead into another one: `realm_access.roles`. No claim is no value."""
    if not path:
        return ()
    value = claims.get(path)
    if value is None:
        value = claims
        for step in path.split("."):
            value = value.get(step) if isinstance(value, Mapping) else None
    values = value if isinstance(value, list) else [value]
    texts = [each for each in values[:MOST_GROUPS] if isinstance(each, str) and 0 < len(each) <= LONGEST_VALUE]
    return tuple(dict.fromkeys(texts))


@dataclass(frozen=True, kw_only=True)
class Rule:
    value: str
    site_role: str = ""
    organization: UUID | None = None
    organization_role: str = ""


@dataclass(frozen=True, kw_only=True)
class Roles:
    """`site_role`: None when no rule gives any. `organizations`: of each that a rule names; None is no membership."""

    site_role: SiteRole | None = None
    organizations: dict[UUID, OrganizationRole | None] = field(default_factory=dict)


def roles_for(groups: Iterable[str], rules: Iterable[Rule]) -> Roles:
    """The highest of those that the groups give. Once any rule gives site roles, whoever has none by it is a member."""
    has, all_rules = set(groups), list(rules)
    site = [SiteRole(rule.site_role) for rule in all_rules if rule.site_role and rule.value in has]
    organizations: dict[UUID, OrganizationRole | None] = {}
    for rule in all_rules:
        if rule.organization is None:
            continue
        found = organizations.setdefault(rule.organization, None)
        if rule.value in has and found != OrganizationRole.MANAGER:
            organizations[rule.organization] = OrganizationRole(rule.organization_role)
    named = any(rule.site_role for rule in all_rules)
    return Roles(
        site_role=max(site, key=RANK.__getitem__, default=SiteRole.MEMBER) if named else None,
        organizations=organizations,
    )


def _text(value: object, longest: int) -> str:
    return " ".join(value.split())[:longest] if isinstance(value, str) and value.isprintable() else ""
