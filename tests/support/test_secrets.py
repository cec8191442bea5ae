"""No page at /support/ shows what it does not name: a word planted into every other column is nowhere to be found."""

import re
from typing import Any

import pytest
from django.apps import apps
from django.db import models

from environments.models import EnvironmentOperationLine, ImageTag
from infrastructure.models import RolloutStep
from organizations.models import StoredAnswer, User
from providers.models import Operation, OperationLine, WorkspaceProvider
from tests.people import make_support_person, signed_in
from tests.support.things import PAGES, every_address, list_address
from tests.world import make_world

pytestmark = pytest.mark.django_db
PLANTED = "wombat7"
TEXTS = (models.CharField, models.TextField, models.JSONField)
SUSPICIOUS = re.compile(
    r"password|secret|token|digest|hash|_pem|key|cookie|session_data|^data|_data|values|parameters|body"
)
NO_SECRETS = {"contenttypes", "auth"}
IMMUTABLE = {"auditevent"}
TOLD_BY_ANOTHER = {  # on the page of what they belong to
    OperationLine: {"text", "remedy"},
    EnvironmentOperationLine: {"text", "remedy"},
    ImageTag: {"tag"},
    RolloutStep: {"provider_name", "failure", "skip_reason"},
    WorkspaceProvider: {"message"},
}


def shown(model: type[models.Model]) -> set[str]:
    """The columns that the page of a model names."""
    page, found = PAGES.get(model), set()
    for each in [*(page.fields or []), *page.list_display] if page else []:
        found |= {each} if isinstance(each, str) else set(each)
    return found | TOLD_BY_ANOTHER.get(model, set())


def columns(model: type[models.Model]) -> list[Any]:
    """Those that hold words, are not shown, and take any."""
    names = shown(model)
    return [
        field
        for field in model._meta.concrete_fields
        if isinstance(field, TEXTS) and not field.choices and field.name not in names
        and not getattr(field, "generated", False) and not field.primary_key
    ]  # fmt: skip


def plant(model: type[models.Model]) -> int:
    """Into one row, past all rules but the database's. How many columns have it."""
    row = model._default_manager.order_by("pk").first()
    for field in columns(model) if row else []:
        value: Any = {PLANTED: PLANTED} if isinstance(field, models.JSONField) else PLANTED
        model._default_manager.filter(pk=row.pk).update(**{field.name: value})
    return len(columns(model)) if row else 0


def test_no_page_tells_what_it_does_not_name() -> None:
    world, helper = make_world(), make_support_person(is_superuser=True)
    StoredAnswer.objects.create(user=world.owner, key_digest="k", request_digest="r", body=PLANTED)
    planted = {
        f"{model._meta.model_name}": plant(model)
        for model in apps.get_models()
        if model._meta.app_label not in NO_SECRETS and model._meta.model_name not in IMMUTABLE
    }
    for name in (
        "clustercredential",
        "envproxytoken",
        "apitoken",
        "storedanswer",
        "environmentsession",
        "accessattempt",
    ):
        assert planted[name], name
    client = signed_in(User.objects.get(pk=helper.pk))
    for address in [*every_address(world), *(f"{list_address(model)}?q={PLANTED}" for model in PAGES)]:
        page = client.get(address, follow=True)
        assert page.status_code == 200, address
        told = page.text.replace(f'value="{PLANTED}"', "").replace(f"q={PLANTED}", "").replace(f"q%3D{PLANTED}", "")
        assert PLANTED not in told, address
        assert not [secret for secret in world.secrets() if secret in page.text], address


def test_no_page_names_a_column_that_sounds_like_a_secret() -> None:
    """A new column has to be named to be shown, and then it has to pass here."""
    for model in PAGES:
        harmless = {"must_change_password"}
        assert not [name for name in shown(model) - harmless if SUSPICIOUS.search(name)], model


@pytest.mark.parametrize("model", PAGES, ids=lambda model: model.__name__)
def test_no_filter_finds_out_what_is_not_shown(model: type[models.Model]) -> None:
    """`?password__startswith=a` would tell a digest letter by letter."""
    make_world()
    client = signed_in(make_support_person())
    for field in columns(model):
        for lookup in ("", "__startswith", "__regex", "__isnull"):
            answer = client.get(list_address(model), {f"{field.name}{lookup}": "1"})
            assert answer.status_code == 400, field.name
    for path in ("user__password__startswith", "owner__password__startswith", "requested_by__password__regex"):
        assert client.get(list_address(model), {path: "a"}).status_code == 400


def test_what_others_are_asked_for_is_filtered_by_nobody() -> None:
    """Also of what is named: only what the list offers."""
    client = signed_in(make_support_person())
    assert client.get(list_address(WorkspaceProvider), {"cluster_address__startswith": "https"}).status_code == 400
    assert client.get(list_address(Operation), {"state__exact": "failed"}).status_code == 200
