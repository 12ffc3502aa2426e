"""Whether a notebook run as a workflow ends as it does from top to bottom, and if not, why."""

from naavre_ext.verification.comparing import Observation, StepRun, compare, sequential
from naavre_ext.verification.report import Cause, Difference, Unsteady, VerifyReport

__all__ = [
    "Cause",
    "Difference",
    "Observation",
    "StepRun",
    "Unsteady",
    "VerifyReport",
    "compare",
    "sequential",
]
