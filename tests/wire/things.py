"""A member with a place for environments, and environments whose images are known as the services leave them."""

from typing import Any

from environments.models import Environment, Image
from environments.services.images import note_image
from organizations.models import Organization, User
from providers.models import WorkspaceProvider
from tests.factories import make_environment, make_organization, make_provider, make_user
from tests.people import add_member

REPOSITORY = "codercom/enterprise-base"


def make_image(organization: Organization, repository: str = REPOSITORY, tag: str = "latest") -> Image:
    note_image(organization, repository, tag)
    return Image.objects.get(organization=organization, repository=repository)


def make_known_environment(**fields: Any) -> Environment:
    environment = make_environment(**fields)
    make_image(environment.organization, environment.image, environment.tag)
    return environment


def make_place(**fields: Any) -> tuple[User, Organization, WorkspaceProvider]:
    """A member of an organization that has an image and may use the default provider."""
    member, organization = make_user(), make_organization()
    add_member(organization, member)
    make_image(organization)
    return member, organization, make_provider(organizations=[organization], is_default=True, **fields)
