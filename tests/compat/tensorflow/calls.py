"""Calls of TensorFlow's functions, and the data that they are called on.

`values.json` holds what TensorFlow 2.15 gives for them; `record.py` wrote it.
"""

import numpy as np

_rng = np.random.RandomState(0)


def _floats(*shape):
    return _rng.uniform(-2, 2, shape).astype(np.float32)


DATA = {
    "A": _floats(3, 4),
    "B": _floats(3, 4),
    "V": _floats(4),
    "P": np.abs(_floats(3, 4)) + 0.1,
    "U": _rng.uniform(0.05, 0.95, (3, 4)).astype(np.float32),
    "T": _floats(2, 3, 4),
    "D": _rng.uniform(-2, 2, (3, 4)),
    "I": _rng.randint(-5, 6, (3, 4)).astype(np.int32),
    "J": _rng.randint(1, 6, (3, 4)).astype(np.int32),
    "L": _rng.randint(0, 4, (3,)).astype(np.int64),
    "K": _rng.rand(3, 4) > 0.5,
    "S": (lambda m: (m @ m.transpose(0, 2, 1) + 3 * np.eye(3)).astype(np.float32))(
        _floats(2, 3, 3)
    ),
    "Q": _floats(2, 3, 3),
    "X": _rng.uniform(0, 1, (2, 6, 8, 3)).astype(np.float32),
    "X8": _rng.randint(0, 256, (6, 8, 3)).astype(np.uint8),
    "F": _floats(3, 3, 3, 2),
    "F3": _floats(2, 2, 2, 1, 2),
    "X3": _floats(1, 4, 4, 4, 1),
    "X1": _floats(2, 7, 3),
    "F1": _floats(3, 3, 2),
    "FD": _floats(3, 3, 3, 2),
    "FT": _floats(3, 3, 2, 3),
    "C": (_floats(2, 3) + 1j * _floats(2, 3)).astype(np.complex64),
    "W": np.array(["The cat", "sat, on", "THE Mat!", "caf\u00e9 \u00fcber"]),
}

_UNARY = """
abs acos acosh asin asinh atan atanh ceil cos cosh erf erfc exp expm1 floor log log1p rsqrt sigmoid sign sin
sinh softplus softsign sqrt square tan tanh negative reciprocal log_sigmoid is_finite is_nan rint
"""
_DOMAIN = {
    **dict.fromkeys(["acos", "asin", "atanh"], "U"),
    **dict.fromkeys(["log", "rsqrt", "sqrt", "reciprocal", "log1p"], "P"),
    "acosh": "P + 1",
}

CALLS = [f"tf.math.{f}({_DOMAIN.get(f, 'A')})" for f in _UNARY.split()]
CALLS += [
    f"tf.math.{f}({args})"
    for args in ("A, B", "A, V", "A, 2.0", "I, J", "2, I")
    for f in [
        "add",
        "subtract",
        "multiply",
        "maximum",
        "minimum",
        "less",
        "greater_equal",
        "equal",
        "not_equal",
    ]
]
CALLS += [
    f"tf.math.{f}({args})"
    for args in ("A, P", "I, J", "D, 3.0")
    for f in ["divide", "floordiv", "floormod", "truediv", "divide_no_nan", "squared_difference"]
    if not (f == "divide_no_nan" and args == "I, J")
]
CALLS += [
    f"tf.reduce_{f}({x}{axis}{keep})"
    for f in ["sum", "mean", "max", "min", "prod"]
    for x in ("T", "I", "D")
    for axis, keep in (
        ("", ""),
        (", axis=1", ""),
        (", axis=[0, 1]", ", keepdims=True"),
        (", -1", ", True"),
    )
]
CALLS += [
    f"tf.{f}(K{axis})"
    for f in ("reduce_all", "reduce_any")
    for axis in ("", ", axis=0", ", 1, True")
]
CALLS += """
tf.math.pow(P, A)
tf.pow(I, 2)
tf.math.logical_and(K, True)
tf.logical_or(K, A > 0)
tf.logical_not(K)
tf.math.logical_xor(K, A > 0)
tf.math.atan2(A, B)
tf.math.xlogy(A, P)
tf.math.xlogy(tf.zeros([3, 4]), tf.zeros([3, 4]))
tf.math.xdivy(A, P)
tf.math.multiply_no_nan(A, tf.zeros([3, 4]))
tf.math.erfinv(U)
tf.math.polyval([1.0, 2.0, 3.0], A)
tf.round(A * 3)
tf.math.reduce_std(T, axis=1)
tf.math.reduce_variance(T, [0, 2], True)
tf.math.reduce_logsumexp(T, axis=2)
tf.math.reduce_euclidean_norm(T, axis=1, keepdims=True)
tf.math.count_nonzero(I)
tf.math.count_nonzero(I, axis=1, keepdims=True, dtype=tf.int32)
tf.add_n([A, B, A])
tf.argmax(A)
tf.argmax(A, axis=1)
tf.argmax(A, axis=-1, output_type=tf.int32)
tf.argmin(T, 2)
tf.cumsum(A)
tf.cumsum(A, axis=1, exclusive=True)
tf.cumsum(A, axis=1, exclusive=True, reverse=True)
tf.math.cumprod(I, axis=1, reverse=True)
tf.math.bincount(J)
tf.math.bincount(J, minlength=9, dtype=tf.int64)
tf.math.bincount(J, axis=-1)
tf.math.confusion_matrix([0, 1, 2, 1], [0, 2, 2, 1])
tf.math.confusion_matrix([0, 1], [1, 1], num_classes=3, weights=[0.5, 2.0], dtype=tf.float32)
tf.math.in_top_k([0, 1, 2], A, 2)
tf.math.top_k(A, 2)
tf.math.top_k(A, k=3).indices
tf.math.segment_sum(A, [0, 0, 1])
tf.math.segment_mean(A, [0, 0, 2])
tf.math.segment_max(A, [0, 1, 1])
tf.math.unsorted_segment_sum(A, [2, 0, 2], 4)
tf.math.unsorted_segment_mean(A, [2, 0, 2], 3)
tf.math.l2_normalize(A, axis=1)
tf.math.softmax(A)
tf.math.log_softmax(A, axis=0)
tf.math.zero_fraction([0.0, 1.0, 0.0, 3.0])
tf.math.is_inf(A)
tf.math.real(C)
tf.math.imag(C)
tf.math.conj(C)
tf.math.angle(C)
tf.math.abs(C)
tf.complex([1.0, 2.0], [3.0, 4.0])
tf.bitwise.bitwise_and(J, 3)
tf.bitwise.bitwise_or(J, 3)
tf.bitwise.bitwise_xor(J, 3)
tf.bitwise.left_shift(J, 2)
tf.bitwise.invert(J)
tf.constant(3)
tf.constant(3.5)
tf.constant([1, 2, 3])
tf.constant([1.0, 2.0], dtype=tf.float64)
tf.constant(2, shape=(2, 3), dtype=tf.float32)
tf.constant([1, 2, 3, 4], shape=[2, 2])
tf.constant(np.arange(3))
tf.constant(np.arange(3.0))
tf.constant(True)
tf.constant([[1, 2], [3, 4]], tf.int64)
tf.constant("text")
tf.constant(["a", "b"])
tf.convert_to_tensor([[1, 2], [3, 4]])
tf.convert_to_tensor(A)
tf.convert_to_tensor([1, 2], dtype=tf.float32)
tf.convert_to_tensor([1, 2], dtype_hint=tf.float32)
tf.zeros([2, 3])
tf.zeros((2,), tf.int32)
tf.zeros(3, dtype=tf.float64)
tf.ones([2, 3], dtype=tf.int64)
tf.zeros_like(I)
tf.ones_like(I, dtype=tf.float32)
tf.fill([2, 3], 7)
tf.fill((2,), 1.5)
tf.eye(3)
tf.eye(2, 3, dtype=tf.int32)
tf.eye(2, batch_shape=[2])
tf.range(5)
tf.range(2, 10, 3)
tf.range(3.0)
tf.range(0, 1, 0.25)
tf.range(5, dtype=tf.float32)
tf.range(5, delta=2)
tf.range(tf.constant(3, tf.int64))
tf.linspace(0.0, 1.0, 5)
tf.linspace(0, 10, 3)
tf.shape(T)
tf.shape(T)[1]
tf.shape(T, out_type=tf.int64)
tf.size(T)
tf.rank(T)
tf.reshape(A, [4, 3])
tf.reshape(A, [-1])
tf.reshape(A, (2, -1))
tf.reshape(A, tf.shape(A)[::-1])
tf.reshape(A, [tf.shape(A)[0], -1, 2])
tf.transpose(A)
tf.transpose(T, [2, 0, 1])
tf.transpose(T, perm=(0, 2, 1))
tf.expand_dims(A, 0)
tf.expand_dims(A, axis=-1)
tf.squeeze(T[:, :1])
tf.squeeze(T[:1, :1], axis=0)
tf.squeeze(T[:1, :1], [0, 1])
tf.identity(A)
tf.cast(A, tf.int32)
tf.cast(I, tf.float32)
tf.cast(K, "float32")
tf.cast(A, tf.bool)
tf.cast(3.7, tf.int64)
tf.dtypes.cast(A, tf.float64)
tf.saturate_cast(A * 200, tf.uint8)
tf.broadcast_to(V, [2, 4])
tf.broadcast_to(1.0, (2, 2))
tf.concat([A, B], 0)
tf.concat([A, B], axis=-1)
tf.concat([T, T], axis=1)
tf.concat([[1, 2], [3]], 0)
tf.concat([tf.shape(A), [7]], 0)
tf.stack([A, B])
tf.stack([A, B], axis=1)
tf.stack([1, 2, 3])
tf.unstack(A)
tf.unstack(A, axis=1)
tf.split(A, 2, axis=1)
tf.split(A, [1, 3], axis=1)
tf.split(A, [1, -1], 1)
tf.split(A, 3)
tf.tile(A, [2, 1])
tf.tile([1, 2], [3])
tf.repeat(A, 2, axis=0)
tf.repeat([1, 2], [2, 3])
tf.repeat(A, repeats=[1, 2, 0], axis=0)
tf.pad(A, [[1, 0], [0, 2]])
tf.pad(A, [[1, 1], [1, 1]], "REFLECT")
tf.pad(A, [[1, 1], [1, 1]], mode="SYMMETRIC")
tf.pad(A, [[1, 1], [0, 0]], constant_values=3.0)
tf.reverse(A, [0])
tf.reverse(T, axis=[1, 2])
tf.roll(A, 1, 0)
tf.roll(A, shift=[1, -1], axis=[0, 1])
tf.meshgrid([1, 2, 3], [4, 5])
tf.meshgrid([1, 2, 3], [4, 5], indexing="ij")
tf.slice(A, [1, 0], [2, 3])
tf.slice(A, [0, 1], [-1, 2])
tf.strided_slice(A, [0, 0], [3, 4], [2, 2])
tf.gather(A, [2, 0])
tf.gather(A, [0, 3, 3], axis=1)
tf.gather(A, [[0, 1], [2, 2]])
tf.gather(T, [[0, 2], [1, 1]], axis=1, batch_dims=1)
tf.gather(T, [[0, 2], [1, 1]], axis=2, batch_dims=1)
tf.gather(T, [[0, 2], [1, 1]], batch_dims=1)
tf.gather(W, [1, 0])
tf.gather_nd(A, [[0, 1], [2, 3]])
tf.gather_nd(A, [[0], [2]])
tf.gather_nd(T, [[[0, 1]], [[1, 2]]])
tf.gather_nd(T, [[1], [2]], batch_dims=1)
tf.scatter_nd([[1], [3], [1]], [1.0, 2.0, 3.0], [5])
tf.scatter_nd([[0, 1], [2, 2]], [5, 6], tf.constant([3, 3]))
tf.scatter_nd([[1], [2]], [[1, 2], [3, 4]], [4, 2])
tf.tensor_scatter_nd_update(A, [[0, 1], [2, 3]], [9.0, 8.0])
tf.tensor_scatter_nd_update(A, [[1]], [[1.0, 2.0, 3.0, 4.0]])
tf.tensor_scatter_nd_add(A, [[0], [0]], tf.ones([2, 4]))
tf.tensor_scatter_nd_sub(A, [[0, 0]], [1.0])
tf.tensor_scatter_nd_max(A, [[0, 0], [1, 1]], [5.0, -5.0])
tf.tensor_scatter_nd_min(A, [[0, 0], [1, 1]], [5.0, -5.0])
tf.where(K)
tf.where(K, A, B)
tf.where(A > 0, A, 0.0)
tf.where([True, False], [1, 2], [3, 4])
tf.boolean_mask(A, K)
tf.boolean_mask(A, [True, False, True])
tf.boolean_mask(A, [True, False, True, True], axis=1)
tf.one_hot([0, 2, -1, 5], 4)
tf.one_hot([[0, 1], [2, 3]], depth=4, axis=0)
tf.one_hot([0, 1], 3, on_value=5, off_value=-1)
tf.one_hot([0, 1], 3, on_value=5.0, off_value=0.0, axis=0)
tf.one_hot(L, 4, dtype=tf.int32)
tf.sequence_mask([1, 3, 2])
tf.sequence_mask([1, 3, 2], 5, dtype=tf.float32)
tf.unique([3, 1, 3, 2, 1])
tf.unique(["b", "a", "b"])
tf.unique_with_counts([3, 1, 3, 2, 1])
tf.sort(A)
tf.sort(A, axis=0, direction="DESCENDING")
tf.argsort(A)
tf.argsort(I, axis=1, direction="DESCENDING", stable=True)
tf.searchsorted([1.0, 3.0, 5.0], [0.0, 3.0, 6.0])
tf.searchsorted([[1, 3], [2, 4]], [[3, 0], [4, 2]], side="right")
tf.dynamic_partition([1, 2, 3, 4], [0, 1, 0, 1], 2)
tf.dynamic_stitch([[0, 2], [1, 3]], [[1.0, 3.0], [2.0, 4.0]])
tf.reverse_sequence(A, [1, 3, 4], seq_axis=1)
tf.histogram_fixed_width([-1.0, 0.5, 1.5, 9.0], [0.0, 5.0], nbins=5)
tf.clip_by_value(A, -1.0, 1.0)
tf.clip_by_value(I, 0, 3)
tf.clip_by_norm(A, 2.0)
tf.clip_by_norm(A, 1.0, axes=[1])
tf.clip_by_norm(A, 100.0)
tf.linalg.global_norm([A, B])
tf.clip_by_global_norm([A, B], 1.5)
tf.ensure_shape(A, [None, 4])
tf.equal(W, "sat, on")
tf.matmul(A, B, transpose_b=True)
tf.matmul(A, B, transpose_a=True)
tf.matmul(T, T, transpose_b=True)
tf.matmul(I, J, transpose_b=True)
tf.linalg.matvec(A, V)
tf.tensordot(A, B, [[1], [1]])
tf.tensordot(A, B, axes=[[0, 1], [0, 1]])
tf.tensordot(T, V, 1)
tf.einsum("ij,kj->ik", A, B)
tf.einsum("bij,bkj->bik", T, T)
tf.einsum("...ij->...ji", T)
tf.norm(A)
tf.norm(T, axis=2)
tf.norm(A, ord=1, axis=1)
tf.norm(A, ord=np.inf, axis=0, keepdims=True)
tf.norm(A, ord=2)
tf.linalg.normalize(A, axis=1)
tf.linalg.det(S)
tf.linalg.inv(S)
tf.linalg.solve(S, Q)
tf.linalg.solve(S, Q, adjoint=True)
tf.linalg.cholesky(S)
tf.linalg.cholesky_solve(tf.linalg.cholesky(S), Q)
tf.linalg.triangular_solve(S, Q)
tf.linalg.triangular_solve(S, Q, lower=False)
tf.linalg.eigvalsh(S)
tf.linalg.svd(Q, compute_uv=False)
tf.linalg.svd(Q)[0]
tf.linalg.trace(S)
tf.linalg.logdet(S)
tf.linalg.slogdet(Q)
tf.linalg.pinv(A)
tf.linalg.lstsq(A, B[:, :2])
tf.linalg.lstsq(tf.transpose(A), tf.transpose(B), l2_regularizer=0.1)
tf.linalg.diag(V)
tf.linalg.diag(A)
tf.linalg.diag([1, 2], k=1)
tf.linalg.diag_part(S)
tf.linalg.set_diag(S, [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
tf.linalg.band_part(S, 1, 0)
tf.linalg.band_part(tf.ones([4, 4]), -1, 0)
tf.linalg.band_part(tf.ones([2, 4]), 0, 1)
tf.linalg.cross([1.0, 2.0, 3.0], [4.0, 5.0, 6.0])
tf.linalg.matrix_transpose(T)
tf.linalg.tensor_diag([1, 2, 3])
tf.linalg.expm(Q)
tf.linalg.l2_normalize(A, axis=0)
tf.linalg.matrix_rank(S)
tf.nn.relu(A)
tf.nn.relu(I)
tf.nn.relu6(A * 5)
tf.nn.elu(A)
tf.nn.selu(A)
tf.nn.gelu(A)
tf.nn.gelu(A, approximate=True)
tf.nn.silu(A)
tf.nn.swish(A)
tf.nn.leaky_relu(A)
tf.nn.leaky_relu(A, alpha=0.1)
tf.nn.crelu(A)
tf.nn.softplus(A)
tf.nn.softsign(A)
tf.nn.sigmoid(A)
tf.nn.tanh(A)
tf.nn.softmax(A)
tf.nn.softmax(A, axis=0)
tf.nn.log_softmax(T, axis=1)
tf.nn.softmax_cross_entropy_with_logits(labels=U, logits=A)
tf.nn.softmax_cross_entropy_with_logits(U, A, axis=0)
tf.nn.sparse_softmax_cross_entropy_with_logits(labels=L, logits=A)
tf.nn.sparse_softmax_cross_entropy_with_logits(labels=[[0, 1, 2], [3, 2, 1]], logits=T)
tf.nn.sigmoid_cross_entropy_with_logits(labels=U, logits=A * 20)
tf.nn.weighted_cross_entropy_with_logits(labels=U, logits=A, pos_weight=3.0)
tf.nn.log_poisson_loss(P * 3, A)
tf.nn.log_poisson_loss(P * 3, A, compute_full_loss=True)
tf.nn.l2_loss(A)
tf.nn.l2_normalize(A, axis=1)
tf.nn.zero_fraction([0.0, 1.0])
tf.nn.conv2d(X, F, strides=1, padding="SAME")
tf.nn.conv2d(X, F, strides=[1, 2, 2, 1], padding="VALID")
tf.nn.conv2d(X, F, 2, "SAME")
tf.nn.conv2d(X, F, 1, "VALID", dilations=2)
tf.nn.conv2d(X, F, 1, [[0, 0], [1, 2], [0, 1], [0, 0]])
tf.nn.conv1d(X1, F1, stride=2, padding="SAME")
tf.nn.conv1d(X1, F1, 1, "VALID")
tf.nn.conv3d(X3, F3, strides=[1, 1, 1, 1, 1], padding="VALID")
tf.nn.convolution(X, F, padding="SAME")
tf.nn.atrous_conv2d(X, F, 2, "SAME")
tf.nn.conv2d_transpose(X, FT, output_shape=[2, 12, 16, 2], strides=2, padding="SAME")
tf.nn.conv2d_transpose(X, FT, [2, 11, 15, 2], [1, 2, 2, 1])
tf.nn.conv2d_transpose(X, FT, [2, 13, 17, 2], 2, "VALID")
tf.nn.conv2d_transpose(X, FT, [2, 14, 18, 2], 2, "VALID")
tf.nn.depthwise_conv2d(X, FD, strides=[1, 1, 1, 1], padding="SAME")
tf.nn.depthwise_conv2d(X, FD, [1, 2, 2, 1], "VALID")
tf.nn.separable_conv2d(X, FD, tf.ones([1, 1, 6, 2]), [1, 1, 1, 1], "SAME")
tf.nn.max_pool2d(X, ksize=2, strides=2, padding="VALID")
tf.nn.max_pool2d(X, [1, 3, 3, 1], [1, 2, 2, 1], "SAME")
tf.nn.max_pool(X, 2, 2, "SAME")
tf.nn.avg_pool2d(X, 3, 2, "SAME")
tf.nn.avg_pool(X, ksize=2, strides=1, padding="VALID")
tf.nn.max_pool1d(X1, 2, 2, "VALID")
tf.nn.avg_pool1d(X1, 3, 2, "SAME")
tf.nn.max_pool3d(X3, 2, 2, "VALID")
tf.nn.pool(X, [2, 2], "AVG", strides=[2, 2])
tf.nn.bias_add(X, [1.0, 2.0, 3.0])
tf.nn.dropout(A, rate=0.0)
tf.nn.moments(X, axes=[0, 1, 2])
tf.nn.moments(A, [1], keepdims=True)
tf.nn.batch_normalization(A, V, tf.abs(V), 0.5, V, 1e-3)
tf.nn.batch_normalization(A, V, tf.abs(V), None, None, 1e-3)
tf.nn.local_response_normalization(tf.tile(X, [1, 1, 1, 3]), depth_radius=2, bias=1.0, alpha=0.5, beta=0.75)
tf.nn.embedding_lookup(A, [[0, 2], [1, 1]])
tf.nn.top_k(A, 2).values
tf.nn.in_top_k([0, 1, 2], A, 1)
tf.nn.space_to_depth(X, 2)
tf.nn.depth_to_space(tf.tile(X, [1, 1, 1, 4]), 2)
tf.nn.ctc_loss([[1, 2], [2, 0]], tf.tile(A[:, None], [1, 2, 1]), [2, 1], [3, 3], blank_index=0)
tf.nn.compute_average_loss([1.0, 2.0, 3.0], global_batch_size=4)
tf.image.resize(X, [12, 16])
tf.image.resize(X, [3, 5])
tf.image.resize(X8, (9, 4))
tf.image.resize(X, [4, 4], method="nearest")
tf.image.resize(X8, [9, 11], method=tf.image.ResizeMethod.NEAREST_NEIGHBOR)
tf.image.resize(X, [9, 5], method="bicubic")
tf.image.resize(X, [3, 20], "area")
tf.image.resize(X, [9, 5], "lanczos3")
tf.image.resize(X, [3, 4], antialias=True)
tf.image.resize(X, [3, 4], "bicubic", antialias=True)
tf.image.resize(X, [3, 4], "lanczos5", antialias=True)
tf.image.resize(X, [9, 5], "gaussian")
tf.image.resize(X, [9, 5], "mitchellcubic")
tf.image.resize(X, [12, 10], preserve_aspect_ratio=True)
tf.image.resize_with_pad(X, 10, 10)
tf.image.resize_with_crop_or_pad(X, 4, 10)
tf.image.resize_with_crop_or_pad(X8, 9, 5)
tf.image.central_crop(X, 0.5)
tf.image.crop_to_bounding_box(X, 1, 2, 3, 4)
tf.image.pad_to_bounding_box(X, 1, 2, 9, 12)
tf.image.crop_and_resize(X, [[0.1, 0.2, 0.8, 0.9], [0.0, 0.0, 1.0, 1.2]], [0, 1], [3, 4])
tf.image.flip_left_right(X)
tf.image.flip_up_down(X8)
tf.image.rot90(X)
tf.image.rot90(X8, k=3)
tf.image.transpose(X)
tf.image.adjust_brightness(X, 0.2)
tf.image.adjust_brightness(X8, 0.2)
tf.image.adjust_contrast(X, 1.7)
tf.image.adjust_contrast(X8, 0.5)
tf.image.adjust_gamma(X, 2.0, 0.5)
tf.image.adjust_hue(X, 0.3)
tf.image.adjust_saturation(X, 0.4)
tf.image.adjust_saturation(X, 3.0)
tf.image.rgb_to_grayscale(X)
tf.image.rgb_to_grayscale(X8)
tf.image.grayscale_to_rgb(tf.constant(X)[..., :1])
tf.image.rgb_to_hsv(X)
tf.image.hsv_to_rgb(X)
tf.image.convert_image_dtype(X8, tf.float32)
tf.image.convert_image_dtype(X, tf.uint8)
tf.image.convert_image_dtype(X, tf.uint8, saturate=True)
tf.image.convert_image_dtype(X8, tf.uint16)
tf.image.per_image_standardization(X)
tf.image.per_image_standardization(X8)
tf.image.psnr(X[0], X[1], max_val=1.0)
tf.image.ssim(tf.tile(X, [1, 2, 2, 1]), tf.tile(X[::-1], [1, 2, 2, 1]), 1.0)
tf.image.total_variation(tf.constant(X))
tf.image.image_gradients(tf.constant(X))
tf.image.sobel_edges(tf.constant(X))
tf.image.extract_patches(X, [1, 2, 3, 1], [1, 2, 2, 1], [1, 1, 1, 1], "VALID")
tf.image.extract_patches(X, [1, 3, 3, 1], [1, 1, 1, 1], [1, 2, 2, 1], "SAME")
tf.image.non_max_suppression([[0, 0, 1, 1], [0, 0.1, 1, 1.1], [2, 2, 3, 3]], [0.9, 0.8, 0.7], 3)
tf.strings.lower(W)
tf.strings.lower(W, encoding="utf-8")
tf.strings.upper(W)
tf.strings.strip(["  a ", "b"])
tf.strings.regex_replace(W, "[aeiou]", "_")
tf.strings.regex_replace(W, "(c)(a)", r"\\\\2\\\\1")
tf.strings.regex_replace("aaa", "a", "b", replace_global=False)
tf.strings.regex_replace(W, r"[^a-zA-Z\\s]", "")
tf.strings.regex_full_match(W, ".*at.*")
tf.strings.length(W)
tf.strings.length(W, unit="UTF8_CHAR")
tf.strings.substr(W[:3], 1, 3)
tf.strings.substr(W, 0, 4, unit="UTF8_CHAR")
tf.strings.join([W, W], separator="-")
tf.strings.join(["<", W, ">"])
tf.strings.reduce_join([["a", "b"], ["c", "d"]], axis=1)
tf.strings.reduce_join([["a", "b"], ["c", "d"]], separator=" ")
tf.strings.reduce_join([["a", "b"], ["c", "d"]], axis=0, keepdims=True)
tf.strings.split("a b  c")
tf.strings.split(W).to_tensor()
tf.strings.split("a,b,,c", ",")
tf.strings.split(W, "a").row_lengths()
tf.strings.unicode_split("caf\u00e9", "UTF-8")
tf.strings.bytes_split("abc")
tf.strings.to_number(["1.5", "-2"])
tf.strings.to_number(["1", "2"], tf.int32)
tf.strings.as_string([1, 2])
tf.strings.as_string([1.5, 2.25], precision=2)
tf.strings.as_string([True, False])
tf.strings.unicode_decode("abc", "UTF-8")
tf.strings.format("x={}", tf.constant([1, 2]))
tf.reshape(W, [2, 2])
tf.concat([W, ["z"]], 0)
tf.stack([W, W])
tf.map_fn(lambda x: x * 2, A)
tf.map_fn(lambda x: tf.reduce_sum(x), A)
tf.map_fn(lambda t: t[0] * t[1], (A, B), fn_output_signature=tf.float32)
tf.vectorized_map(lambda x: x + 1, A)
tf.scan(lambda a, x: a + x, A)
tf.scan(lambda a, x: a * 0.5 + x, A, initializer=tf.ones([4]))
tf.scan(lambda a, x: a + x, A, reverse=True)
tf.foldl(lambda a, x: a - x, A)
tf.foldr(lambda a, x: a - x, A)
tf.while_loop(lambda i, s: i < 5, lambda i, s: (i + 1, s + i), (0, 0))
tf.while_loop(lambda i: i < 5, lambda i: [i + 1], [tf.constant(0)], maximum_iterations=3)
tf.cond(tf.constant(1) > 0, lambda: 1.0, lambda: 2.0)
tf.case([(tf.constant(False), lambda: 1), (tf.constant(True), lambda: 2)], default=lambda: 3)
tf.switch_case(tf.constant(1), [lambda: 10, lambda: 20])
tf.numpy_function(lambda x: x * 2, [A], tf.float32)
tf.py_function(lambda x, y: (x + y, x), [A, B], [tf.float32, tf.float32])
tf.stop_gradient(A)
tf.nest.flatten({"b": 1, "a": [2, 3]})
tf.nest.map_structure(lambda x: x + 1, [1, (2, 3)])
tf.TensorShape([2, None]).as_list()
tf.TensorShape([2, 3]).num_elements()
tf.TensorShape([2, 3]).rank
(tf.TensorShape([2, 3]) + [4]).as_list()
tf.TensorShape([2, None]).is_compatible_with([2, 5])
tf.TensorShape([2, None]).merge_with([None, 3]).as_list()
tf.broadcast_static_shape(tf.TensorShape([3, 1]), tf.TensorShape([1, 4])).as_list()
tf.as_dtype("float32").name
tf.float32.as_numpy_dtype(2)
tf.float16.max
tf.int8.min
tf.uint8.limits
tf.float32.size
tf.int32.is_integer
tf.bfloat16.is_floating
tf.constant(1.0).dtype.name
tf.constant([1.0])[0].dtype == tf.float32
tf.constant(A)[1:, ::2]
tf.constant(A)[..., tf.newaxis]
tf.constant(A)[tf.constant(1)]
tf.constant(A) @ tf.transpose(B)
tf.constant(A) + 1
1 - tf.constant(A)
tf.constant(A) ** 2
2.0 / tf.constant(P)
tf.constant(I) // 2
tf.constant(I) % 3
-tf.constant(A)
abs(tf.constant(A))
tf.constant(A) > 0
~tf.constant(K)
tf.constant(K) & (A > 0)
tf.constant(A) * np.float32(2)
len(tf.constant(A))
int(tf.constant(3))
float(tf.constant(2.5))
bool(tf.constant(True))
[x.shape.as_list() for x in tf.constant(A)]
tf.constant(A).get_shape().as_list()
tf.constant(T).shape[1:].as_list()
tf.constant(A).numpy()
tf.Variable(A).assign_add(A).numpy()
tf.Variable([1.0, 2.0]).assign([3.0, 4.0]) * 2
tf.Variable(3).dtype.name
tf.Variable(A).shape.as_list()
tf.Variable(A)[0]
tf.Variable(A)[0].assign([1.0, 2.0, 3.0, 4.0]).numpy()
tf.Variable(A).read_value()
tf.Variable(A).value()
isinstance(tf.Variable(1.0), tf.Variable)
isinstance(tf.constant(1.0), tf.Tensor)
isinstance(tf.Variable(1.0), tf.Tensor)
isinstance(1.0, tf.Tensor)
tf.is_tensor(A)
tf.is_tensor(tf.constant(1))
tf.executing_eagerly()
tf.math.argmax(A, 1)
tf.compat.v1.losses.mean_squared_error(A, B)
tf.compat.v1.losses.mean_squared_error(A, B, weights=[[1.0], [0.0], [2.0]])
tf.compat.v1.losses.absolute_difference(A, B)
tf.compat.v1.losses.huber_loss(A, B, delta=0.5)
tf.compat.v1.losses.log_loss(K, U)
tf.compat.v1.losses.hinge_loss(K, A)
tf.compat.v1.losses.softmax_cross_entropy(U, A)
tf.compat.v1.losses.softmax_cross_entropy(U, A, label_smoothing=0.1)
tf.compat.v1.losses.sigmoid_cross_entropy(K, A)
tf.compat.v1.losses.sparse_softmax_cross_entropy(L, A)
tf.compat.v1.losses.sparse_softmax_cross_entropy(L, A, weights=[1.0, 0.0, 0.5])
tf.math.xlog1py(A, P)
tf.math.reciprocal_no_nan([0.0, 2.0])
tf.math.scalar_mul(2.0, A)
tf.math.is_non_decreasing([1, 1, 2])
tf.math.is_strictly_increasing([1, 1, 2])
tf.math.invert_permutation([2, 0, 1])
tf.math.segment_prod(A, [0, 0, 2])
tf.math.unsorted_segment_prod(A, [2, 0, 2], 3)
tf.unravel_index([5, 7], [3, 4])
tf.space_to_batch(X, [2, 2], [[0, 0], [1, 1]])
tf.batch_to_space(tf.space_to_batch(X, [2, 2], [[0, 0], [1, 1]]), [2, 2], [[0, 0], [1, 1]])
tf.image.rgb_to_yuv(X)
tf.image.yuv_to_rgb(X)
tf.signal.fft(C)
tf.signal.ifft(C)
tf.signal.fft2d(C)
tf.signal.ifft2d(C)
tf.signal.rfft(A)
tf.signal.rfft(A, fft_length=[8])
tf.signal.irfft(tf.signal.rfft(A))
tf.signal.hann_window(8)
tf.signal.hann_window(7)
tf.signal.hann_window(6, periodic=False)
tf.signal.hamming_window(5)
tf.signal.frame(tf.range(10.0), 4, 3)
tf.signal.frame(tf.range(10.0), 4, 3, pad_end=True)
tf.signal.stft(tf.reshape(X, [2, -1]), frame_length=20, frame_step=10)
tf.signal.stft(tf.reshape(X, [2, -1]), 16, 8, fft_length=32, pad_end=True)
tf.signal.linear_to_mel_weight_matrix(5, 17, 8000.0, 100.0, 3000.0)
tf.compat.v1.div(I, J)
tf.compat.v1.to_float(I)
tf.compat.v1.reduce_sum(A, reduction_indices=1, keep_dims=True)
tf.compat.v1.squeeze(A[None], squeeze_dims=[0])
tf.compat.v1.expand_dims(A, dim=1)
tf.compat.v1.argmax(A, dimension=1)
tf.compat.v1.nn.softmax(A, dim=0)
tf.compat.v1.nn.conv2d(X, F, strides=[1, 1, 1, 1], padding="SAME")
tf.compat.v1.nn.max_pool(X, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")
tf.compat.v1.confusion_matrix([0, 1], [1, 1])
tf.compat.as_bytes("a") == b"a"
""".strip().splitlines()


def plain(result):
    """Return what a call gave as something to write into a file: values, shapes and dtypes."""
    if isinstance(result, dict):
        return {str(k): plain(v) for k, v in result.items()}
    if hasattr(result, "numpy") and hasattr(result, "dtype"):
        return _array(result.numpy())
    if isinstance(result, (list, tuple)):
        return [plain(r) for r in result]
    if isinstance(result, (np.ndarray, np.generic)):
        return _array(result)
    return result


def _array(value):
    array = np.asarray(value, object) if isinstance(value, bytes) else np.asarray(value)
    if array.dtype.kind in "OSU":
        values = [x.decode() if isinstance(x, bytes) else str(x) for x in array.reshape(-1)]
        return {"shape": list(array.shape), "dtype": "string", "values": values}
    flat = array.reshape(-1)
    if array.dtype.kind == "c":
        values = [[float(x.real), float(x.imag)] for x in flat]
    elif array.dtype.kind == "f":
        values = [float(f"{x:.7g}") for x in flat.tolist()]
    else:
        values = flat.tolist()
    return {"shape": list(array.shape), "dtype": array.dtype.name, "values": values}
