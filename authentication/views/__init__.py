"""The pages of signing in beyond a password."""

from authentication.views.configuration import (
    built_in_switch,
    configuration,
    openid_connect_switch,
    openid_connect_update,
)
from authentication.views.factors import (
    app_add,
    factor_list,
    factor_remove,
    factor_rename,
    passkey_add,
    recovery_codes_make,
)
from authentication.views.linking import (
    account_link,
    account_link_start,
    account_unlink,
    openid_connect_tried,
    openid_connect_try,
    user_unlink,
)
from authentication.views.openid_connect import openid_connect_callback, openid_connect_start
from authentication.views.second_factor import second_factor, who
from authentication.views.sessions import (
    session_end,
    session_end_others,
    session_list,
    user_session_end,
    user_sessions,
    user_sessions_end,
)
from authentication.views.sign_in import admin_sign_in, sign_in
from authentication.views.sign_out import sign_out
from authentication.views.user_factors import factor_demand, user_factors_reset

__all__ = [
    "account_link",
    "account_link_start",
    "account_unlink",
    "admin_sign_in",
    "app_add",
    "built_in_switch",
    "configuration",
    "factor_demand",
    "factor_list",
    "factor_remove",
    "factor_rename",
    "openid_connect_callback",
    "openid_connect_start",
    "openid_connect_switch",
    "openid_connect_tried",
    "openid_connect_try",
    "openid_connect_update",
    "passkey_add",
    "recovery_codes_make",
    "second_factor",
    "session_end",
    "session_end_others",
    "session_list",
    "sign_in",
    "sign_out",
    "user_factors_reset",
    "user_session_end",
    "user_sessions",
    "user_sessions_end",
    "user_unlink",
    "who",
]
