"""Windows of a series, a baseline, a linear model and an LSTM, as the tutorial on time series has them."""

import numpy as np
import tensorflow as tf

tf.random.set_seed(10)
t = np.arange(1200, dtype="float32")
series = np.sin(t / 8) + 0.5 * np.sin(t / 3) + 0.05 * np.random.RandomState(0).randn(1200)
series = ((series - series.mean()) / series.std()).astype("float32")


def windowed_dataset(series, window_size, batch_size, shuffle_buffer):
    dataset = tf.data.Dataset.from_tensor_slices(series[..., tf.newaxis])
    dataset = dataset.window(window_size + 1, shift=1, drop_remainder=True)
    dataset = dataset.flat_map(lambda window: window.batch(window_size + 1))
    dataset = dataset.shuffle(shuffle_buffer)
    dataset = dataset.map(lambda window: (window[:-1], window[-1]))
    return dataset.batch(batch_size).prefetch(1)


train = windowed_dataset(series[:900], 24, 32, 800)
valid = windowed_dataset(series[900:], 24, 32, 1)
for inputs, labels in train.take(1):
    print("Inputs shape (batch, time, features):", inputs.shape, "labels:", labels.shape)
    assert inputs.shape.as_list() == [32, 24, 1]


class Baseline(tf.keras.Model):
    def call(self, inputs):
        return inputs[:, -1, :]


baseline = Baseline()
baseline.compile(
    loss=tf.keras.losses.MeanSquaredError(), metrics=[tf.keras.metrics.MeanAbsoluteError()]
)
performance = {"Baseline": baseline.evaluate(valid, verbose=0)[0]}


def compile_and_fit(model, epochs, rate):
    early_stopping = tf.keras.callbacks.EarlyStopping(monitor="val_loss", patience=3, mode="min")
    model.compile(
        loss=tf.keras.losses.MeanSquaredError(),
        optimizer=tf.keras.optimizers.Adam(rate),
        metrics=[tf.keras.metrics.MeanAbsoluteError()],
    )
    return model.fit(
        train, epochs=epochs, validation_data=valid, callbacks=[early_stopping], verbose=0
    )


linear = tf.keras.Sequential([tf.keras.layers.Flatten(), tf.keras.layers.Dense(units=1)])
compile_and_fit(linear, 5, 0.01)
performance["Linear"] = linear.evaluate(valid, verbose=0)[0]

lstm_model = tf.keras.models.Sequential(
    [
        tf.keras.layers.LSTM(16, return_sequences=False),
        tf.keras.layers.Dense(units=1),
    ]
)
compile_and_fit(lstm_model, 6, 0.01)
performance["LSTM"] = lstm_model.evaluate(valid, verbose=0)[0]
for name, value in performance.items():
    print(f"{name:8s}: {value:0.4f}")
assert performance["Linear"] < 0.5 * performance["Baseline"]
assert performance["LSTM"] < 0.6 * performance["Baseline"]
