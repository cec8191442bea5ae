"""The calls of `coder envs`. Clients since 1.20 say workspaces."""

from decimal import Decimal
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from audit.services import actor_of
from coderadmin.api.bodies import checked, form_data
from coderadmin.api.callers import person_of
from coderadmin.wire.bodies import Body, read
from coderadmin.wire.routes import Routes, families
from environments.api.forms import EnvironmentApiForm
from environments.choices import EnvironmentStatus
from environments.forms import RebuildForm
from environments.models import Environment, Image
from environments.querysets import EnvironmentQuerySet
from environments.services import (
    create_environment,
    delete_environment,
    rebuild_environment,
    start_environment,
    stop_environment,
)
from environments.services.operations import CHANGEABLE
from environments.wire.shapes import environment_shape, for_wire
from organizations.models import User
from organizations.wire.scope import named_user
from providers.wire.providers import ONE as PROVIDER
from providers.wire.scope import listed_provider

ALL, ONE = "api/v0/environments", "api/v0/environments/<uuid:pk>"
UNAVAILABLE = {
    "use_container_vm": "Container-based VMs are not available here.",
    "autostart_enabled": "Starting by the clock is not available here.",
    "template_id": "Templates are not available here.",
}
routes = Routes()


class NewEnvironment(Body):
    """Zero sizes and an empty tag stand for those of the image."""

    name: str
    image_id: UUID
    org_id: UUID
    image_tag: str = ""
    cpu_cores: Decimal = Decimal(0)
    memory_gb: Decimal = Decimal(0)
    disk_gb: int = 0
    gpus: int = 0
    resource_pool_id: UUID
    namespace: str = ""
    for_user_id: str = ""
    use_container_vm: bool = False
    autostart_enabled: bool = False
    template_id: str | None = None


class EnvironmentChange(Body):
    image_id: UUID | None = None
    image_tag: str | None = None
    cpu_cores: Decimal | None = None
    memory_gb: Decimal | None = None
    disk_gb: int | None = None
    gpus: int | None = None
    template_id: str | None = None


@routes.add("GET", *families(ALL))
def list_environments(request: HttpRequest) -> list[dict[str, Any]]:
    """Those that one may see. `orgs` and `users`: of these only; each may be given more than once."""
    found = visible_environments(request)
    for name, column in (("orgs", "organization"), ("users", "owner")):
        if name in request.GET:
            found = found.filter(**{f"{column}__in": _ids(request, name)})
    return [environment_shape(environment) for environment in found.order_by("name", "pk")]


@routes.add("GET", *families(f"{PROVIDER}/environments"))
def list_environments_of_provider(request: HttpRequest, pk: UUID) -> list[dict[str, Any]]:
    found = visible_environments(request).filter(provider=listed_provider(request, pk))
    return [environment_shape(environment) for environment in found.order_by("name", "pk")]


@routes.add("GET", *families(ONE))
def get_environment(request: HttpRequest, pk: UUID) -> dict[str, Any]:
    return environment_shape(usable_environment(request, pk))


@routes.add("POST", *families(ALL), status=HTTPStatus.CREATED)
def create_new_environment(request: HttpRequest) -> dict[str, Any]:
    """The client checks nothing: all of it is checked here, and by the rules of placement."""
    sent, person = read(request, NewEnvironment), person_of(request)
    _refuse_unavailable(sent)
    owner = _owner(request, sent)
    form = checked(EnvironmentApiForm(form_data(_form_fields(request, sent, owner)), person=person))
    chosen = form.cleaned_data
    if sent.namespace not in ("", chosen["provider"].namespace):
        raise ValidationError({"namespace": f"{chosen['provider']} has the namespace {chosen['provider'].namespace}."})
    environment = create_environment(
        actor=actor_of(request),
        owner=owner,
        organization=chosen["organization"],
        provider=chosen["provider"],
        plan=form.plan(),
    )
    return get_environment(request, environment.pk)


@routes.add("PATCH", *families(ONE))
def change_environment(request: HttpRequest, pk: UUID) -> dict[str, Any]:
    """Rebuilds it, also when nothing is sent. One that is off is turned on: the client has no other way to start it."""
    environment, sent, actor = usable_environment(request, pk), read(request, EnvironmentChange), actor_of(request)
    _refuse_unavailable(sent)
    changes = _changes(request, environment, sent)
    if not changes and environment.status == EnvironmentStatus.OFF:
        start_environment(actor=actor, environment=environment)
        return get_environment(request, pk)
    stored = {name: getattr(environment, name) for name in (*CHANGEABLE, "revision")}
    form = checked(RebuildForm(form_data(changes, over=stored), environment=environment))
    rebuild_environment(
        actor=actor, environment=environment, revision=environment.revision, changes=form.changes(), turn_on=True
    )
    return get_environment(request, pk)


@routes.add("PUT", *families(f"{ONE}/stop"))
def stop_existing_environment(request: HttpRequest, pk: UUID) -> None:
    stop_environment(actor=actor_of(request), environment=usable_environment(request, pk))


@routes.add("DELETE", *families(ONE))
def delete_existing_environment(request: HttpRequest, pk: UUID) -> None:
    """With its home."""
    delete_environment(actor=actor_of(request), environment=usable_environment(request, pk))


def visible_environments(request: HttpRequest) -> EnvironmentQuerySet:
    return for_wire(Environment.objects.visible_to(person_of(request)))


def usable_environment(request: HttpRequest, pk: UUID) -> Environment:
    """Raises Http404."""
    environment: Environment = get_object_or_404(visible_environments(request), pk=pk)
    return environment


def _refuse_unavailable(sent: Body) -> None:
    """Raises ValidationError."""
    if asked := {name: text for name, text in UNAVAILABLE.items() if getattr(sent, name, None)}:
        raise ValidationError(asked)


def _ids(request: HttpRequest, name: str) -> list[UUID]:
    """Raises ValidationError."""
    texts = [str(person_of(request).pk) if text == "me" else text for text in request.GET.getlist(name)]
    try:
        return [UUID(text) for text in texts]
    except ValueError:
        raise ValidationError({name: "Send ids."}) from None


def _owner(request: HttpRequest, sent: NewEnvironment) -> User:
    """Whether one may create for another person is the service's to say. Raises ValidationError."""
    if not sent.for_user_id:
        return person_of(request)
    try:
        return named_user(request, sent.for_user_id)
    except Http404:
        raise ValidationError({"for_user_id": "There is no such person."}) from None


def _form_fields(request: HttpRequest, sent: NewEnvironment, owner: User) -> dict[str, Any]:
    """In the words of the form, where nothing stands for what the image has. Raises ValidationError at the image."""
    return {
        "organization": sent.org_id,
        "owner": owner.email,
        "name": sent.name,
        "image": _image_of(request, sent.image_id, sent.org_id).repository,
        "tag": sent.image_tag or None,
        "cpu_cores": sent.cpu_cores or None,
        "memory_gb": sent.memory_gb or None,
        "disk_gb": sent.disk_gb or None,
        "gpus": sent.gpus,
        "provider": sent.resource_pool_id,
    }


def _changes(request: HttpRequest, environment: Environment, sent: EnvironmentChange) -> dict[str, Any]:
    """What differs from what is there, in the words of the form. Another image comes with its default tag."""
    found: dict[str, Any] = {
        name: value
        for name, value in sent.model_dump(exclude={"image_id", "image_tag", "template_id"}).items()
        if value is not None and value != getattr(environment, name)
    }
    tag = sent.image_tag
    if sent.image_id is not None:
        image = _image_of(request, sent.image_id, environment.organization_id)
        if image.repository != environment.image:
            default = image.tags.filter(is_default=True).first()
            found["image"], tag = image.repository, tag or (default.tag if default else None)
    if tag and tag != environment.tag:
        found["tag"] = tag
    return found


def _image_of(request: HttpRequest, pk: UUID, organization: UUID) -> Image:
    """Raises ValidationError."""
    image = Image.objects.visible_to(person_of(request)).filter(pk=pk, organization=organization).first()
    if image is None:
        raise ValidationError({"image_id": "The organization has no such image."})
    return image
