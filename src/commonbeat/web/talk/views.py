from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from commonbeat.errors import Refused
from commonbeat.web.base.log import note
from commonbeat.web.base.roles import Role, public, staff
from commonbeat.web.base.steady import steady
from commonbeat.web.read.edition import current
from commonbeat.web.talk import acts, routing, token, work
from commonbeat.web.talk.forms import GROUPS, AppealForm, ModerateForm, ProposeForm, ReplyForm
from commonbeat.web.talk.heard import heard, onward
from commonbeat.web.talk.models import REASONS, Conversation, Statement


@public
def start(request):
    rows = Conversation.objects.filter(open=True)
    return render(request, "talk/start.html", {"section": "talk", "rows": rows})


def who(request, slug):
    held = token.token_of(request)
    return token.person(held, slug) if held else None


@public
def conversation(request, slug):
    """One statement at a time."""
    talk = get_object_or_404(Conversation, pk=slug)
    person = who(request, slug)
    asked = routing.next_for(talk, person, request.GET.get("as", "")) if talk.open else None
    done = Statement.objects.filter(conversation=talk, votes__person=person).count() if person else 0
    return render(request, "talk/conversation.html", {
        "section": "talk", "talk": talk, "asked": asked, "done": done, "groups": GROUPS, "form": ProposeForm(),
        "puzzle": "" if person or not talk.open else work.puzzle(token.began_here(request)), "group": request.GET.get("as", ""), "all": acts.counted(talk).count(), "said": request.GET.get("said", ""),
    })  # fmt: skip


def acting(request):
    """The token of somebody who acts: theirs, a new one, or None when too many began here today."""
    return token.token_of(request) or token.fresh(request)


def too_many(request):
    return HttpResponse(_("Very many began to take part from your place today. Please come back tomorrow."), status=429, content_type="text/plain; charset=utf-8")  # fmt: skip


@public
@require_POST
def vote(request, slug):
    """A vote. Those of browsers that took part before are answered by `shell/votes.py`, in the same words."""
    said = heard(request.POST)
    if said is None:
        return HttpResponse(_("Agree, disagree or pass?"), status=400, content_type="text/plain; charset=utf-8")
    if not Statement.objects.filter(pk=said.statement, conversation=slug).exists():
        raise Http404
    held = acting(request)
    if held is None:
        return too_many(request)
    if not acts.vote(slug, said.statement, token.person(held, slug), said.value, said.group):
        raise Http404
    return token.remember(request, HttpResponseRedirect(onward(slug, said.group)), held)


@public
@require_POST
def propose(request, slug):
    talk, form = get_object_or_404(Conversation, pk=slug, open=True), ProposeForm(request.POST)
    if not form.is_valid():
        return render(request, "talk/propose.html", {"section": "talk", "talk": talk, "form": form}, status=422)
    held = acting(request)
    if held is None:
        return too_many(request)
    try:
        acts.propose(talk, token.person(held, slug), form.cleaned_data["words"], get_language() or "en")
    except Refused as refused:
        form.add_error(None, str(refused))
        return render(request, "talk/propose.html", {"section": "talk", "talk": talk, "form": form}, status=422)
    return token.remember(request, HttpResponseRedirect(onward(slug) + "?said=1"), held)


@public
@require_POST
def erase(request, slug):
    """Forgets everything this browser said here, and the token with it."""
    talk, person = get_object_or_404(Conversation, pk=slug), who(request, slug)
    gone = acts.erase(talk, person) if person else 0
    response = render(request, "talk/erased.html", {"section": "talk", "gone": gone})
    response.delete_cookie(token.COOKIE)
    return response


def _results(talk):
    return (current(settings.SITE.root).talk or {}).get(talk.pk)


@public
@steady
def results(request, slug):
    """What all known groups hold together, first; then where they differ; small numbers hidden."""
    talk = get_object_or_404(Conversation, pk=slug)
    found = _results(talk)
    replies = {s.words: s for s in talk.statements.exclude(reply="")}
    context = {
        "section": "talk",
        "talk": talk,
        "found": found,
        "edition": current(settings.SITE.root),
        "replies": replies,
        "answered": talk.statements.filter(moderated="accepted").exclude(reply=""),
    }
    return render(request, "talk/results.html", context)


@public
@steady
def embed(request, slug):
    talk = get_object_or_404(Conversation, pk=slug)
    response = render(request, "talk/embed.html", {"talk": talk, "found": _results(talk)})
    response.embeddable = True
    return response


@public
@steady
def decisions(request, slug):
    """Every statement that was not shown, and the public reason."""
    talk = get_object_or_404(Conversation, pk=slug)
    rows = talk.statements.exclude(moderated="accepted")
    return render(request, "talk/decisions.html", {"section": "talk", "talk": talk, "rows": rows, "reasons": REASONS, "form": AppealForm()})  # fmt: skip


@public
@require_POST
def appeal(request, slug, statement_id):
    statement, form = get_object_or_404(Statement, pk=statement_id, conversation=slug), AppealForm(request.POST)
    if form.is_valid():
        try:
            acts.appeal(statement, form.cleaned_data["words"])
        except Refused as refused:
            return HttpResponse(str(refused), status=409, content_type="text/plain; charset=utf-8")
    return redirect("talk:decisions", slug)


@staff(Role.PRESS, Role.EDITOR)
def desk(request):
    rows = Statement.objects.filter(moderated="waiting").select_related("conversation")
    shown = Statement.objects.filter(moderated="accepted", proposed_by="resident").order_by("-at")[:20]
    return render(
        request, "talk/desk.html", {"rows": rows, "form": ModerateForm(), "shown": shown, "reply": ReplyForm()}
    )


@staff(Role.PRESS, Role.EDITOR)
@require_POST
def moderate(request, statement_id):
    statement, form = get_object_or_404(Statement, pk=statement_id), ModerateForm(request.POST)
    try:
        if form.is_valid():
            acts.moderate(
                statement, request.user, accept="accept" in request.POST, reason=form.cleaned_data["reason"]
            )
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("talk:desk")


@staff(Role.PRESS)
@require_POST
def reply(request, statement_id):
    statement, form = get_object_or_404(Statement, pk=statement_id, moderated="accepted"), ReplyForm(request.POST)
    if form.is_valid():
        statement.reply, statement.status = form.cleaned_data["reply"], form.cleaned_data["status"]
        statement.save(update_fields=["reply", "status"])
        note("statement.answered", f"statement:{statement.pk}", actor=request.user, status=statement.status)
    return redirect("talk:desk")
