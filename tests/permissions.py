"""Who may do what on the pages: the specification as data (reference, section B; DESIGN 3, roles; decisions 21 and 34).

`tests/test_walk.py` holds every address to it. `python -m tests.permissions` writes it as docs/permissions.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROLES = (
    "member", "auditor", "owner", "organization_member", "member_elsewhere", "organization_manager",
    "manager_elsewhere", "site_manager", "site_admin", "support",
)  # fmt: skip
OUTSIDERS = ("anonymous", "revoked", "must_change_password")
LIKE_ANONYMOUS = ("expired",)  # the session has ended, and so has the token that the request carries
YES, FORBIDDEN, HIDDEN, NO_TOKEN, NO_METHOD, SIGN_IN, NEW_PASSWORD, SAME = "+", "3", "4", "1", "5", "s", "p", "="
WORDS = {YES: "yes", FORBIDDEN: "no", HIDDEN: "not there", NO_TOKEN: "no", NO_METHOD: "none", NEW_PASSWORD: "yes"}

#  member, auditor; owner of the environment, member of its organization, member of another one;
#  manager of its organization, manager of another one; site manager, site admin; support staff
EVERYBODY = "++++++++++"
SITE_READERS = "3+33333++3"
SITE_MANAGERS = "3333333++3"
SITE_ADMIN = "33333333+3"
ORGANIZATION_MANAGERS = "33333++++3"  # of whichever
ITS_MANAGERS = "33333+4++3"
ORGANIZATION_OWNERS = "3333334++3"  # its managers see it, the site's may
ENVIRONMENT_USERS = "44+44+4++4"
ENVIRONMENT_OWNER = "44+4434334"
ENVIRONMENT_SITE_MANAGERS = "4434434++4"
TOKEN_OWNER = "44+4444444"
SUPPORT = "333333333+"
NOT_EVEN_SUPPORT = "3333333335"  # a way that the page does not have
NOBODY = "3333333333"
NOWHERE = "5555555555"
ENVPROXY = "1111111111"  # its own token counts, and no person


@dataclass(frozen=True, kw_only=True)
class Row:
    """A letter for each of ROLES: who may look (`get`), and who may send the form (`post`).

    `outsiders`: what OUTSIDERS get, both ways; SAME is what the others get.
    """

    get: str
    post: str
    outsiders: str = SIGN_IN + SIGN_IN + NEW_PASSWORD

    def expected(self, role: str, method: str) -> str:
        letters = self.post if method == "POST" else self.get
        if role in ROLES:
            return letters[ROLES.index(role)]
        role = "anonymous" if role in LIKE_ANONYMOUS else role
        letter = self.outsiders[OUTSIDERS.index(role)]
        return letters[0] if letter == SAME else letter


def read(who: str) -> Row:
    return Row(get=who, post=NOWHERE)


def act(who: str) -> Row:
    """GET asks, or leads to where one is asked; POST does it."""
    return Row(get=who, post=who)


def send(who: str) -> Row:
    return Row(get=NOWHERE, post=who)


def each(names: str, row: Row) -> dict[str, Row]:
    """`names`: the app, then those of its addresses."""
    app, *rest = names.split()
    return {f"{app}:{name}": row for name in rest}


OPEN_PAGE = Row(get=EVERYBODY, post=NOWHERE, outsiders="===")
NOTHING = Row(get=HIDDEN * 10, post=HIDDEN * 10, outsiders="==3")
OPEN_CALL = Row(get=NOWHERE, post=ENVPROXY, outsiders="===")
ACCOUNT: Mapping[str, Row] = {
    "organizations:sign_in": Row(get=EVERYBODY, post=EVERYBODY, outsiders="==="),
    "account_login": Row(get=EVERYBODY, post=EVERYBODY, outsiders="==="),  # the same page by allauth's name
    "authentication:admin_sign_in": Row(get=EVERYBODY, post=EVERYBODY, outsiders="==="),  # others are told the same
    **each("organizations password_forgotten password_link", Row(get=EVERYBODY, post=EVERYBODY, outsiders="===")),
    "authentication:openid_connect_start": OPEN_PAGE,
    "authentication:openid_connect_callback": OPEN_PAGE,
    "authentication:account_link": read(EVERYBODY),
    "authentication:account_link_start": read(EVERYBODY),
    "authentication:account_unlink": act(EVERYBODY),
    "organizations:sign_out": Row(get=NOWHERE, post=EVERYBODY, outsiders="==="),
    **each("organizations home account token_list", read(EVERYBODY)),
    "organizations:password_change": Row(get=EVERYBODY, post=EVERYBODY, outsiders="ss+"),
    **each("organizations token_create command_line_token", act(EVERYBODY)),
    "organizations:token_end": act(TOKEN_OWNER),
    "authentication:session_list": read(EVERYBODY),
    "authentication:session_end_others": act(EVERYBODY),
    "authentication:session_end": act(TOKEN_OWNER),
    "mfa_authenticate": Row(get=EVERYBODY, post=EVERYBODY, outsiders="==="),  # whoever is at that step of a sign-in
    "authentication:factor_list": read(EVERYBODY),
    **each("authentication who app_add passkey_add recovery_codes_make factor_remove", act(EVERYBODY)),
    "authentication:factor_rename": act(HIDDEN * 10),  # who has none
}
PEOPLE: Mapping[str, Row] = {
    "organizations:user_list": read(SITE_READERS),
    "organizations:user_detail": read(SITE_MANAGERS),
    **each("organizations user_create user_set_site_role user_set_organizations", act(SITE_MANAGERS)),
    **each("organizations user_deactivate user_activate user_reset_password", act(SITE_MANAGERS)),
    **each("organizations user_set_support_staff user_invite", act(SITE_MANAGERS)),
    "authentication:user_unlink": act(SITE_MANAGERS),
    "authentication:user_unlink of a site manager": act(SITE_ADMIN),
    "authentication:user_sessions": read(SITE_MANAGERS),
    **each("authentication user_session_end user_sessions_end", act(SITE_MANAGERS)),
    "authentication:user_factors_reset": act(SITE_MANAGERS),
    "authentication:user_factors_reset of a site manager": act(SITE_ADMIN),
    "authentication:user_sessions of a site manager": read(SITE_ADMIN),
    "authentication:user_sessions_end of a site manager": act(SITE_ADMIN),
    "organizations:user_tokens": read(SITE_ADMIN),
    "organizations:user_token_end": act(SITE_ADMIN),
    "organizations:user_detail of a site manager": read(SITE_MANAGERS),
    "organizations:user_set_organizations of a site manager": act(SITE_MANAGERS),
    "organizations:user_set_site_role of a site manager": act(SITE_ADMIN),
    "organizations:user_deactivate of a site manager": act(SITE_ADMIN),
    "organizations:user_activate of a site manager": act(SITE_ADMIN),
    "organizations:user_reset_password of a site manager": act(SITE_ADMIN),
    "organizations:user_set_support_staff of a site manager": act(SITE_ADMIN),
    "organizations:user_invite of a site manager": act(SITE_ADMIN),
    **each("organizations audit_list audit_export_csv audit_export_json", read(SITE_READERS)),
}
ORGANIZATIONS: Mapping[str, Row] = {
    "organizations:organization_list": read(ORGANIZATION_MANAGERS),
    "organizations:organization_create": act(SITE_MANAGERS),
    **each("organizations organization_detail organization_environments organization_providers", read(ITS_MANAGERS)),
    "organizations:organization_history": read(ORGANIZATION_OWNERS),
    **each("organizations organization_update organization_set_default organization_delete", act(ORGANIZATION_OWNERS)),
    **each("organizations member_add member_remove", act(ITS_MANAGERS)),
    "organizations:member_set_role": send(ITS_MANAGERS),
    "providers:organization_allowlist": Row(get=ITS_MANAGERS, post=ORGANIZATION_OWNERS),
    "providers:organization_allowlist_save": Row(get=ITS_MANAGERS, post=ORGANIZATION_OWNERS),
}
PROVIDERS: Mapping[str, Row] = {
    **each("providers provider_list provider_detail provider_chips reason_detail", read(SITE_READERS)),
    **each("providers operation_detail operation_log", read(SITE_READERS)),
    **each("providers provider_create provider_update provider_preflight provider_deploy", act(SITE_MANAGERS)),
    **each("providers provider_check provider_set_default provider_cordon provider_uncordon", act(SITE_MANAGERS)),
    **each("providers provider_rotate_token provider_revoke_tokens provider_revoke_token", act(SITE_MANAGERS)),
    **each("providers provider_command provider_delete provider_delete_anyway operation_cancel", act(SITE_MANAGERS)),
    **each(
        "providers provider_allowlist provider_allowlist_save access_matrix access_matrix_save",
        Row(get=SITE_READERS, post=SITE_MANAGERS),
    ),
}
ENVIRONMENTS: Mapping[str, Row] = {
    **each("environments environment_list environment_chips names people why", read(EVERYBODY)),
    **each("environments environment_create environment_form", act(EVERYBODY)),
    **each("environments environment_detail operation_detail operation_log", read(ENVIRONMENT_USERS)),
    **each("environments environment_start environment_stop environment_rebuild", act(ENVIRONMENT_USERS)),
    **each("environments environment_postpone environment_delete operation_cancel", act(ENVIRONMENT_USERS)),
    "environments:environment_delete_anyway": act(ENVIRONMENT_SITE_MANAGERS),
    "environments:environment_open": read(ENVIRONMENT_OWNER),
}
AUTHENTICATION: Mapping[str, Row] = {
    "authentication:configuration": read(SITE_READERS),
    **each("authentication openid_connect_update openid_connect_switch built_in_switch", act(SITE_ADMIN)),
    **each("authentication openid_connect_try openid_connect_tried", read(SITE_ADMIN)),
    "authentication:factor_demand": act(SITE_ADMIN),
}
INFRASTRUCTURE: Mapping[str, Row] = {
    **each("infrastructure overview change_detail rollout_detail upgrade_board", read(SITE_READERS)),
    **each("infrastructure change_create change_check change_switch change_finish", act(SITE_MANAGERS)),
    **each("infrastructure change_roll_back change_drop upgrade_start", act(SITE_MANAGERS)),
    **each("infrastructure rollout_pause rollout_resume rollout_retry rollout_call_off", act(SITE_MANAGERS)),
    **each("infrastructure step_retry step_skip", act(SITE_MANAGERS)),
}
SUPPORT_PAGES: Mapping[str, Row] = {  # of each model the same
    **each("admin index app_list changelist history row", act(SUPPORT)),
    **each("admin check retry unlock invite", act(SUPPORT)),  # of providers, of operations, then of people
    **each("admin jsi18n log password_change_done", Row(get=SUPPORT, post=NOT_EVEN_SUPPORT)),
    "admin:change": Row(get=SUPPORT, post=NOBODY),
    **each("admin add delete", act(NOBODY)),
    "admin:autocomplete": Row(get=NOBODY, post=NOT_EVEN_SUPPORT),
    **each("admin view_on_site elsewhere", act("3333333334")),
    "admin:password_change": act("333333333" + NEW_PASSWORD),
    "admin:login": act(SUPPORT),
    "admin:logout": Row(get=NOT_EVEN_SUPPORT, post=SUPPORT),
}
FOR_ALL: Mapping[str, Row] = {
    "/healthz": Row(get=EVERYBODY, post=EVERYBODY, outsiders="==="),
    "/readyz": Row(get=EVERYBODY, post=EVERYBODY, outsiders="==="),
    **each("providers chart_index chart_download", OPEN_PAGE),
    "api_docs": OPEN_PAGE,
    "api_try": OPEN_PAGE,
    "api:openapi-json": Row(get=EVERYBODY, post=EVERYBODY, outsiders="==="),
    "api:get_version": Row(get=EVERYBODY, post=NOWHERE, outsiders="==3"),
    "api:api-root": NOTHING,
    "^api/v1(?:/|$)": NOTHING,
    "^api/(?:v0|private)(?:/|$)": Row(get=HIDDEN * 10, post=HIDDEN * 10, outsiders="==="),
    "providers:envproxy_beat": OPEN_CALL,
    **each("environments envproxy_sessions envproxy_access", OPEN_CALL),
}
AREAS = {
    "The own account": ACCOUNT,
    "People and the audit log": PEOPLE,
    "Organizations": ORGANIZATIONS,
    "Workspace providers": PROVIDERS,
    "Environments": ENVIRONMENTS,
    "Authentication": AUTHENTICATION,
    "Infrastructure": INFRASTRUCTURE,
    "/support/": SUPPORT_PAGES,
    "Without signing in": FOR_ALL,
}
MATRIX = {name: row for rows in AREAS.values() for name, row in rows.items()}

DOCUMENT = Path(__file__).parent.parent / "docs" / "permissions.md"
INTRODUCTION = """\
# Who may do what

Written by `python -m tests.permissions` from the table that `tests/test_walk.py` holds every address of the pages to.
To change a right, change `MATRIX` in `organizations/permissions.py` and the rows in `tests/permissions.py`, then write
this page again.
The API and the original protocol have tables of their own, with the same rules: `tests/api/test_access.py`,
`tests/wire/test_access.py`.

**yes**: may. **no**: is told so (403). **not there**: hears what one hears about something that does not exist (404).
**none**: the address does not work this way.
Rights add up: a site role, and what one is in an organization. “Owner” is a member who owns the environment
or the token in question; “member of it” and “manager of it” belong to the organization in question.
Whoever is not signed in, or whose account is deactivated, is led to the sign-in page; whoever must change the password,
to that page first. The last table is about what is open to all; envproxy calls its addresses there with its provider's
token, which no person has.
"""
HEADINGS = (
    "member", "auditor", "owner", "member of it", "member of another", "manager of it", "manager of another",
    "site manager", "site admin", "support staff",
)  # fmt: skip


def document() -> str:
    return INTRODUCTION + "".join(f"\n## {area}\n\n{_table(rows)}" for area, rows in AREAS.items())


def _table(rows: Mapping[str, Row]) -> str:
    head = f"| address | {' | '.join(HEADINGS)} |\n|---|{'---|' * len(HEADINGS)}\n"
    return head + "".join(_lines(name, row) for name, row in rows.items())


def _lines(name: str, row: Row) -> str:
    """One line, or two when looking and sending differ."""
    if row.get in (row.post, NOWHERE):
        return _line(name, row.post)
    if row.post == NOWHERE:
        return _line(name, row.get)
    return _line(f"{name}, look", row.get) + _line(f"{name}, send", row.post)


def _line(name: str, letters: str) -> str:
    name = name.replace("|", "\\|")
    return f"| {name} | {' | '.join(WORDS[letter] for letter in letters)} |\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
