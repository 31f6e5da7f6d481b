from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from commonbeat import consent
from commonbeat.errors import Refused
from commonbeat.stories import STATES, reading
from commonbeat.web.base.roles import Role, by_link, public, staff
from commonbeat.web.base.secret import hashed_code
from commonbeat.web.read.edition import current
from commonbeat.web.record.forms import ReceiptForm
from commonbeat.web.tell import acts, state
from commonbeat.web.tell.forms import (  # fmt: skip
    BeginForm,
    CorrectionForm,
    DoorForm,
    FrameForm,
    LinkForm,
    OutcomeForm,
    PersonForm,
    TellingForm,
)
from commonbeat.web.tell.lacking import sentences
from commonbeat.web.tell.lacking import told as lacking_told
from commonbeat.web.tell.models import Story, Takedown
from commonbeat.web.tell.wording import wording

SEE = (Role.PRESS, Role.EDITOR, Role.AUDITOR)


@staff(*SEE)
def list_(request):
    rows = (
        Story.objects.select_related("encounter", "area").prefetch_related("tellings").order_by("-changed_at")[:200]
    )
    waiting = [s for s in rows if s.state == "second_approval"]
    form = BeginForm() if request.user.role == Role.PRESS else None
    return render(request, "tell/list.html", {"rows": rows, "waiting": waiting, "form": form})


@staff(Role.PRESS)
@require_POST
def begin(request):
    form = BeginForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose an encounter."))
        return redirect("tell:list")
    return redirect("tell:story", acts.begin(form.cleaned_data["encounter"], request.user).pk)


@staff(*SEE)
def story(request, story_id, forms=None, status=200):
    story = get_object_or_404(Story.objects.select_related("encounter", "clip", "area"), pk=story_id)
    now, tellings = timezone.now(), {t.language: t for t in story.tellings.all()}
    wanted = request.GET.get("in", next(iter(tellings), "en"))
    telling = tellings.get(wanted)
    events = state.events_of(story.encounter_id) if story.encounter_id else []
    people = [(p, consent.standing(events, p.person, "publish", "site", now)) for p in state.people_of(story, now)]
    held = {"language": wanted, "title": getattr(telling, "title", ""), "words": getattr(telling, "words", ""), "alt_text": getattr(telling, "alt_text", "")}  # fmt: skip
    frame = {
        "clip": story.clip_id,
        "area": story.area_id,
        "embargo": timezone.localtime(story.embargo) if story.embargo else None,
    }
    found = sentences(state.lacks(story, now))
    return render(request, "tell/story.html", {
        "story": story, "tellings": tellings, "wanted": wanted, "people": people, "lacks": found, "stops": [x for x in found if x["stops"]],
        "states": STATES, "at": STATES.index(story.state), "level": reading(held["words"], wanted) if held["words"] else None,
        "telling_form": TellingForm(initial=held), "frame_form": FrameForm(initial=frame, story=story), "person_form": PersonForm(),
        "correction": CorrectionForm(), "box": current(settings.SITE.root).context.get(story.area_id or ""),
        "mine": request.user.role == Role.PRESS, "copies": story.copies.all(), **(forms or {}),
    }, status=status)  # fmt: skip


def done(request, story_id, act, said):
    try:
        act()
    except Refused as refused:
        messages.error(request, lacking_told(refused))
    else:
        messages.success(request, said)
    return redirect("tell:story", story_id)


@staff(Role.PRESS)
@require_POST
def words(request, story_id):
    held, form = get_object_or_404(Story, pk=story_id), TellingForm(request.POST)
    if not form.is_valid():
        return story(request, story_id, {"telling_form": form}, 422)
    if held.live:
        why = CorrectionForm(request.POST)
        if not why.is_valid():
            return story(request, story_id, {"telling_form": form, "correction": why}, 422)
        return done(request, story_id, lambda: acts.correct(held, request.user, why.cleaned_data["what"], form.cleaned_data), _("Corrected, and said so on the page."))  # fmt: skip
    return done(request, story_id, lambda: acts.write(held, request.user, **form.cleaned_data), _("Kept."))


@staff(Role.PRESS)
@require_POST
def frame(request, story_id):
    held = get_object_or_404(Story, pk=story_id, state="draft")
    form = FrameForm(request.POST, story=held)
    if not form.is_valid():
        return story(request, story_id, {"frame_form": form}, 422)
    for name, value in form.cleaned_data.items():
        setattr(held, name, value)
    held.changed_at = timezone.now()
    held.save()
    messages.success(request, _("Kept."))
    return redirect("tell:story", story_id)


@staff(Role.PRESS, Role.EDITOR)
@require_POST
def act(request, story_id, doing):
    get_object_or_404(Story, pk=story_id)
    if doing not in ("hand_in", "consents_hold", "footage_holds", "send_back", "approve", "take_down"):
        raise Http404
    return done(request, story_id, lambda: state.act(story_id, doing, actor=request.user), _("Done."))


@staff(Role.PRESS)
@require_POST
def invite(request, story_id):
    held, form = (
        get_object_or_404(Story.objects.select_related("encounter", "clip"), pk=story_id),
        PersonForm(request.POST),
    )
    if not form.is_valid():
        return story(request, story_id, {"person_form": form}, 422)
    try:
        token = acts.invite(held.encounter, request.user, clip=held.clip, **form.cleaned_data)
    except Refused as refused:
        messages.error(request, lacking_told(refused))
        return redirect("tell:story", story_id)
    address = request.build_absolute_uri(reverse("tell:link", args=[token]))
    return render(request, "tell/link_made.html", {"story": held, "address": address})


@staff(Role.PRESS, Role.AUDITOR)
def takedowns(request):
    rows = Takedown.objects.select_related("story").order_by("state", "due")
    return render(request, "tell/takedowns.html", {"rows": rows, "form": OutcomeForm(), "now": timezone.now()})


@staff(Role.PRESS)
@require_POST
def settle(request, pk):
    asked, form = get_object_or_404(Takedown, pk=pk), OutcomeForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Say what came of it, in words for the person who asked."))
        return redirect("tell:takedowns")
    try:
        acts.settle(asked, request.user, result=form.cleaned_data["state"], outcome=form.cleaned_data["outcome"])
        messages.success(request, _("Answered."))
    except Refused as refused:
        messages.error(request, lacking_told(refused))
    return redirect("tell:takedowns")


@by_link
def link(request, token):
    """One person's private page: what they agreed to, and the one button that takes it back."""
    found = acts.link_of(token)
    if found is None:
        raise Http404
    now, events = timezone.now(), state.events_of(found.encounter_id)
    form = LinkForm(request.POST if request.POST.get("do") == "answer" else None)
    down = None
    if request.method == "POST" and request.POST.get("do") == "withdraw":
        down = state.withdraw(found)
        events = state.events_of(found.encounter_id)
    elif request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        acts.answer(
            found,
            says=said["answer"],
            language=get_language() or "en",
            birthday=said["birthday"],
            until=said["until"],
        )
        return redirect(request.path)
    parts = [
        (p, consent.standing(events, found.person, p, "site", now))
        for p in ("record", "keep", "publish", "face_visible")
    ]
    words_, shown = wording("ask", get_language() or "en")
    stories = Story.objects.filter(encounter_id=found.encounter_id, published_at__isnull=False).prefetch_related(
        "tellings", "copies"
    )
    response = render(request, "tell/link.html", {
        "link": found, "parts": parts, "form": form, "wording": words_, "shown": shown, "stories": stories, "down": down,
        "publish": parts[2][1],
    })  # fmt: skip
    response["Cache-Control"] = "no-store"
    return response


@public
def door(request, slug):
    """On every story: this is me or my child."""
    held = get_object_or_404(Story, slug=slug)
    if not held.live:
        raise Http404
    form = DoorForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        made, receipt = acts.knock(
            held, asks=asked["asks"], words=asked["words"], where=form.where() if held.clip_id else {}
        )
        return render(request, "tell/door_heard.html", {"story": held, "made": made, "receipt": receipt, "copies": held.copies.all()})  # fmt: skip
    context = {"story": held, "told": held.text(get_language()), "form": form}
    return render(request, "tell/door.html", context, status=422 if request.method == "POST" else 200)


@public
def receipt(request):
    form, held = ReceiptForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        held = Takedown.objects.filter(receipt_hash=hashed_code(form.cleaned_data["receipt"])).first()
        if held is None:
            form.add_error("receipt", _("No request has this receipt. Please look at it again."))
    return render(request, "tell/receipt.html", {"form": form, "held": held})
