"""papermill's engine ``naavre``: ``papermill in.ipynb out.ipynb --engine naavre``.

papermill reads and parameterises the notebook, this engine runs it and keeps papermill's books, and
papermill raises for failed cells and writes the notebook.
"""

from naavre_ext.papermill_engine.engine import NaavreEngine, NotebookRefused, RunFailed

__all__ = ["NaavreEngine", "NotebookRefused", "RunFailed"]
