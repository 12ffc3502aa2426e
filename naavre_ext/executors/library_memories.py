"""What libraries that analysis doesn't know keep for themselves under other names than a cache's.

It changes when they are used for the first time, in one process sooner than in another, and says nothing of what
a notebook told them. Where that is most of a library, the modules are named that hold what it is told.
"""

from __future__ import annotations

import functools
import re
import sys

#: By package, the modules that hold what it is told: what others of it keep was found out, compiled or registered.
_TOLD_IN = {
    "jax": frozenset({"jax._src.config"}),
    "jaxlib": frozenset(),
    "llvmlite": frozenset(),
    "numba": frozenset({"numba.core.config"}),
}

#: Modules and names in them, of libraries most of which is looked at.
_MEMORIES = re.compile(
    r"""
    astropy\.config\.configuration\._cfgobjs | astropy\..*\.frame_transform_graph
    | astropy\.units\.quantity_helper\.(\w+\.)?UFUNC_HELPERS
    | comm\._comm_manager | ipywidgets\.widgets\.widget\._instances
    | bokeh\..*\w_extra | bokeh\.io\.state\._STATE
    | lightgbm\.basic\._ConfigAliases\.aliases
    | plotly\.io\.(_templates\.)?templates
    | polars\._dependencies\.\w+
    | spacy\.language\.Language\.(_factory_meta|factories)
    | spacy\.pipeline\.factories\.FACTORIES_REGISTERED | spacy\.registrations\.REGISTRY_POPULATED
    | torch\.random\.manual_seed
    | torch\.autograd\.profiler\._cupti_monitor_\w+
    | transformers\..*\._CAN_RECORD_REGISTRY
    | xarray\.backends\.file_manager\.(REF_COUNTS|FILE_CACHE)
    | xarray\..*\.open_dataset_parameters | xarray\.core\.formatting\.\w+_repr
    """,
    re.VERBOSE,
)


def may_be_told(module: str) -> bool:
    """Whether the module may hold what its library was told."""
    told_in = _TOLD_IN.get(module.partition(".")[0])
    return told_in is None or module in told_in


def is_memory(setting: str) -> bool:
    """Whether the library keeps that for itself: the name of its module, and the setting's in it."""
    if setting.startswith("torch.") and setting.endswith("._lazy_seed_tracker"):
        return not _draws_on_devices()
    return _matches(setting)


@functools.lru_cache(maxsize=65536)
def _matches(setting: str) -> bool:
    return _MEMORIES.fullmatch(setting) is not None


def _draws_on_devices() -> bool:
    """Whether torch has other generators than the processor's, whose state is compared by itself."""
    torch = sys.modules.get("torch")
    devices = (getattr(torch, name, None) for name in ("cuda", "mps", "mtia", "xpu"))
    return any(getattr(device, "is_available", bool)() for device in devices)
