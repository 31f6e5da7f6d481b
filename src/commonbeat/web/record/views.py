from __future__ import annotations

import secrets

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from commonbeat.errors import Refused
from commonbeat.web.base.roles import Role, public, staff
from commonbeat.web.base.secret import hashed_code
from commonbeat.web.record import acts
from commonbeat.web.record.forms import AccountForm, CodeForm, EncounterForm, HarmForm, ReasonForm, ReceiptForm
from commonbeat.web.record.models import Encounter, Harm
from commonbeat.web.record.qr import qr

DETAILS = ("kind", "at", "area", "place", "people", "children", "onlookers", "opening_words", "made_positive", "gifts", "would_rather_not")  # fmt: skip


@staff(Role.OFFICER)
def new(request):
    """One free minute on a phone."""
    last = Encounter.objects.filter(recorded_by=request.user).order_by("-recorded_at").first()
    first = {
        "at": timezone.localtime(),
        "kind": "positive",
        "area": last.area_id if last else None,
        "key": secrets.token_hex(16),
    }
    form = EncounterForm(request.POST or None, initial=first)
    if request.POST.get("who", str(request.user.pk)) != str(request.user.pk):
        # a page or a queue another officer left open on a shared phone: it stays theirs, and is shown to nobody
        words = _("Somebody else wrote this on this phone. It is sent when they sign in.")
        return HttpResponse(words, status=409, content_type="text/plain; charset=utf-8")
    if request.method == "POST" and form.is_valid():
        return redirect("record:saved", acts.write(form, request.user))
    status = 422 if request.method == "POST" else 200
    return render(request, "record/new.html", {"form": form, "details": [form[n] for n in DETAILS]}, status=status)


def own(request, contact_id):
    """An officer sees their own records; others' do not exist for them."""
    return get_object_or_404(Encounter, pk=contact_id, recorded_by=request.user)


@staff(Role.OFFICER)
def mine(request):
    met = Encounter.objects.filter(recorded_by=request.user).select_related("area").order_by("-at")[:50]
    thanks = request.user.thanks.order_by("-at")[:20]
    request.user.thanks.filter(seen_at=None).update(seen_at=timezone.now())
    return render(request, "record/mine.html", {"met": met, "thanks": thanks})


@staff(Role.OFFICER)
def saved(request, contact_id):
    return render(request, "record/saved.html", {"met": own(request, contact_id)})


@staff(Role.OFFICER)
def change(request, contact_id):
    met = own(request, contact_id)
    form = EncounterForm(request.POST or None, instance=met, initial={"key": secrets.token_hex(16)})
    why = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and why.is_valid():
        acts.correct(met, form, request.user, why.cleaned_data["reason"])
        messages.success(request, _("Changed. The old version is kept."))
        return redirect("record:saved", met.pk)
    context = {"form": form, "why": why, "met": met, "details": [form[n] for n in DETAILS]}
    return render(request, "record/change.html", context, status=422 if request.method == "POST" else 200)


@staff(Role.OFFICER)
def undo(request, contact_id):
    met, why = own(request, contact_id), ReasonForm(request.POST or None)
    if request.method == "POST" and why.is_valid():
        try:
            acts.undo(met, request.user, why.cleaned_data["reason"])
            messages.success(request, _("Taken back. It is counted nowhere; the old version is kept."))
            return redirect("record:mine")
        except Refused as refused:
            why.add_error(None, str(refused))
    return render(
        request, "record/undo.html", {"met": met, "form": why}, status=422 if request.method == "POST" else 200
    )


@staff(Role.OFFICER)
def card(request, contact_id):
    """A one-use code for the resident, as words and as a picture to photograph. Shown once."""
    met = own(request, contact_id)
    if request.method != "POST":
        return redirect("record:saved", met.pk)
    wanted = request.POST.get("language", "")
    tongue = wanted if wanted in dict(settings.LANGUAGES) else get_language()
    code = acts.new_code(met, request.user)
    address = request.build_absolute_uri(reverse("record:code")) + f"?lang={tongue}#{code}"
    with translation.override(tongue):  # the card is read by the resident
        return render(
            request,
            "record/card.html",
            {"met": met, "code": code, "address": address, "picture": qr(address), "tongue": tongue},
        )


@public
def code(request):
    """A resident who was there types the code from the card, and says how it was."""
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        found = acts.code_for(form.cleaned_data["code"])
        if found is None:
            form.add_error("code", _("This code is unknown, used already, or older than 60 days."))
        else:
            return _account(request, found, form.cleaned_data["code"])
    return render(request, "record/code.html", {"form": form}, status=422 if request.method == "POST" else 200)


def _account(request, found, typed):
    began = "free_to_leave" in request.POST
    form = AccountForm(request.POST if began else None)
    if began and form.is_valid():
        said = form.cleaned_data
        try:
            receipt = acts.confirm(
                found, free_to_leave=said["free_to_leave"], agrees=said["agrees"], words=said["words"],
                thanks=said["thanks"], language=get_language(),
            )  # fmt: skip
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            return render(request, "record/heard.html", {"receipt": receipt, "body": settings.SITE.independent_body})
    context = {"form": form, "typed": typed, "met": found.encounter}
    return render(request, "record/account.html", context, status=422 if began else 200)


@public
def harm(request):
    """Complaints and cries for help: outside the chain of command, with a receipt and a day."""
    form = HarmForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        receipt = acts.report_harm(said["kind"], said["words"], said["reach"])
        held = Harm.objects.get(receipt_hash=hashed_code(receipt))
        return render(request, "record/harm_taken.html", {"receipt": receipt, "held": held, "body": settings.SITE.independent_body, "lines": settings.SITE.help_lines})  # fmt: skip
    context = {"form": form, "body": settings.SITE.independent_body, "lines": settings.SITE.help_lines}
    return render(request, "record/harm.html", context, status=422 if request.method == "POST" else 200)


@public
def harm_receipt(request):
    form, held = ReceiptForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        held = Harm.objects.filter(receipt_hash=hashed_code(form.cleaned_data["receipt"])).first()
        if held is None:
            form.add_error("receipt", _("No account has this receipt. Please look at it again."))
    return render(request, "record/harm_receipt.html", {"form": form, "held": held})


@staff(Role.OFFICER)
def worker(request):
    """The script that keeps the record page usable without a connection; it may look after that page only."""
    files = [static(n) for n in ("site/site.css", "site/offline.js", "site/mark.svg")]
    body = render(
        request, "record/worker.js", {"files": files, "page": reverse("record:new")}, content_type="text/javascript"
    )
    body["Service-Worker-Allowed"] = reverse("record:new")
    return body


@public
def paper(request):
    """The same questions on paper, to print and carry."""
    return render(request, "record/paper.html", {"form": EncounterForm(initial={"key": "-" * 16})})


@staff(Role.OFFICER)
def token(request):
    """A fresh form token for records that waited without a connection."""
    from django.middleware.csrf import get_token

    return HttpResponse(get_token(request), content_type="text/plain")
