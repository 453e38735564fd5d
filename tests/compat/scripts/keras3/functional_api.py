"""The functional API: several inputs and outputs, shared layers, nested models, ensembles."""

import numpy as np
import keras
from keras import layers, ops

keras.utils.set_random_seed(1)
num_tags, num_words, num_departments = 12, 100, 4

title_input = keras.Input(shape=(None,), name="title")
body_input = keras.Input(shape=(None,), name="body")
tags_input = keras.Input(shape=(num_tags,), name="tags")
title_features = layers.Embedding(num_words, 16)(title_input)
body_features = layers.Embedding(num_words, 16)(body_input)
title_features = layers.LSTM(16)(title_features)
body_features = layers.LSTM(8)(body_features)
x = layers.concatenate([title_features, body_features, tags_input])
priority_pred = layers.Dense(1, name="priority")(x)
department_pred = layers.Dense(num_departments, name="department")(x)
model = keras.Model(
    inputs=[title_input, body_input, tags_input],
    outputs={"priority": priority_pred, "department": department_pred},
)
model.compile(
    optimizer=keras.optimizers.RMSprop(1e-2),
    loss={
        "priority": keras.losses.BinaryCrossentropy(from_logits=True),
        "department": keras.losses.CategoricalCrossentropy(from_logits=True),
    },
    loss_weights={"priority": 1.0, "department": 0.2},
)
n = 320
title_data = np.random.randint(num_words, size=(n, 6))
body_data = np.random.randint(num_words, size=(n, 10))
tags_data = np.random.randint(2, size=(n, num_tags)).astype("float32")
priority_targets = tags_data[:, :1]
dept_targets = keras.utils.to_categorical(tags_data[:, 1] * 2 + tags_data[:, 2], num_departments)
history = model.fit(
    {"title": title_data, "body": body_data, "tags": tags_data},
    {"priority": priority_targets, "department": dept_targets},
    epochs=8,
    batch_size=32,
    verbose=0,
)
losses = history.history["loss"]
print("loss", losses[0], "to", losses[-1])
assert losses[-1] < 0.5 * losses[0]
assert {"loss", "priority_loss", "department_loss"} <= set(history.history)

# A toy ResNet.
inputs = keras.Input(shape=(16, 16, 3), name="img")
x = layers.Conv2D(8, 3, activation="relu")(inputs)
block_1_output = layers.MaxPooling2D(2)(x)
x = layers.Conv2D(8, 3, activation="relu", padding="same")(block_1_output)
x = layers.Conv2D(8, 3, activation="relu", padding="same")(x)
block_2_output = layers.add([x, block_1_output])
x = layers.GlobalAveragePooling2D()(block_2_output)
outputs = layers.Dense(10)(x)
resnet = keras.Model(inputs, outputs, name="toy_resnet")
assert resnet.count_params() == 3 * 9 * 8 + 8 + 2 * (8 * 9 * 8 + 8) + 90


# Nested models, an ensemble, feature extraction.
def get_model():
    inputs = keras.Input(shape=(8,))
    return keras.Model(inputs, layers.Dense(1)(inputs))


models = [get_model() for _ in range(3)]
inputs = keras.Input(shape=(8,))
ensemble = keras.Model(inputs, layers.average([m(inputs) for m in models]))
data = np.random.random((4, 8)).astype("float32")
expected = np.mean([m.predict(data, verbose=0) for m in models], 0)
np.testing.assert_allclose(ensemble.predict(data, verbose=0), expected, rtol=1e-5, atol=1e-6)
features = keras.Model(resnet.input, [layer.output for layer in resnet.layers])
assert len(features(np.ones((1, 16, 16, 3)))) == len(resnet.layers)

# Shared layers.
shared_embedding = layers.Embedding(50, 4)
text_input_a = keras.Input(shape=(None,), dtype="int32")
text_input_b = keras.Input(shape=(None,), dtype="int32")
both = ops.mean(shared_embedding(text_input_a), 1) - ops.mean(shared_embedding(text_input_b), 1)
twin = keras.Model([text_input_a, text_input_b], both)
same = np.arange(10)[None]
np.testing.assert_allclose(twin.predict([same, same], verbose=0), np.zeros((1, 4)), atol=1e-7)
