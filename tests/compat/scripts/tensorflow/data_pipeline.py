"""Images from files through tf.data into `fit`: decode, resize, augment, cache, shuffle, batch, prefetch."""

import os
import pathlib
import tempfile

import numpy as np
import tensorflow as tf

AUTOTUNE = tf.data.experimental.AUTOTUNE
IMG_SIZE = 16
CLASS_NAMES = np.array(["across", "down"])
rng = np.random.RandomState(0)


def write_images(folder):
    """Stripes across and stripes down, as PNG and JPEG files."""
    for label in CLASS_NAMES:
        (folder / label).mkdir(parents=True)
        for i in range(60):
            wave = (np.sin(np.arange(24) * rng.uniform(0.8, 1.4) + rng.uniform(0, 6)) + 1) / 2
            image = np.tile(
                wave[:, None] if label == "across" else wave[None, :],
                (1, 24) if label == "across" else (24, 1),
            )
            image = np.clip(
                image[..., None] * rng.uniform(0.5, 1, 3) + rng.normal(0, 0.1, (24, 24, 3)), 0, 1
            )
            pixels = tf.image.convert_image_dtype(image.astype("float32"), tf.uint8)
            name = str(folder / label / f"{i:03d}")
            if i % 2:
                tf.io.write_file(name + ".png", tf.io.encode_png(pixels))
            else:
                tf.io.write_file(name + ".jpg", tf.io.encode_jpeg(pixels))


def get_label(file_path):
    parts = tf.strings.split(file_path, os.path.sep)
    return tf.argmax(tf.cast(parts[-2] == CLASS_NAMES, tf.int32))


def decode_img(img):
    img = tf.io.decode_image(img, channels=3, expand_animations=False)
    img = tf.image.convert_image_dtype(img, tf.float32)
    return tf.image.resize(img, [IMG_SIZE, IMG_SIZE])


def process_path(file_path):
    label = get_label(file_path)
    img = tf.io.read_file(file_path)
    return decode_img(img), label


def augment(image, label):
    image = tf.image.random_flip_left_right(image)
    image = tf.image.random_brightness(image, max_delta=0.1)
    image = tf.image.resize_with_crop_or_pad(image, IMG_SIZE + 2, IMG_SIZE + 2)
    image = tf.image.random_crop(image, size=[IMG_SIZE, IMG_SIZE, 3])
    return tf.clip_by_value(image, 0.0, 1.0), label


with tempfile.TemporaryDirectory() as name:
    data_dir = pathlib.Path(name)
    write_images(data_dir)
    assert tf.io.gfile.exists(name) and sorted(tf.io.gfile.listdir(name)) == ["across", "down"]

    list_ds = tf.data.Dataset.list_files(str(data_dir / "*/*"), shuffle=False)
    count = tf.data.experimental.cardinality(list_ds).numpy()
    assert count == 120
    for f in list_ds.take(1):
        assert f.numpy().endswith(b".jpg"), f
    list_ds = list_ds.shuffle(count, seed=3, reshuffle_each_iteration=False)
    val_ds = list_ds.take(30).map(process_path, num_parallel_calls=AUTOTUNE)
    train_ds = list_ds.skip(30).map(process_path, num_parallel_calls=AUTOTUNE)
    for image, label in train_ds.take(1):
        print("Image shape:", image.numpy().shape, "Label:", label.numpy())

    train_ds = train_ds.cache().shuffle(90).map(augment).batch(15).prefetch(AUTOTUNE)
    val_ds = val_ds.batch(15).cache().prefetch(buffer_size=AUTOTUNE)

    tf.random.set_seed(5)
    model = tf.keras.Sequential(
        [
            tf.keras.Input((IMG_SIZE, IMG_SIZE, 3)),
            tf.keras.layers.Conv2D(8, 3, activation="relu"),
            tf.keras.layers.MaxPooling2D(),
            tf.keras.layers.Flatten(),
            tf.keras.layers.Dense(2),
        ]
    )
    model.compile(
        optimizer=tf.keras.optimizers.Adam(0.01),
        loss=tf.keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    history = model.fit(train_ds, validation_data=val_ds, epochs=6, verbose=0)
    print(history.history["val_accuracy"])
    assert history.history["val_accuracy"][-1] > 0.9
