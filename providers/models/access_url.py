"""The addresses at which the deployment answers."""

from django.db import models

from providers.choices import AccessURLState


class AccessURL(models.Model):
    """One access URL of the deployment, in use or once in use; no rows before the first change (providers.access_urls).

    `since` is None for the one that the deployment was set up with. `last_request_at` is kept for those that are
    accepted beside the current one: who still comes that way.
    """

    url = models.CharField(max_length=300, unique=True)
    state = models.CharField(max_length=8, choices=AccessURLState)
    since = models.DateTimeField(null=True, blank=True)
    set_by_name = models.CharField(max_length=254, blank=True)
    last_request_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state=AccessURLState.CURRENT), name="access_url_one_current"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=AccessURLState.values), name="access_url_state_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.url
