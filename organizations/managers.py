"""How people are created and looked up."""

from typing import TYPE_CHECKING, Any

from django.contrib.auth.base_user import BaseUserManager

from organizations.choices import SiteRole

if TYPE_CHECKING:
    from organizations.models import User


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Raises ValueError without an e-mail; without a password the account can't sign in."""
        if not email:
            raise ValueError("An account needs an e-mail address.")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """The site admin; the database refuses a second one (IntegrityError)."""
        fields |= {"is_staff": True, "is_superuser": True, "site_role": SiteRole.ADMIN}
        return self.create_user(email, password, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").strip().lower())
