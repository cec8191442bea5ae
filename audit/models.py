"""Who did what, when, with what effect."""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, GeneratedField, Q, Value
from django.db.models.functions import Concat

from audit.querysets import AuditEventQuerySet
from audit.vocabulary import EACH_WORD
from audit.words import SIGN_IN_ACTIONS

NEWEST_FIRST = (F("at").desc(), F("id").desc())


class AuditEvent(models.Model):
    """One row per state change, refused attempt and outcome of background work.

    The database itself refuses to change or delete one (migration 0004). `token_name` is that of the API token which
    the actor used, empty for a browser. `organization_id` is that of the organization that it concerns, empty when it
    concerns none; `area` is the action up to the dot; `words` is for the search.
    """

    class Outcome(models.TextChoices):
        REQUESTED = "requested"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELLED = "cancelled"
        DENIED = "denied"

    at = models.DateTimeField(auto_now_add=True)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
    )
    actor_name = models.CharField(max_length=254)
    token_name = models.CharField(max_length=64, blank=True, default="", db_default="")
    address = models.GenericIPAddressField(null=True, blank=True)
    action = models.CharField(max_length=64)
    target_type = models.CharField(max_length=64)
    target_id = models.CharField(max_length=64)
    target_name = models.CharField(max_length=255)
    organization_id = models.CharField(max_length=36, blank=True)
    before = models.JSONField(default=dict, blank=True)
    after = models.JSONField(default=dict, blank=True)
    outcome = models.CharField(max_length=16, choices=Outcome, default=Outcome.SUCCEEDED)
    area = GeneratedField(
        expression=models.Func(F("action"), Value("."), Value(1), function="split_part"),
        output_field=models.TextField(),
        db_persist=True,
    )
    words = GeneratedField(
        expression=Concat(
            *("actor_name", Value(" "), "action", Value(" "), "target_name", Value(" "), "target_id", Value(" ")),
            models.Func(F("address"), function="host", output_field=models.CharField()),
        ),
        output_field=models.TextField(),
        db_persist=True,
    )

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(*NEWEST_FIRST, name="audit_newest"),
            models.Index("target_type", "target_id", *NEWEST_FIRST, name="audit_target"),
            models.Index("actor_name", *NEWEST_FIRST, name="audit_person"),
            models.Index("area", *NEWEST_FIRST, name="audit_area"),
            models.Index("action", *NEWEST_FIRST, name="audit_action"),
            models.Index("outcome", *NEWEST_FIRST, name="audit_outcome"),
            models.Index("organization_id", *NEWEST_FIRST, name="audit_organization"),
            models.Index(*NEWEST_FIRST, name="audit_sign_in", condition=Q(action__in=SIGN_IN_ACTIONS)),
            GinIndex(EACH_WORD, name="audit_each_word", fastupdate=False),
        ]

    def __str__(self) -> str:
        return f"{self.actor_name} {self.action} {self.target_name}"


class AuditSeal(models.Model):
    """The place of an event in the hash chain, and the SHA-256 of the digest before it and of the event's content."""

    number = models.BigIntegerField(primary_key=True)
    event = models.OneToOneField(
        AuditEvent, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="seal"
    )
    digest = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.number}:{self.digest}"


class AuditChain(models.Model):
    """Where the hash chain begins and ends, kept apart from it: one row.

    `newest_at` is the latest moment of the sealed events; `removed_number` is the last one that retention removed.
    """

    newest_number = models.BigIntegerField(default=0)
    newest_digest = models.CharField(max_length=64, blank=True)
    newest_at = models.DateTimeField(null=True, blank=True)
    removed_number = models.BigIntegerField(default=0)
    removed_digest = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return "audit log"
