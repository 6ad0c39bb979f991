"""Two languages from one catalogue a language (`web/i18n/*.json`), which the browser code reads as well."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from flask import Blueprint, Flask, redirect, request, session
from werkzeug.wrappers import Response

from hotline.errors import InputError

LANGUAGES = {"zh": "简体中文", "en": "English"}
DEFAULT_LANGUAGE = "zh"

blueprint = Blueprint("i18n", __name__)


@cache
def catalogue(language: str) -> dict[str, str]:
    """Return the messages of a language by key."""
    messages: dict[str, str] = json.loads(files("web").joinpath("i18n", f"{language}.json").read_text("utf-8"))
    return messages


def current_language() -> str:
    """Return the language chosen in this session."""
    language = session.get("language", DEFAULT_LANGUAGE)
    return language if language in LANGUAGES else DEFAULT_LANGUAGE


def translate(key: str, **values: object) -> str:
    """Return a message in the session's language, its `{name}` places filled. Raises: KeyError."""
    return catalogue(current_language())[key].format(**values)


@blueprint.get("/language/<language>")
def choose(language: str) -> Response:
    """Switch the language and go back."""
    if language not in LANGUAGES:
        raise InputError("没有这种语言", expected="、".join(LANGUAGES), found=language[:20], remedy="请从列表中选择")
    session["language"] = language
    return redirect(local_path(request.args.get("next", "/")))


def local_path(target: str) -> str:
    """Return a target only if it stays on this site, else the root."""
    return target if target.startswith("/") and not target.startswith(("//", "/\\")) else "/"


def init_i18n(app: Flask) -> None:
    """Give templates `t(key)` and the language."""
    app.register_blueprint(blueprint)

    @app.context_processor
    def messages() -> dict[str, object]:
        return {"t": translate, "language": current_language(), "languages": LANGUAGES}
