"""REINFORCE with a training function of one's own: optimizer.get_updates and K.function."""

import numpy

numpy.random.seed(1337)  # for reproducibility

import numpy as np
from keras import backend as K
from keras.layers import Dense, Input
from keras.models import Model
from keras.optimizers import Adam

rng = np.random.RandomState(0)
input_dim, output_dim = 4, 3

X = inp = Input(shape=(input_dim,))
net = Dense(16, activation="relu")(X)
net = Dense(output_dim, activation="softmax")(net)
model = Model(inputs=inp, outputs=net)

action_prob_placeholder = model.output
action_onehot_placeholder = K.placeholder(shape=(None, output_dim), name="action_onehot")
discount_reward_placeholder = K.placeholder(shape=(None,), name="discount_reward")

action_prob = K.sum(action_prob_placeholder * action_onehot_placeholder, axis=1)
log_action_prob = K.log(action_prob + K.epsilon())
loss = K.mean(-log_action_prob * discount_reward_placeholder)
entropy = K.sum(action_prob_placeholder * K.log(action_prob_placeholder + 1e-10), axis=1)
loss = loss + 0.001 * K.mean(entropy)

adam = Adam(lr=0.02)
updates = adam.get_updates(params=model.trainable_weights, loss=loss)
train_fn = K.function(
    inputs=[model.input, action_onehot_placeholder, discount_reward_placeholder],
    outputs=[loss],
    updates=updates,
)

# The right action is the one that the greatest of the first three numbers of a state says.
rewards = []
for _ in range(120):
    S = rng.normal(size=(64, input_dim))
    probs = model.predict(S, verbose=0)
    A = np.array([rng.choice(output_dim, p=p / p.sum()) for p in probs])
    R = (S[:, :3].argmax(axis=1) == A).astype("float32")
    rewards.append(R.mean())
    train_fn([S, np.eye(output_dim)[A], (R - np.mean(rewards[-10:])) / (R.std() + 1e-6)])
print(np.mean(rewards[:10]), np.mean(rewards[-10:]))
assert np.mean(rewards[-10:]) > 0.8

# Norms of a compiled model's gradients.
model.compile(optimizer="sgd", loss="categorical_crossentropy")
weights = model.trainable_weights
gradients = model.optimizer.get_gradients(model.total_loss, weights)
summed_squares = [K.sum(K.square(g)) for g in gradients]
norm = K.sqrt(sum(summed_squares))
inputs = [model.input, model.targets[0], model.sample_weights[0], K.learning_phase()]
get_norm = K.function(inputs, [norm])
S = rng.normal(size=(32, input_dim))
T = np.eye(output_dim)[S[:, :3].argmax(axis=1)]
right, wrong = (get_norm([S, t, np.ones(32), 0])[0] for t in (T, T[:, ::-1]))
print(right, wrong)
assert right < wrong
