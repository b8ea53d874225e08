"""Convolutions of every kind, and the nodes TensorFlow fuses them into."""

import numpy as np

from case import BFLOAT16, Tolerance, case

TYPES = {"float64": np.float64, "float16": np.float16, "bfloat16": BFLOAT16}
FROM_NCHW, TO_NCHW = [0, 2, 3, 1], [0, 3, 1, 2]
CONV = Tolerance(40, scale=4)  # some hundred products of size 1 to 4, added in another order
HALF_CONV = Tolerance(4, scale=4)  # TensorFlow adds up in float32 or in the short type, by shape


def tolerance(dtype):
    return HALF_CONV if dtype in ("float16", "bfloat16") else CONV


def pair(value):
    return list(value) if isinstance(value, (list, tuple)) else [value, value]


def spatial(values, layout="NHWC"):
    """Attribute list with `values` at height and width."""
    values = pair(values)
    return [1] + values + [1] if layout == "NHWC" else [1, 1] + values


def explicit(pads, layout="NHWC"):
    """The list form of ((top, bottom), (left, right))."""
    flat = [n for side in pads for n in side]
    return [0, 0] + flat + [0, 0] if layout == "NHWC" else [0, 0, 0, 0] + flat


def conv_attributes(stride=1, padding="SAME", dilation=1, layout="NHWC"):
    attributes = {"strides": spatial(stride, layout), "dilations": spatial(dilation, layout), "data_format": layout}
    if isinstance(padding, str):
        attributes["padding"] = padding
    else:
        attributes.update(padding="EXPLICIT", explicit_paddings=explicit(padding, layout))
    return attributes


def conv(op, x, w, layout="NHWC", dtype=np.float32, **how):
    """Conv2D or DepthwiseConv2dNative of a random image; x is given as NHWC."""

    def build(b):
        weights = b.normal(*w, dtype=dtype)
        if layout == "NHWC":
            return getattr(b, op)(b.input(b.normal(*x, dtype=dtype)), weights, **conv_attributes(**how))
        image = b.input(b.normal(x[0], x[3], x[1], x[2], dtype=dtype))
        if not b.running:
            return getattr(b, op)(image, weights, **conv_attributes(layout=layout, **how))
        return b.Transpose(getattr(b, op)(b.Transpose(image, FROM_NCHW), weights, **conv_attributes(**how)), TO_NCHW)

    return build


CONVS = {
    "same": ([2, 5, 6, 3], [3, 3, 3, 4], {}),
    "valid": ([1, 5, 6, 3], [3, 3, 3, 4], dict(padding="VALID")),
    "same_stride2_odd": ([1, 5, 5, 2], [3, 3, 2, 3], dict(stride=2)),
    "same_stride2_even": ([1, 6, 6, 2], [3, 3, 2, 3], dict(stride=2)),
    "same_stride2_even_filter": ([1, 5, 6, 2], [2, 4, 2, 3], dict(stride=2)),
    "same_stride3": ([1, 8, 7, 1], [2, 3, 1, 2], dict(stride=3)),
    "stride_beyond_filter": ([1, 7, 7, 2], [1, 1, 2, 3], dict(stride=3)),
    "valid_stride2": ([1, 7, 6, 2], [3, 3, 2, 3], dict(stride=2, padding="VALID")),
    "strides_differ": ([1, 7, 6, 2], [3, 2, 2, 3], dict(stride=(2, 1))),
    "pointwise": ([2, 4, 3, 5], [1, 1, 5, 7], {}),
    "whole_image": ([2, 3, 4, 2], [3, 4, 2, 5], dict(padding="VALID")),
    "dilated_same": ([1, 7, 8, 2], [3, 3, 2, 2], dict(dilation=2)),
    "dilated_valid": ([1, 9, 8, 2], [3, 2, 2, 2], dict(dilation=(3, 2), padding="VALID")),
    "dilated_strided": ([1, 9, 9, 1], [3, 3, 1, 2], dict(dilation=2, stride=2)),
    "explicit": ([1, 5, 5, 2], [3, 3, 2, 3], dict(padding=((1, 2), (0, 3)))),
    "explicit_stride2": ([1, 6, 6, 2], [3, 3, 2, 3], dict(padding=((1, 1), (1, 1)), stride=2)),
    "groups2": ([1, 5, 5, 4], [3, 3, 2, 6], {}),
    "groups_depthwise": ([1, 4, 4, 3], [3, 3, 1, 6], dict(stride=2)),
    "groups_pointwise": ([1, 3, 3, 6], [1, 1, 2, 3], dict(padding="VALID")),
    "one_pixel": ([1, 1, 1, 3], [3, 3, 3, 2], {}),
    "row": ([1, 1, 9, 2], [1, 5, 2, 3], {}),
    "filter_beyond_image": ([1, 3, 2, 1], [5, 7, 1, 2], {}),
    "no_images": ([0, 4, 4, 2], [3, 3, 2, 2], {}),
    "many_channels": ([1, 4, 4, 33], [1, 1, 33, 17], {}),
    "first_layer": ([1, 9, 9, 3], [7, 7, 3, 4], dict(stride=2)),
}
DEPTHWISE = {
    "same": ([2, 5, 6, 3], [3, 3, 3, 1], {}),
    "valid": ([1, 5, 6, 3], [3, 3, 3, 1], dict(padding="VALID")),
    "multiplier2": ([1, 5, 5, 3], [3, 3, 3, 2], {}),
    "multiplier5_one_channel": ([1, 4, 4, 1], [3, 3, 1, 5], {}),
    "stride2_odd": ([1, 7, 7, 4], [3, 3, 4, 1], dict(stride=2)),
    "stride2_even": ([1, 6, 8, 4], [3, 3, 4, 1], dict(stride=2)),
    "valid_stride2": ([1, 7, 8, 2], [3, 3, 2, 1], dict(stride=2, padding="VALID")),
    "filter5": ([1, 7, 7, 2], [5, 5, 2, 1], dict(stride=2)),
    "pointwise": ([1, 3, 3, 4], [1, 1, 4, 1], {}),
    "explicit": ([1, 5, 5, 2], [3, 3, 2, 1], dict(padding=((1, 0), (2, 1)))),
    "whole_image": ([1, 4, 4, 3], [4, 4, 3, 1], dict(padding="VALID")),
    "many_channels": ([1, 4, 4, 37], [3, 3, 37, 1], {}),
    "no_images": ([0, 4, 4, 2], [3, 3, 2, 1], {}),
}


def convolutions():
    for op, table in [("Conv2D", CONVS), ("DepthwiseConv2dNative", DEPTHWISE)]:
        for name, (x, w, how) in table.items():
            case(op, name, conv(op, x, w, **how), CONV)
            if x[0] and name in (
                "same",
                "valid",
                "same_stride2_even",
                "dilated_same",
                "explicit",
                "groups2",
                "multiplier2",
                "stride2_odd",
            ):
                # TensorFlow's plain CPU kernels know NHWC alone: the answer is NHWC's, transposed.
                case(op, name + "_nchw", conv(op, x, w, layout="NCHW", **how), CONV, stand_in=True)
        for dtype, array in TYPES.items():
            x, w, how = table["same"]
            case(op, dtype, conv(op, x, w, dtype=array, **how), tolerance(dtype))
            x, w, how = table["valid_stride2"]
            case(op, dtype + "_stride2", conv(op, x, w, dtype=array, **how), tolerance(dtype))
    bare = lambda b: b.Conv2D(b.input(b.normal(1, 4, 4, 2)), b.normal(3, 3, 2, 2), strides=[1, 2, 2, 1], padding="SAME")
    case("Conv2D", "attributes_left_out", bare, CONV, bare=True)
    whole = lambda b: b.Conv2D(
        b.input(b.ints(-9, 9, 1, 4, 4, 2)), b.ints(-9, 9, 3, 3, 2, 2), strides=[1, 1, 1, 1], padding="SAME"
    )
    case("Conv2D", "int32", whole)
    for dilation in [2, 3]:
        # The kernel takes no dilations, the op's gradient and XLA do: a dilated grouped convolution stands in.
        case(
            "DepthwiseConv2dNative",
            "dilated_%d" % dilation,
            lambda b, d=dilation: dilated_depthwise(b, d),
            CONV,
            stand_in=True,
        )

    @case("Conv2D", "weights_fed", tol=CONV)
    def _(b):
        x, w = b.input(b.normal(1, 4, 5, 2)), b.input(b.normal(3, 3, 2, 3), name="w")
        return b.Conv2D(x, w, strides=[1, 1, 1, 1], padding="SAME")

    @case("Conv2D", "atrous_by_space_to_batch", tol=CONV)
    def _(b):
        spread = b.SpaceToBatchND(b.input(b.normal(1, 6, 7, 2)), np.int32([2, 2]), np.int32([[2, 2], [2, 3]]))
        y = b.Conv2D(spread, b.normal(3, 3, 2, 3), strides=[1, 1, 1, 1], padding="VALID")
        return b.BatchToSpaceND(y, np.int32([2, 2]), np.int32([[0, 0], [0, 1]]))


def dilated_depthwise(b, dilation):
    x, w = b.input(b.normal(1, 7, 8, 3)), b.normal(3, 3, 3, 2)
    how = dict(strides=[1, 1, 1, 1], padding="SAME", dilations=spatial(dilation))
    if b.running:
        return b.Conv2D(x, w.reshape(3, 3, 1, 6), **how)
    return b.DepthwiseConv2dNative(x, w, **how)


convolutions()


def volumes():
    table = {
        "same": ([1, 3, 4, 3, 2], [2, 3, 2, 2, 3], 1, "SAME"),
        "valid": ([2, 3, 4, 4, 1], [2, 3, 3, 1, 2], 1, "VALID"),
        "stride2": ([1, 5, 4, 4, 2], [3, 3, 3, 2, 2], 2, "SAME"),
        "valid_stride2": ([1, 5, 4, 6, 2], [2, 2, 2, 2, 2], 2, "VALID"),
        "pointwise": ([1, 2, 2, 2, 3], [1, 1, 1, 3, 4], 1, "SAME"),
    }
    for name, (x, w, stride, padding) in table.items():
        make = lambda b, x=x, w=w, s=stride, p=padding: b.Conv3D(
            b.input(b.normal(*x)), b.normal(*w), strides=[1, s, s, s, 1], padding=p
        )
        case("Conv3D", name, make, CONV)
    case("Conv3D", "ncdhw", channels_first_volume, CONV, stand_in=True)
    for dtype in ["float64", "float16", "bfloat16"]:
        make = lambda b, t=TYPES[dtype]: b.Conv3D(
            b.input(b.normal(1, 3, 3, 3, 2, dtype=t)), b.normal(2, 2, 2, 2, 2, dtype=t), strides=[1] * 5, padding="SAME"
        )
        case("Conv3D", dtype, make, tolerance(dtype))


def channels_first_volume(b):
    x, w = b.input(b.normal(1, 2, 3, 4, 3)), b.normal(2, 2, 2, 2, 3)
    how = dict(strides=[1] * 5, padding="SAME")
    if b.running:
        return b.Transpose(b.Conv3D(b.Transpose(x, [0, 2, 3, 4, 1]), w, **how), [0, 4, 1, 2, 3])
    return b.Conv3D(x, w, data_format="NCDHW", **how)


volumes()


def transposed(size, w, gradient, layout="NHWC", dtype=np.float32, fed=False, index=np.int32, **how):
    """Conv2DBackpropInput: `size` is NHWC's shape of the answer."""

    def build(b):
        weights = b.normal(*w, dtype=dtype)
        order = size if layout == "NHWC" or b.running else [size[0], size[3], size[1], size[2]]
        sizes = b.input(np.array(order, index), name="sizes") if fed else np.array(order, index)
        if layout == "NHWC":
            return b.Conv2DBackpropInput(
                sizes, weights, b.input(b.normal(*gradient, dtype=dtype)), **conv_attributes(**how)
            )
        n, h, w_, c = gradient
        x = b.input(b.normal(n, c, h, w_, dtype=dtype))
        if not b.running:
            return b.Conv2DBackpropInput(sizes, weights, x, **conv_attributes(layout=layout, **how))
        return b.Transpose(
            b.Conv2DBackpropInput(sizes, weights, b.Transpose(x, FROM_NCHW), **conv_attributes(**how)), TO_NCHW
        )

    return build


def dilated_transposed(b):
    x, w = b.input(b.normal(1, 6, 7, 2)), b.normal(3, 3, 2, 2)
    wide = np.zeros([5, 5, 2, 2], np.float32)
    wide[::2, ::2] = w
    how = conv_attributes() if b.running else conv_attributes(dilation=2)
    return b.Conv2DBackpropInput(np.int32([1, 6, 7, 2]), wide if b.running else w, x, **how)


def backprops():
    op = "Conv2DBackpropInput"
    table = {
        "same": ([1, 4, 5, 2], [3, 3, 2, 3], [1, 4, 5, 3], {}),
        "same_stride2_even": ([1, 6, 8, 2], [3, 3, 2, 3], [1, 3, 4, 3], dict(stride=2)),
        "same_stride2_odd": ([2, 5, 7, 2], [3, 3, 2, 3], [2, 3, 4, 3], dict(stride=2)),
        "valid_stride2": ([1, 7, 5, 2], [3, 3, 2, 3], [1, 3, 2, 3], dict(stride=2, padding="VALID")),
        "valid_stride2_rest": ([1, 8, 6, 2], [3, 3, 2, 3], [1, 3, 2, 3], dict(stride=2, padding="VALID")),
        "filter4_stride2": ([1, 6, 6, 2], [4, 4, 2, 2], [1, 3, 3, 2], dict(stride=2)),
        "filter2_stride2": ([1, 4, 6, 3], [2, 2, 3, 2], [1, 2, 3, 2], dict(stride=2, padding="VALID")),
        "stride3": ([1, 7, 7, 1], [3, 3, 1, 2], [1, 3, 3, 2], dict(stride=3)),
        "explicit": ([1, 5, 5, 2], [3, 3, 2, 2], [1, 3, 3, 2], dict(stride=2, padding=((1, 1), (1, 1)))),
        "no_images": ([0, 4, 4, 2], [3, 3, 2, 3], [0, 4, 4, 3], {}),
        "one_pixel": ([1, 3, 3, 2], [3, 3, 2, 4], [1, 1, 1, 4], dict(padding="VALID")),
    }
    for name, (size, w, gradient, how) in table.items():
        case(op, name, transposed(size, w, gradient, **how), CONV)
    for name in ["same_stride2_even", "valid_stride2"]:
        size, w, gradient, how = table[name]
        case(op, name + "_nchw", transposed(size, w, gradient, layout="NCHW", **how), CONV, stand_in=True)
        case(op, name + "_fed", transposed(size, w, gradient, fed=True, **how), CONV)
        for dtype, array in TYPES.items():
            case(op, name + "_" + dtype, transposed(size, w, gradient, dtype=array, **how), tolerance(dtype))
    # The CPU kernel takes no dilations: a filter with the zeros written out stands in.
    case(op, "dilated", dilated_transposed, CONV, stand_in=True)
    sizes = {
        "same_stride2": ([1, 4, 6, 4, 2], [3, 3, 3, 2, 3], [1, 2, 3, 2, 3], 2, "SAME"),
        "valid": ([1, 4, 4, 4, 1], [2, 2, 2, 1, 2], [1, 3, 3, 3, 2], 1, "VALID"),
    }
    for name, (size, w, gradient, stride, padding) in sizes.items():
        for index in [np.int32, np.int64]:
            make = lambda b, n=size, w=w, g=gradient, s=stride, p=padding, i=index: b.Conv3DBackpropInputV2(
                i(n), b.normal(*w), b.input(b.normal(*g)), strides=[1, s, s, s, 1], padding=p
            )
            case("Conv3DBackpropInputV2", name + ("_int64" if index is np.int64 else ""), make, CONV)


backprops()


def dilations():
    for padding in ["SAME", "VALID"]:
        for name, (size, stride, rate) in {
            "plain": (3, 1, 1),
            "strided": (2, 2, 1),
            "dilated": (3, 1, 2),
            "both": (2, 2, 2),
        }.items():
            make = lambda b, k=size, s=stride, r=rate, p=padding: b.Dilation2D(
                b.input(b.normal(1, 6, 7, 2)), b.normal(k, k, 2), strides=[1, s, s, 1], rates=[1, r, r, 1], padding=p
            )
            case("Dilation2D", "%s_%s" % (padding.lower(), name), make)
    make = lambda b: b.Dilation2D(
        b.input(b.ints(0, 99, 1, 4, 4, 1)), b.ints(0, 9, 2, 2, 1), strides=[1] * 4, rates=[1] * 4, padding="SAME"
    )
    case("Dilation2D", "int32", make)


dilations()
