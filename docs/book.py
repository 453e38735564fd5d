"""The backprop book: a page for each backward, made of its derivation, its kernel and a check."""

import html
import re
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import minikeras
from minikeras import GradientTape, losses, ops
from minikeras.autodiff import Tensor
from minikeras.inspection.backward import check_text, show_backward
from minikeras.inspection.book import NOTATION, PAGES, named, page_of, text_of
from minikeras.inspection.mathematics import mathml, replaced

FOLDER = "backprop"

_formulas: list[str] = []
"""MathML of the formulas, which takes the place of marks once Markdown has become HTML."""


def chapters():
    """Return the keys of the pages by chapter."""
    found = {}
    for key, page in PAGES.items():
        found.setdefault(page.chapter, []).append(key)
    return found


def navigation():
    """Return what the book adds to the site's navigation."""
    parts = [
        {chapter: [{PAGES[key].title: f"{FOLDER}/{key}.md"} for key in keys]}
        for chapter, keys in chapters().items()
    ]
    return [{"All backwards": f"{FOLDER}/index.md"}, *parts]


def link_from(value):
    """Return lines of Markdown that lead from an entry of the reference to its page, if it has one."""
    key = page_of(value)
    if key is None:
        return []
    return [f"[How the backward of `{value.__name__}` comes about](../{FOLDER}/{key}.md)", ""]


def pages():
    """Iterate over the pages: (file, Markdown)."""
    yield f"{FOLDER}/index.md", index()
    for key in PAGES:
        yield f"{FOLDER}/{key}.md", page(key)


def index():
    lines = [
        "# The backprop book",
        "",
        "How the gradient of each layer, operation and loss comes about: the derivation, the "
        "hand-written backward that `fit` runs, what the forward keeps for it, and a comparison with "
        "finite differences, made when this page was made. The same in a terminal or a notebook, "
        'for these and all others: `minikeras.show_backward("LSTM")`.',
        "",
        marked(NOTATION),
        "",
    ]
    for chapter, keys in chapters().items():
        lines += [f"## {chapter}", ""]
        for key in keys:
            names = ", ".join(f"`{n.partition('.')[2]}`" for n in PAGES[key].names)
            lines.append(f"- [{PAGES[key].title}]({key}.md): {names}")
        lines.append("")
    return "\n".join(lines)


def page(key):
    entry = PAGES[key]
    view = show_backward(named(entry.names[0]), max_entries=40)
    if view.check is None or not view.check.ok:
        raise RuntimeError(f"The gradient check of the page {key} fails: {view.check or view.note}")
    names = ", ".join(f"`{n}`" for n in entry.names)
    lines = [f"# {entry.title}", "", names, "", marked(NOTATION), "", marked(text_of(key)), ""]
    drawing = picture(key)
    if drawing is not None:
        lines += [drawing, ""]
    lines += ["## The kernel", ""]
    for name, found in view.kernels.items():
        if len(view.kernels) > 1:
            lines += [f"### `{name}`", ""]
        for s in found:
            lines += [f"`{s.file}`, line {s.line}:", "", "```python", s.text, "```", ""]
    lines += ["## What the forward keeps", ""]
    for name, values in view.saved.items():
        kept = ", ".join(f"`{n}` {shape}" for n, shape, _ in values) or "nothing but shapes"
        lines.append(f"- `{name}`: {kept}")
    shown = entry.names[0]
    lines += [
        "",
        "## Checked",
        "",
        f"{html.escape(check_text(view.check))} Of small random inputs, in float64; "
        f'`minikeras.show_backward("{shown}")` does it again.',
        "",
    ]
    return "\n".join(lines)


def marked(text):
    """Return a text with marks in place of its formulas."""

    def write(latex, display):
        _formulas.append(mathml(latex, display))
        return f"mkformula{len(_formulas) - 1}x"

    return replaced(text, write)


def with_formulas(page_html):
    """Put the formulas in the place of their marks."""
    return re.sub(r"mkformula(\d+)x", lambda m: _formulas[int(m[1])], page_html)


PROFILE = "<!-- profile -->"
"""Stands in a page where the profile of a small training is to be seen."""


def with_profile(page_html):
    """Put a profile in the place of its mark."""
    if PROFILE not in page_html:
        return page_html
    minikeras.utils.clear_session()
    layers = minikeras.layers
    model = minikeras.Sequential(
        [
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.BatchNormalization(),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy")
    x = np.random.default_rng(0).random((256, 28, 28, 1), "float32")
    found = minikeras.profile(model, x, np.arange(256) % 10)
    return page_html.replace(PROFILE, found._repr_html_())


# Pictures.

_CURVES = {
    "relu": ops.relu,
    "sigmoid": ops.sigmoid,
    "tanh": ops.tanh,
    "gelu": ops.gelu,
    "silu": ops.silu,
    "elu": ops.elu,
    "softplus": ops.softplus,
    "huber": lambda x: losses.huber(ops.zeros_like(x)[:, None], x[:, None]),
    "hinge": lambda x: losses.hinge(ops.ones_like(x)[:, None], x[:, None]),
    "mean_squared_error": ops.square,
    "mean_absolute_error": ops.abs,
    "binary_crossentropy": lambda z: ops.binary_crossentropy(ops.ones_like(z), z, from_logits=True),
}
"""Functions of one number that are drawn with their slope."""

_CAPTIONS = {
    "huber": "The loss of one prediction for a target of 0",
    "hinge": "The loss of one prediction for a target of 1",
    "mean_squared_error": "The loss of one prediction for a target of 0",
    "mean_absolute_error": "The loss of one prediction for a target of 0",
    "binary_crossentropy": "The loss of one logit for a target of 1",
}

_JACOBIANS = {
    "dense": "a batch of 4: no example depends on another",
    "conv": "two images: each result depends on a window",
    "conv_transpose": "two images: each input goes into a window",
    "depthwise_conv": "two images: as a convolution, but channels stay apart",
    "max_pool": "two images: one place in each row",
    "average_pool": "two images: the same share for each pixel of a window",
    "batch_norm": "5 examples of 3 channels: every example depends on all others, no channel on another",
    "layer_norm": "3 examples of 5 features: the other way round",
    "group_norm": "2 examples of 3 pixels and 4 channels in 2 groups",
    "rms_norm": "3 examples of 5 features",
    "softmax": "3 rows of 4: blocks of a diagonal less a product",
    "log_softmax": "3 rows of 4",
    "simple_rnn": "2 sequences of 4 steps: below the diagonal, as no result depends on later inputs",
    "lstm": "2 sequences of 4 steps: below the diagonal, as no result depends on later inputs",
    "gru": "2 sequences of 4 steps: below the diagonal, as no result depends on later inputs",
    "attention": "the queries of 2 examples",
    "dropout": "some elements and no others",
    "cumsum": "3 rows of 4: lower triangles",
    "max": "3 rows of 4: one place in each row",
    "sum": "3 rows of 4, summed over the first axis",
    "take": "3 rows of 4, columns 0, 2, 2",
    "concatenate": "the first of two, 3 rows of 2",
    "reshape": "a permutation",
    "matmul": "by the first factor",
    "inverse": "the solution by the matrix",
}
"""Pages with a picture of the derivatives of each result (downwards) by each input (across)."""


def picture(key):
    """Return an SVG that belongs to a page, None if there is none."""
    if key in _CURVES:
        return curves(_CURVES[key], _CAPTIONS.get(key, "The function"))
    if key in _JACOBIANS:
        return jacobian(key, _JACOBIANS[key])
    return None


def curves(f, caption):
    """Draw a function of one number and its derivative, which the tape has found."""
    x = np.linspace(-4, 4, 161).astype("float32") + 1e-4
    t = Tensor(x)
    with GradientTape() as tape:
        tape.watch(t)
        y = f(t)
    values = {"value": np.asarray(y), "slope": np.asarray(tape.gradient(y, t))}
    low = min(v.min() for v in values.values())
    high = min(max(v.max() for v in values.values()), 4.5)
    low, high = max(low, -4.5) - 0.2, high + 0.2
    width, height = 360, 220

    def place(a, b):
        return (a + 4) / 8 * width, (high - b) / (high - low) * height

    parts = []
    for (x0, y0), (x1, y1) in ((place(-4, 0), place(4, 0)), (place(0, low), place(0, high))):
        line = f'x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}"'
        parts.append(f'<line {line} stroke="#999" stroke-width="1"/>')
    for unit in (-3, -2, -1, 1, 2, 3):
        a, b = place(unit, 0)
        parts.append(f'<text x="{a:.1f}" y="{b + 12:.1f}" fill="#777">{unit}</text>')
        a, b = place(0, unit)
        if low < unit < high:
            parts.append(f'<text x="{a - 10:.1f}" y="{b + 4:.1f}" fill="#777">{unit}</text>')
    for (name, v), colour in zip(values.items(), ("#0072B2", "#D55E00")):
        points = [
            place(a, b) for a, b in zip(x.tolist(), v.tolist()) if low - 0.1 <= b <= high + 0.1
        ]
        text = " ".join(f"{a:.1f},{b:.1f}" for a, b in points)
        dashes = "" if name == "value" else ' stroke-dasharray="6 3"'
        parts.append(
            f'<polyline points="{text}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>'
        )
    described = f"{caption} (whole line) and its derivative as the tape finds it (dashed)."
    return _figure(parts, width, height, described)


def jacobian(key, caption):
    """Draw the derivatives of all results by all elements of the first input, as the tape finds them."""
    target, inputs, more = PAGES[key].example()
    first = inputs[0]
    several = isinstance(first, list)
    x = Tensor(np.asarray(first[0] if several else first, "float32"))
    given = ([x, *first[1:]] if several else x, *inputs[1:])
    with GradientTape() as tape:
        tape.watch(x)
        y = target(*given, **more)
    d = np.asarray(tape.jacobian(y, x)).reshape(y.array.size, -1)[:64, :64]
    size = max(3, min(14, 300 // max(d.shape)))
    most = np.abs(d).max() or 1
    parts = []
    for (i, j), v in np.ndenumerate(d):
        if abs(v) > 1e-6 * most:
            strength = 0.15 + 0.85 * abs(float(v)) / most
            colour = "#D55E00" if v > 0 else "#0072B2"
            parts.append(
                f'<rect x="{j * size}" y="{i * size}" width="{size - 0.5}" height="{size - 0.5}" '
                f'fill="{colour}" opacity="{strength:.2f}"/>'
            )
    height, width = d.shape[0] * size, d.shape[1] * size
    parts.append(f'<rect width="{width}" height="{height}" fill="none" stroke="#999"/>')
    described = (
        f"The derivatives of results (downwards) by elements of the input (across): {caption}. "
        "Orange is positive, blue negative, white zero."
    )
    return _figure(parts, width, height, described)


def _figure(parts, width, height, caption):
    return (
        f'<figure><svg xmlns="http://www.w3.org/2000/svg" viewBox="-2 -2 {width + 4} {height + 4}" '
        f'width="{width + 4}" font-size="10" font-family="sans-serif" text-anchor="middle" role="img" '
        f'aria-label="{html.escape(caption)}">{"".join(parts)}</svg>'
        f"<figcaption>{html.escape(caption)}</figcaption></figure>"
    )
