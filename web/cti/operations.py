"""One declaration an operation: its route, its scope, what it takes and gives. Routes and document come from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar, cast

from flask import g, jsonify, request
from pydantic import BaseModel, ValidationError
from werkzeug.wrappers import Response

from hotline.domain.integration import ApiKey, Scope
from hotline.errors import InputError, PermissionDenied
from hotline.integration import key_of_token
from web.context import hub
from web.cti import blueprint
from web.errors import error_response
from web.limits import bearer_token

Model = TypeVar("Model", bound=BaseModel)
View = Callable[..., BaseModel | tuple[BaseModel, int]]


@dataclass(frozen=True)
class Operation:
    """One operation as the document describes it."""

    method: str
    path: str
    """With `{name}` places."""
    name: str
    summary: str
    scope: Scope
    answers: dict[int, type[BaseModel]]
    errors: tuple[int, ...]
    body: type[BaseModel] | None
    query: type[BaseModel] | None


OPERATIONS: list[Operation] = []


def operation(
    method: str,
    path: str,
    scope: Scope,
    answers: dict[int, type[BaseModel]],
    *,
    errors: tuple[int, ...] = (),
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
) -> Callable[[View], View]:
    """Serve a view: it is given the path's values, then `body` and `query` as validated models."""

    def decorate(view: View) -> View:
        summary = (view.__doc__ or "").split("\n")[0].split(" Raises:")[0]
        OPERATIONS.append(
            Operation(method, path, view.__name__, summary, scope, answers, errors, body, query),
        )

        @wraps(view)
        def serve(**values: Any) -> Response:
            refusal = _admit(scope)
            if refusal:
                return refusal
            if body:
                values["body"] = _read(body, request.get_json(silent=True))
            if query:
                values["query"] = _read(query, request.args.to_dict())
            made = view(**values)
            answer, status = made if isinstance(made, tuple) else (made, 200)
            response = jsonify(answer.model_dump(mode="json"))
            response.status_code = status
            return response

        rule = path.replace("{", "<").replace("}", ">")
        blueprint.add_url_rule(rule, view.__name__, serve, methods=[method])
        return view

    return decorate


def current_key() -> ApiKey:
    """Return the key of the present request."""
    return cast(ApiKey, g.api_key)


def actor() -> str:
    """Return how the audit trail names the present key."""
    return f"key:{current_key().id}"


def _admit(scope: Scope) -> Response | None:
    """Let a request with a good key pass. Raises: PermissionDenied when the key lacks the scope."""
    key = key_of_token(hub(), bearer_token())
    if key is None:
        refusal = error_response(
            401, "bad_key", "API 密钥无效", expected="Authorization: Bearer hk_…", found="缺少、错误或已吊销的密钥",
            remedy="请向管理员索取密钥",
        )  # fmt: skip
        refusal.headers["WWW-Authenticate"] = "Bearer"
        return refusal
    if scope not in key.scopes:
        raise PermissionDenied(
            "API 密钥没有此权限", expected=scope, found=" ".join(sorted(key.scopes)), remedy="请向管理员申请"
        )
    g.api_key = key
    return None


def _read(model: type[Model], data: Any) -> Model:
    """Return the validated model. Raises: InputError that names the fields, never their values."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        found = [
            f"{'.'.join(map(str, e['loc'])) or 'body'}：{e['type']}" for e in error.errors(include_input=False)[:5]
        ]
        raise InputError(
            "请求内容不对",
            expected="见 openapi.json 的 " + model.__name__,
            found="；".join(found),
            remedy="请改正后重试",
        ) from None
