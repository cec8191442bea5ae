"""Images and their tags."""

from decimal import Decimal
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from audit.services import actor_of
from coderadmin.api.callers import person_of
from coderadmin.wire.bodies import NEVER, Body, moment, read
from coderadmin.wire.routes import Routes
from environments.models import Image, ImageTag
from environments.offers import organizations_for
from environments.services.images import add_tag, import_image, remove_tag, update_image

ALL, ONE = "api/v0/images", "api/v0/images/<uuid:pk>"
NO_REGISTRIES = "Write the registry's host before the repository, such as registry.example.com/team/base."
routes = Routes()


class Sizes(Body):
    """Zero is what a client sends who says nothing."""

    default_cpu_cores: Decimal | None = None
    default_memory_gb: Decimal | None = None
    default_disk_gb: int | None = None
    description: str | None = None
    url: str | None = None

    def fields(self) -> dict[str, Any]:
        names = Sizes.model_fields
        sent = {name: getattr(self, name) for name in names}
        return {name: value for name, value in sent.items() if value is not None and value != 0}


class NewImage(Sizes):
    org_id: UUID
    repository: str
    tag: str = ""
    registry_id: str | None = None
    new_registry: dict[str, Any] | None = None


class ImageChange(Sizes):
    deprecated: bool | None = None
    default_tag: str | None = None

    def fields(self) -> dict[str, Any]:
        return super().fields() | ({} if self.deprecated is None else {"deprecated": self.deprecated})


class NewTag(Body):
    tag: str
    default: bool = False


@routes.add("GET", ALL)
def list_images(request: HttpRequest) -> list[dict[str, Any]]:
    """By repository. `org`: those of one organization."""
    images = _visible(request)
    if "org" in request.GET:
        images = images.filter(organization=_uuid(request.GET["org"]))
    return [_image_shape(image) for image in images]


@routes.add("GET", ONE)
def get_image(request: HttpRequest, pk: UUID) -> dict[str, Any]:
    return _image_shape(_image(request, pk))


@routes.add("POST", ALL, status=HTTPStatus.CREATED)
def import_new_image(request: HttpRequest) -> dict[str, Any]:
    sent = read(request, NewImage)
    if sent.registry_id or sent.new_registry:
        raise ValidationError({"registry_id": NO_REGISTRIES})
    organization = organizations_for(person_of(request)).filter(pk=sent.org_id).first()
    if organization is None:
        raise ValidationError({"org_id": "You have no such organization."})
    image = import_image(
        actor=actor_of(request),
        organization=organization,
        repository=sent.repository,
        tag=sent.tag or "latest",
        fields=sent.fields(),
    )
    return get_image(request, image.pk)


@routes.add("PATCH", ONE)
def change_image(request: HttpRequest, pk: UUID) -> dict[str, Any]:
    image, sent = _image(request, pk), read(request, ImageChange)
    update_image(actor=actor_of(request), image=image, fields=sent.fields(), default_tag=sent.default_tag)
    return get_image(request, pk)


@routes.add("POST", f"{ONE}/tags/update")
def refresh_tags(request: HttpRequest, pk: UUID) -> None:
    """The cluster pulls what a tag means at each build: there is nothing to refresh."""
    _image(request, pk)


@routes.add("GET", f"{ONE}/tags")
def list_tags(request: HttpRequest, pk: UUID) -> list[dict[str, Any]]:
    return [_tag_shape(tag) for tag in _image(request, pk).tags.all()]


@routes.add("POST", f"{ONE}/tags", status=HTTPStatus.CREATED)
def create_tag(request: HttpRequest, pk: UUID) -> dict[str, Any]:
    image, sent = _image(request, pk), read(request, NewTag)
    return _tag_shape(add_tag(actor=actor_of(request), image=image, tag=sent.tag, is_default=sent.default))


@routes.add("GET", f"{ONE}/tags/<str:tag>")
def get_tag(request: HttpRequest, pk: UUID, tag: str) -> dict[str, Any]:
    return _tag_shape(get_object_or_404(_image(request, pk).tags, tag=_text(tag)))


@routes.add("DELETE", f"{ONE}/tags/<str:tag>")
def delete_tag(request: HttpRequest, pk: UUID, tag: str) -> None:
    remove_tag(actor=actor_of(request), image=_image(request, pk), tag=_text(tag))


@routes.add("GET", "api/v0/registries")
def list_registries(request: HttpRequest) -> list[Any]:
    """Images name their registry themselves."""
    return []


def _visible(request: HttpRequest) -> QuerySet[Image]:
    return Image.objects.visible_to(person_of(request)).select_related("organization").prefetch_related("tags")


def _image(request: HttpRequest, pk: UUID) -> Image:
    """Raises Http404."""
    return get_object_or_404(_visible(request), pk=pk)


def _uuid(text: str) -> UUID:
    """Raises Http404."""
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


def _text(text: str) -> str:
    """Raises Http404 for a NUL, which no database takes."""
    if "\0" in text:
        raise Http404
    return text


def _image_shape(image: Image) -> dict[str, Any]:
    default = next((tag for tag in image.tags.all() if tag.is_default), None)
    return {
        "id": str(image.pk),
        "organization_id": str(image.organization_id),
        "repository": image.repository,
        "description": image.description,
        "url": image.url,
        "registry": None,
        "default_tag": _tag_shape(default) if default else None,
        "default_cpu_cores": float(image.default_cpu_cores),
        "default_memory_gb": float(image.default_memory_gb),
        "default_disk_gb": image.default_disk_gb,
        "deprecated": image.deprecated,
        "created_at": moment(image.created_at),
        "updated_at": moment(image.updated_at),
    }


def _tag_shape(tag: ImageTag) -> dict[str, Any]:
    return {
        "image_id": str(tag.image_id),
        "tag": tag.tag,
        "latest_hash": "",
        "hash_last_updated_at": NEVER,
        "os_release": None,
        "environments": [],
        "updated_at": moment(tag.created_at),
        "created_at": moment(tag.created_at),
    }
