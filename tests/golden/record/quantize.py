"""Fake quantisation, quantised tensors, and the quantised ops of TensorFlow 1."""

import numpy as np

from case import ROUNDED, case
from tf_api import tf

# A value half way between two steps may fall to either side where the scale is computed in another order.
STEPS = ROUNDED
RANGES = [(-6.0, 6.0), (0.0, 6.0), (-1.0, 3.0), (0.3, 2.0), (-4.0, -0.5), (-0.13, 5.07)]


def spread(b, low, high, *shape):
    """Random numbers that go beyond the range on both sides."""
    width = high - low
    return b.uniform(low - width / 4, high + width / 4, *shape)


def fakes():
    for low, high in RANGES:
        for bits, narrow in [(8, False), (8, True), (4, False), (16, True), (2, False)]:
            if (bits, narrow) != (8, False) and (low, high) not in RANGES[:3:2]:
                continue
            how = dict(num_bits=bits, narrow_range=narrow)
            name = "%g_%g_bits_%d%s" % (low, high, bits, "_narrow" * narrow)
            make = lambda b, l=low, h=high, w=how: b.FakeQuantWithMinMaxArgs(
                b.input(spread(b, l, h, 5, 7)), min=l, max=h, **w
            )
            case("FakeQuantWithMinMaxArgs", name, make, STEPS)
            make = lambda b, l=low, h=high, w=how: b.FakeQuantWithMinMaxVars(
                b.input(spread(b, l, h, 5, 7)), b.input(l, np.float32, name="min"), np.float32(h), **w
            )
            case("FakeQuantWithMinMaxVars", name, make, STEPS)
    for shape in [[3], [5, 3], [1, 4, 3, 3]]:
        for bits, narrow in [(8, False), (4, True)]:

            def channels(b, shape=shape, bits=bits, narrow=narrow):
                low, high = np.float32([-1, 0, -3.3]), np.float32([1, 6, 0.7])
                return b.FakeQuantWithMinMaxVarsPerChannel(
                    b.input(spread(b, -3, 5, *shape)), low, high, num_bits=bits, narrow_range=narrow
                )

            case("FakeQuantWithMinMaxVarsPerChannel", "rank%d_bits_%d" % (len(shape), bits), channels, STEPS)
    ties = np.arange(-12, 13, dtype=np.float32) / 4  # steps of 0.5: every other one is half way
    case(
        "FakeQuantWithMinMaxArgs",
        "ties",
        lambda b: b.FakeQuantWithMinMaxArgs(b.input(ties), min=-3.5, max=4.0, num_bits=4),
        STEPS,
    )
    case(
        "FakeQuantWithMinMaxArgs",
        "attributes_left_out",
        lambda b: b.FakeQuantWithMinMaxArgs(b.input(spread(b, -6, 6, 9))),
        STEPS,
        bare=True,
    )
    case("FakeQuantWithMinMaxArgs", "empty", lambda b: b.FakeQuantWithMinMaxArgs(b.input(b.normal(0, 3))))
    case(
        "FakeQuantWithMinMaxVars",
        "range_of_nothing",
        lambda b: b.FakeQuantWithMinMaxVars(b.input(b.normal(4)), np.float32(0), np.float32(0)),
    )


fakes()


def quantisations():
    for mode in ["MIN_COMBINED", "MIN_FIRST", "SCALED"]:
        for kind in [tf.quint8, tf.qint8, tf.qint32, tf.quint16, tf.qint16]:
            for rounding in ["HALF_AWAY_FROM_ZERO", "HALF_TO_EVEN"]:
                if rounding == "HALF_TO_EVEN" and mode != "SCALED":
                    continue
                for low, high in [(-1.0, 3.0), (0.0, 6.0)]:
                    make = lambda b, m=mode, k=kind, r=rounding, l=low, h=high: list(
                        b.QuantizeV2(
                            b.input(spread(b, l, h, 4, 6)),
                            b.input(l, np.float32, name="min"),
                            np.float32(h),
                            T=k,
                            mode=m,
                            round_mode=r,
                        )
                    )
                    even = "_even" * (rounding == "HALF_TO_EVEN")
                    case("QuantizeV2", "%s_%s%s_%g_%g" % (mode.lower(), kind.name, even, low, high), make, STEPS)
    steps = np.arange(-10, 11, dtype=np.float32) / 2
    for rounding in ["HALF_AWAY_FROM_ZERO", "HALF_TO_EVEN"]:
        for narrow in [False, True]:
            make = lambda b, r=rounding, n=narrow: list(
                b.QuantizeV2(
                    b.input(steps),
                    np.float32(-127),
                    np.float32(127),
                    T=tf.qint8,
                    mode="SCALED",
                    round_mode=r,
                    narrow_range=n,
                )
            )
            case("QuantizeV2", "ties_%s%s" % (rounding.lower(), "_narrow" * narrow), make, STEPS)
    for axis in [0, 1, -1]:
        count = [2, 3, 4][axis]
        if axis >= 0:
            make = lambda b, a=axis, n=count: list(
                b.QuantizeV2(
                    b.input(b.normal(2, 3, 4)),
                    np.float32([-1.5, -2, -3][:n]),
                    np.float32([1, 2.5, 2][:n]),
                    T=tf.qint8,
                    mode="SCALED",
                    round_mode="HALF_TO_EVEN",
                    axis=a,
                )
            )
            case("QuantizeV2", "axis_%d" % axis, make, STEPS)
    case(
        "QuantizeV2",
        "range_widened",
        lambda b: list(b.QuantizeV2(b.input(b.normal(5)), np.float32(1), np.float32(1.0001), T=tf.quint8)),
        STEPS,
        bare=True,
    )


quantisations()


def dequantisations():
    for mode in ["MIN_COMBINED", "MIN_FIRST", "SCALED"]:
        for kind in [tf.quint8, tf.qint8, tf.quint16, tf.qint16, tf.qint32]:
            for output in [tf.float32, tf.bfloat16]:
                if output == tf.bfloat16 and (mode != "MIN_COMBINED" or kind not in (tf.quint8, tf.qint8)):
                    continue  # TensorFlow refuses
                make = lambda b, m=mode, k=kind, t=output: b.Dequantize(
                    quantised(b, k, 4, 5), b.input(-1.5, np.float32, name="min"), np.float32(3), mode=m, dtype=t
                )
                case("Dequantize", "%s_%s_to_%s" % (mode.lower(), kind.name, output.name), make, STEPS)
    for axis in [0, 1]:
        for narrow in [False, True]:
            make = lambda b, a=axis, n=narrow: b.Dequantize(
                quantised(b, tf.qint8, 2, 3, 2),
                np.float32([-1, -2, -4][: 2 + a]),
                np.float32([1.5, 2, 1][: 2 + a]),
                mode="SCALED",
                axis=a,
                narrow_range=n,
            )
            case("Dequantize", "axis_%d%s" % (axis, "_narrow" * narrow), make, STEPS)
    case(
        "Dequantize",
        "attributes_left_out",
        lambda b: b.Dequantize(quantised(b, tf.quint8, 7), np.float32(0), np.float32(6)),
        STEPS,
        bare=True,
    )

    @case("Dequantize", "of_constant")
    def _(b):
        weights = b.ints(0, 256, 3, 4, dtype=np.uint8).astype(tf.quint8.as_numpy_dtype)
        return b.Dequantize(tf.constant(weights, tf.quint8), np.float32(-1), np.float32(1), mode="MIN_FIRST")


def quantised(b, kind, *shape, **how):
    """A fed tensor of a quantised type with numbers of its whole range."""
    plain = {tf.quint8: np.uint8, tf.qint8: np.int8, tf.quint16: np.uint16, tf.qint16: np.int16, tf.qint32: np.int32}[
        kind
    ]
    limits = np.iinfo(plain)
    values = b.rng.uniform(limits.min, limits.max, shape).astype(plain)
    name = how.get("name", "x")
    tensor = tf.placeholder(kind, shape, name)
    b.feeds[name] = values.astype(kind.as_numpy_dtype)
    return tensor


dequantisations()


def there_and_back():
    tables = {"V2": {}, "V3": {}, "V4": {}}
    for version in tables:
        op = "QuantizeAndDequantize" + version

        def build(b, op=op, version=version, low=-2.0, high=2.5, bits=8, shape=(4, 5), axis=-1, **how):
            x = b.input(spread(b, -2, 2, *shape))
            count = shape[axis] if axis >= 0 else 0
            limits = [np.full(count, v, np.float32) if axis >= 0 else np.float32(v) for v in (low, high)]
            if version == "V3":
                return getattr(b, op)(x, *limits, np.int32(bits), axis=axis, **how)
            return getattr(b, op)(x, *limits, num_bits=bits, axis=axis, **how)

        for signed in [True, False]:
            for given in [True, False]:
                for bits in [8, 4]:
                    for narrow in [False, True]:
                        how = dict(
                            signed_input=signed,
                            range_given=given,
                            bits=bits,
                            narrow_range=narrow,
                            low=-2.0 if signed else 0.0,
                        )
                        name = "%s_%s_bits_%d%s" % (
                            "signed" if signed else "unsigned",
                            "given" if given else "measured",
                            bits,
                            "_narrow" * narrow,
                        )
                        case(op, name, lambda b, f=build, h=how: f(b, **h), STEPS)
        for axis in [0, 1]:
            for given in [True, False] if version == "V3" else [False]:  # V2 and V4 refuse ranges per slice
                case(
                    op,
                    "axis_%d_%s" % (axis, "given" if given else "measured"),
                    lambda b, f=build, a=axis, g=given: f(b, axis=a, range_given=g),
                    STEPS,
                )
        if version != "V3":
            case(op, "half_up", lambda b, f=build: f(b, round_mode="HALF_UP", range_given=True, bits=4), STEPS)
    case(
        "QuantizeAndDequantizeV2",
        "attributes_left_out",
        lambda b: b.QuantizeAndDequantizeV2(b.input(b.normal(3, 4)), np.float32(0), np.float32(0)),
        STEPS,
        bare=True,
    )
    case(
        "QuantizeAndDequantizeV2",
        "float64",
        lambda b: b.QuantizeAndDequantizeV2(
            b.input(b.normal(3, 4, dtype=np.float64)), np.float64(-1), np.float64(1), range_given=True
        ),
        STEPS,
    )


there_and_back()


def limits(low, high):
    return [np.float32(low), np.float32(high)]


def quantised_ops():
    """What TensorFlow 1's quantize_nodes left in graphs."""

    wide = lambda b: (quantised(b, tf.qint32, 3, 4), *limits(-900, 1000))
    case(
        "Requantize", "to_quint8", lambda b: list(b.Requantize(*wide(b), *limits(-500, 700), out_type=tf.quint8)), STEPS
    )
    case("RequantizationRange", "qint32", lambda b: list(b.RequantizationRange(*wide(b))), STEPS)
    case(
        "QuantizeDownAndShrinkRange",
        "to_quint8",
        lambda b: list(b.QuantizeDownAndShrinkRange(*wide(b), out_type=tf.quint8)),
        STEPS,
    )


quantised_ops()
