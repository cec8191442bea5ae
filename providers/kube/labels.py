"""The labels and annotations by which our objects are told apart on a cluster."""

FIELD_MANAGER = "coderadmin"
MANAGED_BY = "app.kubernetes.io/managed-by"
NAME = "app.kubernetes.io/name"
INSTANCE = "app.kubernetes.io/instance"
ENVIRONMENT = "coderadmin.dev/environment"
OWNER = "coderadmin.dev/owner"
ORGANIZATION = "coderadmin.dev/organization"

ENVIRONMENT_NAME = "coderadmin.dev/environment-name"
OWNER_EMAIL = "coderadmin.dev/owner-email"
ORGANIZATION_NAME = "coderadmin.dev/organization-name"

ENVIRONMENTS = f"{MANAGED_BY}={FIELD_MANAGER},{NAME}=environment,{ENVIRONMENT}"
"""Selects every object of every environment."""
