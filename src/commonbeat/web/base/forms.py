"""What all forms share."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _


class Taps(forms.RadioSelect):
    """Choices as big targets for a thumb."""

    template_name = "parts/taps.html"
    option_template_name = "django/forms/widgets/input.html"  # the label is drawn around it, once


class Words(forms.CharField):
    """Free text; control characters that no database and no reader can use are refused with a sentence."""

    def clean(self, value):
        value = super().clean(value)
        if any(ord(c) < 32 and c not in "\t\n\r" for c in value) or "\ufffe" in value:
            raise ValidationError(_("This holds a character that cannot be kept. Please type it again."))
        if any(0xD800 <= ord(c) < 0xE000 for c in value):
            raise ValidationError(_("This holds a character that cannot be kept. Please type it again."))
        return value
