"""Demonstration roles cannot exist outside a demonstration."""

import json

import pytest


@pytest.mark.parametrize(
    "path", ["/demo/", "/demo/as/auditor/", "/demo/reset/", "/moments/stroller", "/moments/stroller/take-down/"]
)
def test_a_real_site_has_no_such_address(client, path):
    assert client.get(path).status_code == 404
    assert client.post(path).status_code == 404


def test_the_views_refuse_a_real_site_even_if_somebody_wires_them(site):
    from django.http import Http404
    from django.test import RequestFactory

    from commonbeat.web.moments import views

    for view, more in (
        (views.roles, {}),
        (views.become, {"role": "auditor"}),
        (views.reset, {}),
        (views.page, {"name": "stroller"}),
    ):
        with pytest.raises(Http404):
            view(RequestFactory().post("/demo/"), **more)


def test_a_real_site_never_becomes_a_demonstration(site, tmp_path):
    from commonbeat.errors import BadInput, Refused
    from commonbeat.web import demo
    from commonbeat.web.folder import create

    real = create(tmp_path / "real", town="Testbridge")
    with pytest.raises(BadInput, match="holds a real site"):
        create(real.root, demo=True)
    with pytest.raises(Refused, match="never written over"):
        demo.prepare(real.root, None)
    assert json.loads((real.root / "site.json").read_text())["demo"] is False


def test_a_demonstration_is_served_on_this_machine_only(tmp_path, monkeypatch):
    from web.browsing import free_port

    from commonbeat.errors import Refused
    from commonbeat.web import serving as serve
    from commonbeat.web.folder import create

    town = create(tmp_path / "town", demo=True)
    monkeypatch.setattr("commonbeat.web.setup.prepare_django", lambda root, migrate: town)
    with pytest.raises(Refused, match="this machine only"):
        serve.run(town.root, host="0.0.0.0", port=free_port())
