"""Expressions of `keras.backend`, and what they are computed from."""

from __future__ import annotations

import numpy as np


def waves(*shape: int, speed: float = 0.7, shift: float = 0.0) -> np.ndarray:
    """Return numbers between -1 and 1 that look like chance."""
    n = np.arange(np.prod(shape, dtype=int), dtype="float64")
    return np.sin(shift + speed * n + 0.1 * n**1.5).reshape(shape).astype("float32")


def shares(*shape: int, shift: float = 0.0) -> np.ndarray:
    """Return positive numbers that sum to 1 along the last axis."""
    e = np.exp(waves(*shape, shift=shift))
    return (e / e.sum(-1, keepdims=True)).astype("float32")


INPUTS = {
    "a": waves(2, 3),
    "b": waves(2, 3, shift=1),
    "pos": np.abs(waves(2, 3)) + 0.2,
    "w": waves(3, 4, shift=2),
    "x": waves(2, 3, 4),
    "y": waves(2, 4, 5, shift=3),
    "z": waves(2, 3, 4, 5, shift=4),
    "n": np.array([[1, 5, 2], [7, 0, 3]], "int32"),
    "flags": np.array([[True, False, True], [False, False, False]]),
    "p": shares(2, 3),
    "t": np.array([[0, 1, 0], [0, 0, 1]], "float32"),
    "labels": np.array([2, 0], "int32"),
    "bits": np.array([[0, 1, 1], [1, 0, 0]], "float32"),
    "prob": (waves(2, 3) + 1) / 2,
    "img": waves(2, 5, 6, 3),
    "first": waves(2, 3, 5, 6),
    "seq": waves(2, 6, 3),
    "vol": waves(1, 4, 4, 4, 2),
    "k1": waves(3, 3, 2, shift=5),
    "k2": waves(3, 3, 3, 4, shift=6),
    "k3": waves(2, 2, 2, 2, 3, shift=7),
    "kt": waves(3, 3, 4, 3, shift=8),
    "kt3": waves(2, 2, 2, 3, 2, shift=8),
    "kd": waves(3, 3, 3, 2, shift=9),
    "kp": waves(1, 1, 6, 4, shift=10),
    "loc1": waves(4, 9, 2, shift=11),
    "loc2": waves(16, 18, 2, shift=12),
    "mask": np.array([[1, 1, 0, 1, 0, 0], [0, 1, 1, 0, 1, 1]], "bool"),
    "state": waves(2, 3, shift=13),
    "const": waves(2, 3, shift=14),
    "ctc": shares(2, 6, 4),
    "ctc_labels": np.array([[0, 1, 2], [2, 2, 0]], "float32"),
    "ctc_steps": np.array([[6], [5]], "int32"),
    "ctc_lengths": np.array([[3], [2]], "int32"),
}


def halves(x, states):
    """Return half of the state and the input, as output and state of a step."""
    y = x + states[0] * 0.5
    return y, [y]


def summary(result) -> list:
    """Return dtype, shape, sum and some of the elements of a result."""
    r = np.asarray(result)
    flat = r.reshape(-1)
    some = flat[:: max(flat.size // 24, 1)]
    numbers = [float(f"{v:.6g}") for v in [flat.astype("float64").sum(), *some.tolist()]]
    return [str(r.dtype), list(r.shape), numbers]


FIXED = {"w", "k1", "k2", "k3", "kt", "kt3", "kd", "kp", "loc1", "loc2"}
"""Inputs without a batch: all their sizes are known in graphs."""

CASES = """
K.abs(a)
K.all(flags)
K.all(n, axis=1)
K.any(flags, axis=-1, keepdims=True)
K.any(n, axis=[0, 1])
K.argmax(a)
K.argmax(x, axis=1)
K.argmin(a, axis=0)
K.batch_dot(a, b)
K.batch_dot(x, y)
K.batch_dot(x, y, axes=(2, 1))
K.batch_dot(x, x, axes=2)
K.batch_dot(x, x, axes=1)
K.batch_dot(a, b, axes=1)
K.batch_dot(x, K.batch_dot(x, y), axes=(1, 1))
K.batch_dot(a, x, axes=(1, 1))
K.batch_dot(x, a, axes=(1, 1))
K.batch_dot(z, y, axes=(2, 1))
K.batch_dot(z, y, axes=(-2, 1))
K.batch_dot(z, z, axes=(3, 3))
K.batch_flatten(z)
K.batch_normalization(a, a[0], K.square(b[0]), b[1], a[1], epsilon=0.01)
K.batch_normalization(first, a[0], K.square(b[0]), b[1], a[1], axis=1)
K.bias_add(img, a[0])
K.bias_add(img, img[0])
K.bias_add(first, a[0], data_format='channels_first')
K.bias_add(seq, a[0])
K.binary_crossentropy(bits, prob)
K.binary_crossentropy(bits, bits)
K.binary_crossentropy(1 - bits, bits)
K.binary_crossentropy(bits, a, from_logits=True)
K.binary_focal_crossentropy(bits, prob)
K.binary_focal_crossentropy(bits, prob, apply_class_balancing=True, alpha=0.3, gamma=1.5)
K.binary_focal_crossentropy(bits, a, from_logits=True)
K.cast(a, 'int32')
K.cast(flags, 'float32')
K.cast(n, 'float64')
K.categorical_crossentropy(t, p)
K.categorical_crossentropy(t, pos)
K.categorical_crossentropy(t, a, from_logits=True)
K.categorical_crossentropy(p, pos, axis=0)
K.categorical_focal_crossentropy(t, p)
K.categorical_focal_crossentropy(t, a, alpha=0.5, gamma=1.0, from_logits=True)
K.clip(a, -0.5, 0.5)
K.clip(a, 0.5, -0.5)
K.clip(a, None, 0.1)
K.concatenate([a, b])
K.concatenate([a, b], axis=0)
K.concatenate([x, x], axis=1)
K.conv1d(seq, k1)
K.conv1d(seq, k1, padding='same', strides=2)
K.conv1d(seq, k1, padding='causal', dilation_rate=2)
K.conv2d(img, k2)
K.conv2d(img, k2, strides=(2, 2), padding='same')
K.conv2d(img, k2, padding='same', dilation_rate=(2, 2))
K.conv2d_transpose(img, kt, (2, 7, 8, 4))
K.conv2d_transpose(img, kt, (2, 10, 12, 4), strides=(2, 2), padding='same')
K.conv2d_transpose(img, kt, (2, 9, 11, 4), strides=(2, 2), padding='same')
K.conv2d_transpose(img, kt, (2, 12, 14, 4), strides=(2, 2))
K.conv3d(vol, k3)
K.conv3d(vol, k3, padding='same', strides=(2, 1, 2))
K.cos(a)
K.ctc_batch_cost(ctc_labels, ctc, ctc_steps, ctc_lengths)
K.ctc_decode(ctc, ctc_steps[:, 0])[0][0]
K.ctc_decode(ctc, ctc_steps[:, 0])[1]
K.ctc_decode(ctc, ctc_steps[:, 0], greedy=False, beam_width=50, top_paths=2)[1]
K.ctc_decode(ctc, ctc_steps[:, 0], greedy=False, beam_width=50, top_paths=2)[0][0]
K.ctc_decode(ctc, ctc_steps[:, 0], greedy=False, beam_width=50, top_paths=2)[0][1]
K.cumprod(a, axis=1)
K.cumsum(x, axis=1)
K.cumsum(a)
K.depthwise_conv2d(img, kd)
K.depthwise_conv2d(img, kd, strides=(2, 2), padding='same')
K.dot(a, w)
K.dot(x, K.transpose(w))
K.dot(a, K.reshape(x, (2, 3, 4)))
K.dot(x, y)
K.dot(z, K.reshape(y, (4, 5, 2)))
K.elu(a)
K.elu(a, alpha=0.3)
K.equal(n, 2)
K.equal(a, a)
K.exp(a)
K.expand_dims(a)
K.expand_dims(a, 1)
K.flatten(x)
K.foldl(lambda acc, v: acc * 2 + v, x)
K.foldl(lambda acc, v: acc + v, w, initializer=w[0] * 0 + 1)
K.foldr(lambda acc, v: acc * 2 + v, x)
K.gather(w, n[:, :1] % 3)
K.greater(a, b)
K.greater_equal(n, 3)
K.hard_sigmoid(a * 4)
K.in_test_phase(a, b, training=1)
K.in_train_phase(a, b, training=1)
K.in_train_phase(lambda: a, lambda: b, training=0)
K.in_top_k(p, labels, 1)
K.in_top_k(p, labels, 2)
K.l2_normalize(x, axis=2)
K.l2_normalize(a)
K.less(a, b)
K.less_equal(n, 3)
K.local_conv1d(seq, loc1, (3,), (1,))
K.local_conv2d(img, loc2, (2, 3), (1, 1), (4, 4))
K.log(pos)
K.map_fn(lambda v: v * 2 + 1, x)
K.map_fn(lambda v: v[0] + v[1], (a, b), dtype='float32')
K.max(x, axis=[1, 2])
K.max(a)
K.maximum(a, b)
K.mean(x, axis=[0, 2])
K.mean(a, axis=-1, keepdims=True)
K.mean(flags)
K.mean(n)
K.min(x, axis=-1)
K.minimum(a, b)
K.normalize_batch_in_training(a, b[0], b[1], [0])[0]
K.normalize_batch_in_training(first, b[0], b[1], [0, 2, 3])[0]
K.normalize_batch_in_training(img, None, None, [0, 1, 2])[2]
K.not_equal(n, 2)
K.one_hot(n, 8)
K.ones_like(a)
K.permute_dimensions(x, (2, 0, 1))
K.pool2d(img, (2, 2), strides=(2, 2))
K.pool2d(img, (3, 3), strides=(2, 2), padding='same', pool_mode='avg')
K.pool2d(img, (2, 2))
K.pool3d(vol, (2, 2, 2), strides=(2, 2, 2))
K.pool3d(vol, (2, 2, 2), padding='same', pool_mode='avg')
K.pow(pos, 1.5)
K.pow(a, 2)
K.prod(x, axis=1)
K.prod(n, axis=1)
K.relu(a)
K.relu(a * 4, max_value=2)
K.relu(a * 4, alpha=0.1)
K.relu(a * 4, alpha=0.1, max_value=2, threshold=0.5)
K.relu(a * 4, threshold=1.0)
K.repeat(a, 4)
K.repeat_elements(x, 2, axis=1)
K.reshape(x, (-1, 4))
K.reshape(x, (2, -1))
K.resize_images(img, 2, 3, 'channels_last')
K.resize_images(first, 2, 1, 'channels_first')
K.resize_images(img, 2, 2, 'channels_last', interpolation='bilinear')
K.resize_volumes(vol, 1, 2, 3, 'channels_last')
K.reverse(x, 1)
K.reverse(x, [1, 2])
K.rnn(halves, seq, [state])[0]
K.rnn(halves, seq, [state])[1]
K.rnn(halves, seq, [state], go_backwards=True)[1]
K.rnn(halves, seq, [state], mask=mask)[0]
K.rnn(halves, seq, [state], mask=mask)[1]
K.rnn(halves, seq, [state], mask=mask, unroll=True)[1]
K.rnn(halves, seq, [state], mask=mask)[2][0]
K.rnn(halves, seq, [state], mask=mask, go_backwards=True)[1]
K.rnn(halves, seq, [state], mask=mask, zero_output_for_mask=True)[1]
K.rnn(lambda v, s: (v * s[1] + s[0], [v + s[0]]), seq, [state], constants=[const])[1]
K.rnn(lambda v, s: (v * s[1] + s[0], [v + s[0]]), seq, [state], constants=[const], unroll=True)[2][0]
K.rnn(lambda v, s: (v * s[1], [s[1], v]), seq, [state, const], return_all_outputs=False)[1]
K.rnn(lambda v, s: (v + s[0], [v]), K.permute_dimensions(seq, (1, 0, 2)), [state], time_major=True)[1]
K.round(a * 4 + 0.5)
K.separable_conv2d(img, kd, kp)
K.separable_conv2d(img, kd, kp, padding='same', strides=(2, 2))
K.shape(x)
K.sigmoid(a)
K.sign(a)
K.sin(a)
K.softmax(a)
K.softmax(x, axis=1)
K.softplus(a)
K.softsign(a)
K.sparse_categorical_crossentropy(labels, p)
K.sparse_categorical_crossentropy(labels, pos)
K.sparse_categorical_crossentropy(labels, a, from_logits=True)
K.sparse_categorical_crossentropy(K.argmax(x), x, from_logits=True)
K.sparse_categorical_crossentropy(labels, p, ignore_class=2)
K.spatial_2d_padding(img, ((1, 0), (0, 2)))
K.spatial_2d_padding(first, ((1, 1), (2, 0)), 'channels_first')
K.spatial_3d_padding(vol, ((1, 0), (0, 1), (1, 1)))
K.sqrt(a)
K.square(a)
K.squeeze(K.expand_dims(a, 1), 1)
K.stack([a, b])
K.stack([a, b], axis=-1)
K.std(x, axis=[0, 1])
K.stop_gradient(a)
K.sum(x, axis=(1, 2))
K.sum(x, axis=-1, keepdims=True)
K.sum(n)
K.switch(a > 0, a, b)
K.switch(K.sum(a) > 0, a, b)
K.switch(K.sum(a) > 0, lambda: a, lambda: b)
K.tanh(a)
K.temporal_padding(seq, (1, 2))
K.tile(a, [2, 1])
K.tile(x, (1, 2, 3))
K.transpose(w)
K.truncated_normal((2, 3)) * 0 + a
K.update_add(K.variable([1.0, 2.0]), [3.0, 4.0])
K.moving_average_update(K.variable([1.0, 2.0]), K.constant([3.0, 4.0]), 0.9)
K.var(a)
K.var(x, axis=1, keepdims=True)
K.zeros_like(x)
K.arange(5)
K.arange(2, 7, 2, dtype='float32')
K.arange(-3)
K.constant(3, shape=(2, 2))
K.constant([1, 2])
K.eye(3)
K.ones((2, 3))
K.zeros((2,), dtype='int32')
K.random_normal((2, 3), dtype='float64') * 0
K.random_uniform((2, 3), minval=1.0, maxval=1.0) * 0
K.random_bernoulli((2, 3), p=1.0)
K.random_binomial((2, 3), p=0.0)
K.to_dense(K.ctc_label_dense_to_sparse(np.array([[1, 2], [4, 5]], 'int32'), np.array([1, 2], 'int32')))
K.cast_to_floatx(np.array([1, 2]))
"""
EXPRESSIONS = [line for line in CASES.strip().splitlines() if line]
