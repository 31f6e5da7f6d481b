from __future__ import annotations

from django.contrib import messages
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from commonbeat.errors import BadInput, Refused
from commonbeat.web.answer import acts
from commonbeat.web.answer.forms import BatchForm, PulseForm
from commonbeat.web.answer.models import Batch
from commonbeat.web.base.roles import Role, public, staff


@public
def start(request):
    """A neutral invitation: what it is, how long, what becomes of it. With or without a code."""
    return render(request, "answer/start.html", {"section": "answer"})


@public
def pulse(request):
    """Two minutes, one page."""
    side = "officer" if (request.POST or request.GET).get("side") == "officer" else "resident"
    form = PulseForm(request.POST or None, language=get_language() or "en", side=side, initial={"side": side})
    if request.method == "POST" and form.is_valid():
        answers = form.answers()
        if not any(answers.values()):
            form.add_error(None, _("Nothing was answered, so nothing was kept. You may also simply leave."))
        else:
            try:
                acts.keep(
                    code=form.cleaned_data["code"], answers=answers, chosen=form.cleaned_data["chosen"], language=form.language,
                    side=side, today=timezone.localdate(),
                )  # fmt: skip
            except Refused as refused:
                form.add_error(None, str(refused))
            else:
                return render(
                    request, "answer/thanks.html", {"section": "answer", "again": bool(form.cleaned_data["chosen"])}
                )
    return render(request, "answer/pulse.html", {"section": "answer", "form": form, "side": side, "code": (request.POST or request.GET).get("code", "")[:40]}, status=422 if request.method == "POST" else 200)  # fmt: skip


@staff(Role.ANALYST)
def batches(request):
    """Batches of codes: made here, shown once, at least twenty at a time."""
    form, codes = BatchForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            codes = acts.make_batch(request.user, **form.cleaned_data)
        except (Refused, BadInput) as refused:
            messages.error(request, str(refused))
    return render(
        request, "answer/batches.html", {"form": form, "codes": codes, "rows": Batch.objects.order_by("-week")[:50]}
    )
