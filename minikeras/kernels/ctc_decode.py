"""What probabilities over time spell out: the best class of each step, or a search over labels.

The search (Graves, 2012; Hannun et al., 2014) keeps the labels that are most probable so far, over all
the ways of spelling them: with repetitions, and with blanks between. All examples go through time
together; what is kept are arrays `(batch, width)`.
"""

from __future__ import annotations

import numpy as np

_FACTOR = np.uint64(0x9E3779B97F4A7C15)
_NONE = -1


def greedy(
    logits: np.ndarray, lengths: np.ndarray, blank: int, merge: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Take the best class of each step.

    Args:
        logits: `(batch, time, classes)`.
        lengths: steps of each example, `(batch,)`.
        blank: the class that stands for no label.
        merge: whether a class that follows itself counts once.

    Returns:
        Labels `(batch, time)`, filled up with -1, and minus the sums of the logits taken, `(batch,)`.
    """
    best = logits.argmax(-1)
    there = np.arange(logits.shape[1]) < lengths[:, None]
    kept = there & (best != blank)
    if merge:
        kept[:, 1:] &= best[:, 1:] != best[:, :-1]
    scores = -np.where(there, logits.max(-1, initial=-np.inf), 0).sum(1, dtype=logits.dtype)
    return _to_the_left(best, kept), scores


def _to_the_left(values: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Return rows of what is kept, filled up with -1."""
    order = np.argsort(~kept, axis=1, kind="stable")
    there = np.arange(kept.shape[1]) < kept.sum(1)[:, None]
    return np.where(there, np.take_along_axis(values, order, 1), _NONE)


def beam_search(
    logits: np.ndarray, lengths: np.ndarray, blank: int, width: int, top: int
) -> tuple[np.ndarray, np.ndarray]:
    """Search for the most probable labels.

    Args:
        logits: `(batch, time, classes)`.
        lengths: steps of each example, `(batch,)`.
        blank: the class that stands for no label.
        width: how many labels are kept at each step.
        top: how many are returned.

    Returns:
        Labels `(batch, top, time)`, filled up with -1, the most probable first, and the logarithms of
        their probabilities `(batch, top)`, -inf where there are fewer.
    """
    batch, steps, classes = logits.shape
    largest = logits.max(-1, keepdims=True, initial=-np.inf)
    log_p = logits - largest
    log_p -= np.log(np.exp(log_p).sum(-1, keepdims=True))
    width = max(width, 1)
    labels = np.full((batch, width, steps), _NONE, np.int64)
    count = np.zeros((batch, width), np.int64)
    last = np.full((batch, width), _NONE, np.int64)
    # Labels are known by a number made of them, so that those that come about twice are found.
    own, before = np.zeros((2, batch, width), np.uint64)
    in_blank = np.full((batch, width), -np.inf, log_p.dtype)
    in_blank[:, 0] = 0
    in_label = np.full_like(in_blank, -np.inf)
    rows = np.arange(batch)[:, None]
    for t in range(steps):
        some = np.flatnonzero(lengths > t)
        if not some.size:
            break
        p = log_p[some, t]
        at, in_b, in_l = last[some], in_blank[some], in_label[some]
        total = np.logaddexp(in_b, in_l)
        stay_blank = total + p[:, blank, None]
        stay_label = np.where(at < 0, -np.inf, in_l + np.take_along_axis(p, np.maximum(at, 0), 1))
        longer = total[:, :, None] + p[:, None, :]
        repeated = np.arange(classes) == at[:, :, None]
        longer = np.where(repeated, in_b[:, :, None] + p[:, None, :], longer)
        longer[:, :, blank] = -np.inf
        # Where labels plus one more are kept already, these ways lead there.
        alive = total > -np.inf
        parent = (before[some][:, :, None] == own[some][:, None, :]) & alive[:, None, :]
        parent &= (alive & (at >= 0))[:, :, None]
        i, j, k = np.nonzero(parent)
        stay_label[i, j] = np.logaddexp(stay_label[i, j], longer[i, k, at[i, j]])
        longer[i, k, at[i, j]] = -np.inf
        scores = np.concatenate(
            [np.logaddexp(stay_blank, stay_label), longer.reshape(len(some), -1)], axis=1
        )
        best = np.argsort(-scores, axis=1, kind="stable")[:, :width]
        stays = best < width
        source = np.where(stays, best, (best - width) // classes)
        added = np.where(stays, _NONE, (best - width) % classes)

        def taken(x: np.ndarray, source: np.ndarray = source) -> np.ndarray:
            return np.take_along_axis(x, source, 1)

        here = rows[: len(some)]
        new_labels, new_count = labels[some][here, source], taken(count[some])
        i, j = np.nonzero(~stays)
        new_labels[i, j, new_count[i, j]] = added[i, j]
        labels[some] = new_labels
        count[some] = new_count + ~stays
        last[some] = np.where(stays, taken(at), added)
        name = taken(own[some])
        with np.errstate(over="ignore"):
            longer_name = (name + np.uint64(1)) * _FACTOR + (added + 2).astype(np.uint64) ** 3
        before[some] = np.where(stays, taken(before[some]), name)
        own[some] = np.where(stays, name, longer_name)
        in_blank[some] = np.where(stays, taken(stay_blank), -np.inf)
        in_label[some] = np.where(stays, taken(stay_label), taken(scores, best))
    scores = np.logaddexp(in_blank, in_label)
    order = np.argsort(-scores, axis=1, kind="stable")[:, :top]
    found, scores = labels[rows, order], np.take_along_axis(scores, order, 1)
    found[scores == -np.inf] = _NONE
    more = max(top - width, 0)
    found = np.pad(found, ((0, 0), (0, more), (0, 0)), constant_values=_NONE)
    return found, np.pad(scores, ((0, 0), (0, more)), constant_values=-np.inf)
