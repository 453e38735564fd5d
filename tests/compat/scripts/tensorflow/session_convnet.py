"""A convolutional network of tf.layers, with batch normalization and a flag for training."""

import numpy as np
import tensorflow.compat.v1 as tf
from sklearn.datasets import load_digits

tf.disable_v2_behavior()

digits = load_digits()
images = digits.images[..., None].astype(np.float32) / 16
labels = digits.target.astype(np.int32)
n_train = 1400

tf.reset_default_graph()
tf.set_random_seed(0)
np.random.seed(0)

X = tf.placeholder(tf.float32, shape=(None, 8, 8, 1), name="X")
y = tf.placeholder(tf.int32, shape=(None,), name="labels")
training = tf.placeholder_with_default(False, shape=(), name="training")

with tf.variable_scope("net"):
    conv1 = tf.layers.conv2d(X, 16, 3, padding="SAME", activation=tf.nn.relu, name="conv1")
    pool1 = tf.layers.max_pooling2d(conv1, 2, 2)
    flat = tf.layers.flatten(pool1)
    hidden = tf.layers.dense(flat, 32, name="hidden")
    normal = tf.layers.batch_normalization(hidden, training=training, momentum=0.9)
    logits = tf.layers.dense(tf.nn.elu(normal), 10, name="logits")

with tf.name_scope("loss"):
    loss = tf.losses.sparse_softmax_cross_entropy(labels=y, logits=logits)

with tf.control_dependencies(tf.get_collection(tf.GraphKeys.UPDATE_OPS)):
    optimizer = tf.train.MomentumOptimizer(learning_rate=0.05, momentum=0.9)
    train = optimizer.minimize(loss)

accuracy = tf.reduce_mean(tf.cast(tf.nn.in_top_k(y, logits, 1), tf.float32))
names = [v.name for v in tf.trainable_variables()]
print(names)
assert names[:2] == ["net/conv1/kernel:0", "net/conv1/bias:0"], names

with tf.Session() as sess:
    tf.global_variables_initializer().run()
    for epoch in range(4):
        order = np.random.permutation(n_train)
        for at in range(0, n_train, 50):
            rows = order[at : at + 50]
            sess.run(train, feed_dict={X: images[rows], y: labels[rows], training: True})
        value = sess.run(accuracy, feed_dict={X: images[n_train:], y: labels[n_train:]})
        print("epoch", epoch, "accuracy", value)
    assert value > 0.88
