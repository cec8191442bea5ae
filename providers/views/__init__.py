"""The provider pages."""

from providers.views.actions import (
    provider_check,
    provider_cordon,
    provider_deploy,
    provider_preflight,
    provider_set_default,
    provider_uncordon,
)
from providers.views.allowlist import (
    organization_allowlist,
    organization_allowlist_save,
    provider_allowlist,
    provider_allowlist_save,
)
from providers.views.charts import chart_download, chart_index
from providers.views.deletion import provider_delete, provider_delete_anyway
from providers.views.envproxy import envproxy_beat
from providers.views.listing import provider_chips, provider_detail, provider_list
from providers.views.matrix import access_matrix, access_matrix_save
from providers.views.operations import operation_cancel, operation_detail, operation_log
from providers.views.reasons import reason_detail
from providers.views.registration import provider_create, provider_update
from providers.views.tokens import provider_command, provider_revoke_token, provider_rotate_token

__all__ = [
    "access_matrix",
    "access_matrix_save",
    "chart_download",
    "chart_index",
    "envproxy_beat",
    "operation_cancel",
    "operation_detail",
    "operation_log",
    "organization_allowlist",
    "organization_allowlist_save",
    "provider_allowlist",
    "provider_allowlist_save",
    "provider_check",
    "provider_chips",
    "provider_command",
    "provider_cordon",
    "provider_create",
    "provider_delete",
    "provider_delete_anyway",
    "provider_deploy",
    "provider_detail",
    "provider_list",
    "provider_preflight",
    "provider_revoke_token",
    "provider_rotate_token",
    "provider_set_default",
    "provider_uncordon",
    "provider_update",
    "reason_detail",
]
