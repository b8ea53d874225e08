#!/usr/bin/env python3
"""Records models of Keras and their answers: what recorded_test.cc holds Temper to.

usage: record.py [NAME...]          with a Python that has keras 3 and tf_keras (pip install tensorflow tf-keras)

Each case of CASES is a model with one output for each layer that it is about, so that a wrong answer names its layer. Every library
that has the layers writes it in its forms (.keras, .h5), with random weights and inputs from a fixed seed. What a case wrote goes into one
archive, recorded/NAME.zip: the models, and for each library `LIBRARY.answers.h5` with groups `inputs` and `outputs`.
"""
import os

os.environ["CUDA_VISIBLE_DEVICES"] = ""
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import pathlib
import shutil
import sys
import tempfile
import warnings
import zipfile

import h5py
import keras
import numpy as np
import tf_keras

warnings.filterwarnings("ignore")
HERE = pathlib.Path(__file__).resolve().parent
CASES = {}
BATCH = 2


def case(build):
    CASES[build.__name__] = build
    return build


def is_3(k):
    return k is keras


def model_of(k, inputs, layers, merge=lambda layer, inputs: layer(inputs[0] if len(inputs) == 1 else inputs)):
    """A model of `layers` side by side on the same inputs; outputs are named after the layers."""
    return k.Model(inputs, [merge(layer, inputs) for layer in layers])


@case
def sequential(k):
    L = k.layers
    return k.Sequential([k.Input((8, 8, 3), name="picture"), L.Conv2D(4, 3, activation="relu"), L.BatchNormalization(), L.MaxPooling2D(),
                         L.Dropout(0.5), L.Flatten(), L.Dense(5, activation="softmax")])


@case
def unnamed_input(k):
    """Keras 2 leaves the input to the first layer; its weights have names that do not end on one another."""
    L = k.layers
    first = {} if is_3(k) else {"input_shape": (6,)}
    layers = ([k.Input((6,))] if is_3(k) else []) + [L.Dense(4, **first), L.LeakyReLU(0.2), L.Dense(3)]
    return k.Sequential(layers)


@case
def dense(k):
    L = k.layers
    x = k.Input((3, 6), name="x")
    layers = [L.Dense(4, name="plain"), L.Dense(4, use_bias=False, activation="tanh", name="unbiased")]
    if is_3(k):
        layers.append(L.EinsumDense("abc,cd->abd", output_shape=(None, 4), bias_axes="d", name="einsum"))
    layers.append(L.Dense(4, activation=L.LeakyReLU(0.1), name="layer_as_activation"))
    return model_of(k, [x], layers)


@case
def conv1d(k):
    L = k.layers
    x = k.Input((9, 3), name="x")
    layers = [L.Conv1D(4, 3, name="valid"), L.Conv1D(4, 3, padding="same", strides=2, use_bias=False, name="same"),
              L.Conv1D(4, 3, padding="causal", dilation_rate=2, activation="relu", name="causal"), L.SeparableConv1D(4, 3, depth_multiplier=2, name="separable"),
              L.Conv1DTranspose(4, 3, strides=2, name="transpose"), L.Conv1DTranspose(4, 3, strides=2, padding="same", name="transpose_same"),
              L.DepthwiseConv1D(3, depth_multiplier=2, name="depthwise")]
    return model_of(k, [x], layers)


@case
def conv2d(k):
    L = k.layers
    x = k.Input((9, 8, 4), name="x")
    layers = [L.Conv2D(3, 3, name="valid"), L.Conv2D(3, (3, 2), padding="same", strides=2, activation="elu", name="same"), L.Conv2D(3, 3, dilation_rate=2, name="dilated"),
              L.Conv2D(6, 3, groups=2, name="grouped"), L.DepthwiseConv2D(3, depth_multiplier=2, padding="same", strides=2, name="depthwise"),
              L.DepthwiseConv2D(3, dilation_rate=2, use_bias=False, name="depthwise_dilated"), L.SeparableConv2D(3, 3, padding="same", activation="relu", name="separable"),
              L.Conv2DTranspose(3, 3, name="transpose"), L.Conv2DTranspose(3, 3, strides=2, padding="same", name="transpose_same"),
              L.Conv2DTranspose(3, 3, strides=2, padding="same", output_padding=1, name="transpose_padded"), L.Conv2DTranspose(3, 2, strides=3, name="transpose_apart")]
    return model_of(k, [x], layers)


@case
def conv3d(k):
    L = k.layers
    x = k.Input((5, 4, 4, 2), name="x")
    layers = [L.Conv3D(3, 2, name="valid"), L.Conv3D(3, 3, padding="same", strides=2, name="same"), L.Conv3DTranspose(2, 2, strides=2, name="transpose"),
              L.MaxPooling3D(2, name="max"), L.AveragePooling3D(2, padding="same", name="mean"), L.GlobalMaxPooling3D(name="global_max"),
              L.GlobalAveragePooling3D(name="global_mean"), L.ZeroPadding3D((1, 0, 2), name="padded"), L.Cropping3D(((1, 1), (0, 1), (1, 0)), name="cropped"),
              L.UpSampling3D((1, 2, 2), name="larger")]
    return model_of(k, [x], layers)


@case
def open_sizes(k):
    """Pictures of any size."""
    L = k.layers
    x = k.Input((None, None, 2), name="x")
    layers = [L.Conv2D(3, 3, padding="same", name="conv"), L.Conv2DTranspose(3, 3, strides=2, name="transpose"), L.UpSampling2D(2, name="larger"),
              L.GlobalAveragePooling2D(name="mean"), L.MaxPooling2D(name="max")]
    return model_of(k, [x], layers)


@case
def pooling(k):
    L = k.layers
    x = k.Input((7, 8, 3), name="x")
    s = k.Input((7, 3), name="s")
    two = [L.MaxPooling2D(name="max"), L.MaxPooling2D(3, strides=2, padding="same", name="max_same"), L.AveragePooling2D((2, 3), name="mean"),
           L.AveragePooling2D(3, strides=1, padding="same", name="mean_same"), L.GlobalMaxPooling2D(name="global_max"), L.GlobalAveragePooling2D(keepdims=True, name="global_mean")]
    one = [L.MaxPooling1D(2, name="max1"), L.AveragePooling1D(3, strides=2, padding="same", name="mean1"), L.GlobalMaxPooling1D(name="global_max1"),
           L.GlobalAveragePooling1D(name="global_mean1")]
    return k.Model([x, s], [layer(x) for layer in two] + [layer(s) for layer in one])


@case
def channels_first(k):
    L = k.layers
    x = k.Input((3, 7, 8), name="x")
    y = L.Permute((3, 1, 2))(L.Permute((2, 3, 1))(x))
    f = {"data_format": "channels_first"}
    layers = [L.ZeroPadding2D(1, name="padded", **f), L.Cropping2D(1, name="cropped", **f), L.Flatten(name="flat", **f), L.BatchNormalization(axis=1, name="norm"),
              L.GlobalMaxPooling2D(name="global_max", **f), L.GlobalAveragePooling2D(name="global_mean", **f), L.UpSampling2D(2, name="larger", **f)]
    return k.Model(x, [layer(y) for layer in layers])


@case
def normalisation(k):
    L = k.layers
    x = k.Input((5, 4, 6), name="x")
    layers = [L.BatchNormalization(name="batch"), L.BatchNormalization(center=False, scale=False, epsilon=0.01, name="batch_bare"), L.BatchNormalization(axis=2, name="batch_axis"),
              L.LayerNormalization(name="layer"), L.LayerNormalization(axis=(2, 3), name="layer_axes"), L.LayerNormalization(center=False, name="layer_bare"),
              L.GroupNormalization(3, name="group"), L.GroupNormalization(-1, name="instance"), L.UnitNormalization(name="unit")]
    if is_3(k):
        layers.append(L.RMSNormalization(name="rms"))
    return model_of(k, [x], layers)


@case
def preprocessing(k):
    L = k.layers
    x = k.Input((9, 8, 3), name="x", dtype="float32")
    layers = [L.Rescaling(1 / 127.5, offset=-1, name="rescaled"), L.Normalization(mean=[0.1, 0.2, 0.3], variance=[1.0, 2.0, 3.0], name="normal"),
              L.Normalization(mean=0.5, variance=2.0, axis=None, name="normal_one"), L.Resizing(5, 6, name="smaller"), L.Resizing(12, 7, interpolation="nearest", name="nearest"),
              L.Resizing(4, 7, crop_to_aspect_ratio=True, name="proportion"), L.CenterCrop(5, 4, name="crop"), L.RandomFlip(name="flip"), L.RandomRotation(0.2, name="turn"),
              L.RandomZoom(0.1, name="zoom"), L.RandomContrast(0.1, name="contrast"), L.GaussianNoise(0.1, name="noise"), L.SpatialDropout2D(0.1, name="drop")]
    learnt = L.Normalization(name="learnt")
    learnt.adapt(np.random.default_rng(1).normal(1, 2, (20, 9, 8, 3)).astype("float32"))
    return model_of(k, [x], layers + [learnt])


@case
def activations(k):
    L = k.layers
    x = k.Input((4, 6), name="x")
    names = ["relu", "sigmoid", "tanh", "softmax", "softplus", "softsign", "selu", "elu", "exponential", "linear", "hard_sigmoid", "swish", "gelu", "relu6" if is_3(k) else "relu"]
    layers = [L.Activation(name, name=f"a{i}_{name}") for i, name in enumerate(names)]
    slope = {"negative_slope": 0.1} if is_3(k) else {"alpha": 0.1}
    layers += [L.ReLU(name="plain"), L.ReLU(6, name="six"), L.ReLU(max_value=2, negative_slope=0.1, threshold=0.5, name="full"), L.ReLU(threshold=0.3, name="threshold"),
               L.ReLU(negative_slope=0.2, name="leaky"), L.LeakyReLU(name="leaky_layer", **slope), L.ELU(0.7, name="elu_layer"), L.PReLU(name="prelu"),
               L.PReLU(shared_axes=[1], name="prelu_shared"), L.Softmax(name="softmax_layer"), L.Softmax(axis=1, name="softmax_axis")]
    if is_3(k):
        layers += [L.Activation(name, name=f"b_{name}") for name in ["mish", "leaky_relu", "log_softmax", "hard_silu", "celu", "log_sigmoid"]]
    return model_of(k, [x], layers)


@case
def merging(k):
    L = k.layers
    a, b = k.Input((3, 4), name="a"), k.Input((3, 4), name="b")
    both = [L.Add(name="add"), L.Subtract(name="subtract"), L.Multiply(name="multiply"), L.Average(name="average"), L.Maximum(name="maximum"), L.Minimum(name="minimum"),
            L.Concatenate(name="concatenate"), L.Concatenate(axis=1, name="concatenate_axis"), L.Dot(axes=2, name="dot"), L.Dot(axes=(1, 1), normalize=True, name="cosine")]
    f, g = L.Flatten(name="flat_a")(a), L.Flatten(name="flat_b")(b)
    return k.Model([a, b], [layer([a, b]) for layer in both] + [L.Dot(axes=1, name="dot_vectors")([f, g]), L.Add(name="add_three")([a, b, a])])


@case
def shapes(k):
    L = k.layers
    x, p = k.Input((4, 6), name="x"), k.Input((6, 8, 2), name="p")
    one = [L.Flatten(name="flat"), L.Reshape((3, 8), name="reshaped"), L.Reshape((-1, 2, 3), name="reshaped_rest"), L.Permute((2, 1), name="permuted"),
           L.ZeroPadding1D(2, name="padded1"), L.ZeroPadding1D((1, 2), name="padded1_uneven"), L.Cropping1D((1, 2), name="cropped1"), L.UpSampling1D(3, name="larger1"),
           L.ActivityRegularization(name="as_is"), L.Dropout(0.5, name="drop")]
    two = [L.ZeroPadding2D(1, name="padded"), L.ZeroPadding2D((1, 2), name="padded_two"), L.ZeroPadding2D(((1, 0), (2, 3)), name="padded_four"),
           L.Cropping2D(((1, 2), (3, 0)), name="cropped"), L.UpSampling2D(2, name="larger"), L.UpSampling2D((2, 3), interpolation="bilinear", name="larger_linear")]
    return k.Model([x, p], [layer(x) for layer in one] + [layer(p) for layer in two] + [L.RepeatVector(3, name="repeated")(L.Flatten(name="f")(x))])


@case
def recurrent(k):
    L = k.layers
    x = k.Input((5, 3), name="x")
    s = {"return_sequences": True}
    layers = [L.SimpleRNN(4, name="simple"), L.SimpleRNN(4, name="simple_all", **s), L.LSTM(4, name="lstm"), L.LSTM(4, use_bias=False, name="lstm_all", **s),
              L.LSTM(4, recurrent_activation="hard_sigmoid", name="lstm_hard"), L.LSTM(4, go_backwards=True, name="lstm_back", **s), L.GRU(4, name="gru"),
              L.GRU(4, reset_after=False, name="gru_before", **s), L.GRU(4, use_bias=False, activation="relu", name="gru_bare"),
              L.Bidirectional(L.LSTM(3), name="both"), L.Bidirectional(L.GRU(3, return_sequences=True), merge_mode="sum", name="both_all"),
              L.Bidirectional(L.LSTM(3, return_sequences=True), backward_layer=L.GRU(3, return_sequences=True, go_backwards=True), merge_mode="mul", name="both_other"),
              L.RNN(L.LSTMCell(4), name="cell"), L.TimeDistributed(L.Dense(4, activation="relu"), name="distributed")]
    outputs = [layer(x) for layer in layers]
    _, h, c = L.LSTM(4, return_state=True, name="states")(x)
    outputs.append(L.LSTM(4, name="given_states")(x, initial_state=[h, c]))
    return k.Model(x, outputs)


@case
def distributed_pictures(k):
    L = k.layers
    x = k.Input((3, 6, 5, 2), name="x")
    y = L.TimeDistributed(L.Conv2D(4, 3), name="conv")(x)
    z = L.TimeDistributed(L.BatchNormalization(), name="norm")(y)
    inner = k.Sequential([k.Input((4, 3, 4)), L.Flatten(), L.Dense(3)], name="inner")
    return k.Model(x, [y, z, L.TimeDistributed(inner, name="model")(z)])


@case
def text(k):
    """Words, of which zeros do not count."""
    L = k.layers
    x = k.Input((7,), dtype="int32", name="words")
    e = L.Embedding(11, 4, mask_zero=True, name="masked")(x)
    plain = L.Embedding(11, 4, name="plain")(x)
    n = k.Input((6, 3), name="numbers")
    m = L.Masking(0.0, name="masking")(n)
    outputs = [plain, L.LSTM(3, name="lstm")(e), L.GRU(3, return_sequences=True, name="gru")(e), L.Bidirectional(L.LSTM(3), name="both")(e),
               L.GlobalAveragePooling1D(name="mean")(e), L.LSTM(3, name="after_masking")(m)]
    return k.Model([x, n], outputs)


@case
def attention(k):
    L = k.layers
    q, v = k.Input((4, 6), name="q"), k.Input((5, 6), name="v")
    outputs = [L.Attention(name="dot")([q, v]), L.Attention(use_scale=True, name="scaled")([q, v, v]), L.AdditiveAttention(name="additive")([q, v]),
               L.MultiHeadAttention(2, 3, name="heads")(q, v), L.MultiHeadAttention(2, 3, value_dim=4, use_bias=False, output_shape=5, name="heads_bare")(q, v, v),
               L.MultiHeadAttention(2, 3, name="causal")(q, q, use_causal_mask=True)]
    if is_3(k):
        outputs.append(L.Attention(score_mode="concat", name="concat")([q, v]))
    return k.Model([q, v], outputs)


@case
def nested(k):
    """Models in models, shared layers, several inputs and outputs, frozen parts."""
    L = k.layers
    inner = k.Sequential([k.Input((6, 6, 3)), L.Conv2D(3, 3, padding="same"), L.BatchNormalization(), L.Conv2D(3, 3, padding="same"), L.BatchNormalization()], name="inner")
    i = k.Input((6, 6, 3))
    shared = L.Conv2D(3, 3, padding="same")
    other = k.Model(i, [L.ReLU()(inner(shared(shared(i)))), L.GlobalAveragePooling2D()(i)], name="other")
    frozen = k.Sequential([k.Input((6, 6, 3)), L.Conv2D(3, 1), L.BatchNormalization()], name="frozen")
    frozen.trainable = False
    a, b = k.Input((6, 6, 3), name="a"), k.Input((6, 6, 3), name="b")
    p, q = other(a)
    r, s = other(b)
    t = frozen(L.Add(name="sum")([p, r]))
    both = L.Dense(4, name="both")
    return k.Model([a, b], [both(q), both(s), t, inner(t)])


@case
def operations(k):
    """Functions between layers."""
    L = k.layers
    a, b = k.Input((3, 4), name="a"), k.Input((3, 4), name="b")
    outputs = [L.ReLU(name="r1")(a * 2.0 + b), L.ReLU(name="r2")(1.0 - a), L.ReLU(name="r3")(a / 2.0 - b)]
    if is_3(k):
        o = k.ops
        outputs += [o.mean(a, axis=-1), o.reshape(o.relu(a), (-1, 12)), o.concatenate([a, b], axis=1), o.transpose(a, (0, 2, 1)), o.softmax(a), o.sum(o.square(a), axis=(1, 2)),
                    o.maximum(a, 0.5), o.expand_dims(b, 1), o.matmul(a, o.transpose(b, (0, 2, 1)))]
    else:
        import tensorflow as tf
        outputs += [tf.reduce_mean(a, axis=-1), tf.reshape(tf.nn.relu6(a), (-1, 12)), tf.concat([a, b], axis=1), tf.transpose(a, (0, 2, 1)), tf.maximum(a, 0.5)]
    return k.Model([a, b], outputs)


@case
def training_only(k):
    """Layers that do something in training alone."""
    L = k.layers
    x, s, v = k.Input((9, 8, 3), name="x"), k.Input((4, 3), name="s"), k.Input((4, 3, 3, 2), name="v")
    pictures = {"AugMix": {}, "CutMix": {}, "MixUp": {}, "RandAugment": {}, "RandomBrightness": {"factor": 0.1}, "RandomColorDegeneration": {"factor": 0.1},
                "RandomColorJitter": {}, "RandomElasticTransform": {}, "RandomErasing": {}, "RandomGaussianBlur": {}, "RandomGrayscale": {}, "RandomHue": {"factor": 0.1},
                "RandomInvert": {}, "RandomPerspective": {}, "RandomPosterization": {"factor": 4}, "RandomSaturation": {"factor": 0.1}, "RandomSharpness": {"factor": 0.1},
                "RandomShear": {}, "RandomTranslation": {"height_factor": 0.1, "width_factor": 0.1}, "RandomHeight": {"factor": 0.1}, "RandomWidth": {"factor": 0.1},
                "RandomCrop": {"height": 5, "width": 4}, "Identity": {}, "GaussianDropout": {"rate": 0.1}, "AlphaDropout": {"rate": 0.1}}
    outputs = [getattr(L, name)(name=name.lower(), **options)(x) for name, options in pictures.items() if hasattr(L, name)]
    if hasattr(L, "ThresholdedReLU"):
        outputs.append(L.ThresholdedReLU(0.4, name="thresholded")(s))
    outputs.append(L.RandomCrop(12, 5, name="enlarged")(x))
    return k.Model([x, s, v], outputs + [L.SpatialDropout1D(0.1, name="drop1")(s), L.SpatialDropout3D(0.1, name="drop3")(v)])


@case
def more_operations(k):
    L = k.layers
    a, b = k.Input((3, 4), name="a"), k.Input((3, 4), name="b")
    rows = [L.RNN(L.GRUCell(4), name="gru_cell")(a), L.RNN(L.SimpleRNNCell(4), return_sequences=True, name="simple_cell")(a)]
    if is_3(k):
        o = k.ops
        p = o.exp(a)
        rows += [p, o.negative(a), o.absolute(a), o.log(p), o.sqrt(p), o.rsqrt(p), o.reciprocal(p), o.sin(a), o.cos(a), o.floor(a), o.ceil(a), o.erf(a), o.power(p, 1.5), o.divide(a, p),
                 o.minimum(a, b), o.max(a, axis=1), o.min(a, axis=-1, keepdims=True), o.prod(a, axis=2), o.relu6(a), o.sigmoid(a), o.tanh(a), o.silu(a), o.softplus(a), o.softsign(a),
                 o.selu(a), o.hard_sigmoid(a), o.hard_silu(a), o.log_sigmoid(a), o.stop_gradient(a), o.squeeze(o.expand_dims(a, 1), 1)]
        truths = [o.greater(a, b), o.less_equal(a, 0.1), o.logical_not(o.greater_equal(a, b)), o.logical_and(o.less(a, b), o.not_equal(a, 0.0)), o.logical_or(o.equal(a, b), o.greater(a, 0.5))]
        rows += [o.where(t, a, b) if hasattr(o, "where") else t for t in truths] + [o.any(truths[0], axis=-1), o.all(truths[1], axis=1)]
        rows += [o.cast(truths[0], "float32"), o.clip(a, -0.5, 0.5), o.stack([a, b], axis=1), a[:, 0], a[..., 1:3], o.split(a, 2, axis=-1)[1], o.elu(a), o.gelu(a), o.leaky_relu(a),
                 o.log_softmax(a), o.mean(a), o.argmax(a, axis=-1), o.flip(a, axis=1)]
    else:
        import tensorflow as tf
        p = tf.exp(a)
        rows += [p, -a, tf.abs(a), tf.math.log(p), tf.sqrt(p), tf.math.rsqrt(p), tf.square(a), tf.pow(p, 1.5), tf.divide(a, p), tf.add(a, b), tf.minimum(a, b), tf.reduce_sum(a, axis=1),
                 tf.reduce_max(a, axis=1, keepdims=True), tf.reduce_min(a, axis=-1), tf.sigmoid(a), tf.tanh(a), tf.nn.relu(a), tf.nn.silu(a), tf.nn.softplus(a), tf.nn.selu(a), tf.nn.elu(a),
                 tf.nn.softmax(a), tf.stop_gradient(a), tf.identity(a), tf.squeeze(tf.expand_dims(a, 1), 1), tf.matmul(a, b, transpose_b=True), a[:, 0], a[..., 1:3], tf.clip_by_value(a, -0.5, 0.5),
                 tf.cast(a > b, "float32"), tf.stack([a, b], axis=1), tf.where(a > b, a, b)]
    return k.Model([a, b], rows)


@case
def types(k):
    L = k.layers
    x = k.Input((4,), dtype="uint8", name="bytes")
    return k.Model(x, [L.Rescaling(1 / 255.0, name="scaled")(x), L.Dense(3, name="dense")(L.Rescaling(2.0, name="twice")(x))])


@case
def doubles(k):
    L = k.layers
    x = k.Input((5, 3), dtype="float64", name="x")
    d = {"dtype": "float64"}
    y = L.Conv1D(4, 3, name="conv", **d)(x)
    return k.Model(x, [y, L.BatchNormalization(name="norm", **d)(y), L.Dense(2, activation="tanh", name="dense", **d)(y), L.GRU(3, name="gru", **d)(y),
                       L.Dense(2, name="single")(y)])


def randomise(model, rng):
    """Weights that no initialiser hides: biases and means that are not 0, variances that are above it."""
    for weight in model.weights:
        name = getattr(weight, "path", weight.name)
        value = rng.normal(0, 0.5, weight.shape)
        if "variance" in name:
            value = rng.uniform(0.5, 2, weight.shape)
        if "count" in name or "seed" in name:
            continue
        weight.assign(value.astype(np.float32))
    for layer in model.layers:
        if hasattr(layer, "finalize_state"):  # what it has learnt counts from then on
            layer.finalize_state()


def inputs_of(model, rng):
    values = {}
    for tensor in model.inputs:
        shape = [BATCH] + [7 if dim is None else dim for dim in tensor.shape[1:]]
        name = tensor.name.split(":")[0]
        dtype = np.dtype(tensor.dtype if isinstance(tensor.dtype, str) else tensor.dtype.name)
        if dtype.kind in "iu":
            value = rng.integers(0, 11, shape).astype(dtype)
            if name == "words":
                value[:, -2:] = 0
                value[0, :3] = [3, 0, 5]
        else:
            value = rng.normal(0, 1.5, shape).astype(dtype)
            if name == "numbers":
                value[0, 4:] = 0
        values[name] = value
    return values


def write_answers(path, inputs, outputs):
    with h5py.File(path, "w") as file:
        for group, values in (("inputs", inputs), ("outputs", outputs)):
            for name, value in values.items():
                file.create_dataset(f"{group}/{name}", data=np.asarray(value))


def deflate(path):
    """The same archive, packed: Keras stores weights as they are."""
    with zipfile.ZipFile(path) as old:
        entries = [(info.filename, old.read(info)) for info in old.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as new:
        for name, content in entries:
            new.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)


def output_names(k, model):
    """A layer's name, with a number behind it from its second output on."""
    used, names = {}, []
    for tensor in model.outputs:
        name = tensor._keras_history[0].name if not is_3(k) else tensor._keras_history.operation.name
        count = used.get(name, 0)
        used[name] = count + 1
        names.append(name if count == 0 else f"{name}_{count}")
    return names


def write(k, library, build, folder):
    k.backend.clear_session()
    k.utils.set_random_seed(1)
    rng = np.random.default_rng(7)
    model = build(k)
    randomise(model, rng)
    inputs = inputs_of(model, rng)
    values = list(inputs.values())
    outputs = model(values if len(values) > 1 else values[0], training=False)
    outputs = outputs if isinstance(outputs, (list, tuple)) else [outputs]
    outputs = dict(zip(output_names(k, model), (np.asarray(value) for value in outputs)))
    for form in ("keras", "h5"):
        path = folder / f"{library}.{form}"
        try:
            model.save(path)
        except Exception as error:
            print(f"  {path.name}: the library cannot write it: {error}"[:200])
            path.unlink(missing_ok=True)
            continue
        if form == "keras" and build.__name__ != "sequential":
            deflate(path)
    if build.__name__ in ("nested", "dense"):  # weights by themselves
        (folder / f"{library}_apart.json").write_text(model.to_json())
        model.save_weights(folder / f"{library}_apart.weights.h5")
    write_answers(folder / f"{library}.answers.h5", inputs, outputs)


def main():
    for name in sys.argv[1:] or CASES:
        folder = pathlib.Path(tempfile.mkdtemp())
        for k, library in ((keras, "keras3"), (tf_keras, "keras2")):
            write(k, library, CASES[name], folder)
        with zipfile.ZipFile(HERE / "recorded" / f"{name}.zip", "w") as out:
            for path in sorted(folder.iterdir()):
                out.writestr(zipfile.ZipInfo(path.name), path.read_bytes(), zipfile.ZIP_DEFLATED, 9)
        print(f"{name}: {(HERE / 'recorded' / f'{name}.zip').stat().st_size // 1024} KB, {', '.join(sorted(p.name for p in folder.iterdir() if 'answers' not in p.name))}")
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
