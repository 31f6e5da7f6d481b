"""Every address of the site. Each view carries its door; a test walks this list."""

from allauth.account import views as account
from django.conf import settings
from django.urls import include, path

from commonbeat.web.api.urls import urlpatterns as api
from commonbeat.web.base import views as base
from commonbeat.web.base.counted import metrics

urlpatterns = [
    path("", include("commonbeat.web.talk.urls")),
    path("", include("commonbeat.web.read.urls")),
    path("language/<slug:code>/", base.language, name="language"),
    *([path("", include("commonbeat.web.moments.urls"))] if settings.SITE.demo else []),
    path("", include("commonbeat.web.answer.urls")),
    path("", include("commonbeat.web.study.urls")),
    path("", include("commonbeat.web.record.urls")),
    path("desk/", base.desk, name="desk"),
    path("desk/review/", include("commonbeat.web.review.urls")),
    path("", include("commonbeat.web.tell.urls")),
    path("desk/oversee/", include("commonbeat.web.oversee.urls")),
    path("account/login/", account.login, name="account_login"),
    path("account/logout/", account.logout, name="account_logout"),
    path("account/reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("account/password/", account.password_change, name="account_change_password"),
    path("account/2fa/", include("allauth.mfa.urls")),
    path("account/closed/", base.closed, name="account_signup"),
    path("account/closed/", base.closed, name="account_reset_password"),
    path("account/closed/", base.closed, name="account_inactive"),
    path("account/closed/", base.closed, name="account_email"),
    path("account/closed/", base.closed, name="account_set_password"),
    path("api/", api),
    path("metrics", metrics, name="metrics"),
    path("readyz", base.ready, name="readyz"),
]
handler500 = "commonbeat.web.base.weather.fault"
handler404 = "commonbeat.web.base.views.not_found"
