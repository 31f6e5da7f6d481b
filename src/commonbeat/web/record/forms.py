from __future__ import annotations

from datetime import timedelta

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from commonbeat.codebook import words
from commonbeat.web.base.forms import Taps, Words
from commonbeat.web.record.models import ACTIVITY, BEGAN, KIND, YES_NO, Account, Area, Encounter, Harm, pairs

MET = ("play", "dance", "conversation", "help", "event", "call", "stop", "search", "citation", "arrest", "other")


class EncounterForm(forms.ModelForm):
    """Six taps and one sentence. Free to leave has no default: nobody may be recorded as free by forgetting."""

    key = forms.CharField(widget=forms.HiddenInput, min_length=16, max_length=64)
    activity = forms.ChoiceField(label=_("What was it?"), choices=[(w, ACTIVITY[w]) for w in MET], widget=Taps)
    began_by = forms.ChoiceField(label=_("Who began it?"), choices=pairs(words.BEGAN_BY, BEGAN), widget=Taps)
    free_to_leave_officer = forms.ChoiceField(
        label=_("Was everybody free to leave?"), choices=pairs(words.YES_NO_UNKNOWN, YES_NO), widget=Taps,
        help_text=_("As they would have seen it. A driver you stopped was not free, however friendly the talk."),
    )  # fmt: skip
    footage = forms.NullBooleanField(
        label=_("Does any film of it exist?"),
        widget=Taps(choices=[("true", _("Yes")), ("false", _("No")), ("unknown", _("I do not know"))]),
    )
    happened = Words(
        label=_("What happened, in one sentence?"), max_length=600,
        widget=forms.Textarea(attrs={"rows": 3, "autocapitalize": "sentences", "maxlength": 600}),
        help_text=_("You can dictate it. No names, no descriptions of residents."),
    )  # fmt: skip
    made_positive = Words(label=_("What made it a good one?"), max_length=600, required=False)
    opening_words = Words(label=_("Your opening words"), max_length=300, required=False)
    place = Words(
        label=_("Where, roughly?"), max_length=200, required=False, help_text=_("A park, a corner. Never a home.")
    )
    at = forms.DateTimeField(
        label=_("When?"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
    )  # fmt: skip
    kind = forms.ChoiceField(label=_("Kind of contact"), choices=pairs(words.CONTACT_KINDS, KIND), widget=Taps)
    gifts = forms.BooleanField(label=_("Somebody was stopped so that a gift could be handed out"), required=False)
    would_rather_not = forms.BooleanField(label=_("Somebody said they would rather not"), required=False)

    class Meta:
        model = Encounter
        fields = [
            "activity", "began_by", "free_to_leave_officer", "footage", "happened", "area", "at", "kind", "place", "people",
            "children", "onlookers", "opening_words", "made_positive", "gifts", "would_rather_not",
        ]  # fmt: skip
        labels = {
            "area": _("Area"), "people": _("People met"), "children": _("of them children"), "onlookers": _("People standing by"),
        }  # fmt: skip

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["area"].queryset = Area.objects.all()
        self.fields["area"].required = Area.objects.exists()

    def clean_at(self):
        at = self.cleaned_data["at"]
        if at > timezone.now() + timedelta(minutes=10):
            raise ValidationError(_("This is in the future. When did it happen?"))
        return at

    def clean(self):
        held = super().clean()
        people, children = held.get("people"), held.get("children")
        if people is not None and children is not None and children > people:
            self.add_error("children", _("More children than people were met."))
        if held.get("kind") == "positive" and held.get("activity") in ("stop", "search", "citation", "arrest"):
            self.add_error("kind", _("A stop, search, citation or arrest is enforcement, however it went."))
        return held


class ReasonForm(forms.Form):
    reason = Words(label=_("Why is it changed?"), max_length=300)


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("The code on your card"), max_length=40, help_text=_("Twelve letters and figures.")
    )


class AccountForm(forms.ModelForm):
    free_to_leave = forms.ChoiceField(
        label=_("Did you feel free to leave?"), choices=pairs(words.YES_NO_UNKNOWN, YES_NO), widget=Taps
    )
    agrees = forms.ChoiceField(
        label=_("Is this how you remember it?"),
        choices=[("yes", _("Yes")), ("partly", _("Partly")), ("no", _("No"))],
        widget=Taps,
    )
    words = Words(
        label=_("In your own words"), max_length=2_000, required=False, widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("In any language. Officers do not see who wrote it."),
    )  # fmt: skip
    thanks = Words(
        label=_("A private thank-you to the officer"), max_length=1_000, required=False, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Only the officer reads it. It is not counted and not shown."),
    )  # fmt: skip

    class Meta:
        model = Account
        fields = ["free_to_leave", "agrees", "words"]


class HarmForm(forms.ModelForm):
    kind = forms.ChoiceField(
        label=_("What do you need?"),
        choices=[("complaint", _("I want to complain")), ("crisis", _("I need help now"))],
        widget=Taps,
    )
    words = Words(label=_("What happened?"), max_length=8_000, widget=forms.Textarea(attrs={"rows": 8}))
    reach = Words(
        label=_("How can they reach you?"), max_length=200, required=False,
        help_text=_("Without it you can still read the answer with your receipt."),
    )  # fmt: skip

    class Meta:
        model = Harm
        fields = ["kind", "words", "reach"]


class ReceiptForm(forms.Form):
    receipt = forms.CharField(label=_("Your receipt"), max_length=40)
