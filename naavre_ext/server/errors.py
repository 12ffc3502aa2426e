"""What a request is refused with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tornado import web

from naavre_ext.model.diagnostic import ClusterError, Diagnostic, NaavreError, RefusedError


class RequestError(web.HTTPError):
    """An answer with this status; ``field`` names what is wrong in the body or the query.

    ``remedy`` is what to do about it, as far as ``message`` doesn't say.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        field: str | None = None,
        diagnostics: Iterable[Diagnostic] = (),
        remedy: str = "",
    ) -> None:
        super().__init__(status)
        self.message = message
        self.remedy = remedy
        self.field = field
        self.diagnostics = tuple(diagnostics)


def as_request_error(error: NaavreError) -> RequestError:
    """The answer that an error of a run is given as."""
    if isinstance(error, RefusedError):
        return RequestError(422, str(error), diagnostics=error.diagnostics)
    status = 503 if isinstance(error, ClusterError) else 500
    return RequestError(status, str(error))


def error_json(error: BaseException | None, status: int, standard: str) -> dict[str, Any]:
    """The body of an error answer. ``standard`` is what HTTP calls the status; our own bugs aren't described."""
    message, field = standard, None
    diagnostics: tuple[Diagnostic, ...] = ()
    reason = getattr(error, "reason", None)
    if isinstance(error, RequestError):
        message = f"{error.message} {error.remedy}".rstrip()
        field, diagnostics = error.field, error.diagnostics
    elif isinstance(error, web.HTTPError):
        message = error.log_message or standard
    elif status >= 500:
        message = "naavre-ext failed; the server's log says why."
    return {
        "message": message,
        "reason": reason,
        "field": field,
        "diagnostics": [found.to_json() for found in diagnostics],
    }
