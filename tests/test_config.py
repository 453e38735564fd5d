"""`minikeras.config`: switches of Keras's that change nothing here."""

import pytest

from minikeras import config


def test_flash_attention_is_noted_as_in_keras(keras):
    answers = []
    for library in (config, keras.config):
        answers.append([library.is_flash_attention_enabled()])
        for switch in (library.disable_flash_attention, library.enable_flash_attention):
            switch()
            answers[-1].append(library.is_flash_attention_enabled())
    assert answers[0] == answers[1] == [None, False, None]
    assert config.is_nnx_enabled() is keras.config.is_nnx_enabled() is False


@pytest.mark.parametrize("name", ["flash_attention", "traceback_filtering", "interactive_logging"])
def test_switches_come_in_threes(name):
    for function in (f"enable_{name}", f"disable_{name}", f"is_{name}_enabled"):
        assert callable(getattr(config, function))
