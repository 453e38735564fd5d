"""Layers, modules and models of one's own, and gradients by hand: TensorFlow's guides to customization."""

import numpy as np
import tensorflow as tf

tf.random.set_seed(7)


class Dense(tf.Module):
    def __init__(self, in_features, out_features, name=None):
        super().__init__(name=name)
        self.w = tf.Variable(tf.random.normal([in_features, out_features], stddev=0.3), name="w")
        self.b = tf.Variable(tf.zeros([out_features]), name="b")

    def __call__(self, x):
        return tf.nn.relu(tf.matmul(x, self.w) + self.b)


class SequentialModule(tf.Module):
    def __init__(self, name=None):
        super().__init__(name=name)
        self.dense_1 = Dense(in_features=3, out_features=8)
        self.dense_2 = Dense(in_features=8, out_features=1)

    def __call__(self, x):
        return self.dense_2(self.dense_1(x))


module = SequentialModule(name="the_model")
assert len(module.trainable_variables) == 4 and len(module.submodules) == 2
x = tf.random.uniform([64, 3])
y = tf.reduce_sum(x, axis=1, keepdims=True)
first = None
for _ in range(200):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(module(x) - y))
    first = first if first is not None else float(loss)
    for variable, grad in zip(
        module.trainable_variables, tape.gradient(loss, module.trainable_variables)
    ):
        variable.assign_sub(0.05 * grad)
print("module", first, "->", float(loss))
assert float(loss) < 0.1 * first


class Linear(tf.keras.layers.Layer):
    def __init__(self, units=32, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        last = int(input_shape[-1])
        self.w = self.add_weight(
            name="w", shape=(last, self.units), initializer="random_normal", trainable=True
        )
        self.b = self.add_weight(name="b", shape=(self.units,), initializer="zeros", trainable=True)

    def call(self, inputs):
        return tf.matmul(inputs, self.w) + self.b

    def get_config(self):
        return {**super().get_config(), "units": self.units}


class Scale(tf.keras.layers.Layer):
    """Divides each example by its norm, whatever its shape."""

    def call(self, inputs):
        flat = tf.reshape(inputs, [tf.shape(inputs)[0], -1])
        norm = tf.norm(flat, axis=1, keepdims=True)
        return tf.reshape(flat / (norm + 1e-6), tf.shape(inputs))


inputs = tf.keras.Input(shape=(4, 2))
h = Scale()(inputs)
h = tf.keras.layers.Flatten()(h)
h = Linear(8)(h)
h = tf.keras.layers.Lambda(lambda t: tf.concat([tf.nn.relu(t), tf.nn.relu(-t)], axis=-1))(h)
h = tf.reduce_mean(tf.stack([h, tf.square(h)], axis=1), axis=1)
outputs = Linear(1)(h)
model = tf.keras.Model(inputs, outputs)
assert model.output_shape == (None, 1)
assert Linear.from_config(Linear(5).get_config()).units == 5

data = np.random.RandomState(0).randn(300, 4, 2).astype("float32")
target = (np.abs(data[:, 0, 0]) / np.sqrt((data**2).sum((1, 2)))).reshape(-1, 1)


class CustomModel(tf.keras.Model):
    def train_step(self, data):
        x, y = data
        with tf.GradientTape() as tape:
            y_pred = self(x, training=True)
            loss = tf.reduce_mean(tf.math.squared_difference(y, y_pred))
        grads, norm = tf.clip_by_global_norm(
            tape.gradient(loss, self.trainable_variables), clip_norm=1.0
        )
        self.optimizer.apply_gradients(zip(grads, self.trainable_variables))
        return {"loss": loss, "norm": norm}


custom = CustomModel(inputs, outputs)
custom.compile(optimizer=tf.keras.optimizers.Adam(0.02))
history = custom.fit(data, target, epochs=30, verbose=0)
print("custom train_step", history.history["loss"][0], "->", history.history["loss"][-1])
assert history.history["loss"][-1] < 0.3 * history.history["loss"][0]
assert set(history.history) == {"loss", "norm"}


@tf.custom_gradient
def clip_gradient_by_norm(x, norm):
    def backward(dx):
        return tf.clip_by_norm(dx, norm), None

    return x, backward


v = tf.Variable(2.0)
with tf.GradientTape() as t:
    output = clip_gradient_by_norm(v * v, 0.5)
assert abs(float(t.gradient(output, v)) - 2.0) < 1e-6

x = tf.constant(3.0)
with tf.GradientTape() as outer:
    outer.watch(x)
    with tf.GradientTape() as inner:
        inner.watch(x)
        z = x * x * x
    dz = inner.gradient(z, x)
assert float(outer.gradient(dz, x)) == 18.0

w = tf.Variable([[1.0, 2.0], [3.0, 4.0]])
w[0].assign([5.0, 6.0])
w[1, 1].assign(7.0)
assert w.numpy().tolist() == [[5.0, 6.0], [3.0, 7.0]] and w.shape.as_list() == [2, 2]
