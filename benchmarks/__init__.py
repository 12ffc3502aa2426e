"""Side-by-side benchmarks: naavre-ext and what it is compared with, timed in turn in one run."""
