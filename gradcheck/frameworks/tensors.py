"""Functions of torch's tensors, over arrays: the inside of `gradcheck.frameworks.torch`."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from gradcheck.arguments import named
from gradcheck.errors import UsageError
from gradcheck.frameworks.function import Array, Function, Leaves, Mode, leaves_of, like, mapped


class TensorFunction(Function):
    """A function of a dict of tensors, over arrays.

    Parameters
    ----------
    call : callable
        ``call(tensors) -> outputs``.
    tensors : dict of str to Tensor

    Attributes
    ----------
    is_cut : bool
        Whether no output requires a gradient.
    """

    def __init__(self, torch: Any, call: Callable[[dict[str, Any]], Any], tensors: dict[str, Any]) -> None:
        self._torch, self._call, self._given = torch, call, tensors
        self.leaves = {name: _array(tensor) for name, tensor in tensors.items()}
        self._strided = {name for name, tensor in tensors.items() if _has_strides(torch, tensor)}
        self._kept: list[bool] = []
        self.is_cut = False

    def value(self, leaves: Leaves) -> list[Array]:
        """Return the outputs that are differentiated."""
        return [_array(out) for out in self._outputs(self._tensors(leaves))]

    def pull(self, leaves: Leaves, cotangent: list[Array]) -> Leaves:
        """Return what `torch.autograd.grad` gives."""
        tensors = self._tensors(leaves)
        outputs = self._outputs(tensors)
        weights = [self._torch.from_numpy(c).to(out) for c, out in zip(cotangent, outputs, strict=True)]
        found = self._gradients(tensors, outputs, weights)
        return {name: _array(gradient) for name, gradient in zip(tensors, found, strict=True)}

    def push(self, values: tuple[Array, ...], tangents: tuple[Array, ...]) -> list[Array]:
        """Return what torch's forward mode gives."""
        forward_ad = self._torch.autograd.forward_ad
        point, moved = (self._tensors(dict(zip(self.leaves, a, strict=True))) for a in (values, tangents))
        with forward_ad.dual_level():
            duals = {name: forward_ad.make_dual(point[name], moved[name].detach()) for name in point}
            pairs = [forward_ad.unpack_dual(out) for out in self._outputs(duals)]
            return [_array(self._torch.zeros_like(out) if t is None else t) for out, t in pairs]

    def derivative(self, mode: Mode) -> "TensorFunction":
        """Return the function of the same tensors and a random cotangent that gives the gradients."""
        if mode != "rev":
            raise UsageError(
                "torch has no second derivative in forward mode alone",
                given=f"order=2, modes=({mode!r},)",
                expected="modes=('rev',) or ('rev', 'fwd')",
            )
        drawn = (like(out, seed) for seed, out in enumerate(self.value(self.leaves)))
        weights = {f"cotangent {i}": self._torch.from_numpy(array) for i, array in enumerate(drawn)}

        def gradients(tensors: dict[str, Any]) -> list[Any]:
            own = {name: tensors[name] for name in self.leaves}
            cotangents = [tensors[name] for name in weights]
            return self._gradients(own, self._outputs(own), cotangents, create_graph=True)

        return TensorFunction(self._torch, gradients, self._given | weights)

    def _outputs(self, tensors: dict[str, Any]) -> list[Any]:
        """Return the outputs that require a gradient at the first call; all of them if none does."""
        found = [out for out in leaves_of(self._call(tensors)) if _is_differentiable(self._torch, out)]
        if not self._kept:
            self.is_cut = not any(out.requires_grad for out in found)
            self._kept = [self.is_cut or out.requires_grad for out in found]
        return [out for out, kept in zip(found, self._kept, strict=True) if kept]

    def _gradients(
        self, tensors: dict[str, Any], outputs: list[Any], weights: list[Any], **options: Any
    ) -> list[Any]:
        pairs = [(out, c) for out, c in zip(outputs, weights, strict=True) if out.requires_grad]
        if not pairs:
            return [self._torch.zeros_like(tensor) for tensor in tensors.values()]
        ends, cotangents = zip(*pairs, strict=True)
        found = self._torch.autograd.grad(
            ends, list(tensors.values()), cotangents, allow_unused=True, materialize_grads=True, **options
        )
        return list(found)

    def _tensors(self, leaves: Leaves) -> dict[str, Any]:
        return {name: self._tensor(name, array).requires_grad_() for name, array in leaves.items()}

    def _tensor(self, name: str, array: Array) -> Any:
        """Return a tensor that shares memory with an array, or one with the strides, type and place given."""
        given = self._given[name]
        dtype = given.dtype if array.dtype == self.leaves[name].dtype else None
        tensor = self._torch.from_numpy(array).to(device=given.device, dtype=dtype)
        if name not in self._strided:
            return tensor
        options = {"dtype": tensor.dtype, "device": given.device}
        return self._torch.empty_strided(given.shape, given.stride(), **options).copy_(tensor)


class Call:
    """A call of a function or module, as a function of the tensors in it that vary.

    Parameters
    ----------
    function, inputs
        As in `gradcheck.frameworks.torch.check`.

    Attributes
    ----------
    tensors : dict of str to Tensor
        The parameters of the module and the inputs that require a gradient.
    """

    def __init__(self, torch: Any, function: Any, inputs: Any) -> None:
        self.torch = torch
        if torch.autograd.Function in getattr(function, "__mro__", ()):
            function = function.apply
        self._function = function
        self._module = function if isinstance(function, torch.nn.Module) else torch.nn.Module()
        trained = {name: p for name, p in self._module.named_parameters() if p.requires_grad}
        named_inputs = named(_documented(torch, function), inputs)
        self._inputs = {f"input {key}" if key in trained else key: v for key, v in named_inputs.items()}
        self.tensors = trained
        mapped(self._collect, self._inputs)
        if not self.tensors:
            raise UsageError(
                "no tensor requires a gradient",
                given=", ".join(f"{key}: {type(v).__name__}" for key, v in self._inputs.items()),
                expected="tensors with requires_grad=True, or a module with parameters",
                do="x.requires_grad_() for each x whose derivative is to be checked",
            )

    def __call__(self, tensors: dict[str, Any]) -> Any:
        """Return the outputs; constants are in double precision where the tensors were made so."""
        try:
            return self._outputs(tensors)
        except self.torch.linalg.LinAlgError as error:  # no ValueError, as numpy's is: out of the domain
            raise np.linalg.LinAlgError(str(error)) from error

    def _outputs(self, tensors: dict[str, Any]) -> Any:
        double = any(tensors[name].dtype != given.dtype for name, given in self.tensors.items())

        def placed(name: str, leaf: Any) -> Any:
            if name in tensors:
                return tensors[name]
            return _doubled(leaf) if double and _is_differentiable(self.torch, leaf) else leaf

        args = tuple(mapped(placed, self._inputs).values())
        if self._function is not self._module:
            return self._function(*args)
        # Copies: batch normalisation, for one, writes into its buffers.
        own = [*self._module.named_parameters(), *self._module.named_buffers()]
        state = {name: placed(name, t if name in tensors else t.detach().clone()) for name, t in own}
        return self.torch.func.functional_call(self._module, state, args)

    def _collect(self, name: str, leaf: Any) -> None:
        if not (isinstance(leaf, self.torch.Tensor) and leaf.requires_grad):
            return
        if leaf.layout is not self.torch.strided:
            raise UsageError(
                f"the tensor {name!r} cannot be checked entry by entry",
                given=f"layout {leaf.layout}",
                expected="a strided tensor",
                do="check a function of its values that makes the tensor of them",
            )
        self.tensors[name] = leaf


def _documented(torch: Any, function: Any) -> Any:
    """Return what has the signature of a function: the forward pass of a module or autograd.Function."""
    owner: Any = getattr(function, "__self__", None)
    if getattr(function, "__name__", "") == "apply" and hasattr(owner, "setup_context"):
        has_context = owner.setup_context is torch.autograd.Function.setup_context
        return partial(owner.forward, None) if has_context else owner.forward
    return getattr(function, "forward", function)


def _is_differentiable(torch: Any, leaf: Any) -> bool:
    return isinstance(leaf, torch.Tensor) and (leaf.is_floating_point() or leaf.is_complex())


def _doubled(tensor: Any) -> Any:
    return tensor.to(tensor.cdouble().dtype) if tensor.is_complex() else tensor.double()


def _array(tensor: Any) -> Array:
    """Return a tensor as an array, in single precision where numpy has no such type."""
    tensor = tensor.detach().cpu()
    if str(tensor.layout) != "torch.strided":
        tensor = tensor.to_dense()
    array: Array = (tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor).numpy(force=True)
    return array


def _has_strides(torch: Any, tensor: Any) -> bool:
    """Whether a tensor has strides of its own, with a place in memory for each entry."""
    if tensor.is_contiguous() or 0 in tensor.stride():
        return False
    count = torch.arange(tensor.numel()).reshape(tensor.shape)
    made = torch.empty_strided(tensor.shape, tensor.stride(), dtype=count.dtype).copy_(count)
    return bool(torch.equal(made, count))
