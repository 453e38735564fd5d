"""Every function that `keras.backend` ever had is there, or says what to use instead."""

import inspect

import pytest

from minikeras.compat import keras_backend
from minikeras.compat.adapters import Adapted, Gone, NotAvailable
from minikeras.compat.dialects import detect
from minikeras.compat.keras_backend import GONE, KERAS1_MODULES, MODULES
from minikeras.compat.spelling import OldSpelling, forget_what_was_told

# Functions of Keras 0.3.3, 1.2.2, 2.2.4, 2.3.1 and of tf.keras 2.15; each row has those that are new in it.
NAMES = {
    "0.3.3": """
        Function abs any argmax argmin batch_dot batch_flatten binary_crossentropy cast
        cast_to_floatx categorical_crossentropy clip concatenate conv2d conv3d count_params dot
        dropout epsilon equal eval exp expand_dims flatten floatx function gather get_session
        get_value gradients hard_sigmoid int_shape l2_normalize log max maximum mean min minimum
        ndim normalize_axis not_equal ones ones_like pack permute_dimensions placeholder pool2d
        pool3d pow prod random_binomial random_normal random_uniform relu repeat repeat_elements
        reshape resize_images resize_volumes rnn round set_epsilon set_floatx set_session set_value
        shape sigmoid sign softmax softplus spatial_2d_padding spatial_3d_padding sqrt square
        squeeze std sum switch tanh temporal_padding tile transpose variable zeros zeros_like
    """,
    "1.2.2": """
        all arange asymmetric_spatial_2d_padding asymmetric_temporal_padding atrous_conv2d backend
        batch_get_value batch_normalization batch_set_value clear_session conv1d cos ctc_batch_cost
        ctc_cost ctc_create_skip_idxs ctc_decode ctc_interleave_blanks ctc_label_dense_to_sparse
        ctc_path_probs ctc_update_log_p deconv2d dtype elu eye foldl foldr get_uid
        get_variable_shape greater greater_equal image_dim_ordering in_test_phase in_top_k
        in_train_phase is_explicit_shape is_keras_tensor is_sparse learning_phase
        legacy_weight_ordering lesser lesser_equal manual_variable_initialization map_fn
        moving_average_update normalize_batch_in_training one_hot pattern_broadcast print_tensor
        random_normal_variable random_uniform_variable reset_uids reverse separable_conv2d
        set_image_dim_ordering set_learning_phase set_legacy_weight_ordering sin softsign
        sparse_categorical_crossentropy stack stop_gradient to_dense update update_add update_sub
        var
    """,
    "2.2.4": """
        bias_add constant conv2d_transpose conv3d_transpose cumprod cumsum depthwise_conv2d identity
        image_data_format is_placeholder is_tensor less less_equal local_conv1d local_conv2d
        logsumexp name_scope normalize_data_format separable_conv1d set_image_data_format slice
        truncated_normal
    """,
    "2.3.1": """
        control_dependencies conv conv_transpose depthwise_conv eager is_symbolic is_variable
        normalize_conv pool separable_conv size symbolic v1_variable_initialization
    """,
    "2.15": """
        binary_focal_crossentropy categorical_focal_crossentropy learning_phase_scope
        random_bernoulli symbolic_learning_phase
    """,
}

KERAS1 = [name for period in ("0.3.3", "1.2.2") for name in NAMES[period].split()]
KERAS2 = [name for names in NAMES.values() for name in names.split()]


@pytest.fixture(autouse=True)
def quiet(recwarn):
    """Old names say how they are spelled today."""
    forget_what_was_told()


@pytest.mark.parametrize(
    "modules, names", [(KERAS1_MODULES, KERAS1), (MODULES, KERAS2)], ids=["1", "2"]
)
def test_every_name_leads_somewhere(modules, names):
    found = {name: modules["backend"].find(name) for name in names}
    assert [name for name, value in found.items() if value is None] == []
    gone = {name for name, value in found.items() if isinstance(value, Gone)}
    assert gone == GONE.keys() & set(names)
    for name in gone:
        with pytest.raises(NotAvailable, match=f"keras.backend.{name}.*Use|Negative axes"):
            found[name]()
    for value in found.values():
        assert callable(value)
        target = value.target if isinstance(value, Adapted) else value
        if not isinstance(value, Gone) and target.__module__.startswith(keras_backend.__name__):
            assert target.__doc__
            assert inspect.signature(target)


def test_what_is_gone_are_helpers_of_backends_only():
    assert len(GONE) == 12
    assert all("helper" in why or "Theano" in why for why in GONE.values())


def test_old_names_are_told_once_with_todays_spelling(recwarn):
    keras_backend.Told(
        "minikeras.compat.keras_backend.elementwise:pow", "pow", "keras.ops.power"
    ).get()
    keras_backend.Told(
        "minikeras.compat.keras_backend.elementwise:pow", "pow", "keras.ops.power"
    ).get()
    told = [str(w.message) for w in recwarn if w.category is OldSpelling]
    assert told == ["`keras.backend.pow` is older Keras. Today it is `keras.ops.power`."]


def test_todays_spellings_are_names_of_today():
    import minikeras

    for groups in keras_backend._TODAY.values():
        for names, today in groups.items():
            if today.startswith("keras.") and today.endswith("."):
                place = minikeras
                for part in today.split(".")[1:-1]:
                    place = getattr(place, part)
                missing = [n for n in names.split() if not hasattr(place, n)]
                assert missing == [], today


@pytest.mark.parametrize(
    "line, dialect",
    [
        ("K.set_image_dim_ordering('th')", 2),
        ("f = K.function([x], [y])", 2),
        ("loss = tf.keras.backend.mean(x)", 2),
        ("from keras.backend.tensorflow_backend import set_session", 2),
        ("K.epsilon(); K.clear_session(); keras.backend.floatx()", 3),
    ],
)
def test_the_backend_tells_the_period(line, dialect):
    assert detect(f"import keras\n{line}") == dialect


def test_the_modules_of_backends_are_the_backend():
    for modules in (MODULES, KERAS1_MODULES):
        assert modules["backend.tensorflow_backend"] is modules["backend"]


# Signatures of tf.keras 2.15 (`merge_repeated` is Keras 2.3.1's).
SIGNATURES = """
abs (x)
all (x, axis=None, keepdims=False)
any (x, axis=None, keepdims=False)
arange (start, stop=None, step=1, dtype='int32')
argmax (x, axis=-1)
argmin (x, axis=-1)
backend ()
batch_dot (x, y, axes=None)
batch_flatten (x)
batch_get_value (tensors)
batch_normalization (x, mean, var, beta, gamma, axis=-1, epsilon=0.001)
batch_set_value (tuples)
bias_add (x, bias, data_format=None)
binary_crossentropy (target, output, from_logits=False)
binary_focal_crossentropy (target, output, apply_class_balancing=False, alpha=0.25, gamma=2.0, \
from_logits=False)
cast (x, dtype)
cast_to_floatx (x)
categorical_crossentropy (target, output, from_logits=False, axis=-1)
categorical_focal_crossentropy (target, output, alpha=0.25, gamma=2.0, from_logits=False, axis=-1)
clear_session ()
clip (x, min_value, max_value)
concatenate (tensors, axis=-1)
constant (value, dtype=None, shape=None, name=None)
conv1d (x, kernel, strides=1, padding='valid', data_format=None, dilation_rate=1)
conv2d (x, kernel, strides=(1, 1), padding='valid', data_format=None, dilation_rate=(1, 1))
conv2d_transpose (x, kernel, output_shape, strides=(1, 1), padding='valid', data_format=None, \
dilation_rate=(1, 1))
conv3d (x, kernel, strides=(1, 1, 1), padding='valid', data_format=None, dilation_rate=(1, 1, 1))
cos (x)
count_params (x)
ctc_batch_cost (y_true, y_pred, input_length, label_length)
ctc_decode (y_pred, input_length, greedy=True, beam_width=100, top_paths=1, merge_repeated=False)
ctc_label_dense_to_sparse (labels, label_lengths)
cumprod (x, axis=0)
cumsum (x, axis=0)
depthwise_conv2d (x, depthwise_kernel, strides=(1, 1), padding='valid', data_format=None, \
dilation_rate=(1, 1))
dot (x, y)
dropout (x, level, noise_shape=None, seed=None)
dtype (x)
elu (x, alpha=1.0)
epsilon ()
equal (x, y)
eval (x)
exp (x)
expand_dims (x, axis=-1)
eye (size, dtype=None, name=None)
flatten (x)
floatx ()
foldl (fn, elems, initializer=None, name=None)
foldr (fn, elems, initializer=None, name=None)
function (inputs, outputs, updates=None, name=None, **kwargs)
gather (reference, indices)
get_uid (prefix='')
get_value (x)
gradients (loss, variables)
greater (x, y)
greater_equal (x, y)
hard_sigmoid (x)
image_data_format ()
in_test_phase (x, alt, training=None)
in_top_k (predictions, targets, k)
in_train_phase (x, alt, training=None)
int_shape (x)
is_keras_tensor (x)
is_sparse (tensor)
l2_normalize (x, axis=None)
learning_phase ()
learning_phase_scope (value)
less (x, y)
less_equal (x, y)
local_conv1d (inputs, kernel, kernel_size, strides, data_format=None)
local_conv2d (inputs, kernel, kernel_size, strides, output_shape, data_format=None)
log (x)
manual_variable_initialization (value)
map_fn (fn, elems, name=None, dtype=None)
max (x, axis=None, keepdims=False)
maximum (x, y)
mean (x, axis=None, keepdims=False)
min (x, axis=None, keepdims=False)
minimum (x, y)
moving_average_update (x, value, momentum)
name_scope (name)
ndim (x)
normalize_batch_in_training (x, gamma, beta, reduction_axes, epsilon=0.001)
not_equal (x, y)
one_hot (indices, num_classes)
ones (shape, dtype=None, name=None)
ones_like (x, dtype=None, name=None)
permute_dimensions (x, pattern)
placeholder (shape=None, ndim=None, dtype=None, sparse=False, name=None, ragged=False)
pool2d (x, pool_size, strides=(1, 1), padding='valid', data_format=None, pool_mode='max')
pool3d (x, pool_size, strides=(1, 1, 1), padding='valid', data_format=None, pool_mode='max')
pow (x, a)
print_tensor (x, message='', summarize=3)
prod (x, axis=None, keepdims=False)
random_bernoulli (shape, p=0.0, dtype=None, seed=None)
random_binomial (shape, p=0.0, dtype=None, seed=None)
random_normal (shape, mean=0.0, stddev=1.0, dtype=None, seed=None)
random_normal_variable (shape, mean, scale, dtype=None, name=None, seed=None)
random_uniform (shape, minval=0.0, maxval=1.0, dtype=None, seed=None)
random_uniform_variable (shape, low, high, dtype=None, name=None, seed=None)
relu (x, alpha=0.0, max_value=None, threshold=0.0)
repeat (x, n)
repeat_elements (x, rep, axis)
reset_uids ()
reshape (x, shape)
resize_images (x, height_factor, width_factor, data_format, interpolation='nearest')
resize_volumes (x, depth_factor, height_factor, width_factor, data_format)
reverse (x, axes)
rnn (step_function, inputs, initial_states, go_backwards=False, mask=None, constants=None, \
unroll=False, input_length=None, time_major=False, zero_output_for_mask=False, \
return_all_outputs=True)
round (x)
separable_conv2d (x, depthwise_kernel, pointwise_kernel, strides=(1, 1), padding='valid', \
data_format=None, dilation_rate=(1, 1))
set_epsilon (value)
set_floatx (value)
set_image_data_format (data_format)
set_learning_phase (value)
set_value (x, value)
shape (x)
sigmoid (x)
sign (x)
sin (x)
softmax (x, axis=-1)
softplus (x)
softsign (x)
sparse_categorical_crossentropy (target, output, from_logits=False, axis=-1, ignore_class=None)
spatial_2d_padding (x, padding=((1, 1), (1, 1)), data_format=None)
spatial_3d_padding (x, padding=((1, 1), (1, 1), (1, 1)), data_format=None)
sqrt (x)
square (x)
squeeze (x, axis)
stack (x, axis=0)
std (x, axis=None, keepdims=False)
stop_gradient (variables)
sum (x, axis=None, keepdims=False)
switch (condition, then_expression, else_expression)
tanh (x)
temporal_padding (x, padding=(1, 1))
tile (x, n)
to_dense (tensor)
transpose (x)
truncated_normal (shape, mean=0.0, stddev=1.0, dtype=None, seed=None)
update (x, new_x)
update_add (x, increment)
update_sub (x, decrement)
var (x, axis=None, keepdims=False)
variable (value, dtype=None, name=None, constraint=None)
zeros (shape, dtype=None, name=None)
zeros_like (x, dtype=None, name=None)
"""


@pytest.mark.parametrize("line", SIGNATURES.strip().splitlines())
def test_arguments_are_those_of_keras_2(line):
    name, _, signature = line.partition(" ")
    ours = inspect.signature(MODULES["backend"].find(name))
    plain = [p.replace(annotation=inspect.Parameter.empty) for p in ours.parameters.values()]
    text = str(inspect.Signature(plain))
    assert text == signature
