"""`utils.Config`, beside Keras's."""

import copy
import pickle

import pytest

from minikeras import utils


def changed(config):
    config.epochs = 20
    config["seed"] = 7
    config.update({"more": [1]}, other=None)
    del config["other"]
    return config.pop("seed"), config.pop("none", 3)


def test_it_is_a_dict_with_attributes_as_in_keras(keras):
    ours, theirs = utils.Config(rate=0.1, zero=0), keras.utils.Config(rate=0.1, zero=0)
    assert changed(ours) == changed(theirs)
    for look in (list, len, repr, dict, keras.utils.Config.to_json, keras.utils.Config.as_dict):
        assert look(ours) == look(theirs)
    assert [*ours.keys()] == [*theirs.keys()] and [*ours.values()] == [*theirs.values()]
    assert ours.get("rate") == 0.1 and ours.get("x", 5) == 5 and "rate" in ours
    ours.as_dict()["rate"] = 1
    assert ours.rate == 0.1


def test_a_frozen_one_is_not_changed():
    config = utils.Config(rate=0.1)
    config.freeze()
    assert config.frozen
    for change in (
        lambda: setattr(config, "rate", 1),
        lambda: config.update(a=1),
        lambda: config.pop("rate"),
        lambda: config.__delitem__("rate"),
        lambda: delattr(config, "rate"),
        lambda: config.__setitem__("x", 1),
    ):
        with pytest.raises(ValueError, match="frozen"):
            change()
    for copied in (copy.deepcopy(config), pickle.loads(pickle.dumps(config))):
        assert copied.frozen and copied.rate == 0.1
    config.unfreeze()
    config.rate = 1
    assert config.as_dict() == {"rate": 1}


def test_a_misspelt_setting_is_told_the_right_name():
    config = utils.Config(learning_rate=0.1)
    with pytest.raises(AttributeError, match="Did you mean 'learning_rate'"):
        config.learning_rat  # noqa: B018
    assert not hasattr(config, "momentum")
