"""What is missing, as sentences a press officer can act on."""

from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

SENTENCES = {
    "not_a_positive_contact": _("This was not a positive contact, so it cannot be told as one."),
    "stop_made_to_hand_out_gifts": _("Somebody was stopped so that a gift could be handed out. A stop is a stop; it is not told as a gift."),
    "not_free_to_leave": _("Somebody was not free to leave, or nobody knows. Then it was not a free meeting and is not told as one."),
    "contradicted_by_the_resident": _("The resident remembers it differently. Their word stands; this is not told."),
    "somebody_would_rather_not": _("Somebody said they would rather not."),
    "nobody_asked": _("Nobody in it has been asked. Send each a private link."),
    "no_consent_to_publish": _("No consent to publish that holds today (48 hours to cool off, not withdrawn, not ended):"),
    "face_visible_without_consent": _("A face would be visible without a standing consent and a reviewer's word:"),
    "footage_not_released": _("The film has not been released by a reviewer."),
    "nobody_looked_at_the_footage": _("Nobody has looked at sampled frames of the film."),
    "leak_above_the_limit": _("Too much of the film may still be visible; at most:"),
    "no_captions": _("The film has no captions."),
    "captions_broken": _("A caption cannot be used:"),
    "no_audio_description": _("The film is not described in words."),
    "music_rights_open": _("Is there music in the film, and whose?"),
    "no_context_box": _("There are no counts for this place and year to stand beside the story."),
    "no_words": _("There are no words yet."),
    "no_title": _("There is no headline in:"),
    "too_short": _("Fewer than twenty words in:"),
    "no_alt_text": _("The picture is not put into words in:"),
    "hard_to_read": _("Hard to read; shorter sentences would help. Language:"),
    "words_to_think_about": _("A word to think about:"),
}  # fmt: skip


def sentences(lacks):
    """-> [{words, about, stops, step}], what stops first."""
    rows = [{"words": SENTENCES[x.code], "about": x.about, "stops": x.stops, "step": x.step} for x in lacks]
    return sorted(rows, key=lambda r: not r["stops"])


#: what the rooms refuse with, word for word, so that it can be said in the reader's language
REFUSALS = (
    gettext_noop("Nobody approves their own story. A second person reads it first."),
    gettext_noop("No second person has approved this story."),
    gettext_noop("The day that was agreed has not come."),
    gettext_noop("A child's yes does not count alone: a parent or guardian says it, and the child may still say no."),
)


def told(refused) -> str:
    """A refusal of the rooms below, in the reader's language."""
    text = str(refused)
    if text.startswith("Not yet: "):
        codes = [c.strip(" .").replace(" ", "_") for c in text.removeprefix("Not yet: ").split(",")]
        return " ".join([gettext("Not yet."), *(str(SENTENCES[c]).rstrip(":") for c in codes if c in SENTENCES)])
    if text.startswith("A story that is "):
        return gettext("The story stands at another step, so this cannot be done to it now.")
    return gettext(text)
