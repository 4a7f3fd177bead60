"""What is read off a recursion where no known mistake fits: which of its steps is the wrong one."""

from gradcheck.faults.catalogue import Fault

FAMILY = (
    Fault(
        "DELTA_STEP",
        name="a step from one delta down to the next is wrong",
        formula="none that is known, for delta_l = (delta_(l+1) W_(l+1)^T) * f'(u_l)",
        leaves_right="all above the layer",
        hint="Which two factors take the delta above down to this one? Write out both for one unit.",
        frequency="rare",
    ),
    Fault(
        "WEIGHT_STEP",
        name="the step from a right delta to the weight gradient is wrong",
        formula="none that is known, for dE/dW_l = z_(l-1)^T delta_l",
        leaves_right="all but that W",
        hint="Which two numbers meet at one weight? For several samples, what becomes of their products?",
        frequency="rare",
    ),
    Fault(
        "BIAS_STEP",
        name="the step from a right delta to the bias gradient is wrong",
        formula="none that is known, for dE/db_l = the sum of delta_l over the samples",
        leaves_right="all but that b",
        hint="By how much does u change when b does, for each of the samples?",
        frequency="rare",
    ),
)
