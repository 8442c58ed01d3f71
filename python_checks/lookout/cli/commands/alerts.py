"""`lookout alerts`: list, show and answer alerts."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from lookout.cli.options import AsJson, ProjectOptions, RunOptions, with_options

app = typer.Typer(help="The alerts in the monitoring schema.", no_args_is_help=True)


@app.command("list")
@with_options
def list_alerts(
    *,
    status: Annotated[str, typer.Option(help="open, resolved or all.")] = "open",
    asset: Annotated[str | None, typer.Option(help="Only assets whose name contains this.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many, newest first.")] = 50,
    options: ProjectOptions,
    as_json: AsJson = False,
) -> None:
    """List alerts, newest first."""
    from lookout.alerts.listing import alert_table, read_alerts, unjudged_tables

    workspace = options.open()
    frame = read_alerts(workspace, status=status, asset=asset, limit=limit)
    typer.echo(frame.to_json(orient="records", date_format="iso", indent=1) if as_json else alert_table(frame))
    if not as_json and (unjudged := unjudged_tables(workspace)):
        typer.echo(unjudged)


@app.command("show")
@with_options
def show_alert(
    key: Annotated[str, typer.Argument(help="Key of the alert, or the beginning of it.")],
    options: ProjectOptions,
    as_json: AsJson = False,
) -> None:
    """Show everything about one alert: what and why, where it comes from, and what people answered."""
    from lookout.alerts.listing import alert_page, read_alert

    alert = read_alert(options.open(), key)
    typer.echo(json.dumps(alert, ensure_ascii=False, indent=1, default=str) if as_json else alert_page(alert))


Keys = Annotated[list[str], typer.Argument(metavar="KEY...", help="Keys of alerts, or beginnings of them.")]
Note = Annotated[str, typer.Option(help="Why, for whoever looks later.")]


@app.command("resolve")
@with_options
def resolve_alerts(
    *,
    keys: Keys,
    expected: Annotated[bool, typer.Option("--expected", help="No fault: a sale, a migration, a holiday.")] = False,
    new_normal: Annotated[bool, typer.Option("--new-normal", help="It stays like this: learn anew from here.")] = False,
    fixed: Annotated[bool, typer.Option("--fixed", help="A real fault, and it is mended.")] = False,
    note: Note = "",
    until: Annotated[str | None, typer.Option(metavar="DAY", help="Last day it is about, when it goes on.")] = None,
    options: RunOptions,
) -> None:
    """Answer alerts, so that they are closed and Lookout learns from the answer."""
    from lookout.alerts.feedback import TAKES_EFFECT, chosen_verdict, give_feedback

    verdict = chosen_verdict(expected=expected, new_normal=new_normal, fixed=fixed)
    workspace = options.open()
    for line in [*give_feedback(workspace, keys, verdict, note=note, until=until), TAKES_EFFECT]:
        typer.echo(line)


@app.command("reopen")
@with_options
def reopen_alerts(
    *,
    keys: Keys,
    note: Note = "",
    options: RunOptions,
) -> None:
    """Take back what was answered to alerts."""
    from lookout.alerts.feedback import TAKES_EFFECT, give_feedback

    workspace = options.open()
    for line in [*give_feedback(workspace, keys, "reopened", note=note), TAKES_EFFECT]:
        typer.echo(line)


@app.command("mute")
@with_options
def mute_alerts(
    *,
    subject: Annotated[
        str, typer.Argument(metavar="KEY|TABLE", help="Key of an alert, or schema.table; * is a wildcard.")
    ],
    until: Annotated[str, typer.Option(metavar="DAY", help="Last day of the mute, e.g. 2026-01-31, in UTC.")],
    note: Note = "",
    options: RunOptions,
) -> None:
    """Notify nobody about an alert or a table until a day; alerts that are still open after it are notified then."""
    from lookout.alerts.mutes import mute

    typer.echo(mute(options.open(), subject, until=until, note=note))


@app.command("unmute")
@with_options
def unmute_alerts(
    subject: Annotated[str, typer.Argument(metavar="KEY|TABLE", help="As it was muted.")],
    options: RunOptions,
) -> None:
    """End a mute now."""
    from lookout.alerts.mutes import unmute

    typer.echo(unmute(options.open(), subject))


@app.command("mutes")
@with_options
def show_mutes(options: ProjectOptions) -> None:
    """List what is muted, until when, and why."""
    from lookout.alerts.mutes import list_mutes

    frame = list_mutes(options.open())
    typer.echo(frame.to_string(index=False) if len(frame) else "Nothing is muted.")


@app.command("ack")
@with_options
def acknowledge_alerts(
    *,
    keys: Keys,
    note: Note = "",
    options: RunOptions,
) -> None:
    """Record that somebody works on alerts: nobody is notified again until they worsen or end."""
    from lookout.alerts.mutes import acknowledge

    for line in acknowledge(options.open(), keys, note=note):
        typer.echo(line)
