"""Words of the codebook as a reader is told them. The tables keep the code word; only pages translate."""

from django.utils.translation import gettext_lazy as _

SAID = {
    "officer": _("officer"), "participant": _("somebody who was met"), "onlooker": _("somebody who stood by"),
    "neighbour": _("somebody who lives nearby"), "viewer": _("somebody who saw it online"),
    "resident": _("resident"), "youth": _("under 25"),
    "randomised": _("drawn by lot"), "encouraged": _("encouraged by lot"), "observed": _("only observed"),
    "positive": _("positive contacts"), "service": _("service contacts"), "enforcement": _("enforcement contacts"),
    "given": _("agreed"), "refused": _("said no"), "withdrawn": _("taken back"), "cooling": _("within the 48 hours"),
    "expired": _("ended on the day named"), "aged_out": _("ended on the 18th birthday"), "never_asked": _("nobody asked"),
}  # fmt: skip


def said(code) -> str:
    return SAID.get(str(code), code)
