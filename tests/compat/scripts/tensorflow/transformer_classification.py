"""A block of a transformer, and tokens with positions, as layers of one's own: Keras's example of 2020."""

import numpy as np
import tensorflow as tf
from tensorflow import keras
from tensorflow.keras import layers

keras.utils.set_random_seed(4)


class TransformerBlock(layers.Layer):
    def __init__(self, embed_dim, num_heads, ff_dim, rate=0.1):
        super(TransformerBlock, self).__init__()
        self.att = layers.MultiHeadAttention(num_heads=num_heads, key_dim=embed_dim)
        self.ffn = keras.Sequential(
            [layers.Dense(ff_dim, activation="relu"), layers.Dense(embed_dim)]
        )
        self.layernorm1 = layers.LayerNormalization(epsilon=1e-6)
        self.layernorm2 = layers.LayerNormalization(epsilon=1e-6)
        self.dropout1 = layers.Dropout(rate)
        self.dropout2 = layers.Dropout(rate)

    def call(self, inputs, training=None):
        attn_output = self.att(inputs, inputs)
        attn_output = self.dropout1(attn_output, training=training)
        out1 = self.layernorm1(inputs + attn_output)
        ffn_output = self.ffn(out1)
        ffn_output = self.dropout2(ffn_output, training=training)
        return self.layernorm2(out1 + ffn_output)


class TokenAndPositionEmbedding(layers.Layer):
    def __init__(self, maxlen, vocab_size, embed_dim):
        super(TokenAndPositionEmbedding, self).__init__()
        self.token_emb = layers.Embedding(input_dim=vocab_size, output_dim=embed_dim)
        self.pos_emb = layers.Embedding(input_dim=maxlen, output_dim=embed_dim)

    def call(self, x):
        maxlen = tf.shape(x)[-1]
        positions = tf.range(start=0, limit=maxlen, delta=1)
        positions = self.pos_emb(positions)
        x = self.token_emb(x)
        return x + positions


vocab_size, maxlen, embed_dim, num_heads, ff_dim = 30, 12, 16, 2, 16
rng = np.random.RandomState(0)
x = rng.randint(1, vocab_size, (900, maxlen))
first = np.array([np.flatnonzero(row % 5 == 0)[0] if (row % 5 == 0).any() else maxlen for row in x])
y = (first < 4).astype("int64")  # does a multiple of five come early?

inputs = layers.Input(shape=(maxlen,))
x_ = TokenAndPositionEmbedding(maxlen, vocab_size, embed_dim)(inputs)
x_ = TransformerBlock(embed_dim, num_heads, ff_dim)(x_)
x_ = layers.GlobalMaxPooling1D()(x_)
x_ = layers.Dropout(0.1)(x_)
outputs = layers.Dense(2, activation="softmax")(x_)
model = keras.Model(inputs=inputs, outputs=outputs)
model.compile(
    optimizer=keras.optimizers.Adam(0.01),
    loss="sparse_categorical_crossentropy",
    metrics=["accuracy"],
)
history = model.fit(
    x[:700], y[:700], batch_size=32, epochs=8, validation_data=(x[700:], y[700:]), verbose=0
)
print(history.history["val_accuracy"])
assert max(history.history["val_accuracy"]) > 0.9
