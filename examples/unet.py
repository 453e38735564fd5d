"""U-Net finds discs, squares and triangles in noisy pictures: it says of each pixel whether it is of one.

    pip install "minikeras-numpy[plot]"
    python examples/unet.py

The network of Ronneberger, Fischer and Brox (2015): on the way down convolutions see ever more of the
picture ever more coarsely, on the way up the result gets fine again; and the fine features of the way
down are put beside it, so that edges come out sharp. As in the paper there are few pictures to learn
from, 160, and they are made more: each epoch sees each of them turned or mirrored, and its mask with it.

The shapes are drawn by the script. They are brighter or darker than the background, which is not even,
and there is noise on all. On new pictures the intersection over union (IoU) and Dice's coefficient are
measured, beside those of the best threshold: how far the brightness of a pixel and its neighbours is from
that of most of the picture. `--no-skips` leaves the connections out. Writes unet.png.
"""

import argparse
import sys

import numpy as np

import minikeras
from minikeras import layers


def outside(kind, u, v, radius):
    """Give how far points are outside of a shape around 0; inside it is negative."""
    if kind == "disc":
        return np.hypot(u, v) - radius
    if kind == "square":
        return np.maximum(abs(u), abs(v)) - 0.85 * radius
    half = np.sqrt(3) / 2
    return np.max([v, half * u - v / 2, -half * u - v / 2], axis=0) - 0.6 * radius


def draw_picture(size, rng):
    """Draw up to three shapes, the later ones over the others; return the picture and its mask."""
    y, x = np.mgrid[:size, :size]
    slope = rng.normal(scale=0.2, size=2) / size
    picture = rng.uniform(0.3, 0.7) + slope[0] * (x - size / 2) + slope[1] * (y - size / 2)
    mask = np.zeros((size, size, 1), "float32")
    for kind in rng.choice(["disc", "square", "triangle"], rng.integers(1, 4)):
        a, b = rng.uniform(0.15 * size, 0.85 * size, 2)
        turn = rng.uniform(0, 2 * np.pi)
        u = (x - a) * np.cos(turn) + (y - b) * np.sin(turn)
        v = (y - b) * np.cos(turn) - (x - a) * np.sin(turn)
        distance = outside(kind, u, v, rng.uniform(0.14, 0.26) * size)
        cover = np.clip(0.5 - distance, 0, 1)  # edges are smooth
        tone = picture.mean() + rng.choice([-1, 1]) * rng.uniform(0.25, 0.45)
        picture = picture + cover * (tone - picture)
        mask[distance < 0] = 1
    picture = picture + rng.normal(scale=0.1, size=picture.shape)
    return picture[..., None].astype("float32"), mask


def draw_pictures(number, size, rng):
    pictures, masks = zip(*(draw_picture(size, rng) for _ in range(number)))
    return np.stack(pictures), np.stack(masks)


class Augmented(minikeras.utils.PyDataset):
    """Batches of pictures and masks, each time in another order and another of eight positions."""

    def __init__(self, pictures, masks, batch_size, rng):
        super().__init__()
        self.pictures, self.masks, self.batch_size, self.rng = pictures, masks, batch_size, rng
        self.order = rng.permutation(len(pictures))

    def __len__(self):
        return -(-len(self.order) // self.batch_size)

    def __getitem__(self, index):
        rows = self.order[index * self.batch_size : (index + 1) * self.batch_size]
        turned = []
        for picture, mask in zip(self.pictures[rows], self.masks[rows]):
            turns, mirrored = self.rng.integers(4), self.rng.integers(2)
            pair = [np.rot90(part, turns) for part in (picture, mask)]
            turned.append([np.fliplr(part) for part in pair] if mirrored else pair)
        pictures, masks = zip(*turned)
        return np.stack(pictures), np.stack(masks)

    def on_epoch_end(self):
        self.rng.shuffle(self.order)


def convolutions(x, filters):
    for _ in range(2):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization(momentum=0.9)(x)
        x = layers.Activation("relu")(x)
    return x


def build_unet(size, filters=(8, 16, 32), skips=True):
    """A picture becomes the probability of a shape at each pixel."""
    x = picture = minikeras.Input((size, size, 1))
    fine = []
    for n in filters[:-1]:
        x = convolutions(x, n)
        fine.append(x)
        x = layers.MaxPooling2D()(x)
    x = convolutions(x, filters[-1])
    for n, features in zip(reversed(filters[:-1]), reversed(fine)):
        x = layers.Conv2DTranspose(n, 2, strides=2)(x)
        if skips:
            x = layers.Concatenate()([features, x])
        x = convolutions(x, n)
    return minikeras.Model(picture, layers.Conv2D(1, 1, activation="sigmoid")(x))


def overlaps(truth, found):
    """Give IoU and Dice's coefficient of two masks."""
    both, total = np.sum(truth & found), np.sum(truth) + np.sum(found)
    return both / (total - both), 2 * both / total


def unlike(pictures):
    """Give how far the mean of each pixel and its eight neighbours is from the picture's median."""
    wide = np.pad(pictures, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="edge")
    blurred = np.lib.stride_tricks.sliding_window_view(wide, (3, 3), axis=(1, 2)).mean(
        axis=(-2, -1)
    )
    return abs(blurred - np.median(pictures, axis=(1, 2), keepdims=True))


def plot(rows, path):
    """Draw rows of pictures and masks, each with its name."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    columns = len(next(iter(rows.values())))
    size = (1.45 * columns + 0.6, 1.5 * len(rows))
    fig, axes = plt.subplots(len(rows), columns, figsize=size, layout="constrained")
    for line, (name, images) in zip(axes, rows.items()):
        for ax, image in zip(line, images):
            ax.imshow(image[..., 0], cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            ax.set(xticks=[], yticks=[])
        line[0].set_ylabel(name)
    fig.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--pictures", type=int, default=160, help="to learn from")
    parser.add_argument("--size", type=int, default=32, help="in pixels, a multiple of 4")
    parser.add_argument("--skips", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--picture", default="unet.png", metavar="FILE")
    parser.add_argument("--target", type=float, default=0.78, help="IoU to reach")
    args = parser.parse_args()

    minikeras.utils.set_random_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    train = draw_pictures(args.pictures, args.size, rng)
    pictures, masks = draw_pictures(100, args.size, rng)

    model = build_unet(args.size, skips=args.skips)
    steps = args.epochs * -(-args.pictures // 8)
    rate = minikeras.optimizers.schedules.CosineDecay(1e-2, steps)
    model.compile(minikeras.optimizers.Adam(rate), "binary_crossentropy")
    model.fit(Augmented(train[0], train[1], 8, rng), epochs=args.epochs, verbose=2)

    truth, tones = masks > 0.5, unlike(train[0])
    limits = np.linspace(0, tones.max(), 100)
    threshold = max(limits, key=lambda limit: overlaps(train[1] > 0.5, tones > limit)[0])
    network = model.predict(pictures, batch_size=20, verbose=0)
    found = {"threshold": unlike(pictures) > threshold, "U-Net": network > 0.5}
    print(f"\n{len(truth)} new pictures     IoU    Dice")
    for name, mask in found.items():
        print(f"{name:14}" + "".join(f"{value:8.3f}" for value in overlaps(truth, mask)))

    try:
        rows = {"picture": pictures, "truth": truth} | found
        plot({name: images[:7] for name, images in rows.items()}, args.picture)
        print(f"pictures and masks: {args.picture}")
    except ImportError:
        print('no picture: matplotlib is missing, `pip install "minikeras-numpy[plot]"` brings it')

    iou, _ = overlaps(truth, found["U-Net"])
    if iou < args.target:
        sys.exit(f"an IoU of {iou:.3f} is below {args.target}")


if __name__ == "__main__":
    main()
