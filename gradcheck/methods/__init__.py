"""Ways of checking, one module each, named after the values of ``method=``."""
