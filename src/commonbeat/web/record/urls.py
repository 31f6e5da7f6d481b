from django.urls import include, path

from commonbeat.web.record import views

named = [
    path("desk/record/", views.new, name="new"),
    path("desk/record/mine/", views.mine, name="mine"),
    path("desk/record/token/", views.token, name="token"),
    path("desk/record/worker.js", views.worker, name="worker"),
    path("desk/record/<slug:contact_id>/saved/", views.saved, name="saved"),
    path("desk/record/<slug:contact_id>/change/", views.change, name="change"),
    path("desk/record/<slug:contact_id>/undo/", views.undo, name="undo"),
    path("desk/record/<slug:contact_id>/card/", views.card, name="card"),
    path("i-was-there/", views.code, name="code"),
]
urlpatterns = [
    path("", include((named, "record"))),
    path("something-went-wrong/", views.harm, name="harm"),
    path("something-went-wrong/receipt/", views.harm_receipt, name="harm_receipt"),
    path("paper-form/", views.paper, name="paper"),
]
