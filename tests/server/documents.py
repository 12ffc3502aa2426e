"""Notebooks for the routes."""

from __future__ import annotations

from typing import Any


def document(*sources: str, kernel: str = "python3") -> dict[str, Any]:
    """A notebook with these code cells, ids ``c0``, ``c1`` and so on."""
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": kernel, "display_name": kernel, "language": "python"}},
        "cells": [
            {
                "cell_type": "code",
                "id": f"c{number}",
                "metadata": {},
                "source": source,
                "outputs": [],
                "execution_count": None,
            }
            for number, source in enumerate(sources)
        ],
    }
