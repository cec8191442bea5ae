"""The access URL as people type it, made one and the same for the same place."""

from django.core.exceptions import ValidationError

from providers.addresses import normalise_origin


def normalise_access_url(text: str, *, present: str) -> str:
    """`scheme://host[:port]` in lower case, without a path or a slash at the end; https:// may be left out.

    Raises ValidationError: not an address, a path, http where the `present` one is https, the same as the present one.
    """
    url = normalise_origin(text.strip(), default_scheme="https")
    if url.startswith("http:") and present.startswith("https:"):
        raise ValidationError(
            "Use https:// as now: over http:// everybody on the way reads the sign-in.", code="scheme"
        )
    if url == present:
        raise ValidationError("This is the access URL already.", code="same")
    return url
