"""Functions of other frameworks, one module each: what they differentiate is compared with differences.

Each has ``check(...)``, which returns a `Report`, and a function with the name and arguments of the
framework's own checker, which fails unless the derivatives are right; for scipy and scikit-learn one
``check_...`` for each kind of thing. A framework is imported when one of them is called; the extra of its
name installs it.
"""

from gradcheck.frameworks import autograd, jax, scipy, sklearn, torch

__all__ = ["autograd", "jax", "scipy", "sklearn", "torch"]
