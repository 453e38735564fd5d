"""A small vision transformer on digits: patches, a class token, transformer blocks."""

import numpy as np
import keras
from keras import layers, ops
from sklearn.datasets import load_digits

keras.utils.set_random_seed(10)
digits = load_digits()
order = np.random.permutation(1797)
x = (digits.images[order] / 16)[..., None].astype("float32")
y = digits.target[order]
projection_dim, patch = 24, 2


class Patches(layers.Layer):
    def __init__(self, patch_size):
        super().__init__()
        self.patch_size = patch_size

    def call(self, images):
        batch, height, width, channels = ops.shape(images)
        rows, columns = height // self.patch_size, width // self.patch_size
        x = ops.reshape(images, (batch, rows, self.patch_size, columns, self.patch_size, channels))
        x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
        return ops.reshape(x, (batch, rows * columns, self.patch_size**2 * channels))


class PatchEncoder(layers.Layer):
    def __init__(self, num_patches, projection_dim):
        super().__init__()
        self.num_patches = num_patches
        self.projection = layers.Dense(units=projection_dim)
        self.position_embedding = layers.Embedding(num_patches + 1, projection_dim)
        self.token = self.add_weight(shape=(1, 1, projection_dim), name="class_token")

    def call(self, patch):
        encoded = self.projection(patch)
        token = ops.broadcast_to(self.token, (ops.shape(encoded)[0], 1, encoded.shape[-1]))
        encoded = ops.concatenate([token, encoded], axis=1)
        positions = ops.expand_dims(ops.arange(0, self.num_patches + 1, 1), axis=0)
        return encoded + self.position_embedding(positions)


inputs = keras.Input(shape=(8, 8, 1))
encoded = PatchEncoder(16, projection_dim)(Patches(patch)(inputs))
for _ in range(2):
    x1 = layers.LayerNormalization(epsilon=1e-6)(encoded)
    attention = layers.MultiHeadAttention(num_heads=2, key_dim=projection_dim)(x1, x1)
    x2 = layers.Add()([attention, encoded])
    x3 = layers.LayerNormalization(epsilon=1e-6)(x2)
    x3 = layers.Dense(48, activation=keras.activations.gelu)(x3)
    x3 = layers.Dense(projection_dim, activation=keras.activations.gelu)(x3)
    encoded = layers.Add()([x3, x2])
representation = layers.LayerNormalization(epsilon=1e-6)(encoded)[:, 0]
logits = layers.Dense(10)(representation)
model = keras.Model(inputs=inputs, outputs=logits)
model.compile(
    optimizer=keras.optimizers.AdamW(learning_rate=0.003, weight_decay=0.0001),
    loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    metrics=[
        keras.metrics.SparseCategoricalAccuracy(name="accuracy"),
        keras.metrics.SparseTopKCategoricalAccuracy(5, name="top-5-accuracy"),
    ],
)
model.fit(x[:1500], y[:1500], batch_size=64, epochs=15, validation_split=0.1, verbose=2)
_, accuracy, top_5_accuracy = model.evaluate(x[1500:], y[1500:], verbose=0)
print(f"Test accuracy: {round(accuracy * 100, 2)}%, top 5: {round(top_5_accuracy * 100, 2)}%")
assert accuracy > 0.9 and top_5_accuracy > 0.98
