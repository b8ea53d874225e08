"""The nodes of grappler's remapper, which stand in saved optimised graphs."""

from case import LONG_SUM, SUM, case
from conv import CONV, conv_attributes
from tf_api import tf

ACTIVATIONS = {
    "": None,
    "Relu": "Relu",
    "Relu6": "Relu6",
    "Elu": "Elu",
    "LeakyRelu": "LeakyRelu",
    "Sigmoid": "Sigmoid",
    "Tanh": "Tanh",
}


def is_old():
    return tf.__version__.startswith("1.")


def activate(b, y, activation, alpha=0.2):
    if activation == "LeakyRelu":
        return b.LeakyRelu(y, alpha=alpha)
    return getattr(b, activation)(y) if activation else y


def label(ops):
    return "_".join(o.lower() for o in ops if o)


def convolution(activation, norm=False, depthwise=False, **how):
    """_FusedConv2D; TensorFlow runs the unfused nodes."""
    ops = ["FusedBatchNorm" if norm else "BiasAdd"] + ([activation] if activation else [])

    def build(b):
        x = b.input(b.normal(1, 5, 6, 3))
        w = b.normal(3, 3, 3, 2 if depthwise else 4)
        channels = 6 if depthwise else 4
        attributes = conv_attributes(**how)
        more = [b.uniform(0.5, 2, channels), b.normal(channels), b.normal(channels), b.uniform(0.2, 3, channels)]
        more = more if norm else more[1:2]
        plain = "DepthwiseConv2dNative" if depthwise else "Conv2D"
        if b.running:
            y = getattr(b, plain)(x, w, **attributes)
            y = b.FusedBatchNormV3(y, *more, epsilon=1e-3, is_training=False)[0] if norm else b.BiasAdd(y, more[0])
            return activate(b, y, activation)
        attributes.update(fused_ops=ops, epsilon=1e-3, leakyrelu_alpha=0.2)
        if depthwise:
            return b._FusedDepthwiseConv2dNative(x, w, more, **attributes)
        if is_old():
            attributes.pop("leakyrelu_alpha")
            return b._FusedConv2D(x, w, more, **attributes)
        return b._FusedConv2D(x, w, more, [], num_args=len(more), **attributes)

    return ops, build


def convolutions():
    for activation in ACTIVATIONS.values():
        ops, build = convolution(activation)
        case("_FusedConv2D", label(ops), build, CONV, stand_in=True)
        if activation in (None, "Relu", "Relu6", "Elu", "LeakyRelu"):
            ops, build = convolution(activation, norm=True)
            case("_FusedConv2D", label(ops), build, CONV, stand_in=True)
        if activation in (None, "Relu", "Relu6", "Elu"):
            ops, build = convolution(activation, depthwise=True)
            case("_FusedDepthwiseConv2dNative", label(ops), build, CONV, stand_in=True)
    for name, how in {
        "stride2": dict(stride=2),
        "valid_dilated": dict(padding="VALID", dilation=2),
        "explicit": dict(padding=((1, 0), (2, 1))),
    }.items():
        case("_FusedConv2D", name, convolution("Relu", **how)[1], CONV, stand_in=True)
    for norm in [False, True]:
        # TensorFlow 1 writes no TArgs and no host arguments.
        ops, build = convolution("Relu", norm=norm)
        case("_FusedConv2D", label(ops) + "_tf1", build, CONV, stand_in=True, old=True)


convolutions()


def products():
    for activation in ACTIVATIONS.values():
        ops = ["BiasAdd"] + ([activation] if activation else [])
        for left, right in [(False, False), (True, True)]:

            def build(b, activation=activation, ops=ops, left=left, right=right):
                x = b.input(b.normal(*([4, 3] if left else [3, 4])))
                w, bias = b.normal(*([5, 4] if right else [4, 5])), b.normal(5)
                how = dict(transpose_a=left, transpose_b=right)
                if b.running:
                    return activate(b, b.BiasAdd(b.MatMul(x, w, **how), bias), activation)
                return b._FusedMatMul(x, w, [bias], fused_ops=ops, epsilon=0.0, leakyrelu_alpha=0.2, **how)

            case("_FusedMatMul", label(ops) + "_transposed" * left, build, SUM, stand_in=True)


products()


def norms():
    for activation in ["Identity", "Relu"]:
        for side in [False, True]:

            def build(b, activation=activation, side=side):
                x, extra = b.input(b.normal(1, 2, 3, 4)), b.input(b.normal(1, 2, 3, 4), name="side")
                more = [b.uniform(0.5, 2, 4), b.normal(4), b.normal(4), b.uniform(0.2, 3, 4)]
                if b.running:
                    y = b.FusedBatchNormV3(x, *more, epsilon=1e-3, is_training=False)[0]
                    y = b.AddV2(y, extra) if side else y
                    return b.Relu(y) if activation == "Relu" else b.Identity(y)
                sides = [extra] if side else []
                return b._FusedBatchNormEx(
                    x, *more, sides, epsilon=1e-3, activation_mode=activation, is_training=False
                )[0]

            if activation == "Relu" or not side:
                case("_FusedBatchNormEx", activation.lower() + "_side_input" * side, build, LONG_SUM, stand_in=True)


norms()
