"""C10: images ls, envs create, ls, stop, rebuild, edit, rm, resources top; by both words for environments."""

from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key
from django.test import Client
from django.utils import timezone

from audit.models import AuditEvent
from environments.choices import EnvironmentOperationKind
from environments.models import Environment, EnvironmentOperation, Image
from organizations.choices import OrganizationRole, TokenScope
from organizations.models import User
from providers.choices import OperationState
from tests.factories import make_organization, make_provider, make_user
from tests.people import add_member
from tests.wire.conftest import Sign
from tests.wire.go import text
from tests.wire.original import CoderError
from tests.wire.things import REPOSITORY, make_image, make_known_environment, make_place

pytestmark = pytest.mark.django_db(transaction=True)
both_words = pytest.mark.parametrize("family", ["environments", "workspaces"])


def end_work() -> None:
    EnvironmentOperation.objects.update(state=OperationState.SUCCEEDED, finished_at=timezone.now())


@both_words
def test_create_ls_stop_rebuild_edit_rm(family: str, sign_in: Sign) -> None:
    member, organization, provider = make_place(namespace="team")
    client = sign_in(member, family=family)
    made = client.create_environment("dev", image=REPOSITORY)
    assert made["latest_stat"]["container_status"] == "CREATING"
    assert made["updating"]
    environment = Environment.objects.get()
    assert (environment.owner, environment.organization, environment.provider) == (member, organization, provider)
    assert (environment.cpu_cores, environment.memory_gb, environment.disk_gb) == (2, 4, 10)
    end_work()
    Environment.objects.update(status="on")
    [listed] = client.environments()
    assert (listed["id"], listed["updating"]) == (made["id"], False)
    assert client.image(listed["image_id"])["repository"] == REPOSITORY
    assert client.environments_of_provider(provider.name) == [listed]
    client.stop("dev")
    end_work()
    client.rebuild("dev", cpu_cores=0.5, disk_gb=20)
    environment.refresh_from_db()
    assert (environment.cpu_cores, environment.disk_gb) == (Decimal("0.5"), 20)
    end_work()
    client.rebuild("dev")
    end_work()
    client.remove("dev")
    kinds = list(environment.operations.order_by("requested_at").values_list("kind", flat=True))
    assert kinds == ["create", "stop", "rebuild", "rebuild", "delete"]


def test_rebuild_turns_on_what_is_off(sign_in: Sign) -> None:
    environment = make_known_environment(status="off")
    add_member(environment.organization, environment.owner)
    client = sign_in(environment.owner)
    client.rebuild(environment.name)
    assert environment.operations.get().kind == EnvironmentOperationKind.START
    end_work()
    client.rebuild(environment.name, memory_gb=8)
    rebuild = environment.operations.get(kind=EnvironmentOperationKind.REBUILD)
    assert rebuild.parameters["running"] is True


def test_what_is_said_again_changes_nothing(sign_in: Sign) -> None:
    environment = make_known_environment(status="off")
    add_member(environment.organization, environment.owner)
    client = sign_in(environment.owner)
    client.stop(environment.name)
    assert not environment.operations.exists()
    client.remove(environment.name)
    with pytest.raises(CoderError, match=r"409: Delete by .* is under way"):
        client.remove(environment.name)


def test_the_disk_never_shrinks(sign_in: Sign) -> None:
    environment = make_known_environment(disk_gb=20)
    add_member(environment.organization, environment.owner)
    with pytest.raises(CoderError, match="400: disk_gb: The disk never shrinks: it has 20 GB now"):
        sign_in(environment.owner).rebuild(environment.name, disk_gb=10)


def test_another_image_comes_with_its_default_tag(sign_in: Sign) -> None:
    environment = make_known_environment()
    add_member(environment.organization, environment.owner)
    other = make_image(environment.organization, "team/node", "22")
    client = sign_in(environment.owner)
    client.rebuild(environment.name, image_id=str(other.pk))
    environment.refresh_from_db()
    assert (environment.image, environment.tag) == ("team/node", "22")
    strange = make_image(make_organization())
    with pytest.raises(CoderError, match="400: image_id: The organization has no such image"):
        client.rebuild(environment.name, image_id=str(strange.pk))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": "Not A Label"}, "400: name: Use at most"),
        ({"name": "x" * 26}, "400: name: Use at most"),
        ({"image_id": str(uuid4())}, "400: image_id: The organization has no such image"),
        ({"org_id": str(uuid4())}, "400: image_id: The organization has no such image"),
        ({"image_tag": "-"}, "400: tag: A tag has"),
        ({"namespace": "kube-system"}, "400: namespace: .* has the namespace coder"),
        ({"resource_pool_id": str(uuid4())}, "400: provider: There is no such provider"),
        ({"resource_pool_id": "built-in"}, "400: resource_pool_id: "),
        ({"cpu_cores": 1000.0}, "400: cpu_cores: "),
        ({"disk_gb": 10**30}, "400: disk_gb: "),
        ({"gpus": -1}, "400: gpus: "),
        ({"use_container_vm": True}, "400: use_container_vm: "),
        ({"autostart_enabled": True}, "400: autostart_enabled: "),
        ({"for_user_id": str(uuid4())}, "400: for_user_id: There is no such person"),
    ],
)
def test_what_is_wrong_is_told_and_makes_nothing(wrong: dict[str, Any], sentence: str, sign_in: Sign) -> None:
    member, _, _ = make_place()
    with pytest.raises(CoderError, match=sentence):
        sign_in(member).create_environment(image=REPOSITORY, **{"name": "dev"} | wrong)
    assert not Environment.objects.exists()


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"cordoned_at": timezone.now(), "cordon_reason": "Upgrade"}, "409: .* is cordoned: Upgrade[.] Choose another"),
        ({"cordoned_at": timezone.now(), "cordon_reason": "Why? Ask."}, "409: .* is cordoned: Why[?] Ask[.] Choose"),
        ({"status": "error"}, "409: .* is Error"),
        ({"status": "pending"}, "409: .* is Pending"),
    ],
)
def test_the_rules_of_placement_hold(fields: dict[str, Any], sentence: str, sign_in: Sign) -> None:
    member, _, _ = make_place(**fields)
    with pytest.raises(CoderError, match=sentence):
        sign_in(member).create_environment("dev", image=REPOSITORY)


def test_a_provider_of_another_organization_is_refused(sign_in: Sign) -> None:
    member, _, _ = make_place()
    other = make_organization()
    add_member(other, member)
    place = make_provider(name="elsewhere", organizations=[other])
    body = {"resource_pool_id": str(place.pk), "namespace": place.namespace}
    with pytest.raises(CoderError, match=r"409: .* is not on the allowlist of elsewhere"):
        sign_in(member).create_environment("dev", image=REPOSITORY, **body)


def test_the_quota_holds(sign_in: Sign) -> None:
    member, organization, _ = make_place()
    organization.quota_cpu_cores = 1
    organization.save()
    with pytest.raises(CoderError, match="409: The quota per member leaves no room: 2 CPU cores of 1 left"):
        sign_in(member).create_environment("dev", image=REPOSITORY)


def test_a_name_is_taken_once(sign_in: Sign) -> None:
    member, _, _ = make_place()
    client = sign_in(member)
    client.create_environment("dev", image=REPOSITORY)
    with pytest.raises(CoderError, match="400: name: This person has an environment of this name already"):
        client.create_environment("dev", image=REPOSITORY)


def test_managers_create_for_others_and_members_do_not(sign_in: Sign) -> None:
    member, organization, _ = make_place()
    manager = make_user()
    add_member(organization, manager, OrganizationRole.MANAGER)
    sign_in(manager).create_environment("for-her", image=REPOSITORY, for_user_id=str(member.pk))
    assert Environment.objects.get().owner == member
    with pytest.raises(CoderError, match="400: for_user_id"):
        sign_in(member).create_environment("for-him", image=REPOSITORY, for_user_id=str(manager.pk))


def test_a_stranger_s_environment_is_not_found(member: User, sign_in: Sign) -> None:
    environment = make_known_environment()
    client = sign_in(member)
    for method, verb in (("GET", ""), ("PATCH", ""), ("DELETE", ""), ("PUT", "/stop"), ("GET", "/devurls")):
        with pytest.raises(CoderError, match="404"):
            client.call(method, f"/api/v0/environments/{environment.pk}{verb}", {} if method == "PATCH" else None)
    with pytest.raises(CoderError, match="404"):
        client.call("GET", f"/api/private/environments/{environment.pk}/watch-update")
    with pytest.raises(CoderError, match="404"):
        client.call("POST", "/api/private/metrics/usage/push", {"environment_id": str(environment.pk)})
    assert client.all_environments() == []


def test_resources_top_shows_everything_to_a_site_manager_and_one_s_own_to_a_member(
    site_manager: User, sign_in: Sign
) -> None:
    mine, _ = make_known_environment(), make_known_environment()
    add_member(mine.organization, mine.owner)
    for person, number in ((site_manager, 2), (mine.owner, 1)):
        client = sign_in(person)
        environments = client.all_environments()
        assert len(environments) == number
        users = {user["id"] for user in client.users()}
        providers = {provider["id"] for provider in client.providers()}
        organizations = {each["id"] for each in client.organizations()}
        for environment in environments:
            assert environment["user_id"] in users
            assert environment["resource_pool_id"] in providers
            assert environment["organization_id"] in organizations
            assert client.image(environment["image_id"])


def test_a_manager_lists_the_environments_of_a_member_by_e_mail(sign_in: Sign) -> None:
    environment, manager = make_known_environment(), make_user()
    add_member(environment.organization, environment.owner)
    add_member(environment.organization, manager, OrganizationRole.MANAGER)
    client = sign_in(manager)
    assert [each["id"] for each in client.environments(environment.owner.email)] == [str(environment.pk)]
    assert client.environments() == []


@pytest.mark.parametrize("query", ["orgs=x", "users=%00", "orgs=&users=me"])
def test_a_filter_that_is_no_id_is_told(query: str, member: User, sign_in: Sign) -> None:
    answer = sign_in(member).send("GET", f"/api/v0/environments?{query}")
    assert answer.status == 400


def test_use_begins_the_idle_time_anew_and_answers_200(sign_in: Sign) -> None:
    environment = make_known_environment(active_at=timezone.now() - timezone.timedelta(hours=5))
    client = sign_in(environment.owner)
    for name in ("environment_id", "workspace_id"):
        Environment.objects.update(active_at=environment.active_at)
        answer = client.send("POST", "/api/private/metrics/usage/push", {"source": "ssh", name: str(environment.pk)})
        assert answer.status == 200
        assert Environment.objects.get().active_at > environment.active_at


def test_images_ls_shows_those_of_one_organization(sign_in: Sign) -> None:
    member, organization, _ = make_place()
    make_image(make_organization(), "team/secret")
    client = sign_in(member)
    [image] = client.images(str(organization.pk))
    assert (image["repository"], image["default_tag"]["tag"]) == (REPOSITORY, "latest")
    strange = Image.objects.get(repository="team/secret")
    assert client.images(str(strange.organization_id)) == []
    with pytest.raises(CoderError, match="404"):
        client.image(str(strange.pk))


def test_a_list_costs_the_same_however_long_it_is(
    site_manager: User, sign_in: Sign, django_assert_max_num_queries: Any
) -> None:
    for _ in range(5):
        make_known_environment()
    headers = {"Session-Token": sign_in(site_manager).token}
    with django_assert_max_num_queries(3):
        assert len(Client().get("/api/v0/workspaces", headers=headers).json()) == 5


def public_of(private: str) -> str:
    key = load_ssh_private_key(private.encode(), password=None)
    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def test_config_ssh_gets_a_key_that_stays_the_same(sign_in: Sign) -> None:
    environment = make_known_environment(name="dev")
    owner = environment.owner
    add_member(environment.organization, owner)
    client = sign_in(owner)
    hosts, key = client.configure_ssh()
    assert hosts == [f"{owner.username}-dev@{environment.provider.name}.coder.example.com"]
    event = AuditEvent.objects.get(action="user.read_ssh_key")
    assert event.after == {"public_key": public_of(key)}
    assert public_of(client.configure_ssh()[1]) == public_of(key)
    other = sign_in(make_user()).call("GET", "/api/v0/users/me/sshkey", out={"private_key": text})
    assert public_of(other["private_key"]) != public_of(key)
    with pytest.raises(CoderError, match="403: A token that only reads"):
        sign_in(owner, TokenScope.READ).configure_ssh()


def test_templates_are_refused_in_words(sign_in: Sign) -> None:
    environment = make_known_environment()
    add_member(environment.organization, environment.owner)
    client = sign_in(environment.owner)
    for path in ("environments/template/parse", "workspaces/template/policy", f"orgs/{uuid4()}/workspaces/from-repo"):
        with pytest.raises(CoderError, match="409: Templates are not available here"):
            client.call("POST", f"/api/private/{path}", b"\x00 raw bytes of a file")
    with pytest.raises(CoderError, match="400: template_id: Templates are not available here"):
        client.rebuild(environment.name, template_id="x")


def test_dev_urls_are_refused_in_words(sign_in: Sign) -> None:
    environment = make_known_environment()
    client = sign_in(environment.owner)
    for family in ("environments", "workspaces"):
        path = f"/api/v0/{family}/{environment.pk}/devurls"
        with pytest.raises(CoderError, match="409: Dev URLs are not available here"):
            client.call("POST", path, {"env_id": str(environment.pk), "port": 8080, "access": "PRIVATE", "name": "web"})
