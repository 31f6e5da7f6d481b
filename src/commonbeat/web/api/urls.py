from commonbeat.web.api.views import api, named

urlpatterns = (named, *api.urls[1:])
