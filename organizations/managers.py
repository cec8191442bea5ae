"""How people are created and looked up."""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.base_user import BaseUserManager
from django.db import IntegrityError, transaction

from organizations.choices import SiteRole
from organizations.querysets import UserQuerySet
from organizations.usernames import free_username

if TYPE_CHECKING:
    from organizations.models import User

USERNAME_ATTEMPTS = 20  # each is lost only to somebody else who got the same username at the same moment


class UserManager(BaseUserManager.from_queryset(UserQuerySet)["User"]):  # type: ignore[misc]
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Gives a username that is free. Raises ValueError without an e-mail; without a password one can't sign in."""
        if not email:
            raise ValueError("An account needs an e-mail address.")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        self.insert(user)
        return user

    def insert(self, user: "User") -> None:
        """Store a new person under a username that is free."""
        for attempt in range(1, USERNAME_ATTEMPTS + 1):
            user.username = free_username(user.email, self.usernames_like(user.email))
            try:
                with transaction.atomic(using=self._db):
                    user.save(using=self._db, force_insert=True)
                return
            except IntegrityError as error:
                if attempt == USERNAME_ATTEMPTS or "user_username_unique" not in str(error):
                    raise

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """The site admin; the database refuses a second one (IntegrityError)."""
        fields |= {"is_superuser": True, "site_role": SiteRole.ADMIN}
        return self.create_user(email, password, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())
