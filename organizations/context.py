"""The navigation that a person may see, as data for the templates. A new page is one line here."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from organizations.policies import Visitor, can_read_providers, can_use_support


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page of the navigation, and who may see it."""

    label: str
    route: str
    allowed: Callable[[Visitor], bool]


@dataclass(frozen=True, kw_only=True)
class Link:
    """`current` is true for the page itself and for every page below its address."""

    label: str
    url: str
    current: bool


@dataclass(frozen=True, kw_only=True)
class Navigation:
    """`admin` is the side navigation; it is shown on the pages of Manage > Admin only."""

    main: list[Link]
    admin: list[Link]

    @property
    def in_admin(self) -> bool:
        return any(link.current for link in self.admin)


MAIN_PAGES: tuple[Page, ...] = (Page(label="Support", route="admin:index", allowed=can_use_support),)
ADMIN_PAGES = (Page(label="Workspace Providers", route="providers:provider_list", allowed=can_read_providers),)


def navigation(request: HttpRequest) -> dict[str, Navigation]:
    """Context processor: `navigation.main`, `navigation.admin`, `navigation.in_admin`."""
    user: Visitor = getattr(request, "user", None)
    if user is None or getattr(user, "must_change_password", False):
        return {"navigation": Navigation(main=[], admin=[])}
    admin = _links(ADMIN_PAGES, user, request.path)
    main = _links(MAIN_PAGES, user, request.path)
    if admin:
        main.insert(0, Link(label="Manage", url=admin[0].url, current=any(link.current for link in admin)))
    return {"navigation": Navigation(main=main, admin=admin)}


def _links(pages: tuple[Page, ...], user: Visitor, path: str) -> list[Link]:
    allowed = [(page.label, reverse(page.route)) for page in pages if page.allowed(user)]
    return [Link(label=label, url=url, current=path.startswith(url)) for label, url in allowed]
