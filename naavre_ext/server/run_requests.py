"""The run that a request's body asks for."""

from __future__ import annotations

from typing import Any

from naavre_ext.environment import merge_options
from naavre_ext.model.run import RunOptions
from naavre_ext.server.asked_run import RunRequest
from naavre_ext.server.bodies import Fields, document_of
from naavre_ext.server.errors import RequestError
from naavre_ext.server.handlers import RestHandler
from naavre_ext.server.kernels import kernel_of

#: The options of a run that a notebook's metadata and the environment may set, too.
_SHARED_OPTIONS = ("address", "eager", "guards", "max_parallelism")


async def read_run_request(
    handler: RestHandler, fields: Fields, *, resume: str | None = None, takes_output: bool = True
) -> RunRequest:
    """The run that a body asks for, which is to resume the run ``resume``, if any.

    Raises:
        RequestError: the body is wrong, or the notebook has no file.
    """
    file, document = await handler.file_of(fields.text("path")), document_of(fields)
    if not file.is_file():
        raise RequestError(404, "The notebook has no file yet: save it.", field="path")
    parameters, secrets = fields.optional_mapping("parameters"), fields.texts("secrets")
    output = fields.optional_text("output") if takes_output else None
    name = fields.optional_text("kernel_name")
    options = fields.fields("options")
    detached = bool(options.flag("detached"))
    chosen = _options(handler, options, document)
    return RunRequest(
        file=file,
        document=document,
        kernel=await handler.kernel(name or kernel_of(document), file),
        parameters=parameters,
        secrets=secrets,
        options=RunOptions(**chosen, resume=resume),
        output=None if output is None else await handler.file_of(output, "output"),
        detached=detached,
    )


def _options(handler: RestHandler, options: Fields, document: dict[str, Any]) -> dict[str, Any]:
    """The run's options: the body's win over the environment's, and those over the notebook's own."""
    given = {
        "address": options.optional_text("address"),
        "max_parallelism": options.count("max_parallelism"),
        "eager": options.flag("eager"),
        "guards": options.flag("guards"),
    }
    store_results = options.flag("cache") is not False
    options.done()
    metadata = document["metadata"].get("naavre")
    if isinstance(metadata, dict):
        metadata = {name: metadata[name] for name in _SHARED_OPTIONS if name in metadata}
    try:
        merged = merge_options(metadata, handler.services.environment, given)
    except ValueError as error:
        raise RequestError(400, f"{error}.", field="options") from None
    merged.setdefault("address", handler.services.address)
    return {
        **{name: merged[name] for name in _SHARED_OPTIONS if name in merged},
        "store_results": store_results,
    }
