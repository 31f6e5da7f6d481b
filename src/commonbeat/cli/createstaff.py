"""Add a member of staff to the site."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Annotated

import typer

from commonbeat.errors import BadInput


def command(
    username: Annotated[str, typer.Argument(help="The user name: letters and figures, not a person's name.")],
    role: Annotated[str, typer.Option(help="officer, press, editor, auditor, analyst or independent.")],
    site: Annotated[Path | None, typer.Option(help="The site folder; made if it does not exist.")] = None,
    unit: Annotated[str, typer.Option(help="Precinct, shift or team.")] = "",
    town: Annotated[str, typer.Option(help="The town's name, when the site is made now.")] = "",
    reset: Annotated[
        bool, typer.Option("--reset", help="Forget password and second factor of somebody who exists.")
    ] = False,
    close: Annotated[bool, typer.Option("--close", help="Close the account: its sessions end at once.")] = False,
) -> None:
    """Makes an account with a first password, printed once. A second factor is set up at the first sign-in."""
    from commonbeat.web.folder import create, default_folder
    from commonbeat.web.setup import prepare_django

    root = Path(site or default_folder())
    create(root, town=town)
    prepare_django(root, migrate=True)
    password = None if close else "-".join(secrets.token_hex(3) for _ in range(4))
    _keep(username, role, unit, password, reset=reset, close=close)
    if close:
        typer.echo(f"{username} is closed.")
    else:
        typer.echo(f"User name: {username}\nFirst password, shown once: {password}\nSign in at /account/login/")


def _keep(username: str, role: str, unit: str, password: str | None, *, reset: bool, close: bool) -> None:
    from allauth.mfa.models import Authenticator
    from django.core.exceptions import ValidationError
    from django.db import transaction

    from commonbeat.web.base.log import note
    from commonbeat.web.base.models import Staff
    from commonbeat.web.base.roles import Role

    if role not in Role.values:
        raise BadInput(f'There is no role "{role}". Roles: {", ".join(Role.values)}.')
    with transaction.atomic():
        held = Staff.objects.filter(username=username).first()
        if held is None and (reset or close):
            raise BadInput(f"Nobody is called {username} here.")
        if held is not None and not (reset or close):
            raise BadInput(f"{username} exists. --reset gives a new password, --close ends the account.")
        if held is None:
            try:
                held = Staff.objects.create_user(username, role, password, unit=unit)
            except ValidationError as error:
                raise BadInput("; ".join(error.messages)) from None
            note("staff.created", f"staff:{held.pk}", actor="command line", role=role)
            return
        held.is_active = not close
        held.set_password(password) if password else held.set_unusable_password()
        held.save()
        Authenticator.objects.filter(user=held).delete()
        note("staff.closed" if close else "staff.reset", f"staff:{held.pk}", actor="command line")
