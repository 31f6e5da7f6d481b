from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from commonbeat.errors import BadInput, Refused
from commonbeat.web.base.log import note
from commonbeat.web.base.roles import Role, by_link, public, staff
from commonbeat.web.jobs.queue import put
from commonbeat.web.read.edition import current
from commonbeat.web.study import acts, results
from commonbeat.web.study.forms import AskForm, BackForm, JoinForm, SealForm
from commonbeat.web.study.models import Trial


@public
def register(request):
    """Every sealed study, also those that never reported."""
    return render(request, "study/register.html", {"rows": current(settings.SITE.root).register, "form": BackForm()})


@public
def page(request, plan_id):
    """One story experiment: what is asked, how it is drawn, and what it says today. The interval holds on every day at once."""
    trial = get_object_or_404(Trial.objects.select_related("story"), pk=plan_id)
    told = (current(settings.SITE.root).studies or {}).get(plan_id) or {}
    return render(request, "study/page.html", {
        "trial": trial, "told": told, "form": JoinForm(), "open": not trial.closed_at and trial.story.live,
        "sentences": [] if not told else results.sentences(told, trial.plan["smallest_effect"]), "seed": acts.seed_shown(trial),
        "edition": current(settings.SITE.root),
    })  # fmt: skip


@public
@require_POST
def join(request, plan_id):
    trial, form = get_object_or_404(Trial.objects.select_related("story"), pk=plan_id), JoinForm(request.POST)
    if form.is_valid():
        try:
            token = acts.join(
                trial,
                prior_trust=form.prior(),
                recent_contact=form.recent(),
                language=get_language() or "en",
                today=timezone.localdate(),
            )
            return redirect("study:visit", token)
        except Refused as refused:
            form.add_error(None, str(refused))
    return render(request, "study/page.html", {"trial": trial, "told": {}, "form": form, "open": True, "edition": current(settings.SITE.root)}, status=422)  # fmt: skip


@by_link
def visit(request, token):
    """One visit, step by step: perhaps the questions first; what the lot gave; the questions; the code to come back."""
    joined = acts.visitor(token)
    if joined is None:
        raise Http404
    trial = joined.trial
    if not trial.story.live:  # taken down while they were here
        return render(request, "read/gone.html", status=410)
    first = joined.arm == "before" and not joined.asked
    asking = AskForm(request.POST if "answer" in request.POST else None, language=get_language() or "en")
    if request.method == "POST" and "seen" in request.POST:
        joined.seen = True
        joined.save(update_fields=["seen"])
        return redirect(request.path)
    if request.method == "POST" and asking.is_valid():
        return _before(request, joined, asking) if first else _answered(request, joined, asking)
    shown = {"trial": trial, "told": trial.story.text(get_language() or "en"), "story": trial.story, "arm": joined.arm, "form": asking,
             "first": first, "box": _box(trial.story) if joined.arm == "context" else None}  # fmt: skip
    response = render(request, "study/ask.html" if joined.seen or first else "study/shown.html", shown)
    response["Cache-Control"] = "no-store"
    return response


def _before(request, joined, asking):
    """The arm that asks first as well: the answers are this person's trust before, nothing more."""
    scores = [25.0 * (int(v) - 1) for v in asking.answers().values()]
    joined.asked, joined.prior_trust = True, sum(scores) / len(scores) if scores else joined.prior_trust
    joined.save(update_fields=["asked", "prior_trust"])
    return redirect(request.path)


def _answered(request, joined, asking):
    said, today = {"trial": joined.trial, "form": asking, "arm": joined.arm}, timezone.localdate()
    if not asking.answers():
        asking.add_error(None, _("Nothing was answered, so nothing was kept. You may also simply leave."))
        return render(request, "study/ask.html", said, status=422)
    try:
        code = acts.answer(joined, 0, asking.answers(), today=today)
    except Refused as refused:
        asking.add_error(None, str(refused))
        return render(request, "study/ask.html", said, status=409)
    return render(
        request,
        "study/thanks.html",
        {"trial": joined.trial, "code": code, "next": acts.due(joined, today)[1], "first": True},
    )


def _box(story):
    year = str((story.encounter.at if story.encounter_id else story.published_at).year)
    box = (current(settings.SITE.root).context.get(story.area_id) or {}).get(year)
    return {"year": year, **box} if box else None


@public
def back(request):
    """Somebody comes back with their own code, after 3, 21 or 90 days."""
    form, joined = BackForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        joined = acts.returning(form.cleaned_data["code"])
        if joined is None:
            form.add_error("code", _("No visit has this code. Please look at it again."))
        else:
            return _again(request, joined, form.cleaned_data["code"])
    return render(request, "study/back.html", {"form": form}, status=422 if request.method == "POST" else 200)


def _again(request, joined, code):
    today = timezone.localdate()
    wave, opens = acts.due(joined, today)
    if wave is None:
        return render(request, "study/wait.html", {"trial": joined.trial, "opens": opens})
    asking = AskForm(request.POST if "answer" in request.POST else None, language=get_language() or "en")
    if "answer" in request.POST and asking.is_valid() and asking.answers():
        fresh = acts.answer(joined, wave, asking.answers(), today=today)
        return render(request, "study/thanks.html", {"trial": joined.trial, "code": fresh, "next": acts.due(joined, today)[1], "first": False})  # fmt: skip
    return render(request, "study/again.html", {"trial": joined.trial, "form": asking, "code": code, "wave": wave})


@staff(Role.ANALYST)
def desk(request):
    """Trials: sealed here before anybody is drawn, closed here when nobody new shall be."""
    form = SealForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            acts.seal(
                request.user,
                said["story"],
                **{k: v for k, v in said.items() if k not in ("story", "arms")},
                arms=("story", "neutral", *said["arms"]),
            )
        except (Refused, BadInput) as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Sealed. The draw begins with the first who agrees."))
            return redirect("study:desk")
    rows = Trial.objects.select_related("story").order_by("-sealed_at")
    return render(
        request, "study/desk.html", {"form": form, "rows": rows}, status=422 if request.method == "POST" else 200
    )


@staff(Role.ANALYST)
@require_POST
def close(request, plan_id):
    acts.close(get_object_or_404(Trial, pk=plan_id), request.user)
    messages.success(request, _("Closed. The seed is shown on its page, so that anybody can repeat the draw."))
    return redirect("study:desk")


@staff(Role.ANALYST)
@require_POST
def edition(request):
    """Asks for an edition now; it is made in the background and swapped in whole."""
    asked = timezone.now()
    put("edition_now", f"edition_now:{asked:%Y-%m-%dT%H:%M}")
    note("edition.asked", "edition", actor=request.user)
    messages.success(request, _("It is being made; the pages change when it is done."))
    return redirect("study:desk")
