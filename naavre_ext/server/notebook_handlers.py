"""Routes about a notebook that isn't run: annotations, compiling, the engine's state."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from naavre_ext.annotations import (
    ANNOTATION_KEYS,
    NOT_YET_IN_EFFECT,
    remove_annotation,
    set_annotation,
)
from naavre_ext.model.diagnostic import Diagnostic, RefusedError
from naavre_ext.server.bodies import Fields, document_of, without_outputs
from naavre_ext.server.compiler import Abandoned
from naavre_ext.server.errors import RequestError, as_request_error
from naavre_ext.server.handlers import RestHandler
from naavre_ext.server.kernels import kernel_of

_MOST_EDITS = 100
_EXPORT_FORMATS = ("mermaid", "svg", "program")


class AnnotationKeysHandler(RestHandler):
    """``annotation-keys``: what may be annotated."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """The table of annotations."""
        shown = ("key", "scope", "expects", "example", "summary", "everyday")
        rows = [
            {
                **{name: getattr(row, name) for name in shown},
                "in_effect": row.key not in NOT_YET_IN_EFFECT,
            }
            for row in ANNOTATION_KEYS.values()
        ]
        self.answer({"keys": rows})


class AnnotateHandler(RestHandler):
    """``annotate``: a cell's source with annotations set or removed."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """The cell's new source."""
        fields = await self.fields()
        source = fields.any_text("source")
        edits = [
            Fields(edit, f"edits.{n}") for n, edit in enumerate(fields.items("edits", _MOST_EDITS))
        ]
        fields.done()
        for edit in edits:
            key, value = edit.text("key"), edit.nullable_text("value")
            edit.done()
            source = _edited(source, key, value)
        self.answer({"source": source})


def _edited(source: str, key: str, value: str | None) -> str:
    row = ANNOTATION_KEYS.get(key.lower())
    if row is None or row.scope != "cell":
        raise RequestError(400, f"There is no cell annotation {key!r}.", field="key")
    try:
        if value is None:
            return remove_annotation(source, key)
        return set_annotation(source, key, value)
    except ValueError as error:
        raise RequestError(400, str(error), field="value") from None


class CompileHandler(RestHandler):
    """``compile``: what a notebook becomes, as it stands in the editor."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """The workflow, the cells and the diagnostics."""
        fields = await self.fields()
        path, document = fields.text("path"), document_of(fields)
        parameters, name = (
            fields.optional_mapping("parameters"),
            fields.optional_text("kernel_name"),
        )
        fields.done()
        file = await self.file_of(path)
        kernel = await self.kernel(name or kernel_of(document), file)
        try:
            answer = await self.services.compilers.ask(
                kernel,
                "compile",
                is_wanted=lambda: not self.is_abandoned,
                notebook=without_outputs(document),
                path=str(file),
                parameters=parameters,
                store=str(self.services.runs.store(file).root),
            )
        except Abandoned:
            return
        self.answer(answer)


class ExportHandler(RestHandler):
    """``export``: the workflow as a drawing or a program."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """The text."""
        fields = await self.fields()
        path, document = fields.text("path"), document_of(fields)
        chosen, name = fields.choice("format", _EXPORT_FORMATS), fields.optional_text("kernel_name")
        fields.done()
        file = await self.file_of(path)
        found = await self.services.compilers.ask(
            await self.kernel(name or kernel_of(document), file),
            "export",
            notebook=without_outputs(document),
            format=chosen,
            path=str(file),
        )
        if "diagnostics" in found:
            raise as_request_error(RefusedError(map(Diagnostic.from_json, found["diagnostics"])))
        self.answer({"text": found["text"]})


class StatusHandler(RestHandler):
    """``status``: whether a notebook can be run, and whether its engine is ready."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """The engine, the interpreter and the problem with it."""
        file = await self.file_of(self.get_argument("path", ""))
        kernel = await self.kernel(self.get_argument("kernel_name", None), file)
        self.services.in_background(self.services.compilers.start(kernel))
        engine, problem = None, kernel.problem and kernel.problem.to_json()
        if problem is None:
            address = self.get_argument("address", None) or self.services.address
            try:
                engine = await self.services.engines.status(kernel, address)
            except RequestError as error:
                problem = {"message": error.message, "remedy": error.remedy}
        self.answer({"engine": engine, "interpreter": kernel.interpreter, "problem": problem})


class WarmHandler(RestHandler):
    """``warm``: the engine of a notebook, started in the background."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Begin to start it."""
        fields = await self.fields()
        path, address = fields.text("path"), fields.optional_text("address")
        name = fields.optional_text("kernel_name")
        fields.done()
        kernel = await self.kernel(name, await self.file_of(path))
        self.services.warm(kernel, address or self.services.address)
        self.answer({}, 202)
