"""`BatchNormalization`: each channel to mean 0 and variance 1 over the batch."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from minikeras.autodiff.state import thread
from minikeras.autodiff.tensor import Tensor, to_array
from minikeras.common.arguments import Fraction, NonNegative
from minikeras.common.ranks import shared_rows, sharers
from minikeras.common.settings import settings
from minikeras.constraints.constraints import ConstraintLike
from minikeras.initializers.initializer import InitializerLike
from minikeras.layers.input_spec import InputSpec
from minikeras.layers.layer import Layer
from minikeras.layers.normalization.axes import check_axes
from minikeras.ops.core import cast
from minikeras.ops.normalization import (
    AFFINE,
    BATCH_NORMALIZATION,
    activated_batch_normalization,
    batch_normalization,
    computing_dtype,
)
from minikeras.ops.reductions import sum as sum_of
from minikeras.regularizers.regularizers import RegularizerLike


class BatchNormalization(Layer):
    """Normalizes each channel by mean and variance, while training by those of the batch.

    Otherwise, and where `trainable` is false, by moving averages of what was seen in training.

    Args:
        axis: axis of the channels.
        momentum: how much of the moving averages stays at each step.
        epsilon: added to the variance.
        center: whether `beta` is added.
        scale: whether to multiply by `gamma`.
        beta_initializer, gamma_initializer: initializers of those weights.
        moving_mean_initializer, moving_variance_initializer: initializers of the averages.
        beta_regularizer, gamma_regularizer: penalties on those weights.
        beta_constraint, gamma_constraint: constraints of those weights.
        renorm: whether to correct the batch's statistics towards moving ones (Ioffe, 2017).
        renorm_clipping: dict of limits of that correction, `rmin`, `rmax` and `dmax`.
        renorm_momentum: momentum of the moving averages that are used for it.
        synchronized: not supported, as in Keras outside TensorFlow.

    Input and output: the same shape. A mask, of one axis less, leaves examples out of the
    statistics.

    Source: Ioffe & Szegedy, 2015.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layer = layers.BatchNormalization(epsilon=0.0)
    >>> layer(np.array([[1.0], [3.0]], "float32"), training=True)
    <Tensor shape=(2, 1) dtype=float32
    [[-1.]
     [ 1.]]>
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: Fraction = 0.99,
        epsilon: NonNegative = 1e-3,
        center: bool = True,
        scale: bool = True,
        beta_initializer: InitializerLike = "zeros",
        gamma_initializer: InitializerLike = "ones",
        moving_mean_initializer: InitializerLike = "zeros",
        moving_variance_initializer: InitializerLike = "ones",
        beta_regularizer: RegularizerLike = None,
        gamma_regularizer: RegularizerLike = None,
        beta_constraint: ConstraintLike = None,
        gamma_constraint: ConstraintLike = None,
        renorm: bool = False,
        renorm_clipping: dict | None = None,
        renorm_momentum: Fraction = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if synchronized:
            raise ValueError(
                "BatchNormalization: synchronized=True needs the TensorFlow backend of Keras."
            )
        self.axis = int(axis)
        self.momentum, self.epsilon = float(momentum), float(epsilon)
        self.center, self.scale = center, scale
        self._keep_weight_arguments(locals())
        self.renorm = renorm
        self.renorm_clipping = _checked_clipping(renorm_clipping) if renorm else renorm_clipping
        self.renorm_momentum = renorm_momentum
        self.synchronized = synchronized
        self.gamma = self.beta = None
        self.supports_masking = True

    def build(self, input_shape: tuple) -> None:
        check_axes(self, input_shape)
        channels = input_shape[self.axis]
        if channels is None:
            raise ValueError(
                f"Layer '{self.name}': axis {self.axis} of the inputs must have a known size. "
                f"Received: input_shape={input_shape}"
            )
        shape = (channels,)
        if self.scale:
            self.gamma = self._weight("gamma", shape, autocast=False)
        if self.center:
            self.beta = self._weight("beta", shape, autocast=False)
        self.moving_mean = self._average("moving_mean", shape, self.moving_mean_initializer)
        variance = self.moving_variance_initializer
        self.moving_variance = self._average("moving_variance", shape, variance)
        if self.renorm:
            deviation = functools.partial(_root_of, variance)
            self.moving_stddev = self._average("moving_stddev", shape, deviation)
            self.renorm_mean = self._average("renorm_mean", shape, self.moving_mean_initializer)
            self.renorm_stddev = self._average("renorm_stddev", shape, deviation)
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: channels})

    def _average(self, name: str, shape: tuple, initializer: Any) -> Any:
        return self.add_weight(
            name=name, shape=shape, initializer=initializer, trainable=False, autocast=False
        )

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if mask is not None and len(mask.shape) != len(inputs.shape) - 1:
            raise ValueError(
                f"Layer '{self.name}': the mask must have one axis less than the inputs. "
                f"Received: mask.shape={mask.shape}, inputs.shape={inputs.shape}"
            )
        x, dtype = inputs, computing_dtype(inputs.dtype)
        if x.dtype != dtype:
            x = cast(x, dtype)
        gamma, beta, moving_mean, moving_variance = [
            v if v is None or v.array.dtype == dtype else cast(v, dtype)
            for v in (self.gamma, self.beta, self.moving_mean, self.moving_variance)
        ]
        if not (training and self.trainable):
            then = self._take_activation() if dtype == self._compute else None
            here, affine = thread.state, None
            if not (here.tapes or here.describing):  # else averages and weights are parts of it
                affine = self._affine_parts(self.axis, dtype)
            if affine is not None:
                y = AFFINE(x, *self._as_affine(*affine), axis=self.axis, activation=then)
            else:
                averages = moving_mean, moving_variance
                y = activated_batch_normalization(
                    x, *averages, self.axis, beta, gamma, self.epsilon, then
                )
        elif self.renorm or mask is not None:
            y = self._corrected(x, gamma, beta, mask)
        else:
            summand = self._take_summand(x) if dtype == self._compute else None
            then = self._take_activation() if dtype == self._compute else None
            more = () if summand is None else (summand,)
            y, mean, var = BATCH_NORMALIZATION(
                x, gamma, beta, *more, axis=self.axis, epsilon=self.epsilon, activation=then
            )
            _move(self.moving_mean, mean, self.momentum)
            _move(self.moving_variance, var, self.momentum)
        return y if y.array.dtype == self._compute else cast(y, self._compute)

    def _may_take_over(self, following: Any) -> bool:
        own = self._computes_as(BatchNormalization)
        return own and isinstance(following, Layer) and following._as_activation() is not None

    def _may_add(self) -> bool:
        return self._computes_as(BatchNormalization)

    def _affine_parts(self, axis: int, dtype: np.dtype) -> tuple | None:
        here = thread.state
        if not self._computes_as(BatchNormalization) or (here.training and self.trainable):
            return None
        if self.axis != axis:
            rank = getattr(self.input_spec, "ndim", None)
            if rank is None or self.axis % rank != axis % rank:
                return None
        if self.moving_mean.array.dtype != dtype:
            return None
        gamma, beta = self.gamma, self.beta
        return (
            self.moving_mean.array,
            self.moving_variance.array,
            None if gamma is None else gamma.array,
            None if beta is None else beta.array,
            self.epsilon,
        )

    def _as_affine(
        self,
        mean: np.ndarray,
        variance: np.ndarray,
        gamma: np.ndarray | None,
        beta: np.ndarray | None,
        epsilon: float,
    ) -> tuple[np.ndarray, np.ndarray]:
        scale = 1 / np.sqrt(variance + mean.dtype.type(epsilon))
        if gamma is not None:
            scale *= gamma
        shift = -mean * scale
        if beta is not None:
            shift += beta
        return scale, shift

    def _corrected(self, x: Any, gamma: Any, beta: Any, mask: Any) -> Any:
        """Normalize with a mask or renorm."""
        if mask is None:
            y, mean, var = BATCH_NORMALIZATION(x, None, None, axis=self.axis, epsilon=self.epsilon)
        else:
            mean, var = self._masked_moments(x, to_array(mask).astype(bool))
            y = batch_normalization(x, mean, var, self.axis, epsilon=self.epsilon)
        one, zero = np.ones_like(var.array), np.zeros_like(var.array)
        if self.renorm:
            stddev = np.sqrt(var.array + self.epsilon)
            one, zero = self._renorm(mean.array, stddev)
            _move(self.renorm_mean, mean, self.renorm_momentum)
            _move(self.renorm_stddev, Tensor(stddev), self.renorm_momentum)
            _move(self.moving_mean, mean, self.momentum)
            _move(self.moving_stddev, Tensor(stddev), self.momentum)
            square = np.square(self.moving_stddev.array) - self.epsilon
            self.moving_variance.assign(np.maximum(square, 0))
        else:
            _move(self.moving_mean, mean, self.momentum)
            _move(self.moving_variance, var, self.momentum)
        scale, shift = Tensor(one), Tensor(zero)
        if gamma is not None:
            scale, shift = gamma * scale, gamma * shift
        if beta is not None:
            shift = shift + beta
        return AFFINE(y, scale, shift, axis=self.axis)

    def _masked_moments(self, x: Any, mask: np.ndarray) -> tuple:
        axes = [i for i in range(x.ndim) if i != self.axis % x.ndim]
        keep = np.broadcast_to(mask[..., None], x.shape).astype(x.array.dtype)
        count = np.add.reduce(keep, axis=tuple(axes), keepdims=True)
        of_all = _alone
        if shared_rows() is not None:
            from minikeras.distribution.collectives import SUM_OF_RANKS as of_all

            count = sharers().add(count)
        count = count + settings.epsilon
        mean = of_all(sum_of(x * keep, axis=axes, keepdims=True)) / count
        difference = (x - mean) * keep
        var = of_all(sum_of(difference * difference, axis=axes, keepdims=True)) / count
        return mean.reshape(-1), var.reshape(-1)

    def _renorm(self, mean: np.ndarray, stddev: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the factor and the shift that correct normalized values."""
        limits = self.renorm_clipping
        usual = np.maximum(self.renorm_stddev.array, np.sqrt(self.epsilon)).astype(mean.dtype)
        r = stddev / usual
        d = (mean - self.renorm_mean.array) / usual
        if limits.get("rmin") is not None:
            r = np.maximum(r, limits["rmin"])
        if limits.get("rmax") is not None:
            r = np.minimum(r, limits["rmax"])
        if limits.get("dmax") is not None:
            d = np.clip(d, -limits["dmax"], limits["dmax"])
        return r.astype(mean.dtype), d.astype(mean.dtype)

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        check_axes(self, input_shape)
        return input_shape


def _alone(x: Tensor) -> Tensor:
    """Return the sum over ranks of a sum, where there is one rank."""
    return x


def _move(average: Any, value: Tensor, momentum: float) -> None:
    """Move an average towards a value."""
    old = average.array
    average.assign(Tensor((old * momentum + value.array * (1 - momentum)).astype(old.dtype)))


def _checked_clipping(limits: dict | None) -> dict:
    limits = limits or {}
    known = ("rmax", "rmin", "dmax")
    if set(limits) - set(known):
        raise ValueError(
            f"BatchNormalization: argument `renorm_clipping` may have the keys {list(known)}. "
            f"Received: renorm_clipping={limits}"
        )
    rmax, rmin, dmax = [limits.get(k) for k in known]
    if rmax is not None and rmin is not None and rmax < rmin:
        raise ValueError(
            "BatchNormalization: in argument `renorm_clipping`, rmax must not be less than rmin. "
            f"Received: rmax={rmax}, rmin={rmin}"
        )
    if dmax is not None and dmax < 0:
        raise ValueError(
            "BatchNormalization: in argument `renorm_clipping`, dmax must not be negative. "
            f"Received: dmax={dmax}"
        )
    return limits


def _root_of(initializer: Any, shape: tuple, dtype: Any = None) -> Any:
    """Initialize a standard deviation as variances are."""
    return np.sqrt(to_array(initializer(shape, dtype=dtype)))
