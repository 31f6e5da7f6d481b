"""Practice cards: does seeing how a good meeting began encourage others? Only a drawn order of release can tell."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
from django import forms
from django.contrib import messages
from django.db import transaction
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commonbeat import studies
from commonbeat.errors import Refused
from commonbeat.web.base.forms import Words
from commonbeat.web.base.log import note
from commonbeat.web.base.models import Staff
from commonbeat.web.base.roles import Role, staff
from commonbeat.web.record.models import Encounter
from commonbeat.web.record.tables import shaped
from commonbeat.web.study.models import Practice, Turn

FEWEST = 4  #: units: with fewer, an order tells nothing that its first unit would not


def verified():
    """Good meetings whose resident said it was so, and that they were free to leave."""
    return Encounter.objects.filter(
        undone_at=None, kind="positive", gifts=False, free_to_leave_officer="yes", free_to_leave_resident="yes", accounts__agrees="yes"
    ).exclude(would_rather_not=True).distinct().order_by("-at")  # fmt: skip


def order_of(units: list[str], seed: str) -> list[str]:
    """Which unit comes when: follows from the seed alone."""
    return [sorted(units)[i] for i in np.random.default_rng(int(seed, 16)).permutation(len(units))]


@transaction.atomic
def release(encounter: Encounter, by, *, opening: str, stepping_back: str, today: date, days: int = 7) -> Practice:
    """Draws the order in which the units get the card, a week apart, and writes the draw's seal into the log."""
    units = sorted(
        set(Staff.objects.filter(role=Role.OFFICER, is_active=True).exclude(unit="").values_list("unit", flat=True))
    )
    if len(units) < FEWEST:
        raise Refused(
            _("A drawn order needs at least %(n)d units; there are %(k)d.") % {"n": FEWEST, "k": len(units)}
        )
    if not verified().filter(pk=encounter.pk).exists():
        raise Refused(_("Only a meeting that a resident confirmed becomes a practice card."))
    seed = studies.new_seed()
    card = Practice.objects.create(
        encounter=encounter,
        opening=opening,
        stepping_back=stepping_back,
        seed=seed,
        commitment=studies.commitment(seed),
        made_at=timezone.now(),
    )
    Turn.objects.bulk_create(
        Turn(card=card, unit=unit, place=place, starts=today + timedelta(days=days * place))
        for place, unit in enumerate(order_of(units, seed))
    )
    note(
        "practice.drawn",
        f"practice:{card.pk}",
        actor=by,
        seed_commitment=card.commitment,
        units=len(units),
        encounter=encounter.pk,
    )
    return card


def assignments() -> pl.DataFrame:
    """The draw as the codebook's table: each unit, and the week in which it got the card."""
    rows = []
    for card in Practice.objects.prefetch_related("turns"):
        turns = list(card.turns.all())
        rows += [
            {"plan_id": f"practice-{card.pk}", "unit": t.unit, "arm": f"week-{t.place + 1}", "probability": 1 / len(turns), "at": card.made_at}
            for t in turns
        ]  # fmt: skip
    return shaped("assignments", rows)


class CardForm(forms.Form):
    encounter = forms.ModelChoiceField(label=gettext_lazy("Which meeting?"), queryset=Encounter.objects.none())
    opening = Words(label=gettext_lazy("The opening words"), max_length=300)
    stepping_back = Words(
        label=gettext_lazy("How to step back"),
        max_length=300,
        help_text=gettext_lazy("What leaves the other person free to end it."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["encounter"].queryset = verified()


@staff(Role.OFFICER)
def cards(request):
    """What an officer's unit may see by now. Nobody is told who was in it, and nobody counts who reads it."""
    rows = Practice.objects.filter(
        turns__unit=request.user.unit or "-", turns__starts__lte=timezone.localdate()
    ).order_by("-made_at")
    return render(request, "study/cards.html", {"rows": rows})


@staff(Role.ANALYST)
def desk(request):
    form = CardForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            release(
                said["encounter"],
                request.user,
                opening=said["opening"],
                stepping_back=said["stepping_back"],
                today=timezone.localdate(),
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, _("Drawn. The first unit sees it today."))
            return redirect("study:practice")
    rows = [
        (c, c.turns.order_by("place"), c.turns.latest("starts").starts <= timezone.localdate())
        for c in Practice.objects.order_by("-made_at")
    ]
    return render(
        request, "study/practice.html", {"form": form, "rows": rows}, status=422 if request.method == "POST" else 200
    )
