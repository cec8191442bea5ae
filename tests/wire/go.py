"""How Go reads JSON into the client's structs: missing keys and null are zero values, other types are errors."""

import re
from datetime import datetime
from typing import Any

RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


class DecodeError(AssertionError):
    pass


def decoded(shape: Any, value: Any, place: str = "body") -> Any:
    """`value`, once it fits: a type, a function, a dict of keys, or a list with the shape of its elements."""
    if isinstance(shape, dict):
        _require(isinstance(value, dict), place, value)
        for key, inner in shape.items():
            if key in value:
                decoded(inner, value[key], f"{place}.{key}")
    elif isinstance(shape, list):
        _require(isinstance(value, list), place, value)
        for number, element in enumerate(value):
            decoded(shape[0], element, f"{place}[{number}]")
    else:
        _require(shape(value), place, value)
    return value


def text(value: Any) -> bool:
    return value is None or isinstance(value, str)


def boolean(value: Any) -> bool:
    return value is None or isinstance(value, bool)


def integer(value: Any) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool))


def floating(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def time(value: Any) -> bool:
    if value is None:
        return True
    return isinstance(value, str) and bool(RFC3339.fullmatch(value)) and bool(datetime.fromisoformat(value))


def duration(value: Any) -> bool:
    """Its bytes are parsed as an integer: not even null will do."""
    return isinstance(value, int) and not isinstance(value, bool)


def pointer(shape: Any) -> Any:
    return lambda value: value is None or decoded(shape, value) is value


def _require(fits: bool, place: str, value: Any) -> None:
    if not fits:
        raise DecodeError(f"json: cannot unmarshal {value!r} into {place}")


API_TOKEN = {"id": text, "name": text, "application": boolean, "user_id": text, "last_used": time}
USER = {
    "id": text,
    "email": text,
    "username": text,
    "name": text,
    "roles": [text],
    "temporary_password": boolean,
    "login_type": text,
    "key_regenerated_at": time,
    "created_at": time,
    "updated_at": time,
}
ORGANIZATION = {
    "id": text,
    "name": text,
    "description": text,
    "default": boolean,
    "members": [USER | {"organization_roles": [text], "roles_updated_at": time}],
    "environment_count": integer,
    "resource_namespace": text,
    "created_at": time,
    "updated_at": time,
    "auto_off_threshold": duration,
    "cpu_provisioning_rate": floating,
    "memory_provisioning_rate": floating,
}
PROVIDER = {
    "id": text,
    "name": text,
    "status": text,
    "built_in": boolean,
    "envproxy_access_url": text,
    "devurl_host": text,
    "org_whitelist": [text],
    "config": {
        "cluster_address": text,
        "default_namespace": text,
        "storage_class": text,
        "cluster_domain_suffix": text,
        "ssh_enabled": boolean,
    },
}
NEW_PROVIDER = {"id": text, "name": text, "status": text, "envproxy_token": text}
IMAGE_TAG = {
    "image_id": text,
    "tag": text,
    "latest_hash": text,
    "hash_last_updated_at": time,
    "os_release": pointer({"id": text, "pretty_name": text, "home_url": text}),
    "updated_at": time,
    "created_at": time,
}
REGISTRY = {"id": text, "organization_id": text, "friendly_name": text, "registry": text}
IMAGE = {
    "id": text,
    "organization_id": text,
    "repository": text,
    "description": text,
    "url": text,
    "registry": pointer(REGISTRY),
    "default_tag": pointer(IMAGE_TAG),
    "default_cpu_cores": floating,
    "default_memory_gb": floating,
    "default_disk_gb": integer,
    "deprecated": boolean,
    "created_at": time,
    "updated_at": time,
}
STAT = {
    "time": time,
    "last_online": time,
    "container_status": text,
    "stat_error": text,
    "cpu_usage": floating,
    "memory_total": integer,
    "memory_usage": floating,
    "disk_total": integer,
    "disk_used": integer,
}
ENVIRONMENT = {
    "id": text,
    "name": text,
    "image_id": text,
    "image_tag": text,
    "organization_id": text,
    "user_id": text,
    "last_built_at": time,
    "cpu_cores": floating,
    "memory_gb": floating,
    "disk_gb": integer,
    "gpus": integer,
    "updating": boolean,
    "latest_stat": STAT,
    "rebuild_messages": [{"text": text, "required": boolean, "auto_off_threshold": duration}],
    "created_at": time,
    "updated_at": time,
    "last_opened_at": time,
    "last_connection_at": time,
    "auto_off_threshold": duration,
    "use_container_vm": boolean,
    "resource_pool_id": text,
}
BUILD_LOG = {"id": text, "environment_id": text, "build_id": text, "time": time, "type": text, "msg": text}
