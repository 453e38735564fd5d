"""What users call attributes of their layers meets nothing that minikeras itself needs."""

import numpy as np

import minikeras
from minikeras import layers

KEPT = {
    # Names that Keras lacks, and that files of minikeras call each other by. None is likely to be an
    # attribute of somebody's; a new one is private, or is put here after a thought.
    *("argument_sources", "call_signature", "default_name", "hands_on_arguments", "loads_as_usual"),
    *("make_variable", "misfit", "own_variables", "passing_variables", "policy_for_gradient_check"),
    *(
        "forget_checked",
        "replace_policy",
        "saved_as",
        "saved_attributes",
        "tracked_objects",
        "untracked",
    ),
}


def test_attributes_that_guides_use():
    class Scaled(layers.Dense):
        """As in the guide to saving: an attribute, by the name of what files hold."""

        def __init__(self, units, **kwargs):
            super().__init__(units, **kwargs)
            self.stored_variables = minikeras.Variable(np.arange(4.0), name="special")
            self.tracked = [1, 2]

        def save_own_variables(self, store):
            super().save_own_variables(store)
            store["special"] = self.stored_variables.numpy()

        def load_own_variables(self, store):
            for i, v in enumerate(self.weights):
                v.assign(store[str(i)])
            self.stored_variables.assign(store["special"])

    layer = Scaled(2)
    layer.build((None, 4))
    store = {}
    layer.save_own_variables(store)
    assert len(layer.weights) == 3 and sorted(store) == ["0", "1", "2", "special"]
    other = Scaled(2)
    other.build((None, 4))
    other.load_own_variables({**store, "special": np.ones(4)})
    assert other.stored_variables.numpy().tolist() == [1, 1, 1, 1]


def test_layers_have_few_public_names_that_keras_lacks(keras):
    beyond = set(dir(minikeras.Layer)) - set(dir(keras.Layer))
    assert {name for name in beyond if not name.startswith("_")} <= KEPT


def test_the_number_of_batches_may_be_set():
    class Pairs(minikeras.utils.PyDataset):
        def __init__(self, num_batches):
            super().__init__()
            self.num_batches = num_batches

        def __len__(self):
            return self.num_batches

        def __getitem__(self, index):
            return np.full((2, 4), index, "float32")

    model = minikeras.Sequential([layers.Dense(1)])
    assert model.predict(Pairs(3), verbose=0).shape == (6, 1)
