"""Two inputs and an auxiliary output, in the manner of the functional API guide of Keras 2."""

import numpy

numpy.random.seed(1337)  # for reproducibility

import numpy as np
from keras.layers import LSTM, Dense, Embedding, Input, concatenate
from keras.models import Model

rng = np.random.RandomState(0)
headline_data = rng.randint(1, 60, size=(256, 12))
additional_data = rng.rand(256, 5)
labels = ((headline_data[:, -4:] < 20).sum(axis=1) + 2 * additional_data[:, 0] > 2.2).astype(
    "float32"
)
labels = labels[:, None]

main_input = Input(shape=(12,), dtype="int32", name="main_input")
x = Embedding(output_dim=16, input_dim=60, input_length=12)(main_input)
lstm_out = LSTM(16)(x)
auxiliary_output = Dense(1, activation="sigmoid", name="aux_output")(lstm_out)
auxiliary_input = Input(shape=(5,), name="aux_input")
x = concatenate([lstm_out, auxiliary_input])
x = Dense(32, activation="relu")(x)
x = Dense(32, activation="relu")(x)
main_output = Dense(1, activation="sigmoid", name="main_output")(x)

model = Model(inputs=[main_input, auxiliary_input], outputs=[main_output, auxiliary_output])
model.compile(optimizer="rmsprop", loss="binary_crossentropy", loss_weights=[1.0, 0.2])
model.fit([headline_data, additional_data], [labels, labels], epochs=2, batch_size=32, verbose=2)

model.compile(
    optimizer="adam",
    loss={"main_output": "binary_crossentropy", "aux_output": "binary_crossentropy"},
    loss_weights={"main_output": 1.0, "aux_output": 0.2},
    metrics=["accuracy"],
)
history = model.fit(
    {"main_input": headline_data, "aux_input": additional_data},
    {"main_output": labels, "aux_output": labels},
    epochs=25,
    batch_size=32,
    verbose=0,
)
scores = model.evaluate([headline_data, additional_data], [labels, labels], verbose=0)
print(dict(zip(model.metrics_names, scores)))
assert model.metrics_names[:3] == ["loss", "main_output_loss", "aux_output_loss"]
assert len(scores) == len(model.metrics_names) == 5
assert abs(scores[0] - (scores[1] + 0.2 * scores[2])) < 1e-5
assert scores[3] > 0.85, scores
assert history.history["main_output_loss"][-1] < history.history["main_output_loss"][0]
