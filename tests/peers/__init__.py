"""What the test suites of other checkers ask of them, in our words."""
