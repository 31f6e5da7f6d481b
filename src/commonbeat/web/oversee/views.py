from __future__ import annotations

import json
from collections import Counter
from datetime import timedelta

from django.conf import settings
from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from commonbeat.errors import BadInput, Broken, Refused
from commonbeat.web.base.forms import Words
from commonbeat.web.base.log import note
from commonbeat.web.base.models import Entry
from commonbeat.web.base.roles import Role, staff
from commonbeat.web.jobs.models import Job
from commonbeat.web.oversee import heads, opendata
from commonbeat.web.oversee.models import Checkpoint
from commonbeat.web.read.edition import current
from commonbeat.web.record.models import Encounter, Harm
from commonbeat.web.review.models import Clip
from commonbeat.web.tell.models import Consent, Story, Takedown

PAGE = 100


@staff(Role.AUDITOR, Role.ANALYST)
def home(request):
    """The week: what was done, what is late, what does not add up. Looking at it is in the log too."""
    now = timezone.now()
    week = now - timedelta(days=7)
    done = Counter(Entry.objects.filter(at__gte=week.isoformat()).values_list("what", flat=True))
    note("oversee.week_viewed", "log", actor=request.user)
    met = Encounter.objects.filter(undone_at=None)
    return render(request, "oversee/home.html", {
        "done": sorted(done.items(), key=lambda p: -p[1]), "refused": Entry.objects.filter(at__gte=week.isoformat(), about__contains='"outcome":"refused"').count(),
        "late": Takedown.objects.filter(state="open", due__lt=now).count(), "open": Takedown.objects.filter(state="open").count(),
        "harm_late": Harm.objects.filter(closed_at=None, due__lt=now).count(), "harm_open": Harm.objects.filter(closed_at=None).count(),
        "parked": Job.objects.filter(state="parked").count(), "encounters": met.count(),
        "contradicted": met.filter(Q(accounts__agrees="no") | Q(free_to_leave_resident="no", free_to_leave_officer="yes")).distinct().count(),
        "undone": Encounter.objects.exclude(undone_at=None).count(), "live": Story.objects.filter(state__in=Story.LIVE).count(),
        "withdrawn": Story.objects.filter(state="withdrawn").count(), "films": Clip.objects.filter(state="released").count(),
        "consents": Consent.objects.count(), "edition": current(settings.SITE.root),
    })  # fmt: skip


@staff(Role.AUDITOR)
def log(request):
    """Every line, newest first; checked from the first to the last each time the page is opened."""
    rows = Entry.objects.order_by("-n")
    about = request.GET.get("about", "").strip()
    if about:
        rows = rows.filter(Q(object__startswith=about[:120]) | Q(what__startswith=about[:60]))
    before = request.GET.get("before", "")
    if before.isdigit():
        rows = rows.filter(n__lt=int(before))
    rows = list(rows[:PAGE])
    return render(request, "oversee/log.html", {"rows": [(r, json.loads(r.about)) for r in rows], "verdict": heads.check(), "kept": Checkpoint.objects.order_by("-n")[:5], "about": about, "last": rows[-1].n if len(rows) == PAGE else None})  # fmt: skip


@staff(Role.AUDITOR)
@require_POST
def head(request):
    """The head of the log as a file to take away; signed elsewhere, with a key this site does not have."""
    note("oversee.head_taken", "log", actor=request.user)
    found = heads.check()
    if not found.whole:
        messages.error(
            request, _("The log is broken at entry %d; there is no head to take away.") % found.first_broken
        )
        return redirect("oversee:log")
    text = json.dumps(found.head.to_dict(), indent=1)
    return HttpResponse(
        text, content_type="application/json", headers={"Content-Disposition": 'attachment; filename="head.json"'}
    )


@staff(Role.AUDITOR)
@require_POST
def checkpoint(request):
    """A head that the auditor signed elsewhere comes back: from now on every check passes through it."""
    try:
        made = heads.keep(request.POST.get("signed", "")[:4_000], request.user)
    except (BadInput, Broken, Refused) as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("Kept. Every check of the log now passes through entry %d.") % made.n)
    return redirect("oversee:log")


@staff(Role.AUDITOR, Role.ANALYST)
@require_POST
def export(request):
    """Open data of the edition that is out, suppressed as the pages are: tables as CSV and as one SQLite file. The export is logged."""
    out = current(settings.SITE.root)
    note("oversee.exported", f"edition:{out.hash or 'none'}", actor=request.user)
    return HttpResponse(
        opendata.packed(out, town=settings.SITE.town),
        content_type="application/zip",
        headers={"Content-Disposition": 'attachment; filename="open-data.zip"'},
    )


@staff(Role.INDEPENDENT)
def harm(request):
    """Accounts of harm, for the independent body only. Each look is in the log."""
    note("harm.viewed", "harm", actor=request.user)
    Harm.objects.filter(taken_at=None).update(taken_at=timezone.now())
    return render(
        request, "oversee/harm.html", {"rows": Harm.objects.order_by("closed_at", "due"), "now": timezone.now()}
    )


@staff(Role.INDEPENDENT)
@require_POST
def harm_answer(request, pk):
    held = get_object_or_404(Harm, pk=pk, closed_at=None)
    try:
        words = Words(max_length=4_000).clean(request.POST.get("reply", ""))
    except Exception as error:
        messages.error(request, " ".join(getattr(error, "messages", [str(error)])))
        return redirect("oversee:harm")
    held.reply, held.closed_at = words, timezone.now()
    held.save()
    note("harm.answered", f"harm:{held.pk}", actor=request.user, late=held.closed_at > held.due)
    return redirect("oversee:harm")
