"""Spellings that few graphs hold: what old versions, debuggers, gradients and the compiler itself write."""

import numpy as np

from case import ELEMENTARY, ROUNDED, SUM, case
from conv import CONV, conv_attributes
from image import picture
from quantize import STEPS, spread
from tf_api import tf


def passing():
    """Ops whose output is their input."""
    for op in ["Copy", "CopyHost", "DebugGradientIdentity", "DeepCopy"]:
        case(op, "matrix", lambda b, o=op: getattr(b, o)(b.input(b.normal(2, 3))))
    for op in ["DebugIdentity", "DebugIdentityV3"]:
        case(op, "matrix", lambda b, o=op: getattr(b, o)(b.input(b.normal(2, 3)), tensor_name="x:0"))
    case("CheckNumericsV2", "matrix", lambda b: b.CheckNumericsV2(b.input(b.normal(2, 3)), message="not finite"))
    case("DebugIdentityV2", "matrix", lambda b: b.DebugIdentityV2(b.input(b.normal(2, 3)), tensor_debug_mode=1))
    case("GuaranteeConst", "scaled", lambda b: b.Mul(b.input(b.normal(2, 3)), b.GuaranteeConst(b.const(b.normal(3)))))


def placeholders():
    for name, shape in {"known": [2, 3], "rows_unknown": [-1, 3]}.items():

        def build(b, shape=shape):
            x = b.PlaceholderV2(dtype=tf.float32, shape=tf.TensorShape([None if n < 0 else n for n in shape]))
            b.feeds[x.op.name] = b.normal(2, 3)
            return b.Relu(x)

        case("PlaceholderV2", name, build, producer=22)


def references():
    """What reads a variable by reference. Sessions want the variable to be there, so the plain ops on a placeholder stand in."""
    table = {
        "RefIdentity": lambda b, x, op: op("Identity")(x),
        "DebugGradientRefIdentity": lambda b, x, op: b.Identity(x) if b.running else b.DebugGradientRefIdentity(x),
        "RefSwitch": switched,
        "RefMerge": switched,
        "RefEnter": looped,
        "RefExit": looped,
        "RefNextIteration": looped,
    }
    for op, body in table.items():

        def build(b, body=body):
            value = b.normal(2, 3)
            if b.running:
                x = b.input(value, name="variable")
            else:
                x = b.VariableV2(shape=tf.TensorShape([2, 3]), dtype=tf.float32, name="variable")
                b.feeds["variable"] = value
            return b.Neg(body(b, x, lambda op: getattr(b, op if b.running else "Ref" + op)))

        case(op, "fed_variable", build, stand_in=True)


def switched(b, x, op):
    left, right = op("Switch")(x, b.input(True, np.bool_, name="pick"))
    return op("Merge")([op("Identity")(left, name="left"), op("Identity")(right, name="right")])[0]


def looped(b, x, op):
    """A loop of three turns that hands `x` on."""
    frame = dict(frame_name="loop")
    counter, kept = b.Enter(np.int32(0), name="counter", **frame), op("Enter")(x, name="kept", **frame)
    limit = b.Enter(np.int32(3), is_constant=True, name="limit", **frame)
    merges = [b.Merge([counter, counter])[0], op("Merge")([kept, kept])[0]]
    going = b.LoopCond(b.Less(merges[0], limit))
    (_, i), (leaving, inside) = b.Switch(merges[0], going), op("Switch")(merges[1], going)
    with tf.control_dependencies([i]):
        one = b.const(1, np.int32, name="one")
    merges[0].op._update_input(1, b.NextIteration(b.Add(i, one)))
    merges[1].op._update_input(1, op("NextIteration")(op("Identity")(inside)))
    return op("Exit")(leaving)


def matrices():
    """Their spellings before version 14 of the GraphDef."""
    old = dict(producer=13)
    case("BatchMatrixBandPart", "band", lambda b: b.BatchMatrixBandPart(b.input(b.normal(2, 3, 4)), 1, 0), **old)
    case("BatchMatrixDiag", "two", lambda b: b.BatchMatrixDiag(b.input(b.normal(2, 3))), **old)
    case("BatchMatrixDiagPart", "two", lambda b: b.BatchMatrixDiagPart(b.input(b.normal(2, 3, 3))), **old)
    make = lambda b: b.BatchMatrixSetDiag(b.input(b.normal(2, 3, 3)), b.input(b.normal(2, 3), name="diagonal"))
    case("BatchMatrixSetDiag", "two", make, **old)


def shapes():
    for dtype in [np.int32, np.int64]:
        for name, (x, y) in {
            "rows": ([2, 3], [3]),
            "both": ([2, 1, 4], [5, 1]),
            "equal": ([2, 3], [2, 3]),
            "scalar": ([], [2, 3]),
            "ones": ([1, 1], [1]),
        }.items():
            make = lambda b, x=x, y=y, t=dtype: list(
                b.BroadcastGradientArgs(b.input(x, t, name="s0"), b.input(y, t, name="s1"))
            )
            case("BroadcastGradientArgs", "%s_%s" % (name, dtype.__name__), make)
        make = lambda b, t=dtype: b.UnravelIndex(b.input([22, 41, 37, 0], t), t([7, 6]))
        case("UnravelIndex", "list_" + dtype.__name__, make)
        make = lambda b, t=dtype: b.UnravelIndex(b.input(1621, t), t([6, 7, 8, 9]))
        case("UnravelIndex", "scalar_" + dtype.__name__, make)
    for dtype in [tf.float32, tf.int64, tf.bool]:
        make = lambda b, t=dtype: b.Empty(b.input([2, 3], np.int32, name="shape"), dtype=t, init=True)
        case("Empty", dtype.name, make)
    case(
        "SplitV",
        "axis_fed",
        lambda b: b.SplitV(b.input(b.normal(2, 5)), np.int32([2, 3]), b.input(1, np.int32, name="axis"), num_split=2),
    )


def joined():
    def concat(b):
        values = [b.input(b.normal(1, 3), name=n) for n in ("x", "y")]
        return b.ParallelConcat(values, shape=tf.TensorShape([2, 3]))

    case("ParallelConcat", "two_rows", concat)
    for name, indices in {"apart": [[4], [3], [1]], "same": [[2], [2], [0]]}.items():
        make = lambda b, i=indices: b.ScatterNdNonAliasingAdd(b.input(b.normal(6)), np.int32(i), b.normal(3))
        case("ScatterNdNonAliasingAdd", name, make, ROUNDED)


def ranked():
    """TensorFlow runs it where XLA compiles it; on a CPU that too finds the exact answer."""

    def build(b, **how):
        x = b.input(b.normal(3, 7))
        return list(b.TopKV2(x, np.int32(2)) if b.running else b.ApproxTopK(x, k=2, **how))

    case("ApproxTopK", "two", build, stand_in=True)
    case("ApproxTopK", "last_dimension", lambda b: build(b, reduction_dimension=1), stand_in=True)


def products():
    for left, right in [(False, False), (True, False), (False, True), (True, True)]:
        for dtype in ["float32", "bfloat16"]:

            def build(b, left=left, right=right, dtype=dtype):
                x = b.normal(*([4, 3] if left else [3, 4]), dtype=tf.as_dtype(dtype).as_numpy_dtype)
                y = b.normal(*([2, 4] if right else [4, 2]), dtype=tf.as_dtype(dtype).as_numpy_dtype)
                return b.SparseMatMul(b.input(x), y, transpose_a=left, transpose_b=right, a_is_sparse=True)

            case("SparseMatMul", dtype + "_left" * left + "_right" * right, build, SUM)


def convolutions():
    for mode in ["REFLECT", "SYMMETRIC"]:
        for name, how in {"valid": dict(padding="VALID"), "same_stride2": dict(padding="SAME", stride=2)}.items():
            step = how.pop("stride", 1)
            how["strides"] = [1, step, step, 1]
            paddings = np.int32([[0, 0], [1, 2], [2, 0], [0, 0]])
            make = lambda b, m=mode, h=how, p=paddings: b.FusedPadConv2D(
                b.input(b.normal(1, 5, 6, 2)), p, b.normal(3, 3, 2, 3), mode=m, **h
            )
            case("FusedPadConv2D", "%s_%s" % (mode.lower(), name), make, CONV)
            for corners in [False, True]:
                make = lambda b, m=mode, h=how, p=paddings, c=corners: b.FusedResizeAndPadConv2D(
                    b.input(b.normal(1, 5, 6, 2)),
                    np.int32([7, 9]),
                    p,
                    b.normal(3, 3, 2, 3),
                    mode=m,
                    resize_align_corners=c,
                    **h
                )
                name_of = "%s_%s%s" % (mode.lower(), name, "_align_corners" * corners)
                case("FusedResizeAndPadConv2D", name_of, make, CONV)
    sizes = {
        "same": ([1, 4, 5, 2], [3, 3, 2, 2], [1, 4, 5, 4], {}),
        "same_stride2": ([2, 5, 6, 2], [3, 3, 2, 1], [2, 3, 3, 2], dict(stride=2)),
        "valid": ([1, 6, 5, 3], [3, 2, 3, 1], [1, 4, 4, 3], dict(padding="VALID")),
    }
    for name, (size, w, gradient, how) in sizes.items():
        make = lambda b, n=size, w=w, g=gradient, h=how: b.DepthwiseConv2dNativeBackpropInput(
            np.int32(n), b.normal(*w), b.input(b.normal(*g)), **conv_attributes(**h)
        )
        case("DepthwiseConv2dNativeBackpropInput", name, make, CONV)


def any_convolutions():
    """The op of any number of dimensions, and the fused one of three, which TensorFlow runs on GPUs alone."""
    for name, (x, w, how) in {
        "two_dimensions": ([1, 5, 6, 2], [3, 3, 2, 3], dict(strides=[1, 2, 1, 1], padding="SAME")),
        "three_dimensions": ([1, 4, 5, 4, 2], [2, 3, 2, 2, 3], dict(strides=[1] * 5, padding="VALID")),
    }.items():
        make = lambda b, x=x, w=w, h=how: b.Conv(b.input(b.normal(*x)), b.normal(*w), **h)
        case("Conv", name, make, CONV)
    for ops in [["BiasAdd"], ["BiasAdd", "Relu"], ["BiasAdd", "LeakyRelu"]]:

        def fused(b, ops=ops):
            x, w, bias = b.input(b.normal(1, 4, 5, 4, 2)), b.normal(2, 3, 2, 2, 3), b.normal(3)
            how = dict(strides=[1, 1, 2, 1, 1], padding="SAME")
            if not b.running:
                return b._FusedConv3D(x, w, [bias], fused_ops=ops, **how)
            y = b.BiasAdd(b.Conv3D(x, w, **how), bias)
            return getattr(b, ops[1])(y) if len(ops) > 1 else y

        case("_FusedConv3D", "_".join(o.lower() for o in ops), fused, CONV, stand_in=True)


def pools():
    for name, (size, window, stride, padding) in {
        "apart": ([1, 4, 6, 2], 2, 2, "VALID"),
        "overlapping": ([2, 5, 6, 3], 3, 2, "SAME"),
        "stride1": ([1, 4, 4, 1], 2, 1, "VALID"),
    }.items():

        def build(b, size=size, window=window, stride=stride, padding=padding):
            how = dict(ksize=[1, window, window, 1], strides=[1, stride, stride, 1], padding=padding)
            x = b.input(b.normal(*size))
            y = b.MaxPool(x, **how)
            return b.MaxPoolGrad(x, y, b.normal(*y.shape.as_list()), **how)

        case("MaxPoolGrad", name, build, ROUNDED)


def patches():
    for name, (ksize, stride, padding) in {
        "valid": ([2, 2, 2], [1, 1, 1], "VALID"),
        "same_stride2": ([3, 2, 1], [2, 2, 1], "SAME"),
    }.items():
        for dtype in [np.float32, np.int32]:
            make = lambda b, k=ksize, s=stride, p=padding, t=dtype: b.ExtractVolumePatches(
                b.input(b.ints(-9, 9, 1, 4, 5, 3, 2, dtype=t)), ksizes=[1] + k + [1], strides=[1] + s + [1], padding=p
            )
            case("ExtractVolumePatches", "%s_%s" % (name, dtype.__name__), make)


def random():
    """What is sure of random numbers: they lie in [0, 1)."""
    case("RandomUniform", "floor", lambda b: b.Floor(b.RandomUniform(np.int32([2, 3]), dtype=tf.float32, seed=3)))
    case(
        "RandomUniform",
        "floor_shape_fed",
        lambda b: b.Floor(b.RandomUniform(b.input([4], np.int64), dtype=tf.float64, seed=3)),
    )


def pictures():
    for name, window in {"inside": [3, 5, 8, 11], "whole": [0, 0, 19, 23], "pixel": [18, 22, 1, 1]}.items():
        for channels in [0, 1]:
            make = lambda b, w=window, c=channels: b.DecodeAndCropJpeg(
                b.input(picture(b, 19, 23, 3, "JPEG")), np.int32(w), channels=c
            )
            case("DecodeAndCropJpeg", "%s_channels_%d" % (name, channels), make)
    make = lambda b: b.DecodeAndCropJpeg(
        b.input(picture(b, 19, 23, 3, "JPEG")), b.input([2, 0, 5, 9], np.int32, name="window")
    )
    case("DecodeAndCropJpeg", "window_fed", make)
    for channels in [3, 4]:
        for wanted in [0, channels]:
            make = lambda b, c=channels, w=wanted: b.DecodeWebP(
                b.input(picture(b, 7, 6, c, "WEBP", lossless=True)), channels=w
            )
            case("DecodeWebP", "from_%d_to_%d" % (channels, wanted), make)


def rounding():
    for name, how in {
        "measured": {},
        "given": dict(range_given=True, input_min=-1.0, input_max=2.0),
        "unsigned": dict(signed_input=False, range_given=True, input_min=0.0, input_max=2.0),
        "four_bits": dict(num_bits=4),
    }.items():
        make = lambda b, h=how: b.QuantizeAndDequantize(b.input(spread(b, -2, 2, 4, 5)), **h)
        case("QuantizeAndDequantize", name, make, STEPS, producer=21)


def activations():
    """Activations as networks write them out."""

    def build(b, divides=False):
        x = b.input(b.uniform(-5, 5, 3, 7))
        gate = b.Relu6(b.AddV2(x, np.float32(3)))
        return b.RealDiv(b.Mul(x, gate), np.float32(6)) if divides else b.Mul(x, b.Mul(gate, np.float32(1 / 6)))

    case("Relu6", "hard_swish", build, ROUNDED)
    case("Relu6", "hard_swish_divided", lambda b: build(b, True), ROUNDED)

    def gated(b):
        return b.Mul(b.Relu6(b.AddV2(b.input(b.uniform(-5, 5, 3, 7)), np.float32(3))), np.float32(1 / 6))

    def silu(b):
        x = b.input(b.uniform(-5, 5, 3, 7))
        return b.Mul(x, b.Sigmoid(x))

    def gelu(b):
        x = b.input(b.uniform(-4, 4, 3, 7))
        return b.Mul(b.Mul(x, np.float32(0.5)), b.AddV2(b.Erf(b.Mul(x, np.float32(0.5**0.5))), np.float32(1)))

    def gelu_tanh(b):
        x = b.input(b.uniform(-4, 4, 3, 7))
        inner = b.AddV2(x, b.Mul(b.Pow(x, np.float32(3)), np.float32(0.044715)))
        share = b.AddV2(b.Tanh(b.Mul(inner, np.float32(0.7978846))), np.float32(1))
        return b.Mul(x, b.Mul(share, np.float32(0.5)))

    def mish(b):
        x = b.input(b.uniform(-4, 4, 3, 7))
        return b.Mul(x, b.Tanh(b.Softplus(x)))

    def moments(b, x):
        mean = b.Mean(x, np.int32([-1]), keep_dims=True)
        return mean, b.Rsqrt(b.AddV2(b.Mean(b.SquaredDifference(x, mean), np.int32([-1]), keep_dims=True), np.float32(1e-3)))

    def layer_norm(b):
        x = b.input(b.uniform(-4, 4, 3, 7))
        mean, inverse = moments(b, x)
        inverse = b.Mul(inverse, b.uniform(0.5, 2, 7))
        return b.AddV2(b.Mul(x, inverse), b.Sub(b.uniform(-1, 1, 7), b.Mul(mean, inverse)))

    def layer_norm_centred(b):
        x = b.input(b.uniform(-4, 4, 3, 7))
        mean, inverse = moments(b, x)
        return b.AddV2(b.Mul(b.Mul(b.Sub(x, mean), inverse), b.uniform(0.5, 2, 7)), b.uniform(-1, 1, 7))

    def l2_normalise(b):
        x = b.input(b.uniform(-4, 4, 3, 7))
        length = b.Sum(b.Square(x), np.int32([-1]), keep_dims=True)
        return b.Mul(x, b.Rsqrt(b.Maximum(length, np.float32(1e-12))))

    def peaks(b):
        x = b.input(b.uniform(-1, 1, 1, 6, 7, 2))
        largest = b.MaxPool(x, ksize=[1, 3, 3, 1], strides=[1, 1, 1, 1], padding="SAME")
        return b.Mul(x, b.Cast(b.Equal(x, largest), DstT=np.float32))

    case("MaxPool", "peaks", peaks)
    case("Softplus", "mish", mish, ELEMENTARY)
    case("SquaredDifference", "layer_norm", layer_norm, ELEMENTARY)
    case("SquaredDifference", "layer_norm_centred", layer_norm_centred, ELEMENTARY)
    case("Rsqrt", "l2_normalise", l2_normalise, ELEMENTARY)
    case("Relu6", "hard_sigmoid", gated, ROUNDED)
    case("Sigmoid", "silu", silu, ELEMENTARY)
    case("Erf", "gelu", gelu, ELEMENTARY)
    case("Tanh", "gelu", gelu_tanh, ELEMENTARY)


passing()
placeholders()
references()
matrices()
shapes()
joined()
ranked()
products()
convolutions()
any_convolutions()
pools()
patches()
pictures()
rounding()
activations()
random()
