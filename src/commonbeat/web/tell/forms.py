from __future__ import annotations

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commonbeat.web.base.forms import Taps, Words
from commonbeat.web.record.models import Area, Encounter
from commonbeat.web.review.models import Clip
from commonbeat.web.tell.models import Takedown


class BeginForm(forms.Form):
    encounter = forms.ModelChoiceField(label=_("Which encounter?"), queryset=Encounter.objects.none())

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["encounter"].queryset = Encounter.objects.filter(undone_at=None, kind="positive").order_by("-at")


class TellingForm(forms.Form):
    language = forms.ChoiceField(label=_("Language"), choices=lambda: settings.LANGUAGES)
    title = Words(label=_("Headline"), max_length=200)
    words = Words(label=_("The story"), max_length=20_000, widget=forms.Textarea(attrs={"rows": 12}), help_text=_("Short sentences. What was said, what was done. No names."))  # fmt: skip
    alt_text = Words(label=_("The picture in words"), max_length=600, required=False, help_text=_("For those who cannot see it: who does what, where."))  # fmt: skip


class FrameForm(forms.Form):
    """What stands around the words."""

    clip = forms.ModelChoiceField(label=_("Film"), queryset=Clip.objects.none(), required=False)
    area = forms.ModelChoiceField(label=_("Area"), queryset=Area.objects.all(), required=False)
    embargo = forms.DateTimeField(
        label=_("Not before"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
    )  # fmt: skip

    def __init__(self, *args, story, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["clip"].queryset = Clip.objects.filter(encounter_id=story.encounter_id).exclude(state="deleted")


class CorrectionForm(forms.Form):
    what = Words(label=_("What was wrong, and how does it read now?"), max_length=600)


class PersonForm(forms.Form):
    """Somebody the film or story shows, to be asked with a private link. By role or track, never by name."""

    person = Words(label=_("Who, by role"), max_length=80, help_text=_("The dancer in front; the mother with the stroller. Never a name."))  # fmt: skip
    track = forms.IntegerField(label=_("Track in the film"), required=False, min_value=0)
    child = forms.BooleanField(label=_("A child"), required=False)
    guardian = forms.BooleanField(label=_("The link goes to a parent or guardian"), required=False)

    def clean(self):
        held = super().clean()
        if held.get("child") and not held.get("guardian"):
            self.add_error("guardian", _("For a child a parent or guardian is asked."))
        return held


class LinkForm(forms.Form):
    """What the person with the private link says."""

    answer = forms.ChoiceField(label=_("Your answer"), widget=Taps, choices=[("yes_hidden", _("Yes, with faces hidden")), ("yes_visible", _("Yes, and my face may be seen")), ("no", _("No"))])  # fmt: skip
    birthday = forms.DateField(label=_("The child turns 18 on"), required=False, widget=forms.DateInput(attrs={"type": "date"}))  # fmt: skip
    until = forms.DateField(label=_("Only until"), required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def clean_until(self):
        day = self.cleaned_data["until"]
        if day and day <= timezone.localdate():
            raise ValidationError(_("This day has passed."))
        return day


PLACES = [
    ("", _("I do not know")),
    ("0 0", _("top left")), ("1 0", _("top middle")), ("2 0", _("top right")),
    ("0 1", _("left")), ("1 1", _("in the middle")), ("2 1", _("right")),
    ("0 2", _("bottom left")), ("1 2", _("bottom middle")), ("2 2", _("bottom right")),
]  # fmt: skip
AROUND = 0.08  #: of the picture's width and height, on each side of a point that was tapped


class DoorForm(forms.ModelForm):
    asks = forms.ChoiceField(label=_("What shall happen?"), choices=Takedown.ASKS, widget=Taps)
    words = Words(label=_("Anything that helps us find you in it"), required=False, max_length=2_000, widget=forms.Textarea(attrs={"rows": 4}), help_text=_("You need not say who you are or why."))  # fmt: skip

    second = forms.FloatField(label=_("At which second of the film?"), required=False, min_value=0, max_value=86_400, widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}))  # fmt: skip
    place = forms.ChoiceField(label=_("Where in the picture?"), required=False, choices=PLACES)
    x = forms.FloatField(required=False, min_value=0, max_value=1, widget=forms.HiddenInput)
    y = forms.FloatField(required=False, min_value=0, max_value=1, widget=forms.HiddenInput)

    class Meta:
        model = Takedown
        fields = ["asks", "words"]

    def where(self) -> dict:
        """The place pointed at, as the desk hides it: a second and a region in shares of the picture; empty when nowhere was."""
        held = self.cleaned_data
        at, x, y, place = held.get("second"), held.get("x"), held.get("y"), held.get("place")
        if at is None or held["asks"] != "mask":
            return {}
        if x is not None and y is not None:
            x0, y0, x1, y1 = x - AROUND, y - AROUND, x + AROUND, y + AROUND
        elif place:
            column, row = map(int, place.split())
            x0, y0, x1, y1 = column / 3, row / 3, (column + 1) / 3, (row + 1) / 3
        else:
            return {}
        return {"at": at, "x0": max(0.0, x0), "y0": max(0.0, y0), "x1": min(1.0, x1), "y1": min(1.0, y1)}


class OutcomeForm(forms.Form):
    state = forms.ChoiceField(label=_("What came of it?"), choices=[("done", _("Done")), ("refused", _("Not done, because"))], widget=Taps)  # fmt: skip
    outcome = Words(label=_("In words, for the person who asked"), max_length=2_000, widget=forms.Textarea(attrs={"rows": 4}))  # fmt: skip
