"""What we add to Locust's web UI: the form's checks and headings, a tab of our own, downloads, /metrics."""

import time
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from functools import cache, partial
from pathlib import Path
from typing import cast

import gevent
from flask import Blueprint, Flask, Response, abort, jsonify, request, send_file
from flask.typing import ResponseReturnValue as Answer
from locust.web import WebUI
from markupsafe import Markup

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.exposition import exposition
from _hookswarm.senders.master import metrics
from _hookswarm.senders.master.ending import INTERRUPT
from _hookswarm.senders.master.master import Master
from _hookswarm.senders.plan.options import CHECK, GROUPS, NOT_IN_FORM, REPEATABLE, field_of, from_form, lines_of
from _hookswarm.senders.plan.plan import Plan
from _hookswarm.senders.plan.settings import Settings
from _hookswarm.senders.web.books import Books
from _hookswarm.senders.web.downloads import FILES, DownloadError, Downloads, refuse_wrong
from _hookswarm.senders.web.history import History
from _hookswarm.senders.web.result import Results

WEBUI = Path(__file__).parent
STATIC = ("form.js", "pictures.js", "webui.js", "webui.css")
TAB = "webhooks"

View = Callable[[], Answer]
Check = Callable[[Namespace], tuple[Settings, Plan]]
"""Raises ConfigError for options that no run can be made of."""
LOOKS_EVERY_S = 1.0


def extend_web_ui(web_ui: WebUI, master: Master, options: Namespace, check: Check) -> None:
    """Add our parts to the master's web port."""
    assert web_ui.app
    downloads = Downloads()
    _add_routes(web_ui, master, downloads, (options.web_base_path or "").rstrip("/"))
    web_ui.template_args["extended_tabs"] = [{"title": "Webhooks", "key": TAB}]
    web_ui.template_args["extended_csv_files"] = [
        {"href": f"./webhooks/{name}", "title": f"{file.title}, of the last run"} for name, file in FILES.items()
    ]
    _extend_page(web_ui.app, options, check)
    _check_form(web_ui, web_ui.app, master, options, check, downloads)
    _note_stop(web_ui, web_ui.app, master)


def _add_routes(web_ui: WebUI, master: Master, downloads: Downloads, base: str) -> None:
    books = Books(downloads, master.last_run)
    history, results = History(time.monotonic), Results(downloads, master.last_run, lambda: master.begun)
    gevent.spawn(_keep_history, history, master)

    def live() -> Answer:
        return jsonify(master.live().model_dump())

    def moments() -> Answer:
        return jsonify({"run": history.run, "moments": [one.model_dump() for one in history.moments]})

    def result() -> Answer:
        return jsonify(results.now().model_dump())

    def static(name: str) -> Answer:
        return send_file(WEBUI / name) if name in STATIC else abort(404)

    def download(name: str) -> Answer:
        if name not in FILES:
            abort(404)
        if (run := master.last_run()) is None:
            return Response("nothing to download yet: start a run, and let it end\n", 409, mimetype="text/plain")
        try:
            path = downloads.file(run, name)
        except DownloadError as error:
            return Response(f"{error}\n", 404, mimetype="text/plain")
        return send_file(path.resolve(), as_attachment=True, download_name=f"{run.name}-{name}")

    def told() -> Answer:
        text, kind = exposition([*metrics.run_metrics(master.snapshot()), *books.metrics()])
        return Response(text, content_type=kind)

    ours = Blueprint("webhooks", __name__, url_prefix=f"{base}/webhooks")
    views: dict[str, View] = {"/live": live, "/moments": moments, "/result": result}
    for rule, view in (*views.items(), ("/static/<name>", static), ("/<name>", download)):
        ours.add_url_rule(rule, view.__name__, web_ui.auth_required_if_enabled(view))
    assert web_ui.app
    web_ui.app.register_blueprint(ours)
    web_ui.app.add_url_rule("/metrics", view_func=told)


def _keep_history(history: History, master: Master) -> None:
    while True:
        if master.playing:
            history.look(master.live(), master.counted())
        gevent.sleep(LOOKS_EVERY_S)


def _extend_page(app: Flask, options: Namespace, check: Check) -> None:
    """Our script and style sheet go into Locust's page; it shows options in the order in which they are declared."""
    app.jinja_env.policies["json.dumps_kwargs"] = {"sort_keys": False}
    index = cast(View, app.view_functions["locust.index"])
    headings = {_camel(names[0]): heading for heading, names in GROUPS.items()}
    links = "".join(
        Markup('<li><a href="./webhooks/{}">{}</a></li>').format(name, file.title) for name, file in FILES.items()
    )
    ours = (WEBUI / "webui.html").read_text()
    form = {
        "headings": headings,
        "lists": [_camel(name) for name in REPEATABLE],
        "fixed": [_camel(name) for name in NOT_IN_FORM],
        "check": CHECK,
    }
    ours = ours.replace("{{ tab }}", TAB).replace("{{ downloads }}", links)

    @cache  # a plan may be of a million endpoints
    def stages() -> dict[str, list[str]]:
        return _stages(options, check)

    def page() -> Answer:
        found = index()
        if not isinstance(found, str):  # log in first
            return found
        told = app.json.dumps({**form, "stages": stages()}).replace("<", "\\u003c")
        return found.replace("</body>", ours.replace("{{ form }}", told) + "</body>")

    app.view_functions["locust.index"] = page


def _stages(options: Namespace, check: Check) -> dict[str, list[str]]:
    """The names of stages to pick from, with `--quick` (true) and without; none where options are at fault."""
    found = {}
    for quick in (True, False):
        asked = copy(options)
        asked.quick, asked.stages = quick, ""
        try:
            found[str(quick).lower()] = [stage.name for stage in check(asked)[1].stages]
        except ConfigError:
            found[str(quick).lower()] = []
    return found


def _check_form(
    web_ui: WebUI, app: Flask, master: Master, options: Namespace, check: Check, downloads: Downloads
) -> None:
    """The start form is told what is wrong before anything starts: Locust would log it, and begin."""
    swarm, choose_shape = cast(View, app.view_functions["locust.swarm"]), web_ui._update_shape_class
    shapes = web_ui.environment.available_shape_classes or {}

    def faults_of(checks: Sequence[str]) -> Iterator[str]:
        if master.playing:
            yield "a run is on: stop it, or let it end, before the next"
            return
        wanted, faults = from_form(options, request.form)
        yield from faults
        for judge in (partial(check, wanted), partial(refuse_wrong, checks)):
            try:
                judge()
            except ConfigError as error:
                yield from error.faults

    def checked() -> Answer:
        checks = tuple(lines_of(request.form.get(CHECK, "")))
        if faults := list(faults_of(checks)):
            beside = [{"field": _camel(field_of(fault)), "fault": fault} for fault in faults]
            told = {"success": False, "message": str(ConfigError(faults)), "host": web_ui.environment.host}
            return jsonify({**told, "faults": beside})
        downloads.checks = checks
        return swarm()

    def choose_ours(name: str | None) -> None:
        """With --class-picker Locust's default is no shape at all, without which no stage would ever come."""
        choose_shape(name or next(iter(shapes), None))  # type: ignore[no-untyped-call]  # Locust's has no types

    app.view_functions["locust.swarm"] = checked
    web_ui._update_shape_class = choose_ours  # type: ignore[method-assign]  # Locust has no event for it


def _note_stop(web_ui: WebUI, app: Flask, master: Master) -> None:
    """Stop is how a user ends a run; for other reasons Locust ends it in the same way."""
    stop = cast(View, app.view_functions["locust.stop"])

    def stopped() -> Answer:
        master.note(INTERRUPT)
        return stop()

    app.view_functions["locust.stop"] = web_ui.auth_required_if_enabled(stopped)


def _camel(name: str) -> str:
    """As Locust's form names its fields."""
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)
