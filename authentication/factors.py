"""Second factors: which there are, who has one, and who must. allauth keeps them; their secrets are encrypted."""

from allauth.mfa.models import Authenticator
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q

from organizations.choices import SiteRole
from organizations.models import User

APP, PASSKEY, CODES = Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN, Authenticator.Type.RECOVERY_CODES
FACTORS = (APP, PASSKEY)  # recovery codes stand in for one, and are none by themselves
MOST_PASSKEYS = 10
CODE_PERIOD, CODE_TOLERANCE = 30, 1  # seconds; and how many of these periods a clock may be wrong


class FactorDemand(models.Model):
    """A site role whose people must have a second factor."""

    site_role = models.CharField(max_length=16, choices=SiteRole, primary_key=True)

    def __str__(self) -> str:
        return str(self.get_site_role_display())


def factors_of(user: User) -> models.QuerySet[Authenticator]:
    return Authenticator.objects.filter(user=user, type__in=FACTORS).order_by("created_at")


def has_factor(user: User) -> bool:
    return factors_of(user).exists()


def must_have_factor(user: User) -> bool:
    return FactorDemand.objects.filter(site_role=user.site_role).exists()


def needs_more_than_a_password(user: User) -> bool:
    """Whoever has a second factor, or must have one. One or two queries."""
    return has_factor(user) or must_have_factor(user)


def factor_in_words(factor: Authenticator) -> str:
    """`Authenticator app`, `Authenticator app “phone”`, `Passkey “laptop”`."""
    name = name_of(factor)
    kind = "Passkey" if factor.type == PASSKEY else "Authenticator app"
    return f"{kind} “{name}”" if name else kind


def name_of(factor: Authenticator) -> str:
    """As its person calls it: a passkey has one always, an app once it is renamed."""
    return str(factor.data.get("name", ""))


def count_people_with_passkeys() -> tuple[int, int]:
    """How many active people have one, and how many of these have no authenticator app. One query."""
    apps = Authenticator.objects.filter(user=OuterRef("user"), type=APP)
    found = Authenticator.objects.filter(type=PASSKEY, user__is_active=True).aggregate(
        people=Count("user", distinct=True), without_app=Count("user", distinct=True, filter=~Q(Exists(apps)))
    )
    return found["people"], found["without_app"]


def lacks_factor(user_id: str, site_role: str) -> Q:
    """For rows that refer to a person: must have a second factor and has none. Needs no query of its own."""
    demanded = FactorDemand.objects.filter(site_role=OuterRef(site_role))
    return Q(Exists(demanded)) & ~Q(Exists(Authenticator.objects.filter(user=OuterRef(user_id), type__in=FACTORS)))
