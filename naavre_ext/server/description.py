"""The description of all routes, as OpenAPI."""

from __future__ import annotations

from pathlib import Path

from jupyter_server.auth.decorator import authorized
from tornado import web

from naavre_ext.server.handlers import RestHandler

FILE = Path(__file__).with_name("openapi.yaml")


class DescriptionHandler(RestHandler):
    """``openapi.yaml``."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """The file."""
        self.finish(FILE.read_bytes(), set_content_type="application/yaml")
