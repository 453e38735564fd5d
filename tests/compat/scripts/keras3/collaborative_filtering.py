"""Collaborative filtering: a subclassed model with embeddings of users and films."""

import numpy as np
import keras
from keras import layers, ops

keras.utils.set_random_seed(8)
rng = np.random.default_rng(0)
num_users, num_movies, EMBEDDING_SIZE = 60, 40, 8
taste, style = rng.normal(size=(num_users, 2)), rng.normal(size=(num_movies, 2))
pairs = np.stack([rng.integers(0, num_users, 2000), rng.integers(0, num_movies, 2000)], 1)
y = 1 / (1 + np.exp(-2 * (taste[pairs[:, 0]] * style[pairs[:, 1]]).sum(1)))
y_train, y_val, x_train, x_val = y[:1800], y[1800:], pairs[:1800], pairs[1800:]


class RecommenderNet(keras.Model):
    def __init__(self, num_users, num_movies, embedding_size, **kwargs):
        super().__init__(**kwargs)
        self.user_embedding = layers.Embedding(
            num_users,
            embedding_size,
            embeddings_initializer="he_normal",
            embeddings_regularizer=keras.regularizers.l2(1e-6),
        )
        self.user_bias = layers.Embedding(num_users, 1)
        self.movie_embedding = layers.Embedding(
            num_movies,
            embedding_size,
            embeddings_initializer="he_normal",
            embeddings_regularizer=keras.regularizers.l2(1e-6),
        )
        self.movie_bias = layers.Embedding(num_movies, 1)

    def call(self, inputs):
        user_vector = self.user_embedding(inputs[:, 0])
        user_bias = self.user_bias(inputs[:, 0])
        movie_vector = self.movie_embedding(inputs[:, 1])
        movie_bias = self.movie_bias(inputs[:, 1])
        dot = ops.sum(user_vector * movie_vector, axis=1, keepdims=True)
        return ops.nn.sigmoid(dot + user_bias + movie_bias)


model = RecommenderNet(num_users, num_movies, EMBEDDING_SIZE)
model.compile(
    loss=keras.losses.BinaryCrossentropy(), optimizer=keras.optimizers.Adam(learning_rate=0.02)
)
history = model.fit(
    x=x_train, y=y_train, batch_size=64, epochs=25, verbose=0, validation_data=(x_val, y_val)
)
ratings = model.predict(x_val, verbose=0).flatten()
correlation = np.corrcoef(ratings, y_val)[0, 1]
print("correlation", correlation)
assert correlation > 0.8
