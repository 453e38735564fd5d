"""`ConvLSTM3D`."""

from __future__ import annotations

from minikeras.layers.rnn.conv_lstm import ConvLSTM, ConvLSTMCell


class ConvLSTM3DCell(ConvLSTMCell):
    """One step of `ConvLSTM3D`."""

    rank = 3


class ConvLSTM3D(ConvLSTM, cell=ConvLSTM3DCell):
    """LSTM over films of volumes: its states are images of rank 3, its products convolutions.

    Args:
        filters: number of channels of the states and of the output.
        kernel_size: size of the window, one number or one for each spatial axis.
        strides: step of the window over the inputs; over the state it is 1.
        padding: `"valid"` or `"same"`, of the inputs; that of the state is always `"same"`.
        data_format: `"channels_last"` or `"channels_first"`; the global setting if None.
        dilation_rate: distance of the window's elements on the inputs.
        activation: activation of the new contents, a function or its name.
        recurrent_activation: activation of the gates.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: initializers of the weights.
        unit_forget_bias: whether the bias of the forget gate begins with ones.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: penalty on the output.
        kernel_constraint, recurrent_constraint, bias_constraint: constraints of the weights.
        dropout: share of the inputs that is dropped while training.
        recurrent_dropout: share of the state that is dropped while training. With either the layer
            runs its cell step by step, which is slower; so it does with other activations.
        seed: integer seed of dropout.
        return_sequences, return_state, go_backwards, stateful: see `RNN`.

    Input: `(batch, time, depth, height, width, channels)`; the spatial sizes must be known.
    Output: `(batch, depth, height, width, filters)`; with `return_sequences` there is the axis of time too.

    Raises:
        ValueError: if the windows do not fit, or a spatial size is unknown.

    Source: Shi et al., 2015.

    Example:

    >>> import numpy as np
    >>> from minikeras import layers
    >>> layers.ConvLSTM3D(4, 3)(np.ones((1, 3, 4, 4, 4, 2))).shape
    (1, 2, 2, 2, 4)
    """
