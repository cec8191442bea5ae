"""What axes counts of failed sign-ins, with less kept than it would, and with a limit for an address as a whole."""

from ipaddress import ip_network
from typing import Any

from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Sum
from django.http import HttpRequest
from django.utils import timezone

HOME_NETWORK = 64  # bits: an IPv6 customer has at least that many addresses to himself


class LockoutHandler(AxesDatabaseHandler):
    """A person is locked by e-mail and address; an address that tries ever other e-mails is locked as such."""

    def is_locked(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> bool:
        return super().is_locked(request, credentials) or _failures_of(request) >= settings.SIGN_IN_FAILURES_OF_ADDRESS


def of_neighbours(field: str, address: str | None) -> dict[str, Any]:
    """To filter a column of addresses by: the same one; of IPv6, the same home network."""
    if address is None or ":" not in address:
        return {field: address}
    network = ip_network((address, HOME_NETWORK), strict=False)
    return {f"{field}__range": (str(network[0]), str(network[-1]))}


def forget_what_was_typed(*, instance: AccessAttempt, **_: Any) -> None:
    """axes would keep the whole form, and knows of one field only that it is a password."""
    instance.get_data = instance.post_data = ""


def _failures_of(request: HttpRequest) -> int:
    since = timezone.now() - settings.AXES_COOLOFF_TIME
    address = request.axes_ip_address  # type: ignore[attr-defined]
    lately = AccessAttempt.objects.filter(attempt_time__gte=since, **of_neighbours("ip_address", address))
    return int(lately.aggregate(total=Sum("failures_since_start"))["total"] or 0)
