from __future__ import annotations

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from commonbeat.errors import BadInput, Refused
from commonbeat.web.base.log import note
from commonbeat.web.base.roles import Role, staff
from commonbeat.web.media.tickets import ticket
from commonbeat.web.review import acts
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
    links = {link.track: link for link in ConsentLink.objects.filter(clip=clip)}
    visible = set((clip.looked or {}).get("visible", []))
    tracks = [
        {**t, "link": links.get(t["id"]), "visible": t["id"] in visible} for t in clip.record.get("tracks") or []
    ]
    frames = max((clip.record.get("frames") or 1), 1)
    return render(request, "review/clip.html", {
        "clip": clip, "tracks": tracks, "frames": frames, "open": acts.not_releasable(clip), "leak": clip.record.get("leak") or {},
        "film": f"/media/ticket/{ticket(clip.protected, request.user.pk)}/video.mp4" if clip.protected else "",
        "looked": LookedForm(), "words": WordsForm(initial={"captions": clip.captions, "audio_description": clip.audio_description, "music_cleared": clip.music_cleared or "none"}),
        "why": WhyForm(), "box": BoxForm(), "mute": MuteForm(), "mine": request.user.role == Role.PRESS,
    })  # fmt: skip


def back(clip, form=None):
    return redirect(reverse("review:clip", args=[clip.pk]))


def tried(request, clip, act, done):
    """Does it, or says on the page why not."""
    try:
        act()
    except (Refused, BadInput) as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, done)
    return back(clip)


def first_error(request, form):
    for name, errors in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        messages.error(request, f"{label}: {errors[0]}" if label else errors[0])


@staff(Role.PRESS)
@require_POST
def looked(request, footage_id):
    clip, form = get_object_or_404(Clip, pk=footage_id), LookedForm(request.POST)
    if not form.is_valid():
        first_error(request, form)
        return back(clip)
    return tried(
        request,
        clip,
        lambda: acts.looked(clip, request.user, **form.cleaned_data),
        _("Noted, with the bound it gives."),
    )


@staff(Role.PRESS)
@require_POST
def words(request, footage_id):
    clip, form = get_object_or_404(Clip, pk=footage_id), WordsForm(request.POST)
    if not form.is_valid():
        first_error(request, form)
        return back(clip)

    def act():
        for name, value in form.cleaned_data.items():
            setattr(clip, name, value)
        clip.save(update_fields=list(form.cleaned_data))
        note("footage.described", f"footage:{clip.pk}", actor=request.user)

    return tried(request, clip, act, _("Kept."))


@staff(Role.PRESS)
@require_POST
def region(request, footage_id):
    clip, form = get_object_or_404(Clip, pk=footage_id), BoxForm(request.POST)
    if not form.is_valid():
        first_error(request, form)
        return back(clip)
    boxes = [*clip.extra_boxes, form.cleaned_data]
    return tried(
        request,
        clip,
        lambda: acts.protect_again(clip, request.user, extra_boxes=boxes),
        _("It will be hidden; the film is protected anew."),
    )


@staff(Role.PRESS)
@require_POST
def mute(request, footage_id):
    clip, form = get_object_or_404(Clip, pk=footage_id), MuteForm(request.POST)
    if not form.is_valid():
        first_error(request, form)
        return back(clip)
    spans = [*clip.muted, [form.cleaned_data["start"], form.cleaned_data["until"]]]
    return tried(
        request, clip, lambda: acts.protect_again(clip, request.user, muted=spans), _("It will be silent there.")
    )


@staff(Role.PRESS)
@require_POST
def show(request, footage_id, track):
    clip = get_object_or_404(Clip, pk=footage_id)
    return tried(
        request,
        clip,
        lambda: acts.show_face(clip, track, request.user),
        _("This person will be visible; the film is protected anew."),
    )


@staff(Role.PRESS)
@require_POST
def protect(request, footage_id):
    clip = get_object_or_404(Clip, pk=footage_id)
    return tried(request, clip, lambda: acts.protect_again(clip, request.user), _("It is being protected."))


@staff(Role.PRESS)
@require_POST
def release(request, footage_id):
    clip = get_object_or_404(Clip, pk=footage_id)
    return tried(request, clip, lambda: acts.release(clip, request.user), _("Released: it may be shown in a story."))


@staff(Role.PRESS, Role.AUDITOR)
@require_POST
def original(request, footage_id):
    """The film as it was filmed. The look is logged first; the link lives five minutes."""
    clip, form = get_object_or_404(Clip, pk=footage_id), WhyForm(request.POST)
    if not form.is_valid():
        first_error(request, form)
        return back(clip)
    try:
        made = acts.view_original(clip, request.user, form.cleaned_data["why"])
    except Refused as refused:
        messages.error(request, str(refused))
        return back(clip)
    return render(request, "review/original.html", {"clip": clip, "film": f"/media/ticket/{made}/video.mp4"})
