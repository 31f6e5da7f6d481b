from __future__ import annotations

from django.shortcuts import render

from commonbeat.web.base.roles import public


@public
def start(request):
    return render(request, "talk/start.html", {"section": "talk"})
