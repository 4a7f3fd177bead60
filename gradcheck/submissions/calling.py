"""Which value each parameter of a submission's function takes: by its name, then by its place.

This module imports nothing of gradcheck but what likewise imports nothing of it, since the
submission's process loads it.
"""

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gradcheck.submissions.source import Unfit, signature

# Names are compared in lower case.
_NAMES = """
params   params parameters network net model weights theta nn_params
x        x x_data x_train x_batch inputs inputs_list input_list input data features
d        d t y y_true target targets targets_list target_list label labels y_train y_batch
reg      reg lam lambd lambda_ lmbda lamb l2 l2_reg weight_decay
rate     lr learning_rate learningrate eta rate alpha step_size
epochs   epochs n_epochs num_epochs iterations num_iterations n_iter steps max_iter
batch    batch batch_size minibatch mini_batch_size
inputs   input_size input_nodes inputnodes input_dim inputs n_in n_x n_input n_inputs input_layer_size
hidden   hidden_size hidden_nodes hiddennodes hidden_dim hidden n_hidden n_h hidden_layer_size
outputs  output_size output_nodes outputnodes output_dim num_classes n_classes n_out n_y n_output num_labels
hiddens  hidden_dims hidden_sizes hidden_layers hidden_size_list
rng      rng key random_state generator
seed     seed random_seed
dtype    dtype
scale    scale std sigma weight_scale init_scale
sizes    sizes layer_sizes layers layer_dims layers_dims dims architecture dimensions
cache    cache caches memory activations
y        y_pred y_hat yhat out output outputs probs scores al a2 pred
"""
ROLES = {role: tuple(names) for role, *names in map(str.split, _NAMES.strip().splitlines())}
_KINDS = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.POSITIONAL_ONLY)


def call(function: Callable[..., Any], pool: Mapping[str, Any], places: Sequence[str] = ()) -> Any:
    """Call a function with what its parameters ask for.

    Parameters
    ----------
    function : callable
    pool : mapping of str to object
        Values by role (a key of `ROLES`) or by the name that the file gives them.
    places : sequence of str
        Keys of `pool` in the usual order, for parameters whose names tell nothing.

    Returns
    -------
    object
        What the function returns.

    Raises
    ------
    Unfit
        If it is not clear what a parameter takes.
    """
    values, named = _keys(function, tuple(pool), tuple(places))
    return function(*(pool[key] for key in values), **{name: pool[key] for name, key in named})


@functools.lru_cache
def _keys(
    function: Callable[..., Any], pool: tuple[str, ...], places: tuple[str, ...]
) -> tuple[list[str], list[tuple[str, str]]]:
    """Return which keys of the pool a function takes by place, and which by name."""
    accepted = [p for p in signature(function) if p.kind in _KINDS]
    needed = [p.name for p in accepted if p.default is inspect.Parameter.empty]
    keys = [key for key in matched(needed, pool, places) if key is not None]
    if len(keys) < len(needed):
        raise Unfit(
            f"{function.__name__} cannot be called: it is not clear what its parameters take",
            given=f"{function.__name__}({', '.join(needed)})",
            expected=f"parameters for {', '.join(places or pool)}",
        )
    optional = [p.name for p in accepted if p.name not in needed]
    others = matched(optional, [key for key in pool if key not in keys])
    return keys, [(name, key) for name, key in zip(optional, others, strict=True) if key is not None]


def matched(names: Sequence[str], keys: Sequence[str], places: Sequence[str] = ()) -> list[str | None]:
    """Return the key for each name, None where there is none.

    Parameters
    ----------
    names : sequence of str
        Of a function's parameters.
    keys, places : sequence of str
        As in `call`.

    Returns
    -------
    list of str or None
    """
    free = dict.fromkeys(keys)
    names = [name.lower() for name in names]
    if "d" in free and "y" in names and not any(name in ROLES["d"] for name in names if name != "y"):
        names[names.index("y")] = "d"  # no other is a target
    found: list[str | None] = [None] * len(names)
    for tells in (_is_same, _is_synonym):
        for i, name in enumerate(names):
            if found[i] is None:
                found[i] = next((key for key in free if tells(name, key)), None)
                free.pop(found[i] or "", None)
    for i in range(len(found)):
        fitting = (
            key for key in places if key in free and _in_order([*found[:i], key, *found[i + 1 :]], places)
        )
        if found[i] is None:
            found[i] = next(fitting, None)
            free.pop(found[i] or "", None)
    return found


def _in_order(keys: Sequence[str | None], places: Sequence[str]) -> bool:
    """Tell whether those of the keys that have a place come in the order of the places."""
    indices = [places.index(key) for key in keys if key in places]
    return indices == sorted(indices)


def _is_same(name: str, key: str) -> bool:
    return name == key.lower()


def _is_synonym(name: str, key: str) -> bool:
    return name in ROLES.get(key, ())
