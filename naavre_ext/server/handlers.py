"""What all request handlers share: authentication, errors, bodies, paths."""

from __future__ import annotations

import json
from http.client import responses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_server.base.handlers import APIHandler

from naavre_ext.server.bodies import Fields, read_json
from naavre_ext.server.errors import RequestError, error_json
from naavre_ext.server.kernels import Kernel, find_kernel, kernel_of_file

if TYPE_CHECKING:
    from naavre_ext.server.app import Services

AUTH_RESOURCE = "naavre_ext"
_LARGE_BYTES = 1 << 19
#: Where the extension's services are among the web application's settings.
SETTING = "naavre_ext_services"


class RestHandler(APIHandler):
    """A handler whose errors are what ``errors.error_json`` says."""

    auth_resource = AUTH_RESOURCE
    is_abandoned = False

    @property
    def services(self) -> Services:
        """What the extension holds while the server lives."""
        services: Services = self.settings[SETTING]
        return services

    async def prepare(self) -> None:  # type: ignore[override]
        """Refuse a body that is too large."""
        await super().prepare()
        most = self.services.max_body_bytes
        if len(self.request.body) > most:
            raise RequestError(413, f"The body is larger than {most:,} bytes.")

    def on_connection_close(self) -> None:
        """Note that nobody waits for the answer any more."""
        self.is_abandoned = True
        super().on_connection_close()

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Write the error as JSON."""
        error = kwargs["exc_info"][1] if "exc_info" in kwargs else None
        standard = responses.get(status_code, "Unknown error")
        self.set_status(status_code)
        self.answer(error_json(error, status_code, standard))

    def answer(self, data: Any, status: int | None = None) -> None:
        """Send JSON."""
        if status is not None:
            self.set_status(status)
        self.finish(strict_json(data))

    async def fields(self) -> Fields:
        """The body's fields."""
        body = self.request.body
        is_large = len(body) > _LARGE_BYTES  # other requests needn't wait for it
        return Fields(
            await self.services.in_thread(read_json, body) if is_large else read_json(body)
        )

    async def file_of(self, path: str, field: str = "path") -> Path:
        """The file that a contents path names."""
        return await self.services.paths.file(path, field)

    async def queried_file(self) -> Path | None:
        """The notebook that the query names, if it names one."""
        path = self.get_argument("path", "")
        return await self.file_of(path) if path else None

    async def kernel(self, name: str | None, file: Path) -> Kernel:
        """The kernel by name, or else the one that the file asks for, or else the server's default."""
        name = name or kernel_of_file(file) or self.kernel_manager.default_kernel_name
        return await find_kernel(self.kernel_spec_manager, str(name))


def strict_json(data: Any) -> str:
    """The data as JSON that browsers read, too: what is no number there is null."""
    try:
        return json.dumps(data, default=repr, allow_nan=False)
    except ValueError:
        loose = json.dumps(data, default=repr)
        return json.dumps(json.loads(loose, parse_constant=lambda _: None))
