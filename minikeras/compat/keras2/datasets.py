"""`keras.datasets`: arguments and names of files that it once had."""

from __future__ import annotations

from minikeras.compat.adapters import Adapted
from minikeras.compat.namespaces import Contents

_PATHS = {
    "imdb.pkl": "imdb.npz",
    "imdb_full.pkl": "imdb.npz",
    "imdb_word_index.pkl": "imdb_word_index.json",
    "reuters.pkl": "reuters.npz",
    "reuters_word_index.pkl": "reuters_word_index.json",
    "mnist.pkl.gz": "mnist.npz",
}
"""Files of Keras 1, and those that have the same data today."""


def _adapted(module: str, function: str, positional: str) -> Adapted:
    return Adapted(
        f"minikeras.datasets.{module}:{function}",
        positional,
        {"nb_words": "num_words"},
        values={"path": lambda path: _PATHS.get(path, path)},
    )


_RULES = "start_char oov_char index_from"
_LOADERS = {
    "mnist": "path",
    "imdb": f"path num_words skip_top maxlen seed {_RULES}",
    "reuters": f"path num_words skip_top maxlen test_split seed {_RULES}",
}

MODULES = {
    f"datasets.{module}": Contents(
        {
            "load_data": _adapted(module, "load_data", arguments),
            "get_word_index": _adapted(module, "get_word_index", "path"),
        }
        if module != "mnist"
        else {"load_data": _adapted(module, "load_data", arguments)},
        [f"minikeras.datasets.{module}"],
    )
    for module, arguments in _LOADERS.items()
}
