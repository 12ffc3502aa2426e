"""A real ``jupyter lab`` in a process of its own, that finds nothing of the user's."""

from __future__ import annotations

import contextlib
import json
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_CONFIG: dict[str, Any] = {
    "ServerApp": {"allow_unauthenticated_access": False, "open_browser": False},
    "LabApp": {
        "check_for_updates_class": "jupyterlab.NeverCheckForUpdate",
        "news_url": None,
        "extension_manager": "readonly",
        "expose_app_in_browser": True,
        "open_browser": False,
    },
    "JupyterNotebookApp": {"expose_app_in_browser": True, "open_browser": False},
}
_PAGE_CONFIG = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}


@dataclass
class LabServer:
    """The running server. ``root`` is the folder that it shows."""

    url: str
    token: str
    root: Path
    log: Path
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, folder: Path, app: str = "lab") -> LabServer:
        """A server whose home, settings and root are below ``folder``; it answers when this returns."""
        root = folder / "root"
        root.mkdir(parents=True)
        port, token = _free_port(), secrets.token_hex(16)
        log = folder / "server.log"
        command = [
            *(sys.executable, "-m", "jupyter", app, "--no-browser", f"--ServerApp.port={port}"),
            *("--ServerApp.port_retries=0", "--ServerApp.ip=127.0.0.1", f"--ServerApp.root_dir={root}"),
            f"--IdentityProvider.token={token}",
            *(["--allow-root"] if hasattr(os, "getuid") and os.getuid() == 0 else []),
        ]  # fmt: skip
        with log.open("wb") as out:
            process = subprocess.Popen(
                command, env=_environment(folder), cwd=root, stdout=out, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        server = cls(f"http://127.0.0.1:{port}/", token, root, log, process)
        server._wait()
        return server

    def get(self, path: str) -> Any:
        """The JSON that the server answers to an authenticated GET."""
        request = urllib.request.Request(
            self.url + path, headers={"Authorization": f"token {self.token}"}
        )
        with urllib.request.urlopen(request, timeout=90) as answer:
            return json.loads(answer.read())

    def stop(self) -> None:
        """Ends the server and waits for it; what it left running in its session is killed."""
        self.process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + 240
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                self.get("api/status")
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
            else:
                return
        self.stop()
        raise RuntimeError("jupyter lab didn't come up:\n" + self.log.read_text()[-4000:])


def _environment(folder: Path) -> dict[str, str]:
    home = folder / "home"
    config = home / "config"
    (config / "labconfig").mkdir(parents=True)
    (config / "jupyter_server_config.json").write_text(json.dumps(_CONFIG))
    for name in ("jupyter_lab_config", "jupyter_notebook_config"):
        (config / f"{name}.json").write_text(json.dumps(_CONFIG))
    (config / "labconfig" / "page_config.json").write_text(json.dumps(_PAGE_CONFIG))
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "RAY_", "PYTEST_"))}
    bin_folder = str(Path(sys.executable).parent)
    return {
        **kept,
        "PATH": os.pathsep.join([bin_folder, os.environ.get("PATH", "")]),
        "HOME": str(home),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(config),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
    }


def _free_port() -> int:
    """A port that nobody has, below those that the system gives to whoever asks for any, as kernels do."""
    for port in random.sample(range(20_000, 30_000), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no free port was found from 20000 to 30000")
