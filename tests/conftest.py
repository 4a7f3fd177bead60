"""Hypothesis profiles, HYPOTHESIS_PROFILE being dev (the default), ci or thorough."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile("dev", deadline=None, print_blob=True)
settings.register_profile("ci", parent=settings.get_profile("dev"), derandomize=True)
settings.register_profile(
    "thorough",
    parent=settings.get_profile("dev"),
    max_examples=2000,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))

collect_ignore = ["example_project"]  # run as a project of its own
