"""How a finding is put into words: what is right, what is wrong, and how well that is explained."""

from collections.abc import Sequence

from gradcheck.faults.catalogue import AnyNetwork
from gradcheck.networks import DenseNetwork
from gradcheck.networks.arrays import Params


def where(network: AnyNetwork, params: Params, wrong: Sequence[str]) -> str:
    """Say which parameters are right and which wrong, and which deltas that proves right."""
    right = [name for name in params if name not in wrong]
    if not right:
        return "Every parameter is wrong"
    proof = _proven_delta(network, params, wrong) if isinstance(network, DenseNetwork) else ""
    return f"{_are(right)} right{proof}; {_are(wrong)} wrong"


def _proven_delta(network: DenseNetwork, params: Params, wrong: Sequence[str]) -> str:
    """Name the lowest delta that right gradients prove right."""
    proven = None
    for layer in range(network.depth, 0, -1):
        witness = f"b{layer}" if f"b{layer}" in params else f"W{layer}"
        if witness in wrong:
            break
        proven = layer
    if proven is None:
        return ""
    return f", so {'the output delta ' * (proven == network.depth)}delta{proven} is right"


def _are(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last} are" if most else f"{last} is"


def explained(
    entries: int, problems: int, residual: float, beside: Sequence[str], rest: Sequence[str]
) -> str:
    """Say how much a mistake explains.

    Parameters
    ----------
    entries, problems : int
        Number of wrong entries that are explained, and of problems that they are on.
    residual : float
        The largest relative error left.
    beside : sequence of str
        Codes of the mistakes that are needed as well.
    rest : sequence of str
        Parameters whose entries stay unexplained.

    Returns
    -------
    str
        Sentences; empty if nothing is explained.
    """
    if not entries:
        return ""
    subject = f"Together with {' and '.join(dict.fromkeys(beside))} this" if beside else "This"
    return f" {subject} explains {_counted(entries, problems, bool(rest))} {_to(residual)}."


def _to(residual: float) -> str:
    return f"to {residual:.0e}" if residual else "exactly"


def _counted(entries: int, problems: int, others: bool) -> str:
    on = f" on {problems} problems" if problems > 1 else ""
    if others:
        return f"the other {entries} wrong {'entries' if entries > 1 else 'entry'}{on}"
    return f"all {entries} wrong entries{on}" if entries > 1 else f"all wrong entries (1{on})"


def listed(names: Sequence[str], most: int = 6) -> str:
    """Return names as a list of words, not too many."""
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def line(dimensions: int, axis: int, indices: Sequence[int]) -> str:
    """Say which indices of an axis, as rows or columns where that is what they are."""
    name = ("row", "column")[axis] if dimensions == 2 else "index" if dimensions == 1 else ""
    plural = {"index": "indices"}.get(name, f"{name}s") if len(indices) > 1 else name
    numbers = listed([str(index) for index in indices])
    return f"in {plural} {numbers}" if name else f"at {numbers} of axis {axis}"
