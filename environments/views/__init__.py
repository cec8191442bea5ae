"""The environment pages."""

from environments.views.actions import environment_postpone, environment_start, environment_stop
from environments.views.creation import environment_create, environment_form
from environments.views.deletion import environment_delete, environment_delete_anyway
from environments.views.envproxy import envproxy_access, envproxy_sessions
from environments.views.listing import environment_chips, environment_detail, environment_list
from environments.views.opening import environment_open
from environments.views.operations import operation_cancel, operation_detail, operation_log
from environments.views.rebuild import environment_rebuild
from environments.views.suggestions import names, people
from environments.views.why import why

__all__ = [
    "environment_chips",
    "environment_create",
    "environment_delete",
    "environment_delete_anyway",
    "environment_detail",
    "environment_form",
    "environment_list",
    "environment_open",
    "environment_postpone",
    "environment_rebuild",
    "environment_start",
    "environment_stop",
    "envproxy_access",
    "envproxy_sessions",
    "names",
    "operation_cancel",
    "operation_detail",
    "operation_log",
    "people",
    "why",
]
