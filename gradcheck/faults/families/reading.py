"""Where the mistake is, read off the gradients where no known one fits."""

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
    Fault(
        "CONFINED",
        name="only some rows, columns or other lines of a gradient are wrong",
        formula="none that is known",
        leaves_right="all else",
        hint="Rows of a weight belong to its inputs, columns to its units, rows of an input to samples. What "
        "is special about the ones that are wrong?",
        frequency="rare",
    ),
    Fault(
        "TRUNCATED",
        name="the gradient is right late in time and wrong before",
        formula="none that is known",
        leaves_right="all else",
        hint="Each step passes its error on to the one before it. How far does yours come?",
        frequency="common",
    ),
    Fault(
        "NOT_FINITE",
        name="the gradient has entries that are not finite",
        formula="0 / 0, exp(800), 0 log 0",
        leaves_right="all else",
        hint="Which intermediate value overflows, or is divided by zero, at this point?",
        frequency="common",
    ),
)
