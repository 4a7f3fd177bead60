"""Files that nobody should trust: how they are called, run, and judged."""
