"""What every page may say about the site itself. Touches neither session nor database."""

from django.conf import settings
from django.utils.translation import get_language, get_language_bidi


def site(request):
    return {
        "site": settings.SITE,
        "house": settings.SITE,  # the sign-in library hands its pages a "site" of its own: the address, port and all
        "desk": getattr(request, "desk", False),
        "here": request.path,
        "languages": settings.LANGUAGES,
        "language": get_language(),
        "direction": "rtl" if get_language_bidi() else "ltr",
    }
