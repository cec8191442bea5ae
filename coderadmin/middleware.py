"""Middleware of the whole site."""

from collections.abc import Callable
from ipaddress import ip_address

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers


class VaryOnHtmxMiddleware:
    """A URL answers with a page or with its fragment: caches must keep the two apart."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        patch_vary_headers(response, ["HX-Request"])
        return response


class ClientAddressMiddleware:
    """Behind the deployment's own proxy: the client is the last address of X-Forwarded-For, which that proxy wrote.

    Whatever stands before it was sent by the client itself and proves nothing.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        last = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        if is_address(last):
            request.META["REMOTE_ADDR"] = last
        return self.get_response(request)


def is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
