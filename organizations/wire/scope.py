"""Whom a request is about: what one may not know of is not found."""

from uuid import UUID

from django.db.models import Q
from django.http import Http404, HttpRequest

from coderadmin.api.callers import person_of
from organizations.choices import OrganizationRole
from organizations.models import User
from organizations.policies import can_read_users
from organizations.querysets import UserQuerySet

ME = "me"


def visible_people(person: User) -> UserQuerySet:
    """Oneself and the members of the organizations that one manages; everybody for those who see the list."""
    people: UserQuerySet = User.objects.get_queryset()
    if can_read_users(person):
        return people
    managed = person.memberships.filter(role=OrganizationRole.MANAGER).values("organization")
    members = User.objects.filter(memberships__organization__in=managed).values("pk")
    return people.filter(Q(pk=person.pk) | Q(pk__in=members))


def named_user(request: HttpRequest, name: str) -> User:
    """`name`: an id, or the literal `me`. Raises Http404."""
    person = person_of(request)
    if name == ME:
        return person
    try:
        found = visible_people(person).filter(pk=UUID(name)).first()
    except ValueError:
        found = None
    if found is None:
        raise Http404
    return found
