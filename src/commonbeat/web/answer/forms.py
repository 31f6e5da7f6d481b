from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from commonbeat import questionnaires
from commonbeat.codebook import words
from commonbeat.web.answer.acts import PULSE
from commonbeat.web.base.forms import Taps, Words
from commonbeat.web.base.said import said
from commonbeat.web.record.models import Area


class PulseForm(forms.Form):
    """The questionnaire as shipped, in the reader's language. Nothing is compulsory: not answering is an answer too."""

    code = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    side = forms.ChoiceField(widget=forms.HiddenInput, choices=[(s, s) for s in words.SIDES], initial="resident")

    def __init__(self, *args, language="en", side="resident", **kwargs):
        super().__init__(*args, **kwargs)
        asked = questionnaires.load(PULSE)
        self.language = language if language in asked.languages else "en"
        self.items = []
        for item in asked.items:
            wording = item.wording.get(side, {})
            if self.language not in wording:
                continue
            labels = item.scale.labels[self.language]
            choices = [(str(k), v) for k, v in sorted(labels.items())]
            self.fields[f"q_{item.id}"] = forms.ChoiceField(
                label=wording[self.language], choices=choices, widget=Taps, required=False
            )
            self.items.append(item.id)
        self.fields["chosen"] = Words(
            label=_("A word only you know"), required=False, max_length=80,
            help_text=_("If we ask again in some weeks, the same word puts your answers together. We keep no e-mail and cannot find the word out."),
        )  # fmt: skip

    def answers(self) -> dict:
        return {name: self.cleaned_data[f"q_{name}"] for name in self.items}


class BatchForm(forms.Form):
    plan = forms.RegexField(r"^[\w-]{1,60}$", label=_("Study"), initial="pulse")
    area = forms.ModelChoiceField(label=_("Area"), queryset=Area.objects.all(), required=False)
    ring = forms.ChoiceField(label=_("How near"), choices=[(r, said(r)) for r in words.RINGS])
    arm = forms.RegexField(r"^[\w-]{0,40}$", label=_("Arm"), required=False)
    week = forms.RegexField(r"^\d{4}-W\d{2}$", label=_("Week"))
    count = forms.IntegerField(label=_("How many codes"), min_value=1, initial=20)
