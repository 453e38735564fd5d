"""What the derivations of the book end in, written in NumPy, is what the backwards give."""

import itertools

import numpy as np
import pytest

from minikeras import GradientTape, layers, losses, ops
from minikeras.autodiff import Tensor
from minikeras.autodiff.gradient_check import _in_float64
from minikeras.inspection.book import PAGES

rng = np.random.default_rng(11)


def real(*shape):
    return rng.standard_normal(shape)


def positive(*shape):
    return rng.uniform(0.3, 0.9, shape)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def softmax(x):
    e = np.exp(x)
    return e / e.sum(-1, keepdims=True)


def differentiate(f, *arrays, **kwargs):
    """Return the result of a function or built layer, a random gradient of it, and those of inputs
    and weights as the backward gives them."""
    tensors = [Tensor(np.asarray(a)) for a in arrays]
    weights = list(getattr(f, "trainable_variables", ()))
    with GradientTape() as tape:
        tape.watch(tensors)
        y = f(*tensors, **kwargs)
        y = y[0] if isinstance(y, (list, tuple)) else y
    g = real(*y.shape)
    grads = tape.gradient(y, [*tensors, *weights], g)
    return np.asarray(y), g, [np.asarray(d) for d in grads]


FORMULAS = {}


def formula(test):
    """Note a function that returns pairs of arrays: what a page says, and what the backward gives."""
    FORMULAS[test.__name__] = test
    return test


def built(layer, *shape):
    layer(np.zeros(shape))
    for v in layer.trainable_variables:
        v.assign(real(*v.shape))
    return layer


@pytest.mark.parametrize("page", PAGES)
def test_derivation(page):
    global rng
    rng = np.random.default_rng(11)  # the same numbers, whatever ran before
    pairs = FORMULAS[page]()
    assert pairs
    for said, given in pairs:
        np.testing.assert_allclose(np.asarray(given), said, rtol=2e-5, atol=2e-6)


# Layers.


@formula
def dense():
    layer, x = built(layers.Dense(3, activation="tanh"), 4, 2), real(4, 2)
    y, g, (dx, dw, db) = differentiate(layer, x)
    d = g * (1 - y * y)
    w = layer.kernel.numpy()
    return [(x.T @ d, dw), (d @ w.T, dx), (d.sum(0), db)]


def at(place):
    """Return an index of a place in all images of a batch."""
    return slice(None), *place


def windows(size, stride, count):
    """Iterate over places and offsets of a square window, and the pixels that they meet."""
    for p in itertools.product(range(count), repeat=2):
        for d in itertools.product(range(size), repeat=2):
            yield p, d, (stride * p[0] + d[0], stride * p[1] + d[1])


@formula
def conv():
    layer, x = built(layers.Conv2D(3, 2, strides=2), 2, 4, 4, 2), real(2, 4, 4, 2)
    _, g, (dx, dw, db) = differentiate(layer, x)
    w = layer.kernel.numpy()
    ex, ew = np.zeros_like(x), np.zeros_like(w)
    for p, d, q in windows(2, 2, 2):
        ew[d] += np.einsum("nc,nf->cf", x[at(q)], g[at(p)])
        ex[at(q)] += g[at(p)] @ w[d].T
    return [(ex, dx), (ew, dw), (g.sum((0, 1, 2)), db)]


@formula
def conv_transpose():
    layer, x = built(layers.Conv2DTranspose(3, 2, strides=2), 2, 2, 2, 2), real(2, 2, 2, 2)
    _, g, (dx, dw, db) = differentiate(layer, x)
    w = layer.kernel.numpy()
    ex, ew = np.zeros_like(x), np.zeros_like(w)
    for p, d, q in windows(2, 2, 2):
        ex[at(p)] += g[at(q)] @ w[d]
        ew[d] += np.einsum("nf,nc->fc", g[at(q)], x[at(p)])
    return [(ex, dx), (ew, dw), (g.sum((0, 1, 2)), db)]


@formula
def depthwise_conv():
    layer = built(layers.DepthwiseConv2D(2, depth_multiplier=2), 2, 4, 4, 2)
    x = real(2, 4, 4, 2)
    _, g, (dx, dw, db) = differentiate(layer, x)
    w = layer.trainable_variables[0].numpy()
    split = g.reshape(2, 3, 3, 2, 2)
    ex, ew = np.zeros_like(x), np.zeros_like(w)
    for p, d, q in windows(2, 1, 3):
        ew[d] += np.einsum("nc,ncm->cm", x[at(q)], split[at(p)])
        ex[at(q)] += np.einsum("ncm,cm->nc", split[at(p)], w[d])
    return [(ex, dx), (ew, dw), (g.sum((0, 1, 2)), db)]


@formula
def embedding():
    layer, tokens = layers.Embedding(5, 2), np.array([[0, 2, 2], [4, 0, 1]])
    layer(tokens)
    with GradientTape() as tape:
        y = layer(tokens)
    g = real(*y.shape)
    expected = np.zeros((5, 2))
    np.add.at(expected, tokens, g)
    return [(expected, tape.gradient(y, layer.embeddings, g))]


@formula
def attention():
    q, k, v = real(2, 3, 1, 4), real(2, 5, 1, 4), real(2, 5, 1, 3)
    y, g, (dq, dk, dv) = differentiate(lambda *a: ops.dot_product_attention(*a, scale=0.7), q, k, v)
    q, k, v, y, g = [a[:, :, 0] for a in (q, k, v, y, g)]
    p = softmax(0.7 * q @ k.swapaxes(1, 2))
    dp = g @ v.swapaxes(1, 2)
    ds = p * (dp - (g * y).sum(-1, keepdims=True))
    other = p * (dp - (dp * p).sum(-1, keepdims=True))
    return [
        (p.swapaxes(1, 2) @ g, dv[:, :, 0]),
        (0.7 * ds @ k, dq[:, :, 0]),
        (0.7 * ds.swapaxes(1, 2) @ q, dk[:, :, 0]),
        (other, ds),
    ]


def through_time(layer, step):
    """Compare a recurrent layer with a backward that `step` gives, from the last time step to the first.

    `step(t, h_bar, carried)` returns gradients of the two parts `a = x W + b` and `s = h U + b'`, the
    direct part of the gradient of the state before, and what it wants to be given at the next call.
    """
    x = real(2, 4, 2)
    _, g, (dx, dw, du, db) = differentiate(layer, x)
    w, u, _ = [v.numpy() for v in layer.trainable_variables]
    h = np.concatenate([np.zeros((2, 1, 3)), np.asarray(layer(x))], 1)
    ew, eu, ea, es = np.zeros_like(w), np.zeros_like(u), 0, 0
    ex = np.zeros_like(x)
    from_later, carried = 0, None
    for t in range(3, -1, -1):
        a, s, direct, carried = step(t, g[:, t] + from_later, carried, x, h)
        ew += x[:, t].T @ a
        eu += h[:, t].T @ s
        ea, es = ea + a.sum(0), es + s.sum(0)
        ex[:, t] = a @ w.T
        from_later = s @ u.T + direct
    bias = np.stack([ea, es]) if db.ndim == 2 else ea
    return [(ex, dx), (ew, dw), (eu, du), (bias, db)]


@formula
def simple_rnn():
    layer = built(layers.SimpleRNN(3, return_sequences=True), 2, 4, 2)

    def step(t, h_bar, carried, x, h):
        d = h_bar * (1 - h[:, t + 1] ** 2)
        return d, d, 0, None

    return through_time(layer, step)


@formula
def lstm():
    layer = built(layers.LSTM(3, return_sequences=True), 2, 4, 2)
    w, u, b = [v.numpy() for v in layer.trainable_variables]

    def step(t, h_bar, carried, x, h):
        c = [np.zeros((2, 3))]
        for s in range(t + 1):
            i, f, gc, o = np.split(x[:, s] @ w + h[:, s] @ u + b, 4, axis=1)
            i, f, o, gc = sigmoid(i), sigmoid(f), sigmoid(o), np.tanh(gc)
            c.append(f * c[-1] + i * gc)
        dc = (0 if carried is None else carried) + h_bar * o * (1 - np.tanh(c[-1]) ** 2)
        zi, zf = dc * gc * i * (1 - i), dc * c[-2] * f * (1 - f)
        zo, zg = h_bar * np.tanh(c[-1]) * o * (1 - o), dc * i * (1 - gc * gc)
        d = np.concatenate([zi, zf, zg, zo], 1)
        return d, d, 0, f * dc

    return through_time(layer, step)


@formula
def gru():
    layer = built(layers.GRU(3, return_sequences=True), 2, 4, 2)
    w, u, (b, b2) = [v.numpy() for v in layer.trainable_variables]

    def step(t, h_bar, carried, x, h):
        a, s = x[:, t] @ w + b, h[:, t] @ u + b2
        (az, ar, ag), (sz, sr, sg) = np.split(a, 3, 1), np.split(s, 3, 1)
        z, r = sigmoid(az + sz), sigmoid(ar + sr)
        c = np.tanh(ag + r * sg)
        dg = h_bar * (1 - z) * (1 - c * c)
        dz = h_bar * (h[:, t] - c) * z * (1 - z)
        dr = dg * sg * r * (1 - r)
        return np.concatenate([dz, dr, dg], 1), np.concatenate([dz, dr, dg * r], 1), h_bar * z, None

    # The other form: the reset gate before the product.
    first = built(layers.GRU(3, return_sequences=True, reset_after=False), 2, 1, 2)
    v, k, c0 = [p.numpy() for p in first.trainable_variables]
    x, h0 = real(2, 1, 2), real(2, 3)
    _, g, (_, dh) = differentiate(lambda x, h: first(x, initial_state=h), x, h0)
    g = g[:, 0]
    a, s = x[:, 0] @ v + c0, h0 @ k
    z, r = sigmoid(a[:, :3] + s[:, :3]), sigmoid(a[:, 3:6] + s[:, 3:6])
    c = np.tanh(a[:, 6:] + (r * h0) @ k[:, 6:])
    ag = g * (1 - z) * (1 - c * c)
    back = ag @ k[:, 6:].T
    dz, dr = g * (h0 - c) * z * (1 - z), back * h0 * r * (1 - r)
    other = g * z + dz @ k[:, :3].T + dr @ k[:, 3:6].T + r * back
    return [*through_time(layer, step), (other, dh)]


@formula
def batch_norm():
    x, gamma, beta = real(6, 3), real(3), real(3)

    layer = built(layers.BatchNormalization(), 6, 3)
    layer.gamma.assign(gamma)
    layer.beta.assign(beta)
    _, g, (dx, dgamma, dbeta) = differentiate(layer, x, training=True)
    r = 1 / np.sqrt(x.var(0) + layer.epsilon)
    hat = (x - x.mean(0)) * r
    eg, eb = (g * hat).sum(0), g.sum(0)
    return [(eg, dgamma), (eb, dbeta), (gamma * r * (g - eb / 6 - hat * eg / 6), dx)]


def normalized(x, g, axes, epsilon, center=True):
    """Return normalized numbers, and the gradient of `x` for that of these."""
    mean = x.mean(axes, keepdims=True) if center else 0
    r = 1 / np.sqrt(((x - mean) ** 2).mean(axes, keepdims=True) + epsilon)
    hat = (x - mean) * r
    away = g.mean(axes, keepdims=True) if center else 0
    return hat, r * (g - away - hat * (g * hat).mean(axes, keepdims=True))


@formula
def layer_norm():
    layer, x = built(layers.LayerNormalization(), 4, 5), real(4, 5)
    _, g, (dx, dgamma, dbeta) = differentiate(layer, x)
    hat, ex = normalized(x, g * layer.gamma.numpy(), -1, layer.epsilon)
    return [(ex, dx), ((g * hat).sum(0), dgamma), (g.sum(0), dbeta)]


@formula
def rms_norm():
    layer, x = built(layers.RMSNormalization(), 4, 5), real(4, 5)
    _, g, (dx, dscale) = differentiate(layer, x)
    hat, ex = normalized(x, g * layer.scale.numpy(), -1, layer.epsilon, center=False)
    return [(ex, dx), ((g * hat).sum(0), dscale)]


@formula
def group_norm():
    layer, x = built(layers.GroupNormalization(2), 2, 3, 4), real(2, 3, 4)
    _, g, (dx, dgamma, dbeta) = differentiate(layer, x)
    u = (g * layer.gamma.numpy()).reshape(2, 3, 2, 2)
    hat, ex = normalized(x.reshape(u.shape), u, (1, 3), layer.epsilon)
    hat = hat.reshape(x.shape)
    return [(ex.reshape(x.shape), dx), ((g * hat).sum((0, 1)), dgamma), (g.sum((0, 1)), dbeta)]


@formula
def max_pool():
    pairs = []
    for strides in (1, 2):
        x = rng.integers(0, 3, (2, 4, 4, 1)).astype("float64")  # with equal ones
        y, g, (dx,) = differentiate(lambda x, s=strides: ops.max_pool(x, 2, s), x)
        expected, taken = np.zeros_like(x), set()
        for p, _, q in windows(2, strides, y.shape[1]):
            for n in range(2):
                if x[(n, *q, 0)] == y[(n, *p, 0)] and (n, p) not in taken:
                    taken.add((n, p))
                    expected[(n, *q)] += g[(n, *p)]
        pairs.append((expected, dx))
    return pairs


@formula
def average_pool():
    x = real(2, 3, 3, 1)
    y, g, (dx,) = differentiate(lambda x: ops.average_pool(x, 2, 2, padding="same"), x)
    expected = np.zeros_like(x)
    for p in itertools.product(range(2), repeat=2):
        pixels = [slice(2 * i, min(2 * i + 2, 3)) for i in p]
        expected[at(pixels)] += (g[at(p)] / x[(0, *pixels)].size)[:, None, None]
    _, g, (d,) = differentiate(layers.GlobalAveragePooling2D(), x)
    return [(expected, dx), (np.broadcast_to(g[:, None, None] / 9, x.shape), d)]


@formula
def dropout():
    x = positive(4, 5)
    y, g, (dx,) = differentiate(layers.Dropout(0.4, seed=1), x, training=True)
    return [(g * (y != 0) / 0.6, dx), (x * (y != 0) / 0.6, y)]


# Functions of one number.


def elementwise(*triples):
    """Compare ops with slopes: (op, slope of x and y, x)."""
    pairs = []
    for f, slope, x in triples:
        y, g, (dx,) = differentiate(f, x)
        pairs.append((g * slope(x, y), dx))
    return pairs


@formula
def relu():
    return elementwise(
        (ops.relu, lambda x, y: y > 0, real(9)),
        (ops.leaky_relu, lambda x, y: np.where(x < 0, 0.2, 1), real(9)),
        (ops.relu6, lambda x, y: (y > 0) & (y < 6), 9 * real(9)),
    )


FORMULAS |= {
    "sigmoid": lambda: elementwise(
        (ops.sigmoid, lambda x, y: y * (1 - y), real(9)),
        (ops.log_sigmoid, lambda x, y: 1 - sigmoid(x), real(9)),
    ),
    "tanh": lambda: elementwise((ops.tanh, lambda x, y: 1 - y * y, real(9))),
    "silu": lambda: elementwise(
        (ops.silu, lambda x, y: sigmoid(x) + y * (1 - sigmoid(x)), real(9))
    ),
    "softplus": lambda: elementwise((ops.softplus, lambda x, y: 1 - np.exp(-y), real(9))),
    "exp_log": lambda: elementwise(
        (ops.exp, lambda x, y: y, real(9)),
        (ops.log, lambda x, y: 1 / x, positive(9)),
        (ops.sqrt, lambda x, y: 1 / (2 * y), positive(9)),
        (ops.square, lambda x, y: 2 * x, real(9)),
        (ops.reciprocal, lambda x, y: -y * y, positive(9)),
        (ops.sin, lambda x, y: np.cos(x), real(9)),
        (ops.abs, lambda x, y: np.sign(x), real(9)),
    ),
}


@formula
def elu():
    a, scale = 1.6732632423543772, 1.0507009873554805
    return elementwise(
        (
            lambda x: ops.elu(x, alpha=0.7),
            lambda x, y: np.where(x > 0, 1, 0.7 * np.exp(x)),
            real(9),
        ),
        (ops.selu, lambda x, y: np.where(x > 0, scale, y + scale * a), real(9)),
        (
            lambda x: ops.celu(x, alpha=0.7),
            lambda x, y: np.where(x > 0, 1, np.exp(x / 0.7)),
            real(9),
        ),
    )


@formula
def gelu():
    from scipy.special import erf

    def exact(x, y):
        density = np.exp(-x * x / 2) / np.sqrt(2 * np.pi)
        return (1 + erf(x / np.sqrt(2))) / 2 + x * density

    def through_tanh(x, y):
        root = np.sqrt(2 / np.pi)
        t = np.tanh(root * (x + 0.044715 * x**3))
        return (1 + t) / 2 + x / 2 * (1 - t * t) * root * (1 + 3 * 0.044715 * x * x)

    return elementwise(
        (lambda x: ops.gelu(x, approximate=False), exact, real(9)),
        (ops.gelu, through_tanh, real(9)),
    )


# Arithmetic, reductions, moves.


@formula
def arithmetic():
    a, b = positive(3, 4), positive(4)
    pairs = []
    for f, slopes in (
        (ops.add, lambda y: (1, 1)),
        (ops.subtract, lambda y: (1, -1)),
        (ops.multiply, lambda y: (b, a)),
        (ops.divide, lambda y: (1 / b, -y / b)),
        (ops.power, lambda y: (b * a ** (b - 1), y * np.log(a))),
    ):
        y, g, (da, db) = differentiate(f, a, b)
        of_a, of_b = slopes(y)
        pairs += [(g * of_a, da), ((g * of_b).sum(0), db)]
    return pairs


@formula
def maximum():
    a, b = np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 2.0])
    _, g, (da, db) = differentiate(ops.maximum, a, b)
    x = np.array([-1.0, 0.5, 1.0, 3.0])
    _, gc, (dx,) = differentiate(lambda x: ops.clip(x, 0.0, 1.0), x)
    c = np.array([True, False, True])
    _, gw, (wa, wb) = differentiate(lambda a, b: ops.where(c, a, b), a, b)
    return [
        (g * [0, 0.5, 1], da),
        (g * [1, 0.5, 0], db),
        (gc * [0, 1, 1, 0], dx),
        (gw * c, wa),
        (gw * ~c, wb),
    ]


@formula
def matmul():
    a, b = real(2, 3, 4), real(4, 2)
    _, g, (da, db) = differentiate(ops.matmul, a, b)
    return [(g @ b.T, da), (np.einsum("nij,nik->jk", a, g), db)]


@formula
def einsum():
    a, b = real(2, 3, 4), real(4, 2)
    _, g, (da, db) = differentiate(lambda a, b: ops.einsum("bij,jk->bki", a, b), a, b)
    x = real(3, 3)
    _, gd, (dd,) = differentiate(lambda x: ops.einsum("ii->i", x), x)
    return [
        (np.einsum("bki,jk->bij", g, b), da),
        (np.einsum("bki,bij->jk", g, a), db),
        (np.diag(gd), dd),
    ]


@formula
def inverse():
    a, b = real(3, 3) + 3 * np.eye(3), real(3, 2)
    y, g, (da,) = differentiate(ops.inv, a)
    x, gx, (sa, sb) = differentiate(ops.solve, a, b)
    back = np.linalg.solve(a.T, gx)
    return [(-y.T @ g @ y.T, da), (back, sb), (-back @ x.T, sa)]


@formula
def sum():
    x = real(3, 4)
    _, g, (dx,) = differentiate(lambda x: ops.sum(x, axis=0), x)
    _, gm, (dm,) = differentiate(lambda x: ops.mean(x, axis=0), x)
    return [(np.broadcast_to(g, (3, 4)), dx), (np.broadcast_to(gm / 3, (3, 4)), dm)]


@formula
def variance():
    x = real(5, 2)
    _, g, (dx,) = differentiate(lambda x: ops.var(x, axis=0), x)
    s, gs, (ds,) = differentiate(lambda x: ops.std(x, axis=0), x)
    slope = 2 / 5 * (x - x.mean(0))
    return [(g * slope, dx), (gs * slope / (2 * s), ds)]


@formula
def max():
    x = np.array([[1.0, 3.0, 3.0], [2.0, 0.0, 1.0]])
    _, g, (dx,) = differentiate(lambda x: ops.max(x, axis=1), x)
    return [(g[:, None] * [[0, 0.5, 0.5], [1, 0, 0]], dx)]


@formula
def logsumexp():
    x = real(3, 4)
    y, g, (dx,) = differentiate(lambda x: ops.logsumexp(x, axis=1), x)
    return [(g[:, None] * np.exp(x - y[:, None]), dx)]


@formula
def cumsum():
    x = real(3, 4)
    _, g, (dx,) = differentiate(lambda x: ops.cumsum(x, axis=1), x)
    return [(g @ np.tril(np.ones((4, 4))), dx)]


@formula
def take():
    x, places = real(3, 4), np.array([0, 2, 2])
    e = np.eye(4)[places]
    _, g, (dx,) = differentiate(lambda x: ops.take(x, places, axis=1), x)
    v = real(5)
    _, gs, (ds,) = differentiate(ops.sort, v)
    return [(g @ e, dx), (np.eye(5)[np.argsort(v)].T @ gs, ds)]


@formula
def concatenate():
    _, g, (da, db) = differentiate(
        lambda a, b: ops.concatenate([a, b], axis=1), real(3, 2), real(3, 4)
    )
    return [(g[:, :2], da), (g[:, 2:], db)]


@formula
def reshape():
    _, g, (dx,) = differentiate(lambda x: ops.transpose(x, (2, 0, 1)), real(2, 3, 4))
    _, gr, (dr,) = differentiate(lambda x: ops.reshape(x, (4, 3)), real(2, 6))
    _, gf, (df,) = differentiate(lambda x: ops.flip(x, axis=0), real(3))
    return [(g.transpose(1, 2, 0), dx), (gr.reshape(2, 6), dr), (gf[::-1], df)]


@formula
def softmax_page():
    y, g, (dx,) = differentiate(ops.softmax, real(3, 4))
    return [(y * (g - (g * y).sum(-1, keepdims=True)), dx)]


FORMULAS["softmax"] = FORMULAS.pop("softmax_page")


@formula
def log_softmax():
    y, g, (dx,) = differentiate(ops.log_softmax, real(3, 4))
    return [(g - np.exp(y) * g.sum(-1, keepdims=True), dx)]


# Losses.


def loss_pairs(loss, t, y, formula, of_target=None):
    """Compare gradients of a loss of outputs, and of targets where a formula is given for them."""
    with _in_float64(loss, None):
        _, g, (dt, dy) = differentiate(lambda t, y: loss(t, y), t, y)
    pairs = [(g * formula(t, y), dy)]
    return pairs if of_target is None else [*pairs, (g * of_target(t, y), dt)]


@formula
def mean_squared_error():
    t, y = real(3, 4), real(3, 4)

    def slope(t, y):
        return 2 / 12 * (y - t)

    return loss_pairs(losses.MeanSquaredError(), t, y, slope, lambda t, y: -slope(t, y))


@formula
def mean_absolute_error():
    t, y = real(3, 4), real(3, 4)

    def slope(t, y):
        return np.sign(y - t) / 12

    return loss_pairs(losses.MeanAbsoluteError(), t, y, slope, lambda t, y: -slope(t, y))


@formula
def huber():
    t, y = real(1, 8), 2 * real(1, 8)

    def slope(t, y):
        return np.clip(y - t, -0.9, 0.9) / 8

    return loss_pairs(losses.Huber(delta=0.9), t, y, slope, lambda t, y: -slope(t, y))


@formula
def hinge():
    t, y = np.sign(real(1, 8)), real(1, 8)
    y[0, :2] = t[0, 0], -t[0, 1]  # one of them at the kink
    return [
        *loss_pairs(losses.Hinge(), t, y, lambda t, y: -t * np.heaviside(1 - t * y, 0.5) / 8),
        *loss_pairs(
            losses.SquaredHinge(), t, y, lambda t, y: -2 * t * np.maximum(1 - t * y, 0) / 8
        ),
    ]


@formula
def kl_divergence():
    t, p = softmax(real(1, 4)), positive(1, 4)
    return loss_pairs(
        losses.KLDivergence(), t, p, lambda t, p: -t / p, lambda t, p: np.log(t / p) + 1
    )


@formula
def cosine_similarity():
    def slope(t, y):
        size = np.linalg.norm(y)
        t, y = t / np.linalg.norm(t), y / size
        return -(t - y * (t * y).sum()) / size

    t, y = real(1, 4), real(1, 4)
    return loss_pairs(losses.CosineSimilarity(), t, y, slope, lambda t, y: slope(y, t))


@formula
def binary_crossentropy():
    t, p, z = positive(3, 4), positive(3, 4), real(3, 4)
    logits = losses.BinaryCrossentropy(from_logits=True)
    return [
        *loss_pairs(
            losses.BinaryCrossentropy(),
            t,
            p,
            lambda t, p: (p - t) / (p * (1 - p)) / 12,
            lambda t, p: (np.log(1 - p) - np.log(p)) / 12,
        ),
        *loss_pairs(logits, t, z, lambda t, z: (sigmoid(z) - t) / 12, lambda t, z: -z / 12),
    ]


@formula
def categorical_crossentropy():
    t, p, z = positive(3, 4), positive(3, 4), real(3, 4)

    def slope(t, p):
        s = p.sum(-1, keepdims=True)
        return (t.sum(-1, keepdims=True) - t / (p / s)) / s / 3

    logits = losses.CategoricalCrossentropy(from_logits=True)
    cut = np.array([[0.0, 0.5, 0.25, 0.25]])  # its first class
    own = np.array([[0.0, *(t[0, 1:] / cut[0, 1:])]])
    return [
        *loss_pairs(
            losses.CategoricalCrossentropy(), t[:1], cut, lambda t, p: t[:, 1:].sum() - own
        ),
        *loss_pairs(
            losses.CategoricalCrossentropy(),
            t,
            p,
            slope,
            lambda t, p: -np.log(p / p.sum(-1, keepdims=True)) / 3,
        ),
        *loss_pairs(logits, t, z, lambda t, z: (t.sum(-1, keepdims=True) * softmax(z) - t) / 3),
    ]


@formula
def sparse_categorical_crossentropy():
    labels, p, z = np.array([1, 0, 3]), positive(3, 4), real(3, 4)
    one = np.eye(4)[labels]
    s = p.sum(-1, keepdims=True)
    pairs = []
    for logits, x, slope in (
        (False, p, (1 - one / (p / s)) / s / 3),
        (True, z, (softmax(z) - one) / 3),
    ):
        loss = losses.SparseCategoricalCrossentropy(from_logits=logits)
        with _in_float64(loss, None):
            _, g, (d,) = differentiate(lambda y, loss=loss: loss(labels, y), x)
        pairs.append((g * slope, d))
    return pairs


@formula
def ctc():
    """The sums over paths, path by path."""
    labels, z = np.array([[1, 2, 2]]), real(1, 5, 4)
    blank = 0
    y = softmax(z[0])
    gamma, total = np.zeros((5, 4)), 0
    for path in itertools.product(range(4), repeat=5):
        merged = [k for k, _ in itertools.groupby(path)]
        if [k for k in merged if k != blank] == [1, 2, 2]:
            probability = np.prod(y[np.arange(5), path])
            total += probability
            gamma[np.arange(5), path] += probability
    loss, g, (dz,) = differentiate(lambda z: ops.ctc_loss(labels, z, [3], [5], mask_index=0), z)
    return [(np.array([-np.log(total)]), loss), (g * (y - gamma / total)[None], dz)]


def test_every_formula_is_of_a_page():
    assert set(FORMULAS) == set(PAGES)
