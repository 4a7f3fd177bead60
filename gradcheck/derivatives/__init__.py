"""The numeric side: derivatives along a line, each with a bound on its error."""
