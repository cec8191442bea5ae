"""The HTTP side of one cluster: faults, who is asking, may they, and which function answers."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from aiohttp import web

from coderadmin.embedded.sandbox import discovery, reading, writing
from coderadmin.embedded.sandbox.binding import bind
from coderadmin.embedded.sandbox.call import Call, find_place, read_body, verb_of
from coderadmin.embedded.sandbox.deleting import delete, delete_collection
from coderadmin.embedded.sandbox.errors import (
    ApiError,
    PageNotFoundError,
    bad_request,
    forbidden,
    unauthorized,
    unavailable,
)
from coderadmin.embedded.sandbox.faults import SLOW_SECONDS, Fault
from coderadmin.embedded.sandbox.identity import ANONYMOUS, Tokens, User, service_account_user
from coderadmin.embedded.sandbox.logs import container_log
from coderadmin.embedded.sandbox.rbac import Attributes, denial, is_allowed
from coderadmin.embedded.sandbox.resources import ResourceTypes
from coderadmin.embedded.sandbox.reviews import Reviews
from coderadmin.embedded.sandbox.store import Object, Store
from coderadmin.embedded.sandbox.watching import Watch

logger = logging.getLogger(__name__)
_HEALTH_PATHS = ("/healthz", "/livez", "/readyz")
_UNREADABLE = (KeyError, TypeError, ValueError, AttributeError, IndexError)


class Api:
    def __init__(self, store: Store, tokens: Tokens, faults: Callable[[], frozenset[Fault]]) -> None:
        self._store = store
        self._tokens = tokens
        self._faults = faults
        self._types = ResourceTypes(lambda: store.objects("apiextensions.k8s.io", "customresourcedefinitions"))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request; every refusal is a Status object."""
        try:
            if self._has(Fault.SLOW):
                await asyncio.sleep(SLOW_SECONDS)
            return await self._answer(request)
        except ApiError as error:
            return web.json_response(error.status(), status=error.code)
        except PageNotFoundError:
            return web.Response(status=404, text="404 page not found\n")
        except _UNREADABLE as error:
            logger.exception("cannot make sense of %s %s", request.method, request.path)
            refusal = bad_request(f"the body of the request has an unexpected form: {error!r}")
            return web.json_response(refusal.status(), status=400)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path.rstrip("/")
        if self._has(Fault.NOT_READY) and path != "/livez":
            if path in _HEALTH_PATHS:
                return web.Response(status=500, text="[-]sandbox failed: fault not-ready\nreadyz check failed\n")
            raise unavailable()
        user = self._user(request)
        if path.startswith(("/api/v1/", "/apis/")) and (path.startswith("/api/v1/") or path.count("/") > 3):
            return await self._answer_resource(request, path, user)
        return self._answer_path(path, user)

    def _answer_path(self, path: str, user: User) -> web.Response:
        self._authorize_path(path, user)
        if path.startswith(_HEALTH_PATHS):
            return web.Response(text="ok")
        if path == "/version":
            return web.json_response(discovery.version(old=self._has(Fault.OLD_VERSION)))
        if path.startswith("/openapi/v3"):
            return web.json_response(discovery.openapi(path, self._types.all()))
        return web.json_response(discovery.document(path, self._types.all()))

    async def _answer_resource(self, request: web.Request, path: str, user: User) -> web.StreamResponse:
        try:
            place = find_place(path, self._types)
        except PageNotFoundError:
            self._authorize_path(path, user)
            raise
        call = Call(
            verb=verb_of(request.method, place, request.query),
            resource=place.resource,
            namespace=place.namespace,
            name=place.name,
            subresource=place.subresource,
            query=request.query,
            user=user,
            content_type=request.content_type,
            accept=request.headers.get("Accept", ""),
            user_agent=request.headers.get("User-Agent", ""),
        )
        self._authorize(call)
        if call.verb == "watch":
            return await Watch(self._store, call).run(request)
        if request.method not in ("GET", "HEAD"):
            call = replace(call, body=await read_body(request))
        return self._carry_out(call)

    def _carry_out(self, call: Call) -> web.Response:
        match call.verb:
            case "get" if call.subresource == "log":
                return web.Response(text=container_log(self._store, call), content_type="text/plain")
            case "get":
                return web.json_response(reading.get(self._store, call))
            case "list":
                return web.json_response(reading.list_objects(self._store, call))
            case "create":
                return web.json_response(self._create(call), status=201)
            case "update":
                return web.json_response(writing.update(self._store, call))
            case "patch":
                patched, created = writing.patch(self._store, call)
                return web.json_response(patched, status=201 if created else 200)
            case "delete":
                return web.json_response(delete(self._store, call))
            case _:
                gone = delete_collection(self._store, call, reading.matcher(call))
                kind = {"kind": f"{call.resource.kind}List", "apiVersion": call.resource.api_version}
                return web.json_response({**kind, "metadata": {}, "items": gone})

    def _create(self, call: Call) -> Object:
        reviews = Reviews(self._store, self._tokens, denies_all=self._has(Fault.DENIED_VERBS))
        if call.resource.verbs == ("create",):
            return reviews.answer(call)
        if call.subresource == "token":
            return reviews.token(call)
        if call.subresource == "eviction":
            return delete(self._store, replace(call, body=(call.body or {}).get("deleteOptions")))
        if call.subresource == "binding":
            return bind(self._store, call)
        return writing.create(self._store, call)

    def _authorize_path(self, path: str, user: User) -> None:
        wanted = Attributes("get", path=path or "/")
        if not is_allowed(self._store, user, wanted):
            raise ApiError(403, "Forbidden", f"forbidden: {denial(user, wanted)}")

    def _authorize(self, call: Call) -> None:
        is_own_review = call.resource.kind.startswith("SelfSubject")
        denied = self._has(Fault.DENIED_VERBS) and not is_own_review
        if denied or not is_allowed(self._store, call.user, call.attributes):
            raise forbidden(call.resource, call.name, denial(call.user, call.attributes))

    def _user(self, request: web.Request) -> User:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if not token:
            return ANONYMOUS
        if scheme.lower() != "bearer" or self._has(Fault.REVOKED_TOKEN):
            raise unauthorized()
        return self._impersonated(request, self._tokens.user(token.strip()))

    def _impersonated(self, request: web.Request, user: User) -> User:
        """The person that the caller wants to be taken for, when the caller may."""
        name = request.headers.get("Impersonate-User")
        if not name:
            return user
        wanted = Attributes("impersonate", resource="users", name=name)
        if not is_allowed(self._store, user, wanted):
            raise ApiError(403, "Forbidden", f'users "{name}" is forbidden: {denial(user, wanted)}')
        _, _, account = name.partition("system:serviceaccount:")
        if account:
            namespace, _, account_name = account.partition(":")
            return service_account_user(namespace, account_name)
        groups = request.headers.getall("Impersonate-Group", [])
        return User(name, (*groups, "system:authenticated"))

    def _has(self, fault: Fault) -> bool:
        return fault in self._faults()
