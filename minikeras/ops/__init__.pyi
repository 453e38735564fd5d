"""Written by `python tests/stubs.py`: what is public, for checkers of types and editors."""

from minikeras.ops import image as image
from minikeras.ops import linalg as linalg
from minikeras.ops import nn as nn
from minikeras.ops import numpy as numpy
from minikeras.ops.activations import celu as celu
from minikeras.ops.activations import elu as elu
from minikeras.ops.activations import gelu as gelu
from minikeras.ops.activations import glu as glu
from minikeras.ops.activations import hard_shrink as hard_shrink
from minikeras.ops.activations import hard_sigmoid as hard_sigmoid
from minikeras.ops.activations import hard_silu as hard_silu
from minikeras.ops.activations import hard_silu as hard_swish
from minikeras.ops.activations import hard_tanh as hard_tanh
from minikeras.ops.activations import leaky_relu as leaky_relu
from minikeras.ops.activations import log_sigmoid as log_sigmoid
from minikeras.ops.activations import log_softmax as log_softmax
from minikeras.ops.activations import relu as relu
from minikeras.ops.activations import relu6 as relu6
from minikeras.ops.activations import selu as selu
from minikeras.ops.activations import sigmoid as sigmoid
from minikeras.ops.activations import silu as silu
from minikeras.ops.activations import silu as swish
from minikeras.ops.activations import soft_shrink as soft_shrink
from minikeras.ops.activations import softmax as softmax
from minikeras.ops.activations import softplus as softplus
from minikeras.ops.activations import softsign as softsign
from minikeras.ops.activations import sparse_plus as sparse_plus
from minikeras.ops.activations import sparse_sigmoid as sparse_sigmoid
from minikeras.ops.activations import sparsemax as sparsemax
from minikeras.ops.activations import squareplus as squareplus
from minikeras.ops.activations import tanh_shrink as tanh_shrink
from minikeras.ops.activations import threshold as threshold
from minikeras.ops.adaptive_pooling import adaptive_average_pool as adaptive_average_pool
from minikeras.ops.adaptive_pooling import adaptive_max_pool as adaptive_max_pool
from minikeras.ops.bitwise import bitwise_and as bitwise_and
from minikeras.ops.bitwise import bitwise_invert as bitwise_invert
from minikeras.ops.bitwise import bitwise_left_shift as bitwise_left_shift
from minikeras.ops.bitwise import bitwise_not as bitwise_not
from minikeras.ops.bitwise import bitwise_or as bitwise_or
from minikeras.ops.bitwise import bitwise_right_shift as bitwise_right_shift
from minikeras.ops.bitwise import bitwise_xor as bitwise_xor
from minikeras.ops.bitwise import gcd as gcd
from minikeras.ops.bitwise import lcm as lcm
from minikeras.ops.bitwise import left_shift as left_shift
from minikeras.ops.bitwise import right_shift as right_shift
from minikeras.ops.comparison import allclose as allclose
from minikeras.ops.comparison import equal as equal
from minikeras.ops.comparison import greater as greater
from minikeras.ops.comparison import greater_equal as greater_equal
from minikeras.ops.comparison import isclose as isclose
from minikeras.ops.comparison import isfinite as isfinite
from minikeras.ops.comparison import isinf as isinf
from minikeras.ops.comparison import isnan as isnan
from minikeras.ops.comparison import isneginf as isneginf
from minikeras.ops.comparison import isposinf as isposinf
from minikeras.ops.comparison import isreal as isreal
from minikeras.ops.comparison import less as less
from minikeras.ops.comparison import less_equal as less_equal
from minikeras.ops.comparison import logical_and as logical_and
from minikeras.ops.comparison import logical_not as logical_not
from minikeras.ops.comparison import logical_or as logical_or
from minikeras.ops.comparison import logical_xor as logical_xor
from minikeras.ops.comparison import not_equal as not_equal
from minikeras.ops.comparison import signbit as signbit
from minikeras.ops.complex_numbers import angle as angle
from minikeras.ops.complex_numbers import conj as conj
from minikeras.ops.complex_numbers import conjugate as conjugate
from minikeras.ops.complex_numbers import imag as imag
from minikeras.ops.complex_numbers import real as real
from minikeras.ops.control import associative_scan as associative_scan
from minikeras.ops.control import cond as cond
from minikeras.ops.control import fori_loop as fori_loop
from minikeras.ops.control import jvp as jvp
from minikeras.ops.control import map as map
from minikeras.ops.control import scan as scan
from minikeras.ops.control import switch as switch
from minikeras.ops.control import unstack as unstack
from minikeras.ops.control import vectorize as vectorize
from minikeras.ops.control import vectorized_map as vectorized_map
from minikeras.ops.control import while_loop as while_loop
from minikeras.ops.convolution import average_pool as average_pool
from minikeras.ops.convolution import conv as conv
from minikeras.ops.convolution import conv_transpose as conv_transpose
from minikeras.ops.convolution import depthwise_conv as depthwise_conv
from minikeras.ops.convolution import max_pool as max_pool
from minikeras.ops.convolution import separable_conv as separable_conv
from minikeras.ops.core import cast as cast
from minikeras.ops.core import convert_to_numpy as convert_to_numpy
from minikeras.ops.core import convert_to_tensor as convert_to_tensor
from minikeras.ops.core import custom_gradient as custom_gradient
from minikeras.ops.core import dtype as dtype
from minikeras.ops.core import is_tensor as is_tensor
from minikeras.ops.core import saturate_cast as saturate_cast
from minikeras.ops.core import scatter as scatter
from minikeras.ops.core import scatter_update as scatter_update
from minikeras.ops.core import shape as shape
from minikeras.ops.core import slice as slice
from minikeras.ops.core import slice_update as slice_update
from minikeras.ops.core import stop_gradient as stop_gradient
from minikeras.ops.creation import arange as arange
from minikeras.ops.creation import array as array
from minikeras.ops.creation import copy as copy
from minikeras.ops.creation import empty as empty
from minikeras.ops.creation import empty_like as empty_like
from minikeras.ops.creation import eye as eye
from minikeras.ops.creation import full as full
from minikeras.ops.creation import full_like as full_like
from minikeras.ops.creation import geomspace as geomspace
from minikeras.ops.creation import identity as identity
from minikeras.ops.creation import linspace as linspace
from minikeras.ops.creation import logspace as logspace
from minikeras.ops.creation import meshgrid as meshgrid
from minikeras.ops.creation import ones as ones
from minikeras.ops.creation import ones_like as ones_like
from minikeras.ops.creation import tri as tri
from minikeras.ops.creation import view as view
from minikeras.ops.creation import zeros as zeros
from minikeras.ops.creation import zeros_like as zeros_like
from minikeras.ops.crossentropy import binary_crossentropy as binary_crossentropy
from minikeras.ops.crossentropy import categorical_crossentropy as categorical_crossentropy
from minikeras.ops.crossentropy import psnr as psnr
from minikeras.ops.crossentropy import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from minikeras.ops.ctc import ctc_decode as ctc_decode
from minikeras.ops.ctc import ctc_loss as ctc_loss
from minikeras.ops.einsum import einsum as einsum
from minikeras.ops.elementwise import abs as abs
from minikeras.ops.elementwise import absolute as absolute
from minikeras.ops.elementwise import add as add
from minikeras.ops.elementwise import cbrt as cbrt
from minikeras.ops.elementwise import ceil as ceil
from minikeras.ops.elementwise import clip as clip
from minikeras.ops.elementwise import divide as divide
from minikeras.ops.elementwise import divide_no_nan as divide_no_nan
from minikeras.ops.elementwise import exp as exp
from minikeras.ops.elementwise import exp2 as exp2
from minikeras.ops.elementwise import expm1 as expm1
from minikeras.ops.elementwise import fabs as fabs
from minikeras.ops.elementwise import floor as floor
from minikeras.ops.elementwise import floor_divide as floor_divide
from minikeras.ops.elementwise import fmax as fmax
from minikeras.ops.elementwise import fmin as fmin
from minikeras.ops.elementwise import fmod as fmod
from minikeras.ops.elementwise import heaviside as heaviside
from minikeras.ops.elementwise import i0 as i0
from minikeras.ops.elementwise import ldexp as ldexp
from minikeras.ops.elementwise import log as log
from minikeras.ops.elementwise import log10 as log10
from minikeras.ops.elementwise import log1p as log1p
from minikeras.ops.elementwise import log2 as log2
from minikeras.ops.elementwise import logaddexp as logaddexp
from minikeras.ops.elementwise import logaddexp2 as logaddexp2
from minikeras.ops.elementwise import maximum as maximum
from minikeras.ops.elementwise import minimum as minimum
from minikeras.ops.elementwise import mod as mod
from minikeras.ops.elementwise import multiply as multiply
from minikeras.ops.elementwise import nan_to_num as nan_to_num
from minikeras.ops.elementwise import negative as negative
from minikeras.ops.elementwise import nextafter as nextafter
from minikeras.ops.elementwise import power as power
from minikeras.ops.elementwise import reciprocal as reciprocal
from minikeras.ops.elementwise import round as round
from minikeras.ops.elementwise import sign as sign
from minikeras.ops.elementwise import sqrt as sqrt
from minikeras.ops.elementwise import square as square
from minikeras.ops.elementwise import subtract as subtract
from minikeras.ops.elementwise import true_divide as true_divide
from minikeras.ops.elementwise import trunc as trunc
from minikeras.ops.encoding import multi_hot as multi_hot
from minikeras.ops.encoding import one_hot as one_hot
from minikeras.ops.factorizations import cholesky as cholesky
from minikeras.ops.factorizations import cholesky_inverse as cholesky_inverse
from minikeras.ops.factorizations import eig as eig
from minikeras.ops.factorizations import eigh as eigh
from minikeras.ops.factorizations import lu_factor as lu_factor
from minikeras.ops.factorizations import qr as qr
from minikeras.ops.factorizations import svd as svd
from minikeras.ops.fft import extract_sequences as extract_sequences
from minikeras.ops.fft import fft as fft
from minikeras.ops.fft import fft2 as fft2
from minikeras.ops.fft import ifft2 as ifft2
from minikeras.ops.fft import irfft as irfft
from minikeras.ops.fft import istft as istft
from minikeras.ops.fft import rfft as rfft
from minikeras.ops.fft import stft as stft
from minikeras.ops.indexing import diag as diag
from minikeras.ops.indexing import diagflat as diagflat
from minikeras.ops.indexing import diagonal as diagonal
from minikeras.ops.indexing import get_item as get_item
from minikeras.ops.indexing import nonzero as nonzero
from minikeras.ops.indexing import select as select
from minikeras.ops.indexing import take as take
from minikeras.ops.indexing import take_along_axis as take_along_axis
from minikeras.ops.indexing import trace as trace
from minikeras.ops.indexing import tril as tril
from minikeras.ops.indexing import triu as triu
from minikeras.ops.indexing import unravel_index as unravel_index
from minikeras.ops.indexing import vander as vander
from minikeras.ops.indexing import where as where
from minikeras.ops.joining import append as append
from minikeras.ops.joining import array_split as array_split
from minikeras.ops.joining import concatenate as concatenate
from minikeras.ops.joining import dsplit as dsplit
from minikeras.ops.joining import dstack as dstack
from minikeras.ops.joining import hsplit as hsplit
from minikeras.ops.joining import hstack as hstack
from minikeras.ops.joining import pad as pad
from minikeras.ops.joining import repeat as repeat
from minikeras.ops.joining import split as split
from minikeras.ops.joining import stack as stack
from minikeras.ops.joining import tile as tile
from minikeras.ops.joining import vsplit as vsplit
from minikeras.ops.joining import vstack as vstack
from minikeras.ops.math import cdist as cdist
from minikeras.ops.math import erf as erf
from minikeras.ops.math import erfc as erfc
from minikeras.ops.math import erfinv as erfinv
from minikeras.ops.math import in_top_k as in_top_k
from minikeras.ops.math import logdet as logdet
from minikeras.ops.math import logsumexp as logsumexp
from minikeras.ops.math import polar as polar
from minikeras.ops.math import rsqrt as rsqrt
from minikeras.ops.math import top_k as top_k
from minikeras.ops.math import view_as_complex as view_as_complex
from minikeras.ops.math import view_as_real as view_as_real
from minikeras.ops.matrices import det as det
from minikeras.ops.matrices import inv as inv
from minikeras.ops.matrices import lstsq as lstsq
from minikeras.ops.matrices import matrix_rank as matrix_rank
from minikeras.ops.matrices import norm as norm
from minikeras.ops.matrices import pinv as pinv
from minikeras.ops.matrices import slogdet as slogdet
from minikeras.ops.matrices import solve as solve
from minikeras.ops.matrices import solve_triangular as solve_triangular
from minikeras.ops.normalization import batch_normalization as batch_normalization
from minikeras.ops.normalization import layer_normalization as layer_normalization
from minikeras.ops.normalization import moments as moments
from minikeras.ops.normalization import normalize as normalize
from minikeras.ops.normalization import rms_normalization as rms_normalization
from minikeras.ops.operation import Operation as Operation
from minikeras.ops.patches import depth_to_space as depth_to_space
from minikeras.ops.patches import fold as fold
from minikeras.ops.patches import space_to_depth as space_to_depth
from minikeras.ops.patches import unfold as unfold
from minikeras.ops.products import cross as cross
from minikeras.ops.products import dot as dot
from minikeras.ops.products import inner as inner
from minikeras.ops.products import kron as kron
from minikeras.ops.products import matmul as matmul
from minikeras.ops.products import outer as outer
from minikeras.ops.products import tensordot as tensordot
from minikeras.ops.products import vdot as vdot
from minikeras.ops.rearrange import rearrange as rearrange
from minikeras.ops.reductions import all as all
from minikeras.ops.reductions import amax as amax
from minikeras.ops.reductions import amin as amin
from minikeras.ops.reductions import any as any
from minikeras.ops.reductions import argmax as argmax
from minikeras.ops.reductions import argmin as argmin
from minikeras.ops.reductions import count_nonzero as count_nonzero
from minikeras.ops.reductions import max as max
from minikeras.ops.reductions import mean as mean
from minikeras.ops.reductions import min as min
from minikeras.ops.reductions import prod as prod
from minikeras.ops.reductions import ptp as ptp
from minikeras.ops.reductions import std as std
from minikeras.ops.reductions import sum as sum
from minikeras.ops.reductions import var as var
from minikeras.ops.scans import cumprod as cumprod
from minikeras.ops.scans import cumsum as cumsum
from minikeras.ops.scans import diff as diff
from minikeras.ops.scans import nancumprod as nancumprod
from minikeras.ops.scans import nancumsum as nancumsum
from minikeras.ops.scans import trapezoid as trapezoid
from minikeras.ops.segments import segment_max as segment_max
from minikeras.ops.segments import segment_min as segment_min
from minikeras.ops.segments import segment_prod as segment_prod
from minikeras.ops.segments import segment_sum as segment_sum
from minikeras.ops.sequences import dot_product_attention as dot_product_attention
from minikeras.ops.shapes import broadcast_to as broadcast_to
from minikeras.ops.shapes import expand_dims as expand_dims
from minikeras.ops.shapes import flip as flip
from minikeras.ops.shapes import fliplr as fliplr
from minikeras.ops.shapes import flipud as flipud
from minikeras.ops.shapes import moveaxis as moveaxis
from minikeras.ops.shapes import ndim as ndim
from minikeras.ops.shapes import ravel as ravel
from minikeras.ops.shapes import reshape as reshape
from minikeras.ops.shapes import roll as roll
from minikeras.ops.shapes import rot90 as rot90
from minikeras.ops.shapes import size as size
from minikeras.ops.shapes import squeeze as squeeze
from minikeras.ops.shapes import swapaxes as swapaxes
from minikeras.ops.shapes import transpose as transpose
from minikeras.ops.sorting import argpartition as argpartition
from minikeras.ops.sorting import argsort as argsort
from minikeras.ops.sorting import bincount as bincount
from minikeras.ops.sorting import digitize as digitize
from minikeras.ops.sorting import histogram as histogram
from minikeras.ops.sorting import isin as isin
from minikeras.ops.sorting import searchsorted as searchsorted
from minikeras.ops.sorting import sort as sort
from minikeras.ops.sorting import unique as unique
from minikeras.ops.statistics import average as average
from minikeras.ops.statistics import corrcoef as corrcoef
from minikeras.ops.statistics import correlate as correlate
from minikeras.ops.statistics import median as median
from minikeras.ops.statistics import nanargmax as nanargmax
from minikeras.ops.statistics import nanargmin as nanargmin
from minikeras.ops.statistics import nanmax as nanmax
from minikeras.ops.statistics import nanmean as nanmean
from minikeras.ops.statistics import nanmedian as nanmedian
from minikeras.ops.statistics import nanmin as nanmin
from minikeras.ops.statistics import nanpercentile as nanpercentile
from minikeras.ops.statistics import nanprod as nanprod
from minikeras.ops.statistics import nanquantile as nanquantile
from minikeras.ops.statistics import nanstd as nanstd
from minikeras.ops.statistics import nansum as nansum
from minikeras.ops.statistics import nanvar as nanvar
from minikeras.ops.statistics import percentile as percentile
from minikeras.ops.statistics import quantile as quantile
from minikeras.ops.trigonometry import arccos as arccos
from minikeras.ops.trigonometry import arccosh as arccosh
from minikeras.ops.trigonometry import arcsin as arcsin
from minikeras.ops.trigonometry import arcsinh as arcsinh
from minikeras.ops.trigonometry import arctan as arctan
from minikeras.ops.trigonometry import arctan2 as arctan2
from minikeras.ops.trigonometry import arctanh as arctanh
from minikeras.ops.trigonometry import cos as cos
from minikeras.ops.trigonometry import cosh as cosh
from minikeras.ops.trigonometry import deg2rad as deg2rad
from minikeras.ops.trigonometry import hypot as hypot
from minikeras.ops.trigonometry import rad2deg as rad2deg
from minikeras.ops.trigonometry import sin as sin
from minikeras.ops.trigonometry import sinc as sinc
from minikeras.ops.trigonometry import sinh as sinh
from minikeras.ops.trigonometry import tan as tan
from minikeras.ops.trigonometry import tanh as tanh
from minikeras.ops.windows import bartlett as bartlett
from minikeras.ops.windows import blackman as blackman
from minikeras.ops.windows import hamming as hamming
from minikeras.ops.windows import hanning as hanning
from minikeras.ops.windows import kaiser as kaiser

__all__ = [
    "einsum",
    "cond",
    "switch",
    "while_loop",
    "fori_loop",
    "scan",
    "map",
    "vectorized_map",
    "associative_scan",
    "vectorize",
    "jvp",
    "unstack",
    "convert_to_tensor",
    "convert_to_numpy",
    "is_tensor",
    "cast",
    "saturate_cast",
    "shape",
    "dtype",
    "stop_gradient",
    "custom_gradient",
    "slice",
    "slice_update",
    "scatter_update",
    "scatter",
    "fft",
    "fft2",
    "ifft2",
    "rfft",
    "irfft",
    "extract_sequences",
    "stft",
    "istft",
    "cholesky",
    "cholesky_inverse",
    "qr",
    "svd",
    "eigh",
    "eig",
    "lu_factor",
    "cdist",
    "logdet",
    "inv",
    "solve",
    "solve_triangular",
    "pinv",
    "lstsq",
    "det",
    "slogdet",
    "matrix_rank",
    "norm",
    "rsqrt",
    "erf",
    "erfc",
    "erfinv",
    "logsumexp",
    "top_k",
    "in_top_k",
    "polar",
    "view_as_complex",
    "view_as_real",
    "relu",
    "sigmoid",
    "softplus",
    "softsign",
    "relu6",
    "hard_sigmoid",
    "hard_tanh",
    "selu",
    "elu",
    "leaky_relu",
    "celu",
    "silu",
    "hard_silu",
    "log_sigmoid",
    "tanh_shrink",
    "gelu",
    "soft_shrink",
    "hard_shrink",
    "threshold",
    "squareplus",
    "sparse_plus",
    "sparse_sigmoid",
    "glu",
    "softmax",
    "log_softmax",
    "sparsemax",
    "hard_swish",
    "swish",
    "adaptive_max_pool",
    "adaptive_average_pool",
    "conv",
    "depthwise_conv",
    "separable_conv",
    "conv_transpose",
    "max_pool",
    "average_pool",
    "binary_crossentropy",
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
    "psnr",
    "ctc_loss",
    "ctc_decode",
    "one_hot",
    "multi_hot",
    "batch_normalization",
    "layer_normalization",
    "rms_normalization",
    "moments",
    "normalize",
    "unfold",
    "fold",
    "depth_to_space",
    "space_to_depth",
    "dot_product_attention",
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "bitwise_not",
    "bitwise_invert",
    "left_shift",
    "bitwise_left_shift",
    "right_shift",
    "bitwise_right_shift",
    "gcd",
    "lcm",
    "equal",
    "not_equal",
    "greater",
    "greater_equal",
    "less",
    "less_equal",
    "logical_and",
    "logical_or",
    "logical_xor",
    "logical_not",
    "isnan",
    "isinf",
    "isfinite",
    "isposinf",
    "isneginf",
    "isreal",
    "signbit",
    "isclose",
    "allclose",
    "real",
    "imag",
    "conj",
    "conjugate",
    "angle",
    "zeros",
    "ones",
    "empty",
    "full",
    "zeros_like",
    "ones_like",
    "empty_like",
    "full_like",
    "arange",
    "linspace",
    "logspace",
    "geomspace",
    "eye",
    "identity",
    "tri",
    "array",
    "meshgrid",
    "view",
    "copy",
    "exp",
    "exp2",
    "expm1",
    "log",
    "log10",
    "log1p",
    "log2",
    "logaddexp",
    "logaddexp2",
    "square",
    "sqrt",
    "cbrt",
    "reciprocal",
    "power",
    "add",
    "subtract",
    "multiply",
    "divide",
    "true_divide",
    "divide_no_nan",
    "floor_divide",
    "mod",
    "fmod",
    "maximum",
    "minimum",
    "fmax",
    "fmin",
    "negative",
    "abs",
    "absolute",
    "fabs",
    "sign",
    "heaviside",
    "nextafter",
    "ldexp",
    "floor",
    "ceil",
    "trunc",
    "round",
    "clip",
    "nan_to_num",
    "i0",
    "get_item",
    "take",
    "take_along_axis",
    "where",
    "nonzero",
    "select",
    "unravel_index",
    "diagonal",
    "trace",
    "diag",
    "diagflat",
    "tril",
    "triu",
    "vander",
    "concatenate",
    "stack",
    "hstack",
    "vstack",
    "dstack",
    "append",
    "split",
    "array_split",
    "hsplit",
    "vsplit",
    "dsplit",
    "tile",
    "repeat",
    "pad",
    "matmul",
    "dot",
    "tensordot",
    "inner",
    "outer",
    "vdot",
    "kron",
    "cross",
    "sum",
    "mean",
    "var",
    "std",
    "max",
    "min",
    "amax",
    "amin",
    "ptp",
    "prod",
    "any",
    "all",
    "argmax",
    "argmin",
    "count_nonzero",
    "cumsum",
    "cumprod",
    "nancumsum",
    "nancumprod",
    "diff",
    "trapezoid",
    "reshape",
    "ravel",
    "transpose",
    "swapaxes",
    "moveaxis",
    "expand_dims",
    "squeeze",
    "broadcast_to",
    "flip",
    "fliplr",
    "flipud",
    "roll",
    "rot90",
    "ndim",
    "size",
    "sort",
    "argsort",
    "argpartition",
    "searchsorted",
    "digitize",
    "unique",
    "isin",
    "bincount",
    "histogram",
    "quantile",
    "nanquantile",
    "percentile",
    "nanpercentile",
    "median",
    "nanmedian",
    "nansum",
    "nanprod",
    "nanmax",
    "nanmin",
    "nanargmax",
    "nanargmin",
    "nanmean",
    "nanvar",
    "nanstd",
    "average",
    "corrcoef",
    "correlate",
    "sin",
    "cos",
    "tan",
    "arcsin",
    "arccos",
    "arctan",
    "arctan2",
    "sinh",
    "cosh",
    "tanh",
    "arcsinh",
    "arccosh",
    "arctanh",
    "hypot",
    "deg2rad",
    "rad2deg",
    "sinc",
    "bartlett",
    "blackman",
    "hamming",
    "hanning",
    "kaiser",
    "Operation",
    "rearrange",
    "segment_sum",
    "segment_prod",
    "segment_max",
    "segment_min",
    "image",
    "linalg",
    "nn",
    "numpy",
]
