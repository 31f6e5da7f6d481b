"""What happens around every request: bad weather, headers, sessions that expire, origins, and the doors."""

from __future__ import annotations

import time
from functools import lru_cache

import structlog
from django.conf import settings
from django.contrib.sessions.middleware import SessionMiddleware
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import DatabaseError
from django.http import Http404, HttpResponseRedirect, JsonResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.locale import LocaleMiddleware
from django.shortcuts import render
from django.urls import reverse
from django.utils import translation
from django.utils.http import urlencode

from commonbeat.web.base import weather
from commonbeat.web.base.accounts import showed_second_factor
from commonbeat.web.base.log import note
from commonbeat.web.base.logs import where
from commonbeat.web.base.views import not_found

log = structlog.get_logger()

#: the views of the sign-in library that the site uses; all its others stay shut
SIGN_IN = frozenset({
    "account_login", "account_logout", "account_reauthenticate", "account_change_password", "mfa_authenticate",
    "mfa_index", "mfa_reauthenticate", "mfa_activate_totp", "mfa_view_recovery_codes", "mfa_generate_recovery_codes",
    "mfa_download_recovery_codes", "mfa_list_webauthn", "mfa_add_webauthn", "mfa_remove_webauthn", "mfa_edit_webauthn",
    "mfa_reauthenticate_webauthn", "mfa_login_webauthn",
})  # fmt: skip

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "font-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; "
    "object-src 'none'; frame-ancestors {ancestors}"
)


@lru_cache(maxsize=2)
def strict(ancestors: str = "'none'") -> dict[str, str]:
    """The headers of every page; `ancestors` may frame it."""
    always = {
        "Content-Security-Policy": POLICY.format(ancestors=ancestors),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",  # with no-referrer browsers send "Origin: null" with our own forms
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "cross-origin" if ancestors == "*" else "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(self), microphone=(self), payment=(), usb=()",
    }
    if settings.SECURE_HSTS_SECONDS:
        always["Strict-Transport-Security"] = f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains"
    return always


class Weather:
    """Disk full, database gone: a sentence and 503, and nothing half done (every write is one transaction)."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_exception(self, request, error):
        if weather.is_bad(error):
            return weather.storm(error)
        if not isinstance(error, (Http404, PermissionDenied, SuspiciousOperation)):
            log.error("fault", view=getattr(request.resolver_match, "view_name", ""), **where(error))
        return None


class Headers:
    """The same strict headers everywhere; only an embed may be framed by others."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        for name, value in strict("*" if getattr(response, "embeddable", False) else "'none'").items():
            response.headers.setdefault(name, value)
        if getattr(request, "desk", False):
            response.headers["Cache-Control"] = "no-store"
        return response


class QuietSessions(SessionMiddleware):
    """Desk sessions end after 30 idle minutes and after 12 hours whatever happens."""

    def process_request(self, request):
        super().process_request(request)
        request.desk = request.path.startswith(("/desk/", "/account/"))
        if not request.desk or settings.SESSION_COOKIE_NAME not in request.COOKIES:
            return
        session, now = request.session, time.time()
        seen = session.get("seen")
        if seen is None:
            if session.session_key and not session.is_empty():
                session["seen"] = session["began"] = now
        elif now - seen > settings.SESSION_IDLE_SECONDS or now - session["began"] > settings.SESSION_COOKIE_AGE:
            session.flush()
        elif now - seen > 60:
            session["seen"] = now


class Language(LocaleMiddleware):
    """The reader's language: `?lang=` in the address (so that reading in Spanish needs no cookie), a chosen cookie, the browser."""

    def process_request(self, request):
        wanted = request.GET.get("lang", "")
        if wanted in dict(settings.LANGUAGES):
            translation.activate(wanted)
            request.LANGUAGE_CODE = wanted
        else:
            super().process_request(request)


class Csrf(CsrfViewMiddleware):
    """Desk forms carry a token. Public forms need no cookie: the browser's own word on where the form came from is checked."""

    def process_view(self, request, callback, callback_args, callback_kwargs):
        door = getattr(callback, "door", None)
        if door is None or not door.everybody or request.method in ("GET", "HEAD", "OPTIONS"):
            return super().process_view(request, callback, callback_args, callback_kwargs)
        origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
        here = f"{'https' if request.is_secure() else 'http'}://{request.get_host()}"
        if origin == here or (origin in (None, "null") and site == "same-origin"):
            return None
        return render(request, "shut.html", {"why": "origin"}, status=403)


class Doors:
    """Default deny: a view opens only to those its door names."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        # no word of ours holds this character, and not every database can be asked for it
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return not_found(request)
        return self.get_response(request)

    def process_view(self, request, view, args, kwargs):
        door = getattr(view, "door", None)
        if door is None:
            if getattr(request.resolver_match, "url_name", None) in SIGN_IN:
                return None
            log.error("no_door", view=getattr(request.resolver_match, "view_name", "?"))
            return render(request, "shut.html", {"why": "door"}, status=403)
        if door.everybody or (door.from_here and _from_here(request)):
            return None
        return self.staff(request, door)

    def staff(self, request, door):
        program = request.path.startswith("/api/")
        if not request.user.is_authenticated:
            if program:
                return JsonResponse({"detail": "Sign in at the desk first."}, status=401)
            where = urlencode({"next": request.get_full_path()}) if request.method == "GET" else ""
            return HttpResponseRedirect(f"{reverse('account_login')}?{where}")
        if not showed_second_factor(request):
            if program:
                return JsonResponse({"detail": "A second factor is needed."}, status=401)
            return HttpResponseRedirect(reverse("mfa_activate_totp"))
        if request.user.role not in door.roles:
            try:
                note("door.refused", request.resolver_match.view_name, actor=request.user, outcome="refused")
            except DatabaseError:
                log.error("unlogged_refusal")
            if program:
                return JsonResponse({"detail": "This is for another role."}, status=403)
            return render(request, "shut.html", {"why": "role"}, status=403)
        return None


def _from_here(request) -> bool:
    return request.META.get("REMOTE_ADDR") in ("127.0.0.1", "::1") and not {
        "HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP", "HTTP_VIA",
    } & set(request.META)  # fmt: skip
