"""`Config`: the settings of an experiment, which can be read and set as attributes."""

from __future__ import annotations

import json
from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from typing import Any

from minikeras.common.naming import nearest_names


class Config:
    """A dict of settings that are read and set as attributes too, and that can be frozen.

    Args:
        **kwargs: the first settings.

    Names of methods, such as `items` or `frozen`, are no settings; as keys (`config["items"]`) they
    are. To iterate gives the keys in alphabetical order.

    Example:

    >>> from minikeras import utils
    >>> config = utils.Config(learning_rate=0.1)
    >>> config.epochs = 20
    >>> config["seed"] = 7
    >>> config.learning_rate, config["epochs"], "seed" in config
    (0.1, 20, True)
    >>> config.to_json()
    '{"learning_rate": 0.1, "epochs": 20, "seed": 7}'
    >>> config.freeze()
    >>> config.epochs = 30
    Traceback (most recent call last):
    ...
    ValueError: Config: it is frozen, so `epochs` cannot be changed. `unfreeze` allows it again.
    """

    def __init__(self, **kwargs: Any) -> None:
        object.__setattr__(self, "_config", kwargs)
        object.__setattr__(self, "_frozen", False)

    @property
    def frozen(self) -> bool:
        """Whether nothing can be changed."""
        return self._frozen

    def freeze(self) -> None:
        """Allow no more changes."""
        object.__setattr__(self, "_frozen", True)

    def unfreeze(self) -> None:
        """Allow changes again."""
        object.__setattr__(self, "_frozen", False)

    def _changing(self, what: Any) -> dict[str, Any]:
        if self._frozen:
            raise ValueError(
                f"Config: it is frozen, so {what} cannot be changed. `unfreeze` allows it again."
            )
        return self._config

    def as_dict(self) -> dict[str, Any]:
        """Return the settings as a dict of their own."""
        return dict(self._config)

    def to_json(self) -> str:
        """Return the settings as a JSON text.

        Raises:
            TypeError: if one of them is nothing that JSON knows.
        """
        return json.dumps(self._config)

    def keys(self) -> KeysView[str]:
        """Return the names of the settings."""
        return self._config.keys()

    def values(self) -> ValuesView[Any]:
        """Return the values of the settings."""
        return self._config.values()

    def items(self) -> ItemsView[str, Any]:
        """Return pairs of name and value."""
        return self._config.items()

    def get(self, keyname: str, value: Any = None) -> Any:
        """Return a setting, or `value` if there is none of that name."""
        return self._config.get(keyname, value)

    def pop(self, *args: Any) -> Any:
        """Remove a setting and return it: `pop(name)`, or `pop(name, default)`."""
        return self._changing(f"`{args[0]}`" if args else "it").pop(*args)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Set many settings, given as `dict.update` takes them."""
        self._changing("it").update(*args, **kwargs)

    def __setattr__(self, name: str, value: Any) -> None:
        if name in ("_config", "_frozen") or hasattr(type(self), name):
            object.__setattr__(self, name, value)
        else:
            self[name] = value

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_config":  # what copy and pickle ask for
            raise AttributeError(name)
        if name in self._config:
            return self._config[name]
        near = nearest_names(name, map(str, self._config))
        raise AttributeError(
            f"Config: there is no setting '{name}'."
            + (f" Did you mean '{near[0]}'?" if near else "")
        )

    def __delattr__(self, name: str) -> None:
        if name not in self._config:
            raise AttributeError(f"Config: there is no setting '{name}'.")
        del self[name]

    def __setitem__(self, key: str, item: Any) -> None:
        self._changing(f"`{key}`")[key] = item

    def __getitem__(self, key: str) -> Any:
        return self._config[key]

    def __delitem__(self, key: str) -> None:
        del self._changing(f"`{key}`")[key]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._config))

    def __len__(self) -> int:
        return len(self._config)

    def __contains__(self, item: Any) -> bool:
        return item in self._config

    def __repr__(self) -> str:
        return f"<Config {self._config}>"
