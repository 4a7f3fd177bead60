"""The known mistakes, one module a family, found by name.

A module has ``FAMILY``, a tuple of `gradcheck.faults.catalogue.Fault`; its docstring begins with the
family's title.
"""
