"""Modules are found where a kernel finds them."""

from __future__ import annotations

import os
import sysconfig

import pytest

from naavre_ext.executors.kernel_paths import kernel_argv, kernel_path, own_path

STDLIB = sysconfig.get_path("stdlib")
PYTHON = ["/usr/lib/python311.zip", STDLIB, f"{STDLIB}/lib-dynload"]
DEBIAN = "/usr/lib/python3/dist-packages"
INSTALLED = ["/env/lib/python3.11/site-packages", "/code"]


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([*PYTHON, *INSTALLED], [*PYTHON, "", *INSTALLED]),
        (["", *PYTHON, *INSTALLED], [*PYTHON, "", *INSTALLED]),
        (["/lib", *PYTHON, DEBIAN], ["/lib", *PYTHON, "", DEBIAN]),
        (PYTHON, ["", *PYTHON]),
    ],
)
def test_the_notebooks_folder_comes_after_what_python_brings_along(entries, expected):
    assert kernel_path(entries) == expected


def test_what_ray_puts_first_comes_last():
    entries = ["/driver", "/named", "/ray/thirdparty_files", *PYTHON, *INSTALLED]
    found = own_path(entries, {"PYTHONPATH": f"{os.pathsep}/named"})
    assert found == ["/named", *PYTHON, *INSTALLED, "/driver", "/ray/thirdparty_files"]
    assert own_path(found, {}) == [
        *PYTHON,
        *INSTALLED,
        "/driver",
        "/ray/thirdparty_files",
        "/named",
    ]


def test_arguments_are_a_kernels():
    assert os.path.basename(kernel_argv()[0]) == "ipykernel_launcher.py"
    assert kernel_argv() is not kernel_argv()
