"""torch: what it differentiates is judged like any gradient, by the names that its users know."""

import numpy as np
import pytest

from gradcheck import GradientInconclusive, GradientMismatch
from gradcheck.errors import UsageError
from gradcheck.frameworks.torch import check, gradcheck, gradgradcheck

torch = pytest.importorskip("torch", reason="needs torch: pip install 'gradcheck[frameworks]'")
torch.set_num_threads(1)  # small tensors: more only wait for each other

# torch itself uses what it deprecates when it first takes a derivative in forward mode.
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.script.*:DeprecationWarning")


def tensor(*shape, dtype=torch.float64, seed=0):
    """Return random numbers of size 1 that require a gradient."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=dtype, generator=generator).requires_grad_()


class Cube(torch.autograd.Function):
    """x^3 w, with derivatives of both in either mode."""

    @staticmethod
    def forward(x, w):
        return x**3 * w

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx, dz):
        x, w = ctx.saved_tensors
        return 3 * x**2 * w * dz, x**3 * dz

    @staticmethod
    def jvp(ctx, dx, dw):
        x, w = ctx.saved_tensors
        return 3 * x**2 * w * dx + x**3 * dw


class WrongForW(Cube):
    """The derivative by w has another power of x."""

    @staticmethod
    def backward(ctx, dz):
        x, w = ctx.saved_tensors
        return 3 * x**2 * w * dz, x**2 * dz


class WrongJvp(Cube):
    """Forward mode leaves the second input out."""

    @staticmethod
    def jvp(ctx, dx, dw):
        x, w = ctx.saved_tensors
        return 3 * x**2 * w * dx


class WrongSecond(Cube):
    """The backward pass cannot be differentiated: it computes outside of the graph."""

    @staticmethod
    def backward(ctx, dz):
        x, w = (saved.detach() for saved in ctx.saved_tensors)
        return 3 * x**2 * w * dz, x**3 * dz


class OldStyle(torch.autograd.Function):
    """exp, with a context in forward."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(z := x.exp())
        return z

    @staticmethod
    def backward(ctx, dz):
        return ctx.saved_tensors[0] * dz


class RowMajor(torch.autograd.Function):
    """sin; the backward pass takes the memory of x for rows in order."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x.sin()

    @staticmethod
    def backward(ctx, dz):
        (x,) = ctx.saved_tensors
        memory = torch.as_strided(x, (x.numel(),), (1,), x.storage_offset())
        return memory.reshape(x.shape).cos() * dz


class ChangesCotangent(OldStyle):
    """The backward pass writes into what it is given."""

    @staticmethod
    def backward(ctx, dz):
        return dz.mul_(ctx.saved_tensors[0])


class TestFunctions:
    @pytest.mark.parametrize("function", [Cube, Cube.apply], ids=["class", "apply"])
    def test_right_function_matches(self, function):
        """A Function is given as a class or by its apply; the inputs have the names of forward's."""
        report = check(function, (tensor(3, 4), tensor(3, 4, seed=1)))

        assert report.verdict == "match"
        assert [(p.name, p.shape) for p in report.parameters.values()] == [("x", (3, 4)), ("w", (3, 4))]

    def test_wrong_function_is_found_where_it_is_wrong(self):
        """Only the input whose derivative is wrong is a mismatch."""
        report = check(WrongForW, (tensor(3, 4), tensor(3, 4, seed=1)))

        assert {name: p.verdict for name, p in report.parameters.items()} == {"x": "match", "w": "mismatch"}
        assert report.parameters["w"].wrong_count == 24

    def test_only_what_requires_a_gradient_is_checked(self):
        """A wrong derivative that nobody asks for is none."""
        report = check(WrongForW, (tensor(3), tensor(3, seed=1).detach()))

        assert report.verdict == "match"
        assert list(report.parameters) == ["x"]

    def test_forward_mode(self):
        """Each mode is judged by itself."""
        inputs = (tensor(3), tensor(3, seed=1))

        report = check(WrongJvp, inputs, modes=("rev", "fwd"))

        wrong = [name for name, p in report.parameters.items() if p.verdict == "mismatch"]
        assert report.parameters["w"].verdict == report.parameters["fwd x"].verdict == "match"
        assert wrong == ["fwd w", "fwd all arguments"]
        assert check(Cube, inputs, modes=("rev", "fwd")).verdict == "match"

    def test_second_order(self):
        """The derivative of the backward pass is checked, too."""
        inputs = (tensor(3), tensor(3, seed=1))

        assert check(Cube, inputs, order=2).verdict == "match"
        report = check(WrongSecond, inputs, order=2)
        assert report.parameters["x"].verdict == "match"
        assert report.parameters["rev rev x"].verdict == "mismatch"

    def test_context_in_forward(self):
        """The older form of a Function is named like the newer one."""
        assert list(check(OldStyle, tensor(3)).parameters) == ["x"]

    def test_strides_are_kept(self):
        """A function that is wrong for a transposed input only is found with one."""
        x = tensor(3, 4)
        transposed = tensor(4, 3).detach().T.requires_grad_()
        every_other = tensor(3, 8).detach()[:, ::2].requires_grad_()

        assert check(RowMajor, x).verdict == "match"
        assert check(RowMajor, transposed).verdict == "mismatch"
        assert check(RowMajor, every_other).verdict == "mismatch"
        assert check(torch.sin, transposed).verdict == check(torch.sin, every_other).verdict == "match"

    def test_expanded_input(self):
        """An input whose entries share memory is checked as if they did not."""
        assert check(torch.sin, tensor(3, 1).detach().expand(3, 4).requires_grad_()).verdict == "match"

    def test_written_cotangent_is_told(self):
        """A backward pass that writes into its argument is flagged."""
        assert "mutates" in check(ChangesCotangent, tensor(3)).flags


class TestValues:
    def test_nests(self):
        """Inputs and outputs may be nests; what is no tensor is a constant."""

        def function(params, power, flag):
            y = params["a"] ** power + params["rest"][0]
            return {"y": y, "more": (y.sum(), 3, None)} if flag else y

        report = check(function, ({"a": tensor(2), "rest": [tensor(2, seed=1), "text"]}, 2, True))

        assert report.verdict == "match"
        assert list(report.parameters) == ["params.a", "params.rest.0"]

    def test_complex_numbers(self):
        """Complex to complex, complex to real, real to complex; analytic or not; both modes."""
        z = tensor(3, dtype=torch.complex128)
        for function in (torch.exp, torch.conj, torch.abs, lambda z: z * z.conj() * (2 + 1j)):
            assert check(function, z, modes=("rev", "fwd")).verdict == "match"
        assert check(lambda x: torch.complex(x, x**2), tensor(3), modes=("rev", "fwd")).verdict == "match"

    def test_wrong_complex_derivative(self):
        """The derivative of an analytic function without the conjugate is wrong."""

        class NoConjugate(OldStyle):
            @staticmethod
            def backward(ctx, dz):
                return dz * ctx.saved_tensors[0]

        class Conjugate(OldStyle):
            @staticmethod
            def backward(ctx, dz):
                return dz * ctx.saved_tensors[0].conj()

        z = tensor(3, dtype=torch.complex128)

        assert check(NoConjugate, z).verdict == "mismatch"
        assert check(Conjugate, z).verdict == "match"

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
    def test_narrow_types_are_checked_in_double_precision(self, dtype):
        """The formula is judged to 1e-6, not to what single precision leaves of it."""
        x = tensor(4).detach().to(dtype).requires_grad_()

        report = check(OldStyle, x)

        assert report.verdict == "match"
        assert report.max_relative_error < 1e-6

    def test_function_of_float32_only(self):
        """What takes no other type is judged in single precision, and that is said."""

        def single(x):
            assert x.dtype == torch.float32
            return x.exp()

        report = check(single, tensor(4, dtype=torch.float32))

        assert report.verdict != "mismatch"
        assert "float64 copy" in " ".join(report.notes)

    def test_backward_of_float32_only(self):
        """So is a function whose backward pass takes no other type."""

        class Single(OldStyle):
            @staticmethod
            def backward(ctx, dz):
                if dz.dtype != torch.float32:
                    raise TypeError("only float32")
                return OldStyle.backward(ctx, dz)

        assert check(Single, tensor(4, dtype=torch.float32)).verdict != "mismatch"
        with pytest.raises(TypeError, match="only float32"):
            check(Single, tensor(4))

    def test_kinks(self):
        """Relu at 0 is right with any slope in between, and torch's is 0."""
        x = torch.tensor([0.0, 1.0, -1.0], dtype=torch.float64, requires_grad=True)

        report = check(torch.relu, x)

        assert report.verdict == "match"
        assert report.parameters["0"].kinks

    def test_cut_graph(self):
        """A function that leaves the graph has derivatives of zero, which is wrong."""
        report = check(lambda x: torch.from_numpy(np.exp(x.detach().numpy())), tensor(3))

        assert report.verdict == "mismatch"
        assert "no output requires a gradient" in str(report)

    def test_output_without_gradient(self):
        """Outputs that are constants for torch are left aside."""
        assert check(lambda x: (x**2, x.detach(), x.argmax()), tensor(3)).verdict == "match"

    def test_random_function(self):
        """Dropout that draws anew in each call is said to, and not judged."""
        report = check(torch.nn.Dropout(), tensor(20))

        assert report.verdict != "match"
        assert "nondeterministic" in report.flags


class TestModules:
    def test_parameters_and_inputs(self):
        """All trained parameters are checked, by the names of the module, and inputs that ask for it."""
        module = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Tanh(), torch.nn.Linear(3, 2))
        module[2].bias.requires_grad_(False)

        report = check(module, tensor(5, 4, dtype=torch.float32))

        assert report.verdict == "match"
        assert report.max_relative_error < 1e-6
        assert list(report.parameters) == ["0.weight", "0.bias", "2.weight", "input"]

    def test_module_is_left_as_it_was(self):
        """Parameters, their gradients and the statistics of a batch normalisation are not touched."""
        module = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.BatchNorm1d(3), torch.nn.Sigmoid())
        before = {name: t.clone() for name, t in module.state_dict().items()}

        assert check(module, torch.randn(6, 4)).verdict == "match"

        assert all(torch.equal(t, before[name]) for name, t in module.state_dict().items())
        assert all(p.grad is None and p.dtype == torch.float32 for p in module.parameters())

    def test_recurrent_module(self):
        """Modules that keep their weights in one block work, too."""
        assert check(torch.nn.GRU(3, 2), torch.randn(4, 2, 3)).verdict == "match"

    def test_loss_of_a_module(self):
        """A loss takes the output and constants."""
        module, d = torch.nn.Linear(3, 2), torch.tensor([0, 1, 1])
        net = torch.nn.ModuleDict({"body": module})
        net.forward = lambda x, d: torch.nn.functional.cross_entropy(module(x), d)

        assert check(net, (torch.randn(3, 3), d)).verdict == "match"

    def test_wrong_module(self):
        """A Function inside of a module is judged by the module's parameters."""

        class Layer(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.scale = torch.nn.Parameter(torch.tensor([0.5, 2.0]))

            def forward(self, x):
                return WrongForW.apply(x, self.scale)

        report = check(Layer(), tensor(2))

        assert {name: p.verdict for name, p in report.parameters.items()} == {
            "scale": "mismatch",
            "x": "match",
        }


class TestDropIn:
    """torch.autograd.gradcheck and gradgradcheck, by another import."""

    def test_passes(self):
        """A right function gives True; tolerances and steps are taken and not needed."""
        inputs = (tensor(3), tensor(3, seed=1))

        assert gradcheck(Cube.apply, inputs, eps=1e-6, atol=1e-4, rtol=1e-2, nondet_tol=1e-9, fast_mode=True)
        assert gradcheck(Cube.apply, inputs, check_forward_ad=True)
        assert gradgradcheck(Cube.apply, inputs, atol=1e-3)

    def test_fails(self):
        """A wrong one raises with the table, or gives False."""
        inputs = (tensor(3), tensor(3, seed=1))

        with pytest.raises(GradientMismatch, match="mismatch in w"):
            gradcheck(WrongForW.apply, inputs)
        with pytest.raises(GradientMismatch, match="rev rev x"):
            gradgradcheck(WrongSecond.apply, inputs)
        assert gradcheck(WrongForW.apply, inputs, raise_exception=False) is False
        assert gradcheck(WrongJvp.apply, inputs)
        assert not gradcheck(WrongJvp.apply, inputs, check_forward_ad=True, raise_exception=False)

    def test_second_derivatives_in_forward_mode(self):
        """They are checked where torch would check them."""

        class WrongAhead(torch.autograd.Function):
            @staticmethod
            def forward(x):
                return x**2

            @staticmethod
            def setup_context(ctx, inputs, output):
                ctx.save_for_backward(*inputs)
                ctx.save_for_forward(*inputs)

            @staticmethod
            def backward(ctx, dz):
                return 2 * dz * ctx.saved_tensors[0]

            @staticmethod
            def jvp(ctx, t):
                return 3 * t * ctx.saved_tensors[0]

        assert gradgradcheck(torch.sin, (tensor(3),), check_fwd_over_rev=True, check_rev_over_rev=True)
        assert gradgradcheck(WrongAhead.apply, (tensor(3),))
        with pytest.raises(GradientMismatch, match="mismatch in fwd x"):
            gradgradcheck(WrongAhead.apply, (tensor(3),), check_fwd_over_rev=True)

    def test_small_errors_are_not_hidden(self):
        """A derivative off by 1e-5, and one of a tiny loss with the wrong sign, pass torch's own check."""

        class Slightly(OldStyle):
            @staticmethod
            def backward(ctx, dz):
                return dz * ctx.saved_tensors[0] * (1 + 1e-5)

        class Turned(OldStyle):
            @staticmethod
            def backward(ctx, dz):
                return -dz * ctx.saved_tensors[0]

        x = tensor(3)

        for function in (Slightly.apply, lambda x: 1e-7 * Turned.apply(x)):
            assert torch.autograd.gradcheck(function, (x,))
            assert not gradcheck(function, (x,), raise_exception=False)

    def test_what_cannot_be_judged_is_no_pass(self):
        """A function that differs in each call is inconclusive, which raises."""
        with pytest.raises(GradientInconclusive):
            gradcheck(torch.nn.Dropout(), (tensor(20),))

    def test_options_for_what_is_not_checked(self):
        """They are refused rather than ignored, unless they are off."""
        assert gradcheck(torch.sin, (tensor(3),), check_batched_grad=False)
        with pytest.raises(UsageError, match=r"given: +check_batched_grad=True"):
            gradcheck(torch.sin, (tensor(3),), check_batched_grad=True)


class TestBadInput:
    def test_nothing_requires_a_gradient(self):
        with pytest.raises(UsageError, match="no tensor requires a gradient"):
            check(torch.sin, torch.ones(3))

    def test_sparse_input(self):
        """The tensor is named, and what to do instead."""
        x = torch.eye(3, dtype=torch.float64).to_sparse().requires_grad_()

        with pytest.raises(UsageError, match=r"layout torch.sparse_coo"):
            check(lambda x: x.to_dense(), x)

    def test_unknown_modes(self):
        with pytest.raises(UsageError, match="no such mode"):
            check(torch.sin, tensor(3), modes=("reverse",))

    def test_no_output(self):
        with pytest.raises(UsageError, match="no output to differentiate"):
            check(lambda x: x.argmax(), tensor(3))

    def test_second_derivative_in_forward_mode(self):
        with pytest.raises(UsageError, match="forward mode alone"):
            check(torch.sin, tensor(3), modes=("fwd",), order=2)

    def test_order(self):
        with pytest.raises(UsageError, match="order"):
            check(torch.sin, tensor(3), order=0)


def test_where_linear_algebra_ends():
    """Torch's own error beside the point is an edge of the domain, as numpy's is."""
    flat = (torch.ones(3, 3, dtype=torch.float64) + 1e-3 * torch.eye(3)).requires_grad_()

    report = check(lambda A: torch.linalg.cholesky((A + A.T) / 2).sum(), (flat,), method="entries")

    assert report.verdict != "mismatch", str(report)
