"""`tf.strings`: what text vectorization needs of it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from minikeras.autodiff import Tensor
from minikeras.autodiff.tensor import to_array
from minikeras.common.dtypes import standardize_dtype
from minikeras.common.texts import as_utf8
from minikeras.compat.adapters import NotAvailable
from minikeras.compat.tensorflow.table import add, axes, named, number
from minikeras.compat.tensorflow.tensors import StringTensor, texts
from minikeras.kernels.hashing import buckets


def _each(function: Callable[[str], Any], input: Any, dtype: Any = None) -> Any:
    """Return what a function makes of each string."""
    given = texts(input)
    made = [function(text) for text in given.reshape(-1).tolist()]
    if dtype is not None:
        return Tensor(np.asarray(made, dtype).reshape(given.shape))
    return StringTensor(np.asarray(made, str).reshape(given.shape))


@named("strings.lower")
def lower(input: Any, encoding: str = "") -> Any:
    """Return strings in small letters; without an encoding only those of ASCII."""
    return _each(str.lower if encoding else _ascii(str.lower), input)


@named("strings.upper")
def upper(input: Any, encoding: str = "") -> Any:
    """Return strings in capital letters; without an encoding only those of ASCII."""
    return _each(str.upper if encoding else _ascii(str.upper), input)


def _ascii(change: Callable) -> Callable:
    return lambda text: "".join(change(c) if c.isascii() else c for c in text)


@named("strings.strip string_strip")
def strip(input: Any) -> Any:
    """Return strings without white space at their ends."""
    return _each(str.strip, input)


@named("strings.regex_replace regex_replace")
def regex_replace(input: Any, pattern: str, rewrite: str, replace_global: bool = True) -> Any:
    """Replace what a regular expression matches; `\\\\1` is its first group."""
    compiled = _compiled(pattern)
    rewrite = str(texts(rewrite))
    count = 0 if replace_global else 1
    return _each(lambda text: compiled.sub(rewrite, text, count=count), input)


def _compiled(pattern: Any) -> re.Pattern:
    pattern = str(texts(pattern))
    for name, python in _CLASSES.items():
        pattern = pattern.replace(name, python)
    return re.compile(pattern, re.ASCII)


_CLASSES = {
    "[:alpha:]": "a-zA-Z",
    "[:digit:]": "0-9",
    "[:alnum:]": "a-zA-Z0-9",
    "[:space:]": r"\s",
    "[:punct:]": re.escape("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"),
    "[:upper:]": "A-Z",
    "[:lower:]": "a-z",
    r"\p{L}": "a-zA-Z\u00c0-\u024f",
    r"\p{P}": re.escape("!\"#%&'()*,-./:;?@[\\]_{}"),
}
"""Classes of characters that RE2 knows and Python does not."""


@named("strings.regex_full_match")
def regex_full_match(input: Any, pattern: str) -> Any:
    """Whether strings match a regular expression as a whole."""
    compiled = _compiled(pattern)
    return _each(lambda text: compiled.fullmatch(text) is not None, input, bool)


@named("strings.length")
def length(input: Any, unit: str = "BYTE") -> Any:
    """Return the lengths of strings, in bytes or (`"UTF8_CHAR"`) characters."""
    if unit == "BYTE":
        return _each(lambda text: len(text.encode("utf-8", "surrogateescape")), input, np.int32)
    return _each(len, input, np.int32)


@named("strings.substr substr")
def substr(input: Any, pos: Any, len: Any, unit: str = "BYTE") -> Any:
    """Return a part of each string."""
    given, pos, size = np.broadcast_arrays(texts(input), to_array(pos), to_array(len))

    def part(text: str, start: int, n: int) -> str:
        if unit != "BYTE":
            return text[start:][:n]
        raw = text.encode("utf-8", "surrogateescape")[start:][:n]
        return raw.decode("utf-8", "surrogateescape")

    made = [part(*x) for x in zip(given.reshape(-1).tolist(), pos.flat, size.flat)]
    return StringTensor(np.asarray(made, str).reshape(given.shape))


@named("strings.join string_join")
def join(inputs: Any, separator: str = "") -> Any:
    """Return strings put together, element by element."""
    parts = np.broadcast_arrays(*[texts(i) for i in inputs])
    rows = zip(*[p.reshape(-1).tolist() for p in parts])
    made = [separator.join(row) for row in rows]
    return StringTensor(np.asarray(made, str).reshape(parts[0].shape))


@named("strings.reduce_join reduce_join")
def reduce_join(inputs: Any, axis: Any = None, keepdims: bool = False, separator: str = "") -> Any:
    """Return strings put together along axes."""
    given = texts(inputs)
    which = range(given.ndim) if axis is None else np.atleast_1d(axes(axis)).tolist()
    for a in sorted((a % given.ndim for a in which), reverse=True):
        moved = np.moveaxis(given, a, -1)
        made = [separator.join(row) for row in moved.reshape(-1, moved.shape[-1]).tolist()]
        given = np.asarray(made, str).reshape(moved.shape[:-1])
        given = np.expand_dims(given, a) if keepdims else given
    return StringTensor(given)


class Rows:
    """Rows of different lengths: what `tf.strings.split` gives.

    Only what text vectorization asks for is there; everything else of ragged tensors is not.
    """

    def __init__(self, rows: list[list[str]]) -> None:
        self._rows = rows

    def to_list(self) -> list:
        """Return nested lists of bytes."""
        return [[t.encode("utf-8", "surrogateescape") for t in row] for row in self._rows]

    def to_tensor(self, default_value: Any = "", shape: Any = None, name: Any = None) -> Any:
        """Return a tensor with rows filled up to the longest, or to a length."""
        n = max(map(len, self._rows), default=0)
        if shape is not None and shape[-1] is not None:
            n = shape[-1]
        fill = str(texts(default_value))
        return StringTensor(
            np.asarray([[*row[:n], *[fill] * (n - len(row))] for row in self._rows], str)
        )

    @property
    def shape(self) -> tuple:
        return (len(self._rows), None)

    @property
    def flat_values(self) -> Any:
        return StringTensor(np.asarray([t for row in self._rows for t in row], str))

    values = flat_values

    def row_lengths(self) -> Any:
        """Return the lengths of rows."""
        return Tensor(np.asarray([len(row) for row in self._rows], np.int64))

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Any:
        return (StringTensor(np.asarray(row, str)) for row in self._rows)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, tuple):
            rows = self._rows[key[0]]
            if isinstance(key[0], slice):
                return (
                    Rows([row[key[1]] for row in rows])
                    if isinstance(key[1], slice)
                    else StringTensor(np.asarray([row[key[1]] for row in rows], str))
                )
            return StringTensor(np.asarray(rows[key[1]], str))
        if isinstance(key, slice):
            return Rows(self._rows[key])
        return StringTensor(np.asarray(self._rows[key], str))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise NotAvailable(
            f"`RaggedTensor.{name}`: minikeras has no ragged tensors. Use `.to_tensor()`, which fills "
            "rows up."
        )

    def __repr__(self) -> str:
        return f"<tf.RaggedTensor {self.to_list()}>"


def _split(input: Any, function: Callable[[str], list]) -> Any:
    given = texts(input)
    if not given.ndim:
        return StringTensor(np.asarray(function(given.item()), str))
    if given.ndim > 1:
        raise ValueError(
            f"Strings are split in one axis at most here. Received: shape {given.shape}. Use tf.reshape."
        )
    return Rows([function(text) for text in given.tolist()])


@named("strings.split")
def split(input: Any, sep: Any = None, maxsplit: int = -1) -> Any:
    """Cut strings into words, or where `sep` stands; rows of different lengths."""
    separator = str(texts(sep)) if sep is not None else None
    return _split(input, lambda text: text.split(separator or None, maxsplit))


@named("string_split compat.v1.strings.split")
def string_split(source: Any, sep: Any = None, **options: Any) -> Any:
    """Cut strings into words."""
    return split(source, sep)


@named("strings.unicode_split")
def unicode_split(input: Any, input_encoding: str = "UTF-8", **options: Any) -> Any:
    """Cut strings into characters."""
    return _split(input, list)


@named("strings.bytes_split")
def bytes_split(input: Any) -> Any:
    """Cut strings into bytes."""
    return _split(
        input,
        lambda text: [
            bytes([b]).decode("utf-8", "surrogateescape")
            for b in text.encode("utf-8", "surrogateescape")
        ],
    )


@named("strings.to_number")
def to_number(input: Any, out_type: Any = "float32") -> Any:
    """Return the numbers that strings spell."""
    dtype = standardize_dtype(out_type)
    return _each(int if "int" in dtype else float, input, dtype)


@named("strings.as_string as_string")
def as_string(
    input: Any,
    precision: int = -1,
    scientific: bool = False,
    shortest: bool = False,
    width: int = -1,
    fill: str = "",
) -> Any:
    """Return numbers as strings."""
    array = to_array(input)
    size = f"{fill}{width}" if width > 0 else ""
    if array.dtype.kind in "iu":
        form = f"{size}d"
    else:
        form = f"{size}.{6 if precision < 0 else precision}{'e' if scientific else 'f'}"
    if array.dtype.kind == "b":
        made = ["true" if x else "false" for x in array.flat]
    else:
        made = [format(x, form) for x in array.reshape(-1).tolist()]
    return StringTensor(np.asarray(made, str).reshape(array.shape))


@named("strings.format")
def format_(template: str, inputs: Any, placeholder: str = "{}", summarize: int = 3) -> Any:
    """Return a text with values in it."""
    for value in inputs if isinstance(inputs, (list, tuple)) else [inputs]:
        shown = np.array2string(np.asarray(to_array(value)), separator=" ")
        template = template.replace(placeholder, shown, 1)
    return StringTensor(np.asarray(template))


def _hashed(input: Any, num_buckets: Any, key: Any = None) -> Any:
    given = texts(input)
    found = buckets(as_utf8(given), int(number(num_buckets)), key)
    return Tensor(found.reshape(given.shape))


@named("strings.to_hash_bucket_fast strings.to_hash_bucket")
def to_hash_bucket_fast(input: Any, num_buckets: Any) -> Any:
    """Return the bucket that FarmHash puts each string into."""
    return _hashed(input, num_buckets)


@named("strings.to_hash_bucket_strong")
def to_hash_bucket_strong(input: Any, num_buckets: Any, key: Any) -> Any:
    """Return the bucket that SipHash with a key puts each string into."""
    return _hashed(input, num_buckets, key)


@named("strings.unicode_decode")
def unicode_decode(input: Any, input_encoding: str = "UTF-8", **options: Any) -> Any:
    """Return the numbers of the characters of one string."""
    return Tensor(np.asarray([ord(c) for c in str(texts(input))], np.int32))


@named("strings.unicode_encode")
def unicode_encode(input: Any, output_encoding: str = "UTF-8", **options: Any) -> Any:
    """Return the string of characters' numbers."""
    codes = to_array(input)
    made = ["".join(map(chr, row)) for row in codes.reshape(-1, codes.shape[-1]).tolist()]
    return StringTensor(np.asarray(made, str).reshape(codes.shape[:-1]))


add("compat.as_text", lambda x, encoding="utf-8": x.decode(encoding) if isinstance(x, bytes) else x)
add("compat.as_bytes", lambda x, encoding="utf-8": x.encode(encoding) if isinstance(x, str) else x)
add("compat.as_str", lambda x, encoding="utf-8": x.decode(encoding) if isinstance(x, bytes) else x)
add("compat.as_str_any", str)
