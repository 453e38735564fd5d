"""Deep Q-learning on a small corridor of its own, as the notes of 2018 wrote it: `reduce_mean(square(model - q_target), axis=0)`."""

import random
from collections import deque

import numpy as np
import tensorflow as tf
from tensorflow.keras import Sequential
from tensorflow.keras.layers import Dense

tf.random.set_seed(8)
random.seed(8)
np.random.seed(8)


class Corridor:
    """Seven fields. The goal is at the right end; a step costs a little."""

    n, actions = 7, 2

    def reset(self):
        self.at, self.steps = 2, 0
        return self._state()

    def step(self, action):
        self.at = max(0, self.at + (1 if action == 1 else -1))
        self.steps += 1
        done = self.at == self.n - 1 or self.steps >= 20
        reward = 1.0 if self.at == self.n - 1 else -0.02
        return self._state(), reward, done

    def _state(self):
        return np.eye(self.n, dtype="float32")[min(self.at, self.n - 1)]


env = Corridor()


def build():
    model = Sequential()
    model.add(Dense(24, input_dim=env.n, activation="relu"))
    model.add(Dense(env.actions, activation="linear"))
    return model


model, target_model = build(), build()
target_model.set_weights(model.get_weights())
optimizer = tf.keras.optimizers.Adam(learning_rate=0.01)
memory = deque(maxlen=1000)
gamma, epsilon, batch_size = 0.95, 1.0, 32


@tf.function
def train(states, actions, targets):
    with tf.GradientTape() as tape:
        q = tf.reduce_sum(model(states) * tf.one_hot(actions, env.actions), axis=1)
        loss = tf.reduce_mean(tf.square(q - targets), axis=0)
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(grads, model.trainable_variables))
    return loss


for episode in range(45):
    state, done, total = env.reset(), False, 0.0
    while not done:
        if np.random.rand() <= epsilon:
            action = random.randrange(env.actions)
        else:
            action = int(tf.argmax(model(state[None]), axis=1)[0])
        next_state, reward, done = env.step(action)
        memory.append((state, action, reward, next_state, done))
        state, total = next_state, total + reward
    if len(memory) >= batch_size:
        for _ in range(8):
            batch = random.sample(memory, batch_size)
            states, actions, rewards, next_states, dones = map(np.array, zip(*batch))
            best = tf.reduce_max(target_model(next_states), axis=1)
            targets = rewards + gamma * best * (1.0 - tf.cast(dones, tf.float32))
            loss = train(states, actions, tf.cast(targets, tf.float32))
    if episode % 5 == 0:
        target_model.set_weights(model.get_weights())
    epsilon = max(0.05, epsilon * 0.92)

greedy, done, total = env.reset(), False, 0.0
while not done:
    greedy, reward, done = env.step(int(np.argmax(model.predict(greedy[None], verbose=0)[0])))
    total += reward
print("reward of the greedy policy", total, "steps", env.steps)
assert env.steps == 4 and total > 0.9
