"""Fills a database: `python -m benchmarks.seed PROVIDERS DEAD`, then says how many queries each page takes.

Of the providers every so many-th is dead, so that each page of the list shows its share; twenty are named `sydney-*`,
so that a search shows the same number of cards whatever the size.
"""

import json
import sys
from datetime import timedelta

LIST = "/manage/admin/workspace-providers/"
PAGES = {
    "list": LIST,
    "search": f"{LIST}?q=sydney",
    "account": "/account/",
    "admin": "/support/providers/workspaceprovider/",
}
EMAIL = "bench@example.com"
PASSWORD = "a password for benchmarks"  # noqa: S105 - of an account that lives for one run
ORGANIZATIONS = 10
ALLOWED = 5  # organizations of one provider
ENVIRONMENTS = 3  # of one provider
CHANGES = 6  # in one provider's timeline
SYDNEY = 20


def main(providers: int, dead: int) -> None:
    import django

    django.setup()
    _fill(providers, dead)
    sys.stdout.write(json.dumps(_count_queries()))


def make_person() -> None:
    from organizations.models import User

    User.objects.create_superuser(EMAIL, PASSWORD, name="Bench")


def _fill(count: int, dead: int) -> None:
    from django.db import connection

    make_person()
    _furnish(_make_providers(count, every=count // dead if dead else 0))
    connection.cursor().execute("VACUUM ANALYZE")


def _make_providers(count: int, *, every: int) -> list:
    from django.utils import timezone

    from providers.choices import CredentialKind, ProviderStatus
    from providers.models import WorkspaceProvider

    now = timezone.now()
    rows = []
    for number in range(count):
        name = f"{'sydney' if number % (count // SYDNEY) == 0 else 'region'}-{number:05}"
        row = WorkspaceProvider(
            name=name,
            hostname=f"https://{name}.coder.example.com",
            devurl_host=f"*.{name}.coder.example.com",
            cluster_address=f"https://{name}.example.com:6443",
            namespace="coder",
            credential_kind=CredentialKind.FIELDS,
            is_default=number == 0,
            status=ProviderStatus.READY,
            deployed_at=now,
            last_check_at=now,
            last_check_ms=212,
            kubernetes_version="1.34.2",
            chart_version="0.1.0",
            release_revision=3,
        )
        if every and number % every == every // 2:
            row.status, row.reason, row.failed_checks = ProviderStatus.ERROR, "connect_timeout", 9
            row.message = f"{name}.example.com:6443 did not answer within 5 seconds."
        rows.append(row)
    return WorkspaceProvider.objects.bulk_create(rows)


def _furnish(providers: list) -> None:
    """Organizations, environments and timelines."""
    from django.utils import timezone

    from environments.models import Environment
    from organizations.models import Organization, User
    from providers.models import AllowlistEntry, StatusChange

    owner = User.objects.get(email=EMAIL)
    organizations = Organization.objects.bulk_create(Organization(name=f"Team {n}") for n in range(ORGANIZATIONS))
    AllowlistEntry.objects.bulk_create(
        AllowlistEntry(provider=provider, organization=organizations[(number + step) % ORGANIZATIONS])
        for number, provider in enumerate(providers)
        for step in range(ALLOWED)
    )
    Environment.objects.bulk_create(
        Environment(
            name=f"{provider.name}-{n}",
            owner=owner,
            organization=organizations[number % ORGANIZATIONS],  # one that is on its allowlist
            provider=provider,
            image="codercom/enterprise-base",
            status="on",
        )
        for number, provider in enumerate(providers)
        for n in range(ENVIRONMENTS)
    )
    StatusChange.objects.bulk_create(
        StatusChange(provider=provider, old="ready", new="error", at=timezone.now() - timedelta(hours=hours))
        for provider in providers
        for hours in range(CHANGES)
    )


def _count_queries() -> dict[str, int]:
    """Per page, with the session and the person that each request loads."""
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from organizations.models import User

    settings.EXTRA_HOSTS.append("testserver")
    browser = Client()
    browser.force_login(User.objects.get(email=EMAIL), backend="django.contrib.auth.backends.ModelBackend")
    counts = {}
    for name, path in PAGES.items():
        with CaptureQueriesContext(connection) as captured:
            browser.get(path)
        counts[name] = len(captured)
    return counts


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
