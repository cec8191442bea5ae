"""Objects that are questions: may I, what may I, who am I, whose token is this; and tokens on request."""

import copy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from coderadmin.embedded.sandbox.call import Call, as_object
from coderadmin.embedded.sandbox.errors import ApiError, invalid, not_found
from coderadmin.embedded.sandbox.identity import ISSUER, Tokens, User
from coderadmin.embedded.sandbox.rbac import Attributes, Rule, is_allowed, rules_of
from coderadmin.embedded.sandbox.store import Object, Store

DEFAULT_TOKEN_SECONDS = 3600
LONGEST_TOKEN_SECONDS = 365 * 86400
SHORTEST_TOKEN_SECONDS = 600
_EVERYTHING: list[Rule] = [
    {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
    {"verbs": ["*"], "nonResourceURLs": ["*"]},
]


@dataclass(frozen=True)
class Reviews:
    """Answers reviews for one cluster; `denies_all` is the fault that takes every permission away."""

    store: Store
    tokens: Tokens
    denies_all: bool = False

    def answer(self, call: Call) -> Object:
        review = copy.deepcopy(as_object(call.body))
        review |= {"kind": call.resource.kind, "apiVersion": call.resource.api_version}
        review.setdefault("metadata", {})
        spec: dict[str, Any] = review.setdefault("spec", {})
        match call.resource.kind:
            case "SelfSubjectAccessReview":
                review["status"] = self._access(call, call.user, spec)
            case "SubjectAccessReview" | "LocalSubjectAccessReview":
                asked = User(spec.get("user", ""), tuple(spec.get("groups") or spec.get("group") or ()))
                review["status"] = self._access(call, asked, spec)
            case "SelfSubjectRulesReview":
                review["status"] = self._rules(call.user, spec.get("namespace", ""))
            case "TokenReview":
                review["status"] = self._token_review(spec.get("token", ""))
            case _:
                review["status"] = {"userInfo": _user_info(call.user)}
        return review

    def token(self, call: Call) -> Object:
        """POST serviceaccounts/NAME/token."""
        account = self.store.get(call.key)
        if account is None:
            raise not_found(call.resource, call.name)
        request = copy.deepcopy(as_object(call.body or {}))
        spec = request.setdefault("spec", {})
        wanted = int(spec.get("expirationSeconds") or DEFAULT_TOKEN_SECONDS)
        if wanted < SHORTEST_TOKEN_SECONDS:
            why = f"Invalid value: {wanted}: may not specify a duration less than 10 minutes"
            raise invalid(call.resource, call.name, [("FieldValueInvalid", "spec.expirationSeconds", why)])
        seconds = min(wanted, LONGEST_TOKEN_SECONDS)
        audiences = spec.get("audiences") or [ISSUER]
        end = (datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
        request |= {"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1"}
        request["metadata"] = {"name": call.name, "namespace": call.namespace, "creationTimestamp": None}
        request["spec"] = spec | {"audiences": audiences, "expirationSeconds": seconds}
        token = self.tokens.issue(account, audiences=audiences, seconds=seconds)
        request["status"] = {"token": token, "expirationTimestamp": end}
        return request

    def _access(self, call: Call, user: User, spec: Object) -> Object:
        if bool(spec.get("resourceAttributes")) == bool(spec.get("nonResourceAttributes")):
            why = "Invalid value: exactly one of nonResourceAttributes or resourceAttributes must be specified"
            raise invalid(call.resource, "", [("FieldValueInvalid", "spec.resourceAttributes", why)])
        return {"allowed": not self.denies_all and is_allowed(self.store, user, _asked(spec))}

    def _rules(self, user: User, namespace: str) -> Object:
        rules = _EVERYTHING if "system:masters" in user.groups else list(rules_of(self.store, user, namespace))
        if self.denies_all:
            rules = []
        return {
            "resourceRules": [rule for rule in rules if rule.get("resources")],
            "nonResourceRules": [
                {"verbs": rule["verbs"], "nonResourceURLs": rule["nonResourceURLs"]}
                for rule in rules
                if rule.get("nonResourceURLs")
            ],
            "incomplete": False,
        }

    def _token_review(self, token: str) -> Object:
        try:
            return {"authenticated": True, "user": _user_info(self.tokens.user(token))}
        except ApiError:
            return {"authenticated": False, "error": "invalid bearer token"}


def _asked(spec: Object) -> Attributes:
    if path := spec.get("nonResourceAttributes"):
        return Attributes(path.get("verb", ""), path=path.get("path", ""))
    asked = spec.get("resourceAttributes") or {}
    names = ("verb", "group", "resource", "subresource", "namespace", "name")
    return Attributes(*(asked.get(name, "") for name in names))


def _user_info(user: User) -> Object:
    return {"username": user.name, "groups": list(user.groups)}
