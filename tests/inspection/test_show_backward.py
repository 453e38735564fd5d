"""`show_backward`, of everything there is."""

import inspect
import warnings

import numpy as np
import pytest

import minikeras
from minikeras import layers, losses, ops, show_backward
from minikeras.autodiff import PRIMITIVES
from minikeras.autodiff.primitive import WithoutGradient
from minikeras.inspection import book
from minikeras.losses.loss import Loss
from minikeras.ops.symbolic import OPS

LAYERS = [
    value
    for name in dir(layers)
    if inspect.isclass(value := getattr(layers, name)) and issubclass(value, layers.Layer)
]
LOSSES = [
    value
    for name in dir(losses)
    if inspect.isclass(value := getattr(losses, name)) and issubclass(value, Loss)
]


def shown(target):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        view = show_backward(target, max_entries=1)
    str(view), view._repr_html_()
    for name, found in view.kernels.items():
        assert found, f"no source of the backward of {name}"
        assert all(s.text for s in found)
    assert view.check is not None or view.note
    assert view.check is None or view.check.ok, view.check
    return view


@pytest.mark.parametrize(
    "targets, checked",
    [(list(OPS.values()), 200), (LAYERS, 100), (LOSSES, 20), (list(PRIMITIVES.values()), 130)],
    ids=["ops", "layers", "losses", "primitives"],
)
def test_all(targets, checked):
    views = [shown(t) for t in targets]
    # Many know an example of their own; others say that they need inputs.
    assert sum(v.check is not None for v in views) >= checked
    for target, view in zip(targets, views):
        page = book.page_of(target)
        assert page is None or (view.page == page and view.formula == book.text_of(page))
        if isinstance(target, WithoutGradient):
            assert not view.kernels


@pytest.mark.parametrize("page", book.PAGES)
def test_a_page_shows_the_primitives_that_it_derives(page):
    entry = book.PAGES[page]
    view = show_backward(book.named(entry.names[0]))
    assert view.page == page and view.check.ok and view.check.checked
    assert not entry.primitives or set(entry.primitives) & set(view.kernels)


@pytest.mark.parametrize(
    "target, kernels",
    [
        ("squared_hinge", ["multiply", "subtract", "maximum", "square", "mean"]),
        ("losses.mean_squared_error", ["subtract", "square", "mean"]),
        ("ops.dot_product_attention", ["attention"]),
        ("ops.separable_conv", ["depthwise_conv", "conv"]),
        ("ops.binary_crossentropy", ["binary_crossentropy"]),
        (PRIMITIVES["binary_crossentropy"], ["binary_crossentropy"]),
    ],
)
def test_what_shares_a_page_is_checked_itself(target, kernels):
    view = show_backward(target)
    assert view.check.ok and list(view.kernels) == kernels == list(view.saved)
    assert view.page is not None


def test_names_classes_and_objects():
    layer = layers.Dense(3, name="first")
    for target in ("Dense", "layers.Dense", "dense", layers.Dense, layer):
        view = show_backward(target)
        assert view.page == "dense" and list(view.kernels) == ["dense"]
        assert "dkernel = dot(flat.T, d, out_kernel)" in view.kernels["dense"][0].text
    assert view.name == "first (Dense)"
    assert not layer.built  # the check was made with another one
    assert show_backward("mse").page == "mean_squared_error"
    assert show_backward("softmax").kind == "op"
    assert show_backward("Softmax").kind == "layer"
    with pytest.raises(ValueError, match=r"nothing is called 'Dnse'.*'Dense'"):
        show_backward("Dnse")
    with pytest.raises(TypeError, match="must be a layer, an op"):
        show_backward(3)


def test_what_is_saved_has_the_names_of_the_kernel():
    view = show_backward("LSTM")
    names = [name for name, _, _ in view.saved["lstm"]]
    assert names == ["x_t", "kernel", "recurrent", "h", "planes"]
    assert show_backward("Dropout").saved["dropout"] == [("factors", (3, 4), "float32")]
    assert [name for name, *_ in show_backward("Embedding").saved["embedding"]] == ["indices"]


def test_a_wrong_gradient_is_told():
    square = ops.custom_gradient(lambda x: (x * x, lambda g: g * x))
    view = show_backward(square, np.array([3.0]))
    assert not view.check.ok and "agree, but for 1," in str(view)


def test_own_functions_and_models():
    def norm(x):
        return ops.sqrt(ops.sum(x * x))

    view = show_backward(norm, np.array([3.0, 4.0]))
    assert view.name == "norm" and list(view.kernels) == ["multiply", "sum", "sqrt"]
    assert view.formula is not None and view.check.checked == 2
    model = minikeras.Sequential([layers.Dense(2), layers.ELU()])
    view = show_backward(model, np.ones((2, 3)))
    assert list(view.kernels) == ["dense", "elu"] and view.check.ok
    with pytest.raises(ValueError):  # the user's own inputs do not fit
        show_backward(ops.matmul, np.ones((2, 3)), np.ones((2, 3)))
    assert show_backward(ops.argmax).note == "No gradient flows through it."


def test_pages_are_light_or_dark():
    view = show_backward("tanh")
    assert "<math" in view._repr_html_() and "<!DOCTYPE" not in view._repr_html_()
    dark = view.to_html("dark")
    assert dark.startswith("<!DOCTYPE html>") and 'class="minikeras-inside dark"' in dark
    assert "script" not in dark and "http" not in dark.replace("http://www.w3.org", "")
    with pytest.raises(ValueError, match="argument `theme`"):
        view.to_html("blue")
