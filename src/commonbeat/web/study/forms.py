from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from commonbeat import questionnaires
from commonbeat.web.base.forms import Taps, Words
from commonbeat.web.study.acts import ITEMS
from commonbeat.web.tell.models import Story

ARM_NAMES = [
    ("context", _("the story with the year's counts beside it")),
    ("statement", _("the officer's own statement first, then the story")),
    ("before", _("the questions before the story as well")),
]


class JoinForm(forms.Form):
    """Agreeing. Nobody under 18, and nobody by a box that was ticked beforehand."""

    adult = forms.BooleanField(label=_("I am 18 or older, and I want to take part"))
    trust = forms.ChoiceField(
        label=_("How much do you trust the police in your area today?"), required=False, widget=Taps,
        choices=[("0", _("not at all")), ("25", _("little")), ("50", _("half and half")), ("75", _("rather")), ("100", _("fully"))],
    )  # fmt: skip
    contact = forms.ChoiceField(
        label=_("Were you stopped, searched or cited by the police in the last year?"), required=False, widget=Taps,
        choices=[("yes", _("Yes")), ("no", _("No"))],
    )  # fmt: skip

    def prior(self) -> float | None:
        return float(self.cleaned_data["trust"]) if self.cleaned_data["trust"] else None

    def recent(self) -> bool | None:
        return {"yes": True, "no": False}.get(self.cleaned_data["contact"])


class AskForm(forms.Form):
    """The plan's questions, as the questionnaire words them."""

    def __init__(self, *args, language="en", **kwargs):
        super().__init__(*args, **kwargs)
        asked = questionnaires.load("pulse-1")
        self.language = language if language in asked.languages else "en"
        for item in asked.items:
            if item.id in ITEMS:
                labels = item.scale.labels[self.language]
                self.fields[f"q_{item.id}"] = forms.ChoiceField(
                    label=item.wording["resident"][self.language], widget=Taps, required=False,
                    choices=[(str(k), v) for k, v in sorted(labels.items())],
                )  # fmt: skip

    def answers(self) -> dict:
        return {name: self.cleaned_data[f"q_{name}"] for name in ITEMS if self.cleaned_data.get(f"q_{name}")}


class BackForm(forms.Form):
    code = forms.CharField(label=_("The code you were given"), max_length=40)


class SealForm(forms.Form):
    story = forms.ModelChoiceField(label=_("Which story?"), queryset=Story.objects.none())
    title = Words(label=_("What the study is called"), max_length=120)
    question = Words(label=_("The question, as a resident would ask it"), max_length=300)
    smallest = forms.FloatField(
        label=_("The smallest effect that would matter, in points of 100"), min_value=0.5, max_value=50, initial=3
    )
    arms = forms.MultipleChoiceField(
        label=_("Besides the story and the neutral one"),
        required=False,
        choices=ARM_NAMES,
        widget=forms.CheckboxSelectMultiple,
    )
    neutral_title = Words(label=_("Headline of the neutral story"), max_length=200)
    neutral_words = Words(label=_("The neutral story"), max_length=4_000, widget=forms.Textarea(attrs={"rows": 5}), help_text=_("As long, as friendly, and not about the police."))  # fmt: skip
    statement = Words(label=_("The officer's statement"), max_length=2_000, required=False, widget=forms.Textarea(attrs={"rows": 3}), help_text=_("Why they were there, what they were paid for, what they think of the film."))  # fmt: skip

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["story"].queryset = Story.objects.filter(state__in=Story.LIVE)
        self.fields["story"].label_from_instance = lambda s: s.text().title

    def clean(self):
        held = super().clean()
        if "statement" in (held.get("arms") or ()) and not held.get("statement"):
            self.add_error("statement", _("An arm shows it first, so it has to be there."))
        return held
