"""What is on disk: notebooks, and the records of runs."""
