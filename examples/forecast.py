"""What will the temperature be in six hours? A GRU reads the last two days and says.

    python examples/forecast.py

The series is made up: hours of a year with the course of the day, that of the year, and weather that
comes and goes. Two forecasts need no learning: "as now", which knows nothing of the night, and "as it
was at that hour yesterday", which knows nothing of the weather. The network has to be better than both.

`timeseries_dataset_from_array` cuts the windows out of the series while the network trains; training,
validation and test follow one another in time. Writes forecast.png where matplotlib is installed.
"""

import argparse
import sys

import numpy as np

import minikeras
from minikeras import layers
from minikeras.utils import timeseries_dataset_from_array

WINDOW, AHEAD, DAY = 48, 6, 24  # hours


def temperatures(hours, rng):
    """A made-up temperature for each hour."""
    time = np.arange(hours)
    year = -8 * np.cos(2 * np.pi * time / (365 * DAY))
    weather, clouds = np.zeros((2, hours))
    for t in range(1, hours):
        weather[t] = 0.98 * weather[t - 1] + rng.normal(0, 0.6)
        clouds[t] = 0.95 * clouds[t - 1] + rng.normal(0, 0.3)
    day = 5 / (1 + np.exp(clouds)) * -np.cos(2 * np.pi * (time - 3) / DAY)
    return (10 + year + day + weather + rng.normal(0, 0.2, hours)).astype("float32")


def windows(series, first, last, batch_size=64, **options):
    """Windows that lie in a part of the series, each with the value that lies ahead of it."""
    part = series[first:last]
    targets = part[WINDOW + AHEAD - 1 :]
    return timeseries_dataset_from_array(
        part[:, None], targets, WINDOW, batch_size=batch_size, **options
    )


def build_model():
    """The network gives the change from now until then."""
    hours = minikeras.Input((WINDOW, 1))
    now = hours[:, -1]
    x = layers.GRU(24)(hours)
    return minikeras.Model(hours, layers.Add()([now, layers.Dense(1)(x)]))


def plot(history, truth, forecasts, path):
    """Draw the learning curves and a week of forecasts."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    plt.style.use("seaborn-v0_8-colorblind")  # colours that colour-blind people tell apart

    fig, (left, right) = plt.subplots(1, 2, figsize=(13, 4), width_ratios=[1, 3])
    for key, label in (("loss", "training"), ("val_loss", "validation")):
        left.plot(range(1, len(history[key]) + 1), history[key], label=label)
    left.set(title="Mean squared error (scaled)", xlabel="epoch")
    left.legend()
    right.plot(truth, "k", linewidth=2, label="temperature")
    for name, values in forecasts.items():
        style = "-" if "GRU" in name else "--"
        right.plot(values, style, linewidth=1, label=f"{AHEAD} hours before: {name}")
    right.set(title="A week of the test", xlabel="hour", ylabel="degrees")
    right.legend(loc="lower center", bbox_to_anchor=(0.5, 1.08), ncols=4, frameon=False)
    fig.tight_layout()
    fig.savefig(path, dpi=120)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--hours", type=int, default=365 * DAY)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--picture", default="forecast.png", metavar="FILE")
    parser.add_argument("--gain", type=float, default=0.1, help="by which it must be better")
    args = parser.parse_args()

    minikeras.utils.set_random_seed(args.seed)
    degrees = temperatures(args.hours, np.random.default_rng(args.seed))
    a, b = args.hours * 7 // 10, args.hours * 8 // 10
    mean, deviation = degrees[:a].mean(), degrees[:a].std()
    series = (degrees - mean) / deviation
    train = windows(series, 0, a, shuffle=True, seed=args.seed)
    validation, test = windows(series, a, b), windows(series, b, args.hours)
    print(f"windows: {a - WINDOW - AHEAD + 1} to learn from, in {len(train)} batches")

    model = build_model()
    model.compile(minikeras.optimizers.Adam(5e-3), "mse")
    stop = minikeras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
    history = model.fit(
        train, validation_data=validation, epochs=args.epochs, callbacks=[stop], verbose=0
    ).history

    truth = degrees[b + WINDOW + AHEAD - 1 :]
    forecasts = {
        "the GRU": model.predict(test, verbose=0)[:, 0] * deviation + mean,
        "as now": degrees[b + WINDOW - 1 : -AHEAD],
        "as yesterday": degrees[b + WINDOW + AHEAD - 1 - DAY : -DAY],
    }
    errors = {name: float(np.abs(truth - f).mean()) for name, f in forecasts.items()}
    print(f"\nmean error of the forecast for {AHEAD} hours ahead, in degrees:")
    for name, error in errors.items():
        print(f"{name:13} {error:.2f}")

    week = slice(0, 7 * DAY)
    try:
        plot(history, truth[week], {k: f[week] for k, f in forecasts.items()}, args.picture)
        print(f"curves and a week of forecasts: {args.picture}")
    except ImportError:
        print('no picture: matplotlib is missing, `pip install "minikeras-numpy[plot]"` brings it')

    learned, *naive = errors.values()
    if learned > (1 - args.gain) * min(naive):
        sys.exit(f"the GRU's error {learned:.2f} is not {args.gain:.0%} below {min(naive):.2f}")


if __name__ == "__main__":
    main()
