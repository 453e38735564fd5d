"""A classifier as TensorFlow 1 wrote them: placeholders, variables, a session."""

import numpy as np
import tensorflow as tf
from sklearn.datasets import load_digits

digits = load_digits()
images = (digits.data / 16.0).astype("float32")
labels = np.eye(10, dtype="float32")[digits.target]
n_train = 1400

tf.set_random_seed(1)
np.random.seed(1)

x = tf.placeholder(tf.float32, [None, 64], name="x")
y_ = tf.placeholder(tf.float32, [None, 10], name="y")
keep_prob = tf.placeholder(tf.float32)


def weight_variable(shape):
    return tf.Variable(tf.truncated_normal(shape, stddev=0.1))


def bias_variable(shape):
    return tf.Variable(tf.constant(0.1, shape=shape))


with tf.name_scope("hidden"):
    W1 = weight_variable([64, 32])
    b1 = bias_variable([32])
    h1 = tf.nn.relu(tf.matmul(x, W1) + b1)
    h1_drop = tf.nn.dropout(h1, keep_prob)

W2 = weight_variable([32, 10])
b2 = bias_variable([10])
logits = tf.matmul(h1_drop, W2) + b2
print(logits.get_shape()[1].value, logits.shape.as_list())

cross_entropy = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=y_, logits=logits))
regularized = cross_entropy + 1e-4 * (tf.nn.l2_loss(W1) + tf.nn.l2_loss(W2))

global_step = tf.Variable(0, trainable=False, name="global_step")
learning_rate = tf.train.exponential_decay(0.005, global_step, 500, 0.9, staircase=True)
train_step = tf.train.AdamOptimizer(learning_rate).minimize(regularized, global_step=global_step)

correct = tf.equal(tf.argmax(logits, 1), tf.argmax(y_, 1))
accuracy = tf.reduce_mean(tf.cast(correct, tf.float32))
saver = tf.train.Saver()

init = tf.global_variables_initializer()
with tf.Session() as sess:
    sess.run(init)
    first = sess.run(
        cross_entropy, feed_dict={x: images[:n_train], y_: labels[:n_train], keep_prob: 1.0}
    )
    for step in range(400):
        batch = np.random.randint(0, n_train, 64)
        _, loss = sess.run(
            [train_step, cross_entropy],
            feed_dict={x: images[batch], y_: labels[batch], keep_prob: 0.8},
        )
    feed = {x: images[n_train:], y_: labels[n_train:], keep_prob: 1.0}
    print("loss", first, "->", loss)
    print("test accuracy", sess.run(accuracy, feed), accuracy.eval(feed))
    assert sess.run(global_step) == 400
    assert accuracy.eval(feed_dict=feed) > 0.87

    import os
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = saver.save(sess, os.path.join(folder, "model.ckpt"), global_step=400)
        before = sess.run(W2)
        sess.run(tf.global_variables_initializer())
        assert accuracy.eval(feed_dict=feed) < 0.5
        saver.restore(sess, path)
        np.testing.assert_array_equal(sess.run(W2), before)

    counter = tf.Variable(1)
    double = tf.assign(counter, counter * 2)
    sess.run(tf.global_variables_initializer())
    assert [sess.run(double) for _ in range(3)] == [2, 4, 8]
    grads = tf.gradients(cross_entropy, [W2, b2])
    assert [g.shape for g in sess.run(grads, feed)] == [(32, 10), (10,)]
