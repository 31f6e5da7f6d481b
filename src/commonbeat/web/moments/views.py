from __future__ import annotations

from django.conf import settings
from django.http import Http404
from django.shortcuts import redirect, render

from commonbeat.web.base.roles import public
from commonbeat.web.read.edition import current


@public
def start(request):
    return redirect("moments:page", "stroller")


@public
def page(request, name):
    """One moment, seven stations. Only a demonstration town has it."""
    out = current(settings.SITE.root)
    moment = (out.moments or {}).get(name)
    if not settings.SITE.demo or not moment:
        raise Http404
    return render(request, "moments/page.html", {"moment": moment, "name": name})
