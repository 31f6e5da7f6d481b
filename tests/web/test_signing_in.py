"""A member of staff signs in as in real life: password, an app with codes, recovery codes on paper, a passkey. Every page looked at."""

import base64
import hmac
import struct
import time

import pytest
from web.browsing import browser, served_town
from web.test_look import look

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
PASSWORD = "a long walk by the river 9"


def code_of(secret: str, at: float | None = None) -> str:
    """RFC 6238, written out: what the telephone shows."""
    count = struct.pack(">Q", int((at or time.time()) // 30))
    digest = hmac.new(base64.b32decode(secret), count, "sha1").digest()
    place = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[place : place + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


def sign_in(page, home):
    page.goto(f"{home}/desk/")
    page.get_by_label("Username").fill("walker")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


def set_up(page, home, found) -> list[str]:
    """The first sign-in: no door opens before a second factor is there -> the recovery codes."""
    look(page, f"{home}/account/login/", found)
    sign_in(page, home)
    page.get_by_role("heading", name="Activate Authenticator App").wait_for()
    look(page, f"{home}/desk/oversee/", found)
    assert "/account/2fa/totp/activate/" in page.url
    page.locator("input[name=code]").fill("000000")
    page.get_by_role("button", name="Activate").click()
    page.locator(".error, .note.grave").first.wait_for()  # a wrong code is told, nothing is set up
    page.locator("input[name=code]").fill(code_of(page.locator("#authenticator_secret").input_value()))
    page.get_by_role("button", name="Activate").click()
    page.wait_for_url("**/recovery-codes/**")
    look(page, page.url, found)
    codes = page.locator("#recovery_codes").input_value().split()
    assert len(codes) == 10
    for path in ("/account/2fa/", "/account/2fa/webauthn/", "/account/2fa/webauthn/add/", "/account/password/"):
        look(page, home + path, found)
    page.goto(f"{home}/desk/oversee/")
    page.get_by_role("heading", name="The week").wait_for()
    return codes


def telephone_lost(chromium, home, codes, found):
    """The telephone is lost, the paper is not; and each recovery code opens once."""
    page = chromium.new_context(viewport={"width": 1280, "height": 900}, color_scheme="dark").new_page()
    sign_in(page, home)
    page.locator("input[name=code]").wait_for()
    look(page, page.url, found)
    page.locator("input[name=code]").fill(codes[0])
    page.locator("main form button").first.click()
    page.get_by_role("heading", name="The week").wait_for()
    again = chromium.new_context().new_page()
    sign_in(again, home)
    again.locator("input[name=code]").fill(codes[0])
    again.locator("main form button").first.click()
    again.locator(".error, .note.grave").first.wait_for()


def signs_in(chromium, home, found):
    page = chromium.new_context(viewport={"width": 390, "height": 844}).new_page()
    page.set_default_timeout(60_000)
    codes = set_up(page, home, found)
    passkey(page, home)
    telephone_lost(chromium, home, codes, found)


def test_password_then_app_then_passkey_and_back_by_a_recovery_code():
    found = []
    with served_town(COMMONBEAT_TEST_PASSWORD=PASSWORD) as (home, _folder), browser() as chromium:
        signs_in(
            chromium, home.replace("127.0.0.1", "localhost"), found
        )  # passkeys belong to a name, not to a number
    assert found == []


def passkey(page, home):
    """Adds a passkey made by the browser's virtual device, signs out, and comes back with it alone."""
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }})  # fmt: skip
    page.goto(f"{home}/account/2fa/webauthn/add/")
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_text("1 passkey").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"{home}/account/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.get_by_role("heading", name="The week").wait_for()
