from __future__ import annotations

from functools import wraps

from django.contrib import messages
from django.http import HttpResponse, HttpResponseNotFound, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from commonbeat.errors import BadInput, Refused
from commonbeat.footage import Plan
from commonbeat.web.base.log import note
from commonbeat.web.base.roles import Role, staff
from commonbeat.web.media.tickets import ticket
from commonbeat.web.review import acts, hiding, looking
from commonbeat.web.review.forms import BeginForm, BoxForm, LookedForm, MuteForm, WhyForm, WordsForm
from commonbeat.web.review.models import Clip
from commonbeat.web.tell.models import ConsentLink

SEE = (Role.PRESS, Role.EDITOR, Role.AUDITOR)


@staff(*SEE)
def list_(request):
    clips = Clip.objects.exclude(state="deleted").select_related("encounter").order_by("-uploaded_at")[:200]
    return render(request, "review/list.html", {"clips": clips})


@staff(Role.PRESS)
def new(request):
    """A film comes in by pieces; without a script there is no such way, and the page says so."""
    form = BeginForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            clip, token = acts.begin(form.cleaned_data["encounter"], request.user, form.cleaned_data["size"])
        except BadInput as bad:
            form.add_error(None, str(bad))
        else:
            return render(request, "review/send.html", {"clip": clip, "address": f"/upload/{token}"}, status=201)
    return render(request, "review/new.html", {"form": form}, status=422 if request.method == "POST" else 200)


@staff(*SEE)
def clip(request, footage_id):
    clip = get_object_or_404(Clip.objects.select_related("encounter"), pk=footage_id)
    if clip.protected:
        note("footage.protected_viewed", f"footage:{clip.pk}", actor=request.user)
    return render(request, "review/clip.html", {
        "clip": clip, "tracks": _tracks(clip), "frames": max((clip.record.get("frames") or 1), 1), "open": acts.not_releasable(clip),
        "leak": clip.record.get("leak") or {}, "fps": clip.record.get("fps") or 25,
        "places": [{"which": i, "frame": v[0]} for i, v in enumerate(clip.record.get("visible") or [])],
        "asked": looking.asked(clip),
        "film": f"/media/ticket/{ticket(clip.protected, request.user.pk)}/video.mp4" if clip.protected else "",
        "words": WordsForm(initial={"captions": clip.captions, "audio_description": clip.audio_description, "music_cleared": clip.music_cleared or "none"}),
        "why": WhyForm(), "box": BoxForm(), "mute": MuteForm(), "mine": request.user.role == Role.PRESS,
    })  # fmt: skip


WHY = {
    "no_consent": gettext_lazy("nobody recorded a consent"),
    "consent": gettext_lazy("a consent is recorded"),
    "consent_unclear_frames_masked": gettext_lazy("a consent is recorded; hidden where two people may be mixed up"),
    "child": gettext_lazy("a child, no guardian's consent"),
    "withdrawn": gettext_lazy("the consent was taken back or has ended"),
}


def _tracks(clip: Clip) -> list[dict]:
    links = {link.track: link for link in ConsentLink.objects.filter(clip=clip)}
    visible = set((clip.looked or {}).get("visible", []))
    shown = clip.sample.get("tracks") or {}
    return [
        {
            **t,
            "link": links.get(t["id"]),
            "visible": t["id"] in visible,
            "pictures": shown.get(str(t["id"]), []),
            "colour": t["id"] % 6,
            "why": WHY.get(t["reason"], t["reason"]),
        }
        for t in clip.record.get("tracks") or []
    ]


@staff(Role.PRESS)
def looked(request, footage_id):
    """The sampled frames, one picture each, with a box to tick where a face can be seen; then the bound."""
    clip = get_object_or_404(Clip, pk=footage_id)
    frames = clip.sample.get("frames") or []
    form = LookedForm(frames, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():

        def act():
            looking.looked(clip, request.user, form.cleaned_data["seen"])
            return _("Noted, with the bound it gives.")

        return _tried(request, clip, act)
    if frames:
        note("footage.sample_viewed", f"footage:{clip.pk}", actor=request.user, frames=len(frames))
    status = 422 if request.method == "POST" else 200
    return render(request, "review/look.html", {"clip": clip, "frames": frames, "form": form}, status=status)


@staff(*SEE)
def picture(request, footage_id, frame):
    """One frame of the protected copy."""
    jpeg = looking.picture(get_object_or_404(Clip, pk=footage_id), frame)
    if jpeg is None:
        return HttpResponseNotFound()
    return HttpResponse(jpeg, content_type="image/jpeg", headers={"Cache-Control": "private, max-age=600"})


@staff(Role.PRESS)
def boxes(request, footage_id):
    """Where people are, for the player: {track: {first, boxes}}. Sealed papers; the look is logged."""
    clip = get_object_or_404(Clip, pk=footage_id)
    plan = hiding.plan_of(clip)
    if plan is None:
        return JsonResponse({})
    note("footage.boxes_viewed", f"footage:{clip.pk}", actor=request.user)
    return JsonResponse({t.id: {"first": t.first, "boxes": t.boxes.round(1).tolist()} for t in Plan.of(plan).tracks})


def _tried(request, clip, act):
    """Does it and says what was done, or why not."""
    try:
        messages.success(request, act())
    except (Refused, BadInput) as refused:
        messages.error(request, str(refused))
    return redirect("review:clip", clip.pk)


def _first_error(request, form):
    for name, errors in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        messages.error(request, f"{label}: {errors[0]}" if label else errors[0])


def _act(form_class=None):
    """A button of the press officer: `do(request, clip, asked, ...)` does it and returns what is said when it is done."""

    def carry(do):
        @staff(Role.PRESS)
        @require_POST
        @wraps(do)
        def view(request, footage_id, **more):
            clip = get_object_or_404(Clip, pk=footage_id)
            form = form_class(request.POST) if form_class else None
            if form is not None and not form.is_valid():
                _first_error(request, form)
                return redirect("review:clip", clip.pk)
            return _tried(request, clip, lambda: do(request, clip, form.cleaned_data if form else {}, **more))

        return view

    return carry


@_act(WordsForm)
def words(request, clip, asked):
    for name, value in asked.items():
        setattr(clip, name, value)
    clip.save(update_fields=list(asked))
    note("footage.described", f"footage:{clip.pk}", actor=request.user)
    return _("Kept.")


@_act(BoxForm)
def region(request, clip, asked):
    acts.protect_again(clip, request.user, extra_boxes=[*clip.extra_boxes, asked])
    return _("It will be hidden; the film is protected anew.")


@_act(MuteForm)
def mute(request, clip, asked):
    acts.protect_again(clip, request.user, muted=[*clip.muted, [asked["start"], asked["until"]]], sound="keep")
    return _("It will be silent there.")


@_act()
def show(request, clip, _asked, track):
    acts.show_face(clip, track, request.user)
    return _("This person will be visible; the film is protected anew.")


@_act()
def mask(request, clip, _asked, track):
    acts.hide_face(clip, track, request.user)
    return _("This person will be hidden; the film is protected anew.")


@_act()
def none(request, clip, _asked, which):
    looking.no_face(clip, request.user, which)
    return _("Noted: it is no face.")


@_act()
def face(request, clip, _asked, which):
    acts.protect_again(clip, request.user, extra_boxes=[*clip.extra_boxes, looking.around(clip, which)])
    return _("It will be hidden; the film is protected anew.")


@_act()
def pointed(request, clip, _asked, which):
    acts.protect_again(clip, request.user, extra_boxes=[*clip.extra_boxes, looking.pointed(clip, which)])
    return _("It will be hidden; the film is protected anew.")


@_act()
def protect(request, clip, _asked):
    acts.protect_again(clip, request.user)
    return _("It is being protected.")


@_act()
def release(request, clip, _asked):
    acts.release(clip, request.user)
    return _("Released: it may be shown in a story.")


@staff(Role.PRESS, Role.AUDITOR)
@require_POST
def original(request, footage_id):
    """The film as it was filmed. The look is logged first; the link lives five minutes."""
    clip, form = get_object_or_404(Clip, pk=footage_id), WhyForm(request.POST)
    if not form.is_valid():
        _first_error(request, form)
        return redirect("review:clip", clip.pk)
    try:
        made = acts.view_original(clip, request.user, form.cleaned_data["why"])
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("review:clip", clip.pk)
    return render(request, "review/original.html", {"clip": clip, "film": f"/media/ticket/{made}/video.mp4"})
