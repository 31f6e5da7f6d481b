"""Words of the codebook as a reader is told them. The tables keep the code word; only pages translate."""

from django.utils.translation import gettext_lazy as _

SAID = {
    "officer": _("officer"), "participant": _("somebody who was met"), "onlooker": _("somebody who stood by"),
    "neighbour": _("somebody who lives nearby"), "viewer": _("somebody who saw it online"),
    "resident": _("resident"), "youth": _("under 25"),
    "randomised": _("drawn by lot"), "encouraged": _("encouraged by lot"), "observed": _("only observed"),
    "positive": _("positive contacts"), "service": _("service contacts"), "enforcement": _("enforcement contacts"),
    "low earlier trust": _("with low earlier trust"), "middle earlier trust": _("with middling earlier trust"),
    "high earlier trust": _("with high earlier trust"), "recent enforcement yes": _("stopped, searched or cited in the last year"),
    "recent enforcement no": _("not stopped, searched or cited in the last year"),
    "training": _("training"), "policy": _("policy"), "complaint_handling": _("handling of complaints"),
    "kept": _("kept"), "slipping": _("slipping"), "broken": _("broken"), "too_early": _("too early to say"), "cannot_tell": _("cannot be told"),
    "no_target_was_named": _("no target was named"), "nothing_measured_yet": _("nothing has been measured yet"),
    "interval_reaches_target": _("the whole interval reaches the target"), "interval_below_target": _("the whole interval lies below the target"),
    "interval_holds_target": _("the interval holds the target, so both are possible"),
    "document_came_late": _("a dated public document shows it, after the day"), "dated_public_document": _("a dated public document shows it"),
    "no_dated_public_document_by_the_day": _("the day has passed without a dated public document"),
    "no_dated_public_document_yet": _("there is no dated public document yet"),
    "reach": _("whom good contacts reach"), "trust": _("trust"),
    "given": _("agreed"), "refused": _("said no"), "withdrawn": _("taken back"), "cooling": _("within the 48 hours"),
    "expired": _("ended on the day named"), "aged_out": _("ended on the 18th birthday"), "never_asked": _("nobody asked"),
}  # fmt: skip


def said(code) -> str:
    return SAID.get(str(code), code)


VERDICTS = {
    "moved": _("it moved"), "moved_less_than_matters": _("it moved, but less than would matter"), "no_sign": _("no sign of movement"),
    "too_few": _("too few to tell"), "wrong_way": _("it moved the wrong way"),
}  # fmt: skip
ARMS = {
    "story": _("the story"), "neutral": _("a neutral story"), "context": _("the story with the year's counts beside it"),
    "statement": _("the officer's own statement first, then the story"), "before": _("the questions before the story as well"),
}  # fmt: skip
