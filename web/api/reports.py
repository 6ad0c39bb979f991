"""Day and month reports: as JSON for the page, as XLSX and PDF to keep."""

from __future__ import annotations

import io
from collections.abc import Callable

from flask import jsonify, request, send_file
from flask_login import current_user
from werkzeug.wrappers import Response

from hotline.errors import NotFoundError
from hotline.reports import Report, build_report, parse_day, parse_span, report_view
from web.api import blueprint
from web.context import hub
from web.report_pdf import write_pdf
from web.report_xlsx import write_xlsx
from web.roles import Permission, requires

FILES: dict[str, tuple[str, Callable[[Report, str], bytes]]] = {
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", write_xlsx),
    "pdf": ("application/pdf", write_pdf),
}


@blueprint.get("/reports")
@requires(Permission.SEE_REPORTS)
def get_report() -> Response:
    """The report of `span` (day or month) around `day`."""
    return jsonify(report_view(_report()))


@blueprint.get("/reports/<kind>")
@requires(Permission.SEE_REPORTS)
def report_file(kind: str) -> Response:
    """The same report as a file that names who took it out. Raises: NotFoundError for other kinds."""
    if kind not in FILES:
        raise NotFoundError("没有这种文件", expected="、".join(FILES), found=kind[:10], remedy="请重新选择")
    report = _report()
    mimetype, write = FILES[kind]
    name = f"report-{report.span}-{report.first:%Y-%m-%d}.{kind}"
    with hub().store.transaction() as uow:
        uow.audit(current_user.id, "report.export", name)
    content = io.BytesIO(write(report, current_user.display_name))
    return send_file(content, mimetype=mimetype, as_attachment=True, download_name=name)


def _report() -> Report:
    asked = request.args
    return build_report(hub(), parse_span(asked.get("span", "day")), parse_day(asked.get("day", "")))
