"""U-Net finds discs, squares and triangles in noisy pictures, and says of each pixel what it is of.

    pip install "minikeras[plot]"
    python examples/unet.py

The network of Ronneberger, Fischer and Brox (2015): on the way down convolutions see ever more of the
picture ever more coarsely, on the way up the result gets fine again; and the fine features of the way
down are put beside it, so that edges come out sharp. As in the paper there are few pictures to learn
from, 160, and they are made more: each epoch sees each of them turned or mirrored, and its mask with it.

The shapes are drawn by the script. They are brighter or darker than their background, which is no clue to
what they are. On new pictures it measures for each kind of shape the intersection over union (IoU), and
Dice's coefficient. `--no-skips` leaves the connections out. Writes unet.png.
"""

import argparse
import sys

import numpy as np

import minikeras
from minikeras import layers

CLASSES = ("background", "disc", "square", "triangle")
COLORS = ("#FFFFFF", "#0072B2", "#E69F00", "#CC79A7")


def outside(kind, u, v, radius):
    """Give how far points are outside of a shape around 0; inside it is negative."""
    if kind == 1:
        return np.hypot(u, v) - radius
    if kind == 2:
        return np.maximum(abs(u), abs(v)) - 0.85 * radius
    half = np.sqrt(3) / 2
    return np.max([v, half * u - v / 2, -half * u - v / 2], axis=0) - 0.6 * radius


def draw_picture(size, rng):
    """Draw up to four shapes, the later ones over the others; return the picture and its mask."""
    y, x = np.mgrid[:size, :size]
    slope = rng.normal(scale=0.15, size=2) / size
    picture = rng.uniform(0.3, 0.7) + slope[0] * (x - size / 2) + slope[1] * (y - size / 2)
    mask = np.zeros((size, size), "int32")
    for kind in rng.integers(1, 4, size=rng.integers(2, 5)):
        a, b = rng.uniform(0.15 * size, 0.85 * size, 2)
        turn = rng.uniform(0, 2 * np.pi)
        u = (x - a) * np.cos(turn) + (y - b) * np.sin(turn)
        v = (y - b) * np.cos(turn) - (x - a) * np.sin(turn)
        distance = outside(kind, u, v, rng.uniform(0.13, 0.24) * size)
        cover = np.clip(0.5 - distance, 0, 1)  # edges are smooth
        tone = picture.mean() + rng.choice([-1, 1]) * rng.uniform(0.2, 0.4)
        picture = picture + cover * (tone - picture)
        mask[distance < 0] = kind
    picture = picture + rng.normal(scale=0.08, size=picture.shape)
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


def build_unet(size, filters=(12, 24, 48), skips=True):
    """A picture becomes the probability of each class at each pixel."""
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
    return minikeras.Model(picture, layers.Conv2D(len(CLASSES), 1, activation="softmax")(x))


def overlaps(truth, found):
    """Give IoU and Dice's coefficient of each class."""
    iou, dice = [], []
    for k in range(len(CLASSES)):
        both = np.sum((truth == k) & (found == k))
        total = np.sum(truth == k) + np.sum(found == k)
        iou.append(both / (total - both))
        dice.append(2 * both / total)
    return np.array(iou), np.array(dice)


def plot(pictures, truth, found, path):
    """Draw pictures in columns: as it is, the true classes, the network's, and where they differ."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    shades = matplotlib.colors.ListedColormap(COLORS)
    size = (1.45 * len(pictures) + 0.6, 6.3)
    fig, axes = plt.subplots(4, len(pictures), figsize=size, layout="constrained")
    for column, picture, right, said in zip(axes.T, pictures, truth, found):
        column[0].imshow(picture[..., 0], cmap="gray", vmin=0, vmax=1)
        for ax, mask in zip(column[1:], (right, said)):
            ax.imshow(mask, cmap=shades, vmin=-0.5, vmax=3.5, interpolation="nearest")
        column[3].imshow(right != said, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
        for ax in column:
            ax.set(xticks=[], yticks=[])
    for ax, name in zip(axes[:, 0], ("picture", "truth", "U-Net", "errors")):
        ax.set_ylabel(name)
    patches = [plt.Rectangle((0, 0), 1, 1, facecolor=c, edgecolor="black") for c in COLORS]
    fig.legend(patches, CLASSES, loc="outside lower center", ncols=len(CLASSES), frameon=False)
    fig.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--epochs", type=int, default=24)
    parser.add_argument("--pictures", type=int, default=160, help="to learn from")
    parser.add_argument("--size", type=int, default=32, help="in pixels, a multiple of 4")
    parser.add_argument("--skips", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--picture", default="unet.png", metavar="FILE")
    parser.add_argument("--target", type=float, default=0.75, help="mean IoU of the shapes")
    args = parser.parse_args()

    minikeras.utils.set_random_seed(args.seed)
    rng = np.random.default_rng(args.seed)
    train = draw_pictures(args.pictures, args.size, rng)
    pictures, truth = draw_pictures(100, args.size, rng)

    model = build_unet(args.size, skips=args.skips)
    steps = args.epochs * -(-args.pictures // 8)
    rate = minikeras.optimizers.schedules.CosineDecay(4e-3, steps)
    model.compile(minikeras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    model.fit(Augmented(*train, 8, rng), epochs=args.epochs, verbose=2)

    found = model.predict(pictures, batch_size=20, verbose=0).argmax(axis=-1)
    iou, dice = overlaps(truth, found)
    print(f"\n{len(truth)} new pictures     IoU    Dice")
    for name, values in zip(CLASSES, zip(iou, dice)):
        print(f"{name:14}" + "".join(f"{value:8.3f}" for value in values))
    print(f"mean of shapes{iou[1:].mean():8.3f}{dice[1:].mean():8.3f}")
    metric = minikeras.metrics.MeanIoU(len(CLASSES))
    metric.update_state(truth, found)
    print(f"`MeanIoU`, with the background: {float(metric.result()):.3f}")

    try:
        plot(pictures[:7], truth[:7], found[:7], args.picture)
        print(f"pictures and masks: {args.picture}")
    except ImportError:
        print('no picture: matplotlib is missing, `pip install "minikeras[plot]"` brings it')

    if iou[1:].mean() < args.target:
        sys.exit(f"a mean IoU of {iou[1:].mean():.3f} is below {args.target}")


if __name__ == "__main__":
    main()
