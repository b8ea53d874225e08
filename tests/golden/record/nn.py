"""Bias, pooling, normalisation, softmax, the best K."""

import numpy as np

from case import BFLOAT16, EXACT, LONG_SUM, SUM, Tolerance, case
from conv import FROM_NCHW, TO_NCHW, spatial
from tf_api import tf

SHORT_FLOATS = {"float64": np.float64, "float16": np.float16, "bfloat16": BFLOAT16}


def biases():
    for rank in [2, 3, 4, 5]:
        shape = [2, 3, 2, 3, 4][: rank - 1] + [4]
        case("BiasAdd", "rank%d" % rank, lambda b, s=shape: b.BiasAdd(b.input(b.normal(*s)), b.normal(4)))
        case("BiasAddV1", "rank%d" % rank, lambda b, s=shape: b.BiasAddV1(b.input(b.normal(*s)), b.normal(4)))
        first = [2, 4, 3, 2, 3][:rank]
        if rank > 2:
            case(
                "BiasAdd",
                "rank%d_nchw" % rank,
                lambda b, s=first: b.BiasAdd(b.input(b.normal(*s)), b.normal(4), data_format="NCHW"),
            )
    for dtype in [np.float64, np.float16, BFLOAT16, np.int32, np.int64]:
        make = lambda b, t=dtype: b.BiasAdd(
            b.input(b.ints(-9, 9, 2, 3).astype(t)), b.input(b.ints(-9, 9, 3).astype(t), name="bias")
        )
        case("BiasAdd", tf.as_dtype(dtype).name, make)
    case("BiasAdd", "empty", lambda b: b.BiasAdd(b.input(b.normal(0, 3)), b.normal(3)), bare=True)


biases()


def window(op, shape, size, stride, padding, layout="NHWC", dtype=np.float32, pads=None):
    """MaxPool or AvgPool; `shape` is NHWC."""

    def attributes(b, form):
        more = {"explicit_paddings": pads} if pads else {}
        return dict(ksize=spatial(size, form), strides=spatial(stride, form), padding=padding, data_format=form, **more)

    def build(b):
        x = b.normal(*shape, dtype=np.float32)
        x = (x * 9).astype(dtype) if np.dtype(dtype).kind in "iu" else x.astype(dtype)
        if layout == "NHWC":
            return getattr(b, op)(b.input(x), **attributes(b, layout))
        x = b.input(np.transpose(x, TO_NCHW))
        if not b.running:
            return getattr(b, op)(x, **attributes(b, layout))
        return b.Transpose(getattr(b, op)(b.Transpose(x, FROM_NCHW), **attributes(b, "NHWC")), TO_NCHW)

    return build


POOLS = {
    "same": ([2, 5, 6, 3], 3, 1, "SAME"),
    "valid": ([1, 5, 6, 3], 3, 1, "VALID"),
    "same_stride2_odd": ([1, 5, 7, 2], 3, 2, "SAME"),
    "same_stride2_even": ([1, 6, 8, 2], 3, 2, "SAME"),
    "valid_stride2": ([1, 7, 6, 2], 2, 2, "VALID"),
    "same_2x2_odd": ([1, 5, 5, 3], 2, 2, "SAME"),
    "stride_beyond_window": ([1, 7, 7, 2], 1, 2, "SAME"),
    "sizes_differ": ([1, 6, 7, 2], (2, 3), (1, 2), "VALID"),
    "whole_image": ([2, 4, 5, 3], (4, 5), 1, "VALID"),
    "window_beyond_image": ([1, 2, 3, 1], 5, 1, "SAME"),
    "one_pixel": ([1, 1, 1, 3], 3, 2, "SAME"),
    "no_images": ([0, 4, 4, 2], 2, 2, "SAME"),
}


def pools():
    for op, tol in [("MaxPool", EXACT), ("AvgPool", SUM)]:
        for name, how in POOLS.items():
            case(op, name, window(op, *how), tol)
        for name in ["same_stride2_odd", "valid_stride2"]:
            # TensorFlow's plain CPU kernels know NHWC alone.
            case(op, name + "_nchw", window(op, *POOLS[name], layout="NCHW"), tol, stand_in=True)
        for dtype, array in SHORT_FLOATS.items():
            case(op, dtype, window(op, *POOLS["same_stride2_odd"], dtype=array), tol)
    for dtype in [np.int32, np.int64, np.int8]:
        case("MaxPool", tf.as_dtype(dtype).name, window("MaxPool", *POOLS["same_stride2_odd"], dtype=dtype))
    pads = [0, 0, 1, 2, 0, 1, 0, 0]
    case("MaxPool", "explicit", window("MaxPool", [1, 5, 5, 2], 3, 2, "EXPLICIT", pads=pads))
    case(
        "MaxPool",
        "depthwise",
        lambda b: b.MaxPool(b.input(b.normal(1, 2, 2, 6)), ksize=[1, 1, 1, 3], strides=[1, 1, 1, 3], padding="SAME"),
    )
    case(
        "MaxPool",
        "layout_left_out",
        lambda b: b.MaxPool(b.input(b.normal(1, 4, 4, 1)), ksize=[1, 2, 2, 1], strides=[1, 1, 1, 1], padding="VALID"),
        bare=True,
    )
    for fed in [False, True]:
        make = lambda b, f=fed: b.MaxPoolV2(
            b.input(b.normal(1, 5, 5, 2)),
            b.input([1, 3, 3, 1], np.int32, name="k") if f else np.int32([1, 3, 3, 1]),
            np.int32([1, 2, 2, 1]),
            padding="SAME",
        )
        case("MaxPoolV2", "fed" if fed else "constant", make)
    case(
        "MaxPoolV2",
        "valid",
        lambda b: b.MaxPoolV2(
            b.input(b.normal(1, 5, 5, 2)), np.int32([1, 2, 2, 1]), np.int32([1, 1, 1, 1]), padding="VALID"
        ),
    )
    for op, tol in [("MaxPool3D", EXACT), ("AvgPool3D", SUM)]:
        for name, (shape, size, stride, padding) in {
            "same": ([1, 3, 4, 5, 2], 3, 2, "SAME"),
            "valid": ([2, 3, 4, 4, 1], 2, 1, "VALID"),
            "same_2": ([1, 3, 3, 3, 2], 2, 2, "SAME"),
        }.items():
            make = lambda b, o=op, s=shape, k=size, n=stride, p=padding: getattr(b, o)(
                b.input(b.normal(*s)), ksize=[1, k, k, k, 1], strides=[1, n, n, n, 1], padding=p
            )
            case(op, name, make, tol)


pools()


def pools_with_places():
    for name in ["same", "valid", "same_stride2_odd", "valid_stride2", "same_2x2_odd"]:
        shape, size, stride, padding = POOLS[name]
        for index in [tf.int32, tf.int64]:
            for batch in [False, True]:
                make = lambda b, s=shape, k=size, n=stride, p=padding, i=index, a=batch: list(
                    b.MaxPoolWithArgmax(
                        b.input(b.normal(*s)),
                        ksize=spatial(k),
                        strides=spatial(n),
                        padding=p,
                        Targmax=i,
                        include_batch_in_index=a,
                    )
                )
                if batch or index == tf.int64:
                    case("MaxPoolWithArgmax", "%s_%s%s" % (name, index.name, "_batch" * batch), make)
    ties = lambda b: list(
        b.MaxPoolWithArgmax(
            b.input(b.ints(0, 2, 1, 4, 4, 2).astype(np.float32)),
            ksize=[1, 2, 2, 1],
            strides=[1, 2, 2, 1],
            padding="SAME",
        )
    )
    case("MaxPoolWithArgmax", "ties", ties)


pools_with_places()


def norm_inputs(b, channels, zero_spread=False):
    return [b.uniform(0.5, 2, channels), b.normal(channels), b.normal(channels), b.uniform(0.2, 3, channels)]


def batch_norm(version, layout, training, shape, epsilon=1e-3, average=1.0, dtype=np.float32):
    def build(b):
        channels = shape[-1]
        x = b.normal(*shape, scale=2).astype(dtype)
        x = b.input(x if layout == "NHWC" else np.transpose(x, TO_NCHW))
        scale, offset, mean, variance = norm_inputs(b, channels)
        if training and average == 1.0:
            mean = variance = np.zeros([0], np.float32)
        more = {"exponential_avg_factor": average} if average != 1.0 else {}
        outputs = getattr(b, "FusedBatchNorm" + version)(
            x, scale, offset, mean, variance, epsilon=epsilon, data_format=layout, is_training=training, **more
        )
        return list(outputs)[: 3 if training else 1]

    return build


def batch_norms():
    for version in ["", "V2", "V3"]:
        op = "FusedBatchNorm" + version
        for layout in ["NHWC", "NCHW"]:
            for training in [False, True]:
                name = layout.lower() + "_training" * training
                case(op, name, batch_norm(version, layout, training, [2, 3, 4, 3]), LONG_SUM)
        case(op, "epsilon", batch_norm(version, "NHWC", False, [1, 2, 2, 5], epsilon=0.5), LONG_SUM)
        case(op, "no_images", batch_norm(version, "NHWC", False, [0, 2, 2, 3]), LONG_SUM)
    for version in ["V2", "V3"]:
        for dtype in ["float16", "bfloat16"]:
            for training in [False, True]:
                make = batch_norm(version, "NHWC", training, [2, 3, 3, 2], dtype=SHORT_FLOATS[dtype])
                case("FusedBatchNorm" + version, dtype + "_training" * training, make, Tolerance(2, scale=2))
    case("FusedBatchNormV3", "average", batch_norm("V3", "NHWC", True, [2, 3, 3, 2], average=0.3), LONG_SUM)
    case("FusedBatchNormV3", "one_pixel_training", batch_norm("V3", "NHWC", True, [3, 1, 1, 2]), LONG_SUM)
    case(
        "FusedBatchNormV3",
        "attributes_left_out",
        lambda b: b.FusedBatchNormV3(
            b.input(b.normal(1, 2, 2, 3)), *norm_inputs(b, 3), is_training=False, epsilon=1e-4
        )[0],
        LONG_SUM,
        bare=True,
    )
    for scaled in [False, True]:

        def old_norm(b, s=scaled):
            scale, offset, mean, variance = norm_inputs(b, 3)
            return b.BatchNormWithGlobalNormalization(
                b.input(b.normal(2, 2, 3, 3)),
                mean,
                variance,
                offset,
                scale,
                variance_epsilon=1e-3,
                scale_after_normalization=s,
            )

        case("BatchNormWithGlobalNormalization", "scaled" if scaled else "unscaled", old_norm, LONG_SUM, producer=8)


batch_norms()


def local_norms():
    for name, how in {
        "defaults": {},
        "radius1": dict(depth_radius=1, bias=2.0, alpha=0.5, beta=0.75),
        "beta_half": dict(depth_radius=2, bias=1.0, alpha=1e-1, beta=0.5),
        "beta_1": dict(depth_radius=9, bias=0.5, alpha=0.2, beta=1.0),
        "radius0": dict(depth_radius=0, bias=1.0, alpha=1.0, beta=0.5),
    }.items():
        case("LRN", name, lambda b, h=how: b.LRN(b.input(b.normal(1, 2, 3, 7)), **h), LONG_SUM, bare=not how)
    case(
        "LRN",
        "float16",
        lambda b: b.LRN(b.input(b.normal(1, 2, 3, 7, dtype=np.float16)), depth_radius=2, bias=1.0, alpha=0.1),
        Tolerance(4),
    )
    for shape in [[], [7], [3, 4], [0, 2]]:
        case(
            "L2Loss",
            "rank%d_%d" % (len(shape), int(np.prod(shape))),
            lambda b, s=shape: b.L2Loss(b.input(b.normal(*s))),
            SUM,
        )
    for dtype, array in SHORT_FLOATS.items():
        case("L2Loss", dtype, lambda b, t=array: b.L2Loss(b.input(b.normal(3, 4, dtype=t))), SUM)


local_norms()


def softmaxes():
    for op in ["Softmax", "LogSoftmax"]:
        for shape in [[3, 5], [7], [2, 3, 4], [2, 2, 2, 2, 3], [2, 1], [0, 3], [1, 133]]:
            make = lambda b, o=op, s=shape: getattr(b, o)(b.input(b.normal(*s, scale=3)))
            case(op, "x".join(map(str, shape)), make, SUM)
        case(
            op,
            "large_numbers",
            lambda b, o=op: getattr(b, o)(b.input(np.float32([[1000, 1001, 999], [-1000, -1000, -2000]]))),
            SUM,
        )
        case(op, "minus_infinity", lambda b, o=op: getattr(b, o)(b.input(np.float32([[0, -np.inf, 1]]))), SUM)
        for dtype, array in SHORT_FLOATS.items():
            tol = Tolerance(4) if dtype != "float64" else SUM
            case(op, dtype, lambda b, o=op, t=array: getattr(b, o)(b.input(b.normal(3, 5, scale=2, dtype=t))), tol)


softmaxes()


def best():
    ties = np.float32([[1, 3, 3, 0, 3], [2, 2, 2, 2, 2], [-1, 5, 0, 5, 5]])
    for op in ["TopK", "TopKV2"]:
        # TensorFlow 2.21 has lost the kernels of the old spelling.
        options = {"producer": 6, "old": True} if op == "TopK" else {}

        def top(b, x, k, op=op, **how):
            return list(getattr(b, op)(b.input(x), **dict(how, k=k if op == "TopK" else np.int32(k))))

        for k in [0, 1, 3, 5]:
            case(op, "k_%d" % k, lambda b, k=k, t=top: t(b, b.normal(4, 5), k), **options)
            case(op, "ties_k_%d" % k, lambda b, k=k, t=top: t(b, ties, k), **options)
        case(op, "vector", lambda b, t=top: t(b, b.normal(9), 4), **options)
        case(op, "rank3", lambda b, t=top: t(b, b.normal(2, 3, 4), 2), **options)
        case(op, "no_rows", lambda b, t=top: t(b, b.normal(0, 4), 2), **options)
        # The order of `sorted=False` is the heap's; a second op puts it right, for nothing may hang on it.
        again = lambda b, x, k, t=top: list(b.TopKV2(t(b, x, k, sorted=False)[0], np.int32(k)))
        case(op, "unsorted_k_1", lambda b, t=top: t(b, b.normal(3, 6), 1, sorted=False), **options)
        case(op, "unsorted_all", lambda b, t=again: t(b, b.normal(2, 4), 4)[0], **options)
        case(op, "unsorted", lambda b, t=again: t(b, b.normal(3, 9), 4)[0], **options)
        for dtype in [np.float64, np.float16, BFLOAT16, np.int32, np.int64, np.uint8]:
            make = lambda b, d=dtype, t=top: t(b, b.ints(0, 9, 3, 7).astype(d), 4)
            case(op, tf.as_dtype(dtype).name, make, **options)
    case(
        "TopKV2",
        "k_2600_of_2700",
        lambda b: list(b.TopKV2(b.input(b.rng.permutation(2700).astype(np.float32)), np.int32(2600))),
    )
    case("TopKV2", "k_fed", lambda b: list(b.TopKV2(b.input(b.normal(2, 5)), b.input(2, np.int32, name="k"))))
    case("TopKV2", "k_int64", lambda b: list(b.TopKV2(b.input(b.normal(2, 5)), np.int64(3))))
    case(
        "TopKV2",
        "k_int16_to_int64",
        lambda b: list(b.TopKV2(b.input(b.normal(2, 5)), np.int16(3), index_type=tf.int64)),
    )
    case("TopKV2", "sorted_left_out", lambda b: list(b.TopKV2(b.input(b.normal(2, 5)), np.int32(3))), bare=True)


def ranks():
    for reverse in [False, True]:
        for n in [0, 2, 4]:
            make = lambda b, n=n, r=reverse: b.NthElement(
                b.input(b.ints(0, 9, 3, 5).astype(np.float32)), np.int32(n), reverse=r
            )
            case("NthElement", "n_%d%s" % (n, "_reverse" * reverse), make)
    case(
        "NthElement",
        "int32_fed",
        lambda b: b.NthElement(b.input(b.ints(0, 9, 2, 3, 4)), b.input(1, np.int32, name="n")),
        bare=True,
    )
    scores = np.float32([[0.1, 0.5, 0.5, 0.2], [0.9, 0.1, 0.3, 0.3], [0.2, np.nan, 0.1, 0.4], [0.3, np.inf, 0.1, 0.5]])
    for k in [0, 1, 2, 3, 9]:
        for targets in [[2, 3, 0, 1], [1, 0, 1, 3], [7, -1, 0, 3]]:
            name = "k_%d_targets_%s" % (k, "".join(map(str, targets)))
            case(
                "InTopK",
                name,
                lambda b, k=k, t=targets: b.InTopK(b.input(scores), b.input(t, np.int32, name="targets"), k=k),
            )
            case(
                "InTopKV2",
                name,
                lambda b, k=k, t=targets: b.InTopKV2(
                    b.input(scores), b.input(t, np.int64, name="targets"), np.int64(k)
                ),
            )


best()
ranks()
