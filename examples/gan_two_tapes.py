"""A generative adversarial network with a train_step of its own: two tapes, two optimizers.

    python examples/gan_two_tapes.py

The generator turns noise into points; the discriminator tells them from the real ones, which lie
on a ring. Each learns from the other. Writes gan.png where matplotlib is installed.
"""

import argparse
import sys

import numpy as np

import minikeras
from minikeras import layers, ops


class GAN(minikeras.Model):
    """A model whose `fit` trains two networks against each other."""

    def __init__(self, latent_dim=8, **kwargs):
        super().__init__(**kwargs)
        self.latent_dim = latent_dim
        self.generator = minikeras.Sequential(
            [
                minikeras.Input((latent_dim,)),
                layers.Dense(64, activation="relu"),
                layers.Dense(64, activation="relu"),
                layers.Dense(2),
            ],
            name="generator",
        )
        self.discriminator = minikeras.Sequential(
            [
                minikeras.Input((2,)),
                layers.Dense(64),
                layers.LeakyReLU(negative_slope=0.2),
                layers.Dense(64),
                layers.LeakyReLU(negative_slope=0.2),
                layers.Dense(1),  # a logit: large for points that look real
            ],
            name="discriminator",
        )
        self.seeds = minikeras.random.SeedGenerator(0)
        self.d_tracker = minikeras.metrics.Mean(name="d_loss")
        self.g_tracker = minikeras.metrics.Mean(name="g_loss")

    def compile(self, d_optimizer, g_optimizer):
        super().compile()
        self.d_optimizer = d_optimizer
        self.g_optimizer = g_optimizer
        self.loss_fn = minikeras.losses.BinaryCrossentropy(from_logits=True)

    @property
    def metrics(self):  # reset at the start of each epoch
        return [self.d_tracker, self.g_tracker]

    def noise(self, n):
        return minikeras.random.normal((n, self.latent_dim), seed=self.seeds)

    def train_step(self, real):
        n = ops.shape(real)[0]
        noise = self.noise(n)
        with minikeras.GradientTape() as g_tape, minikeras.GradientTape() as d_tape:
            fake = self.generator(noise, training=True)
            real_logits = self.discriminator(real, training=True)
            fake_logits = self.discriminator(fake, training=True)
            # The discriminator wants ones for the real points and zeros for the fake ones;
            # the generator wants its points taken for real.
            d_loss = self.loss_fn(ops.ones((n, 1)), real_logits) + self.loss_fn(
                ops.zeros((n, 1)), fake_logits
            )
            g_loss = self.loss_fn(ops.ones((n, 1)), fake_logits)

        d_weights = self.discriminator.trainable_weights
        g_weights = self.generator.trainable_weights
        d_gradients = d_tape.gradient(d_loss, d_weights)
        g_gradients = g_tape.gradient(g_loss, g_weights)
        self.d_optimizer.apply_gradients(zip(d_gradients, d_weights))
        self.g_optimizer.apply_gradients(zip(g_gradients, g_weights))

        self.d_tracker.update_state(d_loss)
        self.g_tracker.update_state(g_loss)
        return {m.name: m.result() for m in self.metrics}


def ring(n, rng):
    """Points on a circle of radius one, a little off."""
    angle = rng.uniform(0, 2 * np.pi, n)
    points = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return (points + rng.normal(scale=0.05, size=(n, 2))).astype("float32")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--samples", type=int, default=4096)
    parser.add_argument("--picture", default="gan.png", metavar="FILE")
    parser.add_argument("--check", action=argparse.BooleanOptionalAction, default=True)
    args = parser.parse_args()
    minikeras.utils.set_random_seed(0)

    real = ring(args.samples, np.random.default_rng(0))
    gan = GAN()
    gan.compile(
        d_optimizer=minikeras.optimizers.Adam(1e-3, beta_1=0.5),
        g_optimizer=minikeras.optimizers.Adam(5e-4, beta_1=0.5),
    )
    untrained = np.asarray(gan.generator(gan.noise(1000)))
    history = gan.fit(real, batch_size=128, epochs=args.epochs, verbose=2)

    fake = np.asarray(gan.generator(gan.noise(1000)))
    radius = np.linalg.norm(fake, axis=1)
    print(
        f"radius of the generated points: {radius.mean():.3f} +- {radius.std():.3f} (real: 1.000)"
    )

    try:
        import matplotlib

        matplotlib.use("agg")
        import matplotlib.pyplot as plt

        fig, axes = plt.subplots(1, 3, figsize=(13, 4.4), layout="constrained")
        for name, style in (("d_loss", "-"), ("g_loss", "--")):
            color = "#0072B2" if name == "d_loss" else "#D55E00"
            axes[0].plot(history.history[name], style, color=color, label=name)
        axes[0].set(title="Losses: neither wins", xlabel="epoch")
        axes[0].legend()
        clouds = {"Before training": untrained, f"After {args.epochs} epochs": fake}
        for ax, (title, points) in zip(axes[1:], clouds.items()):
            ax.scatter(*real[:1000].T, s=12, marker="o", color="0.75", label="real")
            ax.scatter(*points.T, s=9, marker="^", color="#D55E00", label="generated", linewidths=0)
            ax.set(aspect="equal", xlim=(-1.4, 1.4), ylim=(-1.4, 1.4), title=title)
        handles, labels = axes[2].get_legend_handles_labels()
        fig.legend(handles, labels, loc="outside right center", markerscale=2, frameon=False)
        fig.savefig(args.picture, dpi=120)
        print(f"the points: {args.picture}")
    except ImportError:
        print('no picture: matplotlib is missing, `pip install "minikeras-numpy[plot]"` brings it')

    if args.check and not (0.8 < radius.mean() < 1.2 and radius.std() < 0.25):
        sys.exit("the generated points do not lie on the ring")


if __name__ == "__main__":
    main()
