"""People and the organizations that they belong to."""

import uuid
from datetime import timedelta
from typing import ClassVar

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from organizations import limits, usernames
from organizations.choices import InvitationState, OrganizationRole, SiteRole, TokenScope
from organizations.managers import UserManager
from organizations.querysets import MembershipQuerySet, OrganizationQuerySet
from organizations.text import validate_line, validate_name

EMAIL_IS_TAKEN = "Another account has this e-mail."


class User(AbstractBaseUser, PermissionsMixin):
    """A person. E-mails are stored in lower case; there is at most one site admin.

    Make one with `User.objects.create_user`, which also gives the username.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    email = models.EmailField(
        "e-mail",
        max_length=254,
        unique=True,
        error_messages={"unique": EMAIL_IS_TAKEN},
    )
    username = models.CharField(max_length=usernames.LONGEST, editable=False)
    name = models.CharField(max_length=150, blank=True, validators=[validate_line])
    site_role = models.CharField(max_length=16, choices=SiteRole, default=SiteRole.MEMBER)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField("support staff", default=False)
    must_change_password = models.BooleanField(default=False)
    session_generation = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        ordering = ["email"]
        constraints = [
            models.UniqueConstraint(Lower("email"), name="user_email_unique", violation_error_message=EMAIL_IS_TAKEN),
            models.UniqueConstraint(fields=["username"], name="user_username_unique"),
            models.CheckConstraint(
                condition=models.Q(username__regex=usernames.PATTERN), name="user_username_is_label"
            ),
            models.UniqueConstraint(
                fields=["site_role"], condition=models.Q(site_role=SiteRole.ADMIN), name="user_one_site_admin"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return str(self)

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """A session holds this and ends when it differs: with another password, or another generation."""
        own = super()._get_session_auth_hash(secret)  # type: ignore[misc]
        return f"{own}-{self.session_generation}" if self.session_generation else own


class Invitation(models.Model):
    """A mail that tells a new person how to sign in: by a link to choose a password, which is stored nowhere, or, where
    built-in sign-in is off, by single sign-on.

    `next_try_at` is set while it is to be sent; `problem` says why the last attempt failed. `accepted_at`: when a
    password was chosen, or the person signed in without one.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True, related_name="invitation")
    asked_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, db_index=True)
    sent_at = models.DateTimeField(null=True)
    problem = models.CharField(max_length=200, blank=True)
    accepted_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"invitation of {self.user_id}"

    @property
    def state(self) -> InvitationState:
        if self.accepted_at:
            return InvitationState.ACCEPTED
        if self.next_try_at:
            return InvitationState.WAITING
        return InvitationState.FAILED if self.problem else InvitationState.SENT

    @property
    def has_ended(self) -> bool:
        """Whether the link of the last mail does not work any more for its age."""
        life = timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)
        return self.sent_at is not None and timezone.now() - self.sent_at > life


class Organization(models.Model):
    """A team whose members share environments and images. Exactly one is the default.

    The quotas are what one member may have in all environments here together; no quota is no limit. Environments that
    are idle for `auto_off_hours` are stopped; none: never.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=64, validators=[validate_name])
    description = models.CharField(max_length=255, blank=True, validators=[validate_line])
    is_default = models.BooleanField(default=False)
    quota_cpu_cores = models.DecimalField(
        "CPU cores", max_digits=5, decimal_places=2, null=True, blank=True, validators=limits.within(limits.CPU_CORES)
    )
    quota_memory_gb = models.PositiveSmallIntegerField(
        "memory, GB", null=True, blank=True, validators=limits.within(limits.MEMORY_GB)
    )
    quota_disk_gb = models.PositiveSmallIntegerField(
        "disk, GB", null=True, blank=True, validators=limits.within(limits.DISK_GB)
    )
    quota_gpus = models.PositiveSmallIntegerField("GPUs", null=True, blank=True, validators=limits.within(limits.GPUS))
    auto_off_hours = models.PositiveSmallIntegerField(
        "auto-off threshold, hours", null=True, blank=True, validators=limits.within(limits.AUTO_OFF_HOURS)
    )
    created_at = models.DateTimeField(auto_now_add=True)
    members: "models.ManyToManyField[User, Membership]" = models.ManyToManyField(
        User, through="Membership", related_name="organizations"
    )

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="organization_name_unique",
                violation_error_code="name_taken",
                violation_error_message="Another organization has this name.",
            ),
            models.UniqueConstraint(
                fields=["is_default"], condition=models.Q(is_default=True), name="organization_one_default"
            ),
            models.CheckConstraint(condition=limits.all_kept(), name="organization_limits_in_range"),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """A person's role in an organization."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=24, choices=OrganizationRole, default=OrganizationRole.MEMBER)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "organization"], name="membership_unique")]

    def __str__(self) -> str:
        return f"{self.user} in {self.organization}"


class ApiToken(models.Model):
    """A key of a person for programs, as a SHA-256 digest: it opens what the person may do and its scopes include."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=64, validators=[validate_name])
    scopes = ArrayField(models.CharField(max_length=16, choices=TokenScope))
    digest = models.CharField(max_length=64, unique=True, editable=False)
    made_with = models.ForeignKey(
        "self", on_delete=models.CASCADE, related_name="made", null=True, blank=True, editable=False
    )
    """The token that asked for it and ends it with itself; none when the person did, signed in."""
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    last_used_address = models.GenericIPAddressField(null=True, blank=True)

    class Meta:
        ordering = [Lower("name")]
        constraints = [
            models.UniqueConstraint(
                "user",
                Lower("name"),
                name="api_token_name_unique",
                violation_error_code="name_taken",
                violation_error_message="There is a token of this name already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.user}"

    @property
    def is_expired(self) -> bool:
        return self.expires_at <= timezone.now()

    @property
    def scope_labels(self) -> list[str]:
        return [str(TokenScope(scope).label) for scope in self.scopes]


class StoredAnswer(models.Model):
    """What the API answered to a request with an Idempotency-Key, for the case that it is sent again.

    The body may hold a secret that is shown once: it is sealed with the key itself, of which only a digest is here.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    key_digest = models.CharField(max_length=64)
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "key_digest"], name="stored_answer_unique")]

    def __str__(self) -> str:
        return f"answer {self.pk}"
