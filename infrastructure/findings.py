"""What is found before the access URL is switched: about the new address itself, and about each provider's hostname."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from providers.kube.findings import Finding, Level
from providers.models import WorkspaceProvider
from providers.words import enumerated


def examine_hostnames(new_url: str, providers: Sequence[WorkspaceProvider]) -> list[Finding]:
    """Scheme and subdomain rule of remote providers. Pure."""
    return [_schemes(new_url, providers), _subdomains(new_url, providers)] if providers else []


def _schemes(new_url: str, providers: Sequence[WorkspaceProvider]) -> Finding:
    scheme = urlsplit(new_url).scheme
    others = [provider.name for provider in providers if urlsplit(provider.hostname).scheme != scheme]
    if not others:
        detail = f"All providers use {scheme}://, as the new access URL does."
        return Finding(code="scheme", label="Scheme", level=Level.OK, detail=detail)
    if scheme == "https":  # the way out of http: first we, then they, since their hostnames have our scheme
        return Finding(
            code="scheme",
            label="Scheme",
            level=Level.WARNING,
            detail=f"http:// is the hostname of {enumerated(others)}. Others on the way can read what goes through.",
            remedy="When the change is finished, give them hostnames with https:// (Edit, then Redeploy).",
        )
    return Finding(
        code="scheme",
        label="Scheme",
        level=Level.ERROR,
        detail=f"https:// is the hostname of {enumerated(others)}, and browsers refuse to lead there from http://.",
        remedy="Choose a new access URL with https://.",
    )


def _subdomains(new_url: str, providers: Sequence[WorkspaceProvider]) -> Finding:
    host = urlsplit(new_url).hostname
    outside = [each.name for each in providers if not (urlsplit(each.hostname).hostname or "").endswith(f".{host}")]
    if not outside:
        detail = f"The hostnames of all providers are below {host}."
        return Finding(code="subdomain", label="Subdomains", level=Level.OK, detail=detail)
    return Finding(
        code="subdomain",
        label="Subdomains",
        level=Level.WARNING,
        detail=f"Not below {host} is the hostname of {enumerated(outside)}. It stays as it is and goes on working.",
        remedy=f"When the change is finished, give them hostnames below {host} (Edit, then Redeploy).",
    )
