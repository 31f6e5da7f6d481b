from __future__ import annotations

from django.conf import settings
from django.db import connection
from django.http import HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme

from commonbeat.web.base.roles import Role, public, staff

#: where each role begins its day
FIRST = {
    Role.OFFICER: "record:new",
    Role.PRESS: "tell:list",
    Role.EDITOR: "tell:list",
    Role.AUDITOR: "oversee:home",
    Role.ANALYST: "oversee:home",
    Role.INDEPENDENT: "oversee:harm",
}


@staff(*Role)
def desk(request):
    return redirect(FIRST[request.user.role])


@public
def language(request, code):
    """Remembers a language, because somebody chose one."""
    onward = request.GET.get("next", "/")
    if not url_has_allowed_host_and_scheme(onward, allowed_hosts=None):
        onward = "/"
    response = HttpResponseRedirect(onward)
    if code in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, code, max_age=365 * 86_400, httponly=True, samesite="Lax",
            secure=settings.LANGUAGE_COOKIE_SECURE,
        )  # fmt: skip
    return response


@public
def closed(request):
    return not_found(request)


@public
def ready(request):
    """Can the record be written? 200 or, through `middleware.Weather`, 503."""
    from django.db import transaction

    from commonbeat.web.base.models import Setting

    with transaction.atomic():
        Setting.objects.update_or_create(name="ready", defaults={"value": "1"})
        connection.ensure_connection()
    return HttpResponse("ready\n", content_type="text/plain")


def not_found(request, exception=None):
    if request.path.startswith("/api/"):
        return JsonResponse({"detail": "There is no such address."}, status=404)
    return render(request, "404.html", status=404)


def foreign_form(request, reason=""):
    return render(request, "shut.html", {"why": "origin"}, status=403)
