"""Which of the machine's GPUs (and the like) Ray has given to the task that runs in this process."""

from __future__ import annotations

import os
from collections.abc import Mapping

import ray

#: The variables by which Ray tells libraries what they may use.
_VARIABLES = (
    "CUDA_VISIBLE_DEVICES",
    "HIP_VISIBLE_DEVICES",
    "ONEAPI_DEVICE_SELECTOR",
    "HABANA_VISIBLE_MODULES",
    "NEURON_RT_VISIBLE_CORES",
    "ASCEND_RT_VISIBLE_DEVICES",
    "TPU_VISIBLE_CHIPS",
)


def assigned_devices() -> Mapping[str, str]:
    """The variables with their values; nothing where the task has no such device."""
    if not any(ray.get_runtime_context().get_accelerator_ids().values()):
        return {}
    return {name: os.environ[name] for name in _VARIABLES if name in os.environ}
