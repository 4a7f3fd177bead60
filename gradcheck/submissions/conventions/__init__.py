"""How a submission is called, one module a form, found by name."""
