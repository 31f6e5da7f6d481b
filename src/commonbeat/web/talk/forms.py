from django import forms
from django.utils.translation import gettext_lazy as _

from commonbeat.web.base.forms import Words
from commonbeat.web.talk.models import REASONS, STATUS

GROUPS = [
    ("", _("I would rather not say")),
    ("resident", _("Resident")),
    ("youth", _("Under 25")),
    ("officer", _("Officer")),
]


class ProposeForm(forms.Form):
    words = Words(
        label=_("Your own sentence"), max_length=300, min_length=8, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("One thought that others can agree or disagree with. No names."),
    )  # fmt: skip


class AppealForm(forms.Form):
    words = Words(label=_("Why should it stand?"), max_length=600, min_length=8)


class ModerateForm(forms.Form):
    reason = forms.ChoiceField(label=_("Reason, if rejected"), choices=[("", "—"), *REASONS], required=False)


class ReplyForm(forms.Form):
    reply = Words(label=_("Official answer"), max_length=1_000)
    status = forms.ChoiceField(label=_("State"), choices=STATUS)
