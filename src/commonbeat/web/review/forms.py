from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from commonbeat.stories import read_vtt
from commonbeat.web.base.forms import Taps, Words
from commonbeat.web.record.models import Encounter


class BeginForm(forms.Form):
    encounter = forms.ModelChoiceField(
        label=_("Which encounter does it show?"),
        queryset=Encounter.objects.filter(undone_at=None).order_by("-at")[:0],
    )
    size = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["encounter"].queryset = Encounter.objects.filter(undone_at=None, kind="positive").order_by("-at")


class LookedForm(forms.Form):
    """Which of the sampled frames show a face? Every one of them was looked at."""

    seen = forms.TypedMultipleChoiceField(required=False, coerce=int)
    every = forms.BooleanField(
        label=_("I looked at every one of these pictures"),
        error_messages={"required": _("The bound holds only when every picture was looked at.")},
    )

    def __init__(self, frames, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["seen"].choices = [(n, str(n)) for n in frames]


class WordsForm(forms.Form):
    """Captions and the film in words: nothing else will make them."""

    captions = Words(
        label=_("Captions (WebVTT)"), required=False, max_length=60_000, strip=False,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "true", "class": "code"}),
        help_text=_("Each caption: a line 00:00:01.000 --> 00:00:03.500, then the words, then an empty line. Sounds in brackets."),
    )  # fmt: skip
    audio_description = Words(
        label=_("The film in words"), required=False, max_length=4_000, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("What somebody who cannot see it would miss."),
    )  # fmt: skip
    music_cleared = forms.ChoiceField(
        label=_("Music in it"),
        choices=[("none", _("No music")), ("cleared", _("Rights cleared")), ("muted", _("Muted"))],
        widget=Taps,
    )

    def clean_captions(self):
        text = self.cleaned_data["captions"].strip()
        if text:
            problems = read_vtt(text)[1]
            if problems:
                raise forms.ValidationError([str(p) for p in problems[:10]])
        return text + "\n" if text else ""


class WhyForm(forms.Form):
    why = Words(label=_("Why must the unprotected film be seen?"), max_length=300, min_length=8)


class BoxForm(forms.Form):
    """A region drawn by hand, or typed: seconds and pixels of the upright picture. It is followed through time."""

    kind = forms.ChoiceField(
        label=_("What is it?"),
        choices=[
            ("face", _("A face that was missed")), ("plate", _("A number plate")), ("paper", _("A paper")), ("screen", _("A screen")),
            ("tattoo", _("A tattoo")), ("house_number", _("A house number")), ("other", _("Something else")),
        ],
        widget=Taps,
    )  # fmt: skip
    at = forms.FloatField(label=_("Drawn at second"), min_value=0)
    start = forms.FloatField(label=_("From second"), min_value=0)
    until = forms.FloatField(label=_("Until second"), min_value=0)
    x0 = forms.FloatField(label=_("Left"), min_value=0)
    y0 = forms.FloatField(label=_("Top"), min_value=0)
    x1 = forms.FloatField(label=_("Right"), min_value=1)
    y1 = forms.FloatField(label=_("Bottom"), min_value=1)

    def clean(self):
        held = super().clean()
        if not self.errors and (
            held["x1"] <= held["x0"] or held["y1"] <= held["y0"] or held["until"] <= held["start"]
        ):
            raise forms.ValidationError(_("The region is empty: right of left, bottom below top, until after from."))
        if not self.errors and not held["start"] <= held["at"] <= held["until"]:
            raise forms.ValidationError(_("The second it was drawn at lies between from and until."))
        return held


class MuteForm(forms.Form):
    start = forms.FloatField(label=_("From second"), min_value=0)
    until = forms.FloatField(label=_("Until second"), min_value=0)

    def clean(self):
        held = super().clean()
        if not self.errors and held["until"] <= held["start"]:
            raise forms.ValidationError(_("The span is empty: it must end after it begins."))
        return held
