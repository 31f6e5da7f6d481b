"""Signing in: no sign-up, no e-mail; staff are made by `commonbeat createstaff`."""

import time
from datetime import timedelta

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.dispatch import receiver
from django.utils import timezone

from commonbeat.web.base import knocks
from commonbeat.web.base.log import note

JUST_NOW = 600  #: seconds in which a password just typed is not asked for again
SECOND = "second_factor"  #: session mark: a second factor was shown in this session


class Adapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request):
        return False

    def is_reauthentication_required(self, *, app=""):
        """Not when somebody who has just typed the password sets up a first second factor: they would type it twice."""
        methods = self.request.session.get("account_authentication_methods") or []
        fresh = any(m.get("method") == "password" and time.time() - m["at"] < JUST_NOW for m in methods)
        before = timezone.now() - timedelta(seconds=JUST_NOW)
        settled = Authenticator.objects.filter(user=self.request.user, created_at__lt=before).exists()
        return not (app == "allauth.mfa" and fresh and not settled)

    def pre_authenticate(self, request, **credentials):
        super().pre_authenticate(request, **credentials)
        if knocks.locked(credentials.get("username", "")):
            raise self.validation_error("too_many_login_attempts")

    def authentication_failed(self, request, **credentials):
        knocks.wrong(credentials.get("username", ""))

    def send_mail(self, template_prefix, email, context):
        """There are no addresses to write to."""


def showed_second_factor(request) -> bool:
    """Did this session show a second factor (or is it a demonstration role on a demonstration site)?"""
    session = request.session
    if session.get(SECOND) == request.user.pk:
        return True
    methods = {m.get("method") for m in session.get("account_authentication_methods") or []}
    return "mfa" in methods and Authenticator.objects.filter(user=request.user).exists()


@receiver(authenticator_added)
def _added(request, user, authenticator, **_):
    request.session[SECOND] = user.pk
    note("second_factor.added", f"staff:{user.pk}", actor=user, kind=authenticator.type)


@receiver(user_logged_in)
def _came(request, user, **_):
    knocks.right(user.username)
    note("sign_in", f"staff:{user.pk}", actor=user)


@receiver(user_login_failed)
def _refused(credentials, request=None, **_):
    note("sign_in", "staff:?", actor="anonymous", outcome="refused")
