"""A Ray of our own on this machine: private, quiet, and gone when we are done."""

from __future__ import annotations

import logging
import os
from contextlib import suppress

from naavre_ext.executors.ray.private_folder import PrivateFolder
from naavre_ext.executors.ray.process_tree import end, kill, mentions, ray_processes
from naavre_ext.executors.ray.ray_internals import (
    bare_start,
    import_quietly,
    reread_authentication,
    silence_raylet_messages,
)
from naavre_ext.executors.ray.surroundings import (
    child_environment,
    environment,
    quiet_ray_logger,
)
from naavre_ext.executors.ray.undertaker import Undertaker, processes_started_in
from naavre_ext.model.diagnostic import ClusterError
from naavre_ext.scheduling.claims import Claim, ray_options
from naavre_ext.startup import defer_slow_imports

# What the processes of a Ray that was asked to stop may take before they are killed.
_STOP_GRACE_S = 0.5

#: What Ray says when it gives up after half a minute, which a busy machine may take.
_TOO_SLOW = "timed out during startup"

#: What a Ray is told of the memory of its object store, by the name of a resource.
STORE = "object_store_memory"


class LocalRay:
    """The processes and the folder of a Ray that this process started."""

    def __init__(self) -> None:
        self._folder = PrivateFolder()
        self._undertaker = Undertaker(self._folder.path)

    def start(self, num_cpus: int | None, resources: Claim) -> None:
        """Start Ray and connect this process to it. It counts the resources as there, beside what it finds.

        Raises:
            ClusterError: Ray didn't come up; nothing of it is left.
        """
        changes: dict[str, str | None] = {
            **child_environment(),
            "RAY_ADDRESS": None,
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN": None,
            "RAY_AUTH_TOKEN_PATH": str(self._folder.token_path),
            "RAY_TMPDIR": str(self._folder.path),
            # What a run asks for starts at once, and nothing else: a main worker, and one for each CPU. Ray would
            # start those of the CPUs, then what it still lacks, mostly one too many.
            "RAY_prestart_worker_first_driver": "0",
            "RAY_worker_maximum_startup_concurrency": str(1 + (num_cpus or os.cpu_count() or 1)),
        }
        defer_slow_imports()
        try:
            with environment(changes), quiet_ray_logger():
                self._init_in_time(num_cpus, resources)
        except Exception as error:
            self.stop()
            raise ClusterError(
                f"NX510 A local Ray can't be started: {type(error).__name__}: {error} "
                "Run with the sequential executor (--executor local), "
                "or on a running cluster (--address HOST:PORT)."
            ) from error

    def _init_in_time(self, num_cpus: int | None, resources: Claim) -> None:
        """Start Ray, once more where it says that its processes took too long."""
        try:
            self._init(num_cpus, resources)
        except Exception as error:
            if _TOO_SLOW not in str(error):
                raise
            late = ray_processes(self._folder.ray_path)
            kill(late)
            end(late, _STOP_GRACE_S)
            self._init(num_cpus, resources)

    def _init(self, num_cpus: int | None, resources: Claim) -> None:
        import_quietly()
        import ray

        reread_authentication()
        others = {name: amount for name, amount in resources.items() if name != STORE}
        with bare_start():
            ray.init(
                address="local",
                num_cpus=num_cpus,
                object_store_memory=int(resources[STORE]) if STORE in resources else None,
                **ray_options(others),
                # By default Ray goes on for ever with a task that uses up the memory.
                _system_config={"task_oom_retries": 3},
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.ERROR,
                _temp_dir=str(self._folder.ray_path),
            )
        silence_raylet_messages()

    def stop(self) -> None:
        """Disconnect; when this returns no process and no folder of this Ray is left."""
        import ray

        processes = ray_processes(self._folder.ray_path)
        with quiet_ray_logger():
            ray.shutdown()
        end(processes, _STOP_GRACE_S)
        self._folder.remove()
        self._undertaker.dismiss()

    def abandon(self) -> None:
        """Give up a Ray that is still starting; the process must end next.

        What this doesn't catch, the undertaker does.
        """
        # Its start will fail, which then is nobody's concern.
        logging.getLogger("ray").setLevel(logging.CRITICAL + 1)
        kill(ray_processes(self._folder.ray_path))

    def is_alive(self) -> bool:
        """Whether the cluster's server and this node's raylet still run."""
        running = ray_processes(self._folder.ray_path)
        return all(
            any(mentions(process, name) for process in running)
            for name in ("/gcs_server", "/raylet/raylet")
        )

    def is_lost(self) -> bool:
        """Whether nothing will ever run here again; workers may go on for a while without the servers."""
        if self.is_alive():
            return False
        import psutil

        for pid in processes_started_in(str(self._folder.path)):
            with suppress(psutil.NoSuchProcess):
                process = psutil.Process(pid)
                if mentions(process, "ray::") or mentions(process, "default_worker"):
                    return False
        return True
