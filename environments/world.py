"""The small believable world of the embedded default: people, organizations and providers on sandbox clusters.

Made once; later starts only follow the sandbox's addresses. What a person changed or deleted stays so.
"""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.services import SYSTEM
from coderadmin.embedded.ingress_port import read_ingress_port
from coderadmin.env import env
from environments.choices import EnvironmentOperationKind
from environments.first_start import ensure_default_organization
from environments.models import Environment
from environments.services.images import note_image
from environments.services.operations import request
from organizations.choices import OrganizationRole, SiteRole
from organizations.models import Membership, Organization, User
from providers.choices import CredentialKind, ProviderStatus
from providers.kube.kubeconfig import parse_kubeconfig
from providers.models import AllowlistEntry, StatusChange, WorkspaceProvider
from providers.services import Registration, cordon_provider, register_provider, request_deploy
from providers.services.registration import follow_cluster
from providers.target import ClusterTarget

CLUSTERS = ("sydney", "europe", "us-central")
PEOPLE = (
    ("grace@example.com", "Grace Hopper", SiteRole.MANAGER),
    ("katherine@example.com", "Katherine Johnson", SiteRole.AUDITOR),
    ("ada@example.com", "Ada Lovelace", SiteRole.MEMBER),
    ("alan@example.com", "Alan Turing", SiteRole.MEMBER),
    ("radia@example.com", "Radia Perlman", SiteRole.MEMBER),
)
ENVIRONMENTS = (
    ("ada@example.com", "engine", "Coder", "built-in", True),
    ("ada@example.com", "notes", "Coder", "sydney", False),
    ("alan@example.com", "bombe", "Platform", "europe", True),
    ("alan@example.com", "halting", "Platform", "built-in", False),
    ("radia@example.com", "spanning-tree", "Data Science", "sydney", True),
    ("radia@example.com", "bridge", "Data Science", "sydney", True),
)
IMAGE, TAG = "codercom/enterprise-base", "ubuntu"


def furnish() -> None:
    """Fill an empty deployment; on later starts only follow the clusters."""
    targets = {name: target for name in CLUSTERS if (target := _sandbox(name))}
    for provider in WorkspaceProvider.objects.filter(name__in=targets):
        follow_cluster(provider, targets[provider.name])
    if WorkspaceProvider.objects.count() > 1 or Organization.objects.count() > 1:
        return
    with transaction.atomic():
        _people()
        for name, target in targets.items():
            _provider(name, target)
        _brazil()
        _environments()


def _sandbox(name: str) -> ClusterTarget | None:
    path = _data_dir() / "sandbox" / name / "kubeconfig"
    if not path.exists():
        return None
    kubeconfig = parse_kubeconfig(path.read_text())
    return kubeconfig.target(kubeconfig.current_context, "coder")


def _people() -> None:
    """Accounts without a password: the site admin sets one for whoever shall sign in."""
    coder = ensure_default_organization()
    platform = Organization.objects.create(name="Platform", description="Runs the clusters.")
    science = Organization.objects.create(name="Data Science", description="Notebooks and GPUs.")
    homes = {"alan@example.com": platform, "radia@example.com": science}
    for email, name, role in PEOPLE:
        person = User.objects.create_user(email, name=name, site_role=role)
        Membership.objects.create(user=person, organization=homes.get(email, coder), role=OrganizationRole.MEMBER)
    built_in = WorkspaceProvider.objects.get(built_in=True)
    AllowlistEntry.objects.bulk_create(AllowlistEntry(provider=built_in, organization=o) for o in (platform, science))


def _data_dir() -> Path:
    return Path(env.str("CODERADMIN_DATA_DIR", ""))


def _hostname(name: str) -> str:
    """With the port of the ingress; an access URL without a port has a proxy in front that leads there."""
    access = urlsplit(settings.ACCESS_URL)
    port = (read_ingress_port(_data_dir()) or access.port) if access.port else None
    return f"{access.scheme}://{name}.{access.hostname}" + (f":{port}" if port else "")


def _provider(name: str, target: ClusterTarget) -> None:
    provider = register_provider(
        actor=SYSTEM,
        registration=Registration(
            name=name,
            hostname=_hostname(name),
            cluster_address=target.address,
            namespace=target.namespace,
            credential_kind=CredentialKind.KUBECONFIG,
        ),
        target=target,
    )
    AllowlistEntry.objects.bulk_create(
        AllowlistEntry(provider=provider, organization=organization) for organization in Organization.objects.all()
    )
    if name == "us-central":
        _lost_its_release(provider)
    else:
        request_deploy(actor=SYSTEM, provider=provider)
    if name == "europe":
        cordon_provider(actor=SYSTEM, provider=provider, reason="Node upgrade until 18:00 UTC")


def _lost_its_release(provider: WorkspaceProvider) -> None:
    """It was deployed once, as far as we know, but its cluster has no release: an Error that Redeploy repairs."""
    then = timezone.now() - timedelta(days=12)
    WorkspaceProvider.objects.filter(pk=provider.pk).update(
        created_at=then, deployed_at=then, status=ProviderStatus.READY, reason="", status_since=then, failed_checks=1
    )
    provider.status_changes.all().delete()
    for offset, old, new, reason in (
        (timedelta(), "", ProviderStatus.PENDING, "not_deployed"),
        (timedelta(minutes=3), ProviderStatus.PENDING, ProviderStatus.READY, ""),
        (timedelta(days=11, hours=5), ProviderStatus.READY, ProviderStatus.ERROR, "connect_timeout"),
        (timedelta(days=11, hours=5, minutes=41), ProviderStatus.ERROR, ProviderStatus.READY, ""),
    ):
        StatusChange.objects.create(provider=provider, at=then + offset, old=old, new=new, reason=reason)


def _brazil() -> None:
    register_provider(
        actor=SYSTEM,
        registration=Registration(
            name="brazil",
            hostname=_hostname("brazil"),
            cluster_address="https://kubernetes.brazil.example.com:6443",
            namespace="coder",
            credential_kind=CredentialKind.ENROLMENT,
        ),
        target=None,
    )


def _environments() -> None:
    """Built by the first worker; those on a provider that is still being deployed wait for it."""
    for owner, name, organization, provider, running in ENVIRONMENTS:
        place = WorkspaceProvider.objects.filter(name=provider).first()
        if place:
            environment = Environment.objects.create(
                name=name,
                owner=User.objects.get(email=owner),
                organization=Organization.objects.get(name=organization),
                provider=place,
                image=IMAGE,
                tag=TAG,
                cpu_cores=1,
                memory_gb=2,
            )
            note_image(environment.organization, IMAGE, TAG)
            request(SYSTEM, environment, EnvironmentOperationKind.CREATE, running=running)
