"""The navigation that a person may see, as data for the templates. A new page is one line here."""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from organizations.policies import May, Visitor, can_read_organizations, is_signed_in, whoever_may


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
    """`manage` and `admin` are the two parts of the side navigation; it is shown on the pages of Manage only."""

    main: list[Link]
    manage: list[Link]
    admin: list[Link]

    @property
    def in_manage(self) -> bool:
        return any(link.current for link in (*self.manage, *self.admin))


LED_ELSEWHERE = ("must_change_password", "must_add_factor")  # every page leads such a person to one
MAIN_PAGES: tuple[Page, ...] = (
    Page(label="Environments", route="environments:environment_list", allowed=is_signed_in),
    Page(label="Support", route="admin:index", allowed=whoever_may(May.HELP)),
)
MANAGE_PAGES = (
    Page(label="Organizations", route="organizations:organization_list", allowed=can_read_organizations),
    Page(label="Users", route="organizations:user_list", allowed=whoever_may(May.LIST_USERS)),
    Page(label="Audit", route="organizations:audit_list", allowed=whoever_may(May.READ_AUDIT)),
)
MANAGE_START = "providers:provider_list"  # where “Manage” leads those who may see it; others to their first page
ADMIN_PAGES = (
    Page(label="Infrastructure", route="infrastructure:overview", allowed=whoever_may(May.SEE_INFRASTRUCTURE)),
    Page(label="Authentication", route="authentication:configuration", allowed=whoever_may(May.SEE_SIGN_IN)),
    Page(label="Workspace Providers", route="providers:provider_list", allowed=whoever_may(May.SEE_PROVIDERS)),
    Page(label="Access", route="providers:access_matrix", allowed=whoever_may(May.SEE_PROVIDERS)),
)


def navigation(request: HttpRequest) -> dict[str, Navigation]:
    """Context processor: `navigation.main`, `.manage`, `.admin`, `.in_manage`. At most one query."""
    user: Visitor = getattr(request, "user", None)
    if user is None or any(getattr(user, name, False) for name in LED_ELSEWHERE):
        return {"navigation": Navigation(main=[], manage=[], admin=[])}
    manage, admin = _links(MANAGE_PAGES, user, request.path), _links(ADMIN_PAGES, user, request.path)
    main = _links(MAIN_PAGES, user, request.path)
    found = Navigation(main=main, manage=manage, admin=admin)
    if pages := [*admin, *manage]:
        start = next((page for page in pages if page.url == reverse(MANAGE_START)), pages[0])
        main.insert(0, Link(label="Manage", url=start.url, current=found.in_manage))
    return {"navigation": found}


def _links(pages: tuple[Page, ...], user: Visitor, path: str) -> list[Link]:
    allowed = [(page.label, reverse(page.route)) for page in pages if page.allowed(user)]
    return [Link(label=label, url=url, current=path.startswith(url)) for label, url in allowed]
