"""Many jobs of one notebook: what doesn't depend on the differing parameters runs once, the rest for each job."""
