# Nothing is here.
