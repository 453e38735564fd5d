"""flow_from_dataframe with validation_split and several kinds of targets, as tf.keras tutorials use it."""

import os
import tempfile

import numpy as np
import pandas as pd
import tensorflow as tf
from tensorflow.keras.layers import Conv2D, Dense, Flatten, GlobalAveragePooling2D, Input
from tensorflow.keras.models import Model
from tensorflow.keras.preprocessing.image import ImageDataGenerator

np.random.seed(3)
folder = tempfile.TemporaryDirectory()
rows = []
for i in range(150):
    color = np.random.randint(3)
    light = np.random.uniform(0.3, 1)
    picture = np.random.uniform(0, 40, (12, 12, 3))
    picture[..., color] += 200 * light
    name = "%03d.png" % i
    tf.keras.preprocessing.image.save_img(os.path.join(folder.name, name), picture, scale=False)
    rows.append({"id": name, "label": ("red", "green", "blue")[color], "light": light})
train_df = pd.DataFrame(rows)

datagen = ImageDataGenerator(rescale=1.0 / 255.0, validation_split=0.25)
train_generator = datagen.flow_from_dataframe(
    dataframe=train_df,
    directory=folder.name,
    x_col="id",
    y_col="label",
    subset="training",
    batch_size=16,
    seed=42,
    shuffle=True,
    class_mode="categorical",
    target_size=(8, 8),
)
valid_generator = datagen.flow_from_dataframe(
    dataframe=train_df,
    directory=folder.name,
    x_col="id",
    y_col="label",
    subset="validation",
    batch_size=16,
    seed=42,
    shuffle=True,
    class_mode="categorical",
    target_size=(8, 8),
)
assert train_generator.class_indices == {"blue": 0, "green": 1, "red": 2}

inputs = Input(shape=(8, 8, 3))
hidden = GlobalAveragePooling2D()(Conv2D(8, 3, activation="relu")(inputs))
model = Model(inputs, Dense(3, activation="softmax")(hidden))
model.compile(tf.keras.optimizers.Adam(lr=0.02), "categorical_crossentropy", metrics=["accuracy"])
STEP_SIZE_TRAIN = train_generator.n // train_generator.batch_size
STEP_SIZE_VALID = valid_generator.n // valid_generator.batch_size
history = model.fit(
    train_generator,
    steps_per_epoch=STEP_SIZE_TRAIN,
    validation_data=valid_generator,
    validation_steps=STEP_SIZE_VALID,
    epochs=10,
    verbose=0,
)
print(history.history["val_accuracy"])
assert history.history["val_accuracy"][-1] > 0.95

# A number as the target.
regression = datagen.flow_from_dataframe(
    train_df, folder.name, "id", "light", target_size=(8, 8), class_mode="raw", subset="training"
)
model = Model(inputs, Dense(1)(Flatten()(inputs)))
model.compile("adam", "mse")
losses = model.fit(regression, epochs=10, verbose=0).history["loss"]
assert losses[-1] < losses[0] / 2
