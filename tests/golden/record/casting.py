"""Cast, Bitcast, Bucketize, and ops that choose or clip."""

import itertools

import numpy as np

from case import BFLOAT16, case
from tf_api import tf

TYPES = "float32 float64 float16 bfloat16 int8 uint8 int16 uint16 int32 uint32 int64 uint64 bool".split()
# Fractions that meet ties, small enough for int8: a float outside the integer's range is undefined in TensorFlow.
FRACTIONS = [-3.75, -2.5, -1.5, -0.5, -0.25, -0.0, 0.0, 0.25, 0.5, 0.999, 1.5, 2.5, 3.5, 99.9, 127.0, 2.0**-10]


def castable(b, source, target):
    """Values of type `source` whose cast to `target` is defined; integers do wrap."""
    array = tf.as_dtype(source).as_numpy_dtype
    if source == "bool":
        return np.array([True, False, True])
    if "float" in source:
        values = np.array(FRACTIONS)
        if target.startswith("uint"):
            values = np.abs(values)
        elif "float" in target:
            values = np.concatenate([values, [1e-3, 1 / 3.0, 65504, 1e5, 3e38, np.inf, -np.inf, np.nan]])
        with np.errstate(over="ignore"):
            return values.astype(array)
    limits = np.iinfo(array)
    return np.array([0, 1, 2, limits.min, limits.max, limits.max - 1, 100, limits.min + 7], array)


def casts():
    for source, target in itertools.product(TYPES, TYPES):
        make = lambda b, s=source, t=target: b.Cast(b.input(castable(b, s, t)), DstT=tf.as_dtype(t))
        case("Cast", "%s_to_%s" % (source, target), make)
    for source, target in [
        ("float32", "float16"),
        ("float32", "bfloat16"),
        ("float64", "float32"),
        ("float64", "float16"),
    ]:
        make = lambda b, s=source, t=target: b.Cast(b.input(castable(b, s, t)), DstT=tf.as_dtype(t), Truncate=True)
        case("Cast", "%s_to_%s_truncate" % (source, target), make)
    for source, target in [("float32", "float16"), ("float32", "bfloat16"), ("float16", "uint8"), ("int64", "float32")]:
        make = lambda b, s=source, t=target: b.Cast(
            b.input(b.uniform(0, 250, 4, 9).astype(tf.as_dtype(s).as_numpy_dtype)), DstT=tf.as_dtype(t)
        )
        case("Cast", "%s_to_%s_random" % (source, target), make)
    case(
        "Cast",
        "int64_to_float32_rounds",
        lambda b: b.Cast(b.input([2**24 + 1, 2**53 + 1, -(2**24) - 3]), DstT=tf.float32),
    )
    case(
        "Cast",
        "int32_to_float16_overflows",
        lambda b: b.Cast(b.input([65504, 65520, 70000], np.int32), DstT=tf.float16),
    )
    case("Cast", "empty", lambda b: b.Cast(b.input(np.zeros([0, 3], np.uint8)), DstT=tf.float32))
    case("Cast", "scalar", lambda b: b.Cast(b.input(np.uint8(200)), DstT=tf.float32))
    case("Cast", "image", lambda b: b.Cast(b.input(b.ints(0, 256, 1, 4, 4, 3, dtype=np.uint8)), DstT=tf.float32))
    case("Cast", "truncate_left_out", lambda b: b.Cast(b.input(b.normal(4)), DstT=tf.float16), bare=True)


casts()


def bitcasts():
    pairs = [
        ("float32", "int32", [2, 3]),
        ("float32", "uint8", [2, 3]),
        ("uint8", "float32", [2, 4]),
        ("int64", "int32", [3]),
        ("int32", "int64", [3, 2]),
        ("float16", "uint16", [5]),
        ("bfloat16", "int16", [5]),
        ("float32", "float32", [0, 2]),
    ]
    for source, target, shape in pairs:
        make = lambda b, s=source, t=target, d=shape: b.Bitcast(
            b.input(b.ints(0, 120, *d).astype(tf.as_dtype(s).as_numpy_dtype)), type=tf.as_dtype(t)
        )
        case("Bitcast", "%s_to_%s" % (source, target), make)
    case("Bitcast", "scalar", lambda b: b.Bitcast(b.input(np.float32(1.5)), type=tf.int32))


bitcasts()


def buckets():
    bounds = [-1.0, 0.0, 2.5, 10.0]
    for dtype in [np.float32, np.float64, np.int32, np.int64]:
        x = [-5, -1, 0, 1, 2, 3, 10, 11]
        make = lambda b, t=dtype, v=x: b.Bucketize(b.input(v, t), boundaries=bounds)
        case("Bucketize", tf.as_dtype(dtype).name, make)
    case("Bucketize", "no_bounds", lambda b: b.Bucketize(b.input(b.normal(3)), boundaries=[]))
    case("Bucketize", "empty", lambda b: b.Bucketize(b.input(b.normal(0, 2)), boundaries=bounds))


buckets()


def choose(op, condition, x, y, dtype=np.float32):
    def build(b):
        values = lambda shape: (b.ints(0, 2, *shape) if dtype is bool else b.uniform(0, 99, *shape)).astype(dtype)
        test = b.input(b.ints(0, 2, *condition, dtype=bool), name="condition")
        left = b.input(values(x), name="x")
        return getattr(b, op)(test, left, b.input(values(y), name="y"))

    return build


def selects():
    same = [[], [5], [2, 3], [2, 1, 3, 2], [0, 3]]
    for op in ["Select", "SelectV2"]:
        for shape in same:
            case(op, "rank%d_%d" % (len(shape), np.prod(shape)), choose(op, shape, shape, shape))
        case(op, "scalar_condition", choose(op, [], [3, 4], [3, 4]))
        for dtype in [np.float64, np.float16, BFLOAT16, np.int32, np.int64, np.uint8, bool]:
            case(op, tf.as_dtype(dtype).name, choose(op, [3, 4], [3, 4], [3, 4], dtype))
    case("Select", "vector_condition", choose("Select", [4], [4, 3], [4, 3]))
    case("Select", "vector_condition_rank4", choose("Select", [3], [3, 2, 2, 2], [3, 2, 2, 2]))
    case("Select", "scalar_condition_empty", choose("Select", [], [0, 2], [0, 2]))
    broadcasts = {
        "condition_column": ([4, 1], [4, 3], [4, 3]),
        "condition_row": ([3], [4, 3], [4, 3]),
        "scalar_branches": ([4, 3], [], []),
        "scalar_left": ([4, 3], [], [4, 3]),
        "scalar_right": ([4, 3], [4, 3], []),
        "all_three": ([2, 1, 1], [1, 3, 1], [1, 1, 4]),
        "ranks": ([4], [3, 1], [2, 1, 1]),
        "vector_against_matrix": ([3], [3, 3], [3, 3]),
        "empty": ([0, 1], [1, 3], [3]),
    }
    for name, shapes in broadcasts.items():
        case("SelectV2", name, choose("SelectV2", *shapes))
    case(
        "Select",
        "nan_not_taken",
        lambda b: b.Select(b.input([True, False]), b.input(np.float32([1, np.nan])), b.input(np.float32([np.inf, 2]))),
    )


selects()


def clips():
    for dtype in [np.float32, np.float64, np.float16, BFLOAT16, np.int32, np.int64, np.uint8]:
        make = lambda b, t=dtype: b.ClipByValue(b.input(b.ints(0, 20, 3, 4).astype(t)), b.input(5, t), b.input(12, t))
        case("ClipByValue", tf.as_dtype(dtype).name, make)
    limits = lambda b: (b.uniform(-2, 0, 3, 4), b.uniform(0, 2, 3, 4))
    case("ClipByValue", "limits_full", lambda b: b.ClipByValue(b.input(b.normal(3, 4, scale=3)), *limits(b)))
    case(
        "ClipByValue",
        "low_full",
        lambda b: b.ClipByValue(b.input(b.normal(3, 4, scale=3)), limits(b)[0], np.float32(1)),
    )
    case(
        "ClipByValue",
        "high_full",
        lambda b: b.ClipByValue(b.input(b.normal(3, 4, scale=3)), np.float32(-1), limits(b)[1]),
    )
    case(
        "ClipByValue",
        "limits_crossed",
        lambda b: b.ClipByValue(b.input(b.normal(3, 4, scale=3)), np.float32(1), np.float32(-1)),
    )
    case(
        "ClipByValue",
        "nan_and_inf",
        lambda b: b.ClipByValue(b.input(np.float32([np.nan, np.inf, -np.inf, 0])), np.float32(-1), np.float32(1)),
    )
    case("ClipByValue", "empty", lambda b: b.ClipByValue(b.input(b.normal(0, 3)), np.float32(-1), np.float32(1)))


clips()
