from django.apps import AppConfig
from django.conf import settings

from coderadmin import destinations


class ProvidersConfig(AppConfig):
    name = "providers"

    def ready(self) -> None:
        destinations.use(
            destinations.Rule(
                allowed=tuple(settings.ALLOWED_NETWORKS),
                denied=tuple(settings.DENIED_NETWORKS),
                is_loopback_allowed=settings.EMBEDDED,
            )
        )
