"""Reductions, arg-reductions, scans, segments and counts."""

import numpy as np

from case import BFLOAT16, EXACT, ROUNDED, SUM, case
from tf_api import tf

FLOATS = [np.float32, np.float64, np.float16, BFLOAT16]


def name_of(dtype):
    return tf.as_dtype(dtype).name


AXES = {  # name: (shape, axes, keep_dims)
    "last": ([3, 4], [-1], False),
    "first": ([3, 4], [0], False),
    "first_keep": ([3, 4], [0], True),
    "middle": ([2, 3, 4], [1], False),
    "spatial": ([2, 3, 4, 2], [1, 2], False),
    "spatial_keep": ([2, 3, 4, 2], [1, 2], True),
    "outer_pair": ([2, 3, 4], [0, 2], False),
    "alternate": ([2, 3, 2, 3, 2], [0, 2, 4], True),
    "unordered_negative": ([2, 3, 4], [-1, 0], True),
    "all": ([2, 3, 4], [0, 1, 2], False),
    "all_keep": ([2, 3, 4], [0, 1, 2], True),
    "no_axes": ([2, 3], [], False),
    "no_axes_keep": ([2, 3], [], True),
    "scalar_axis": ([2, 3], 1, False),
    "scalar_axis_negative": ([2, 3], -2, True),
    "scalar_input": ([], [], False),
    "ones": ([1, 1, 1], [1], False),
    "empty_kept": ([0, 3], [1], False),
    "empty_reduced": ([0, 3], [0], False),
    "empty_reduced_keep": ([2, 0], [1], True),
    "long": ([2, 199], [1], False),
}
REDUCTIONS = {  # op: (types beside float32 or bool, tolerance)
    "Sum": (FLOATS[1:] + [np.int32, np.int64, np.uint8, np.int8, np.int16], SUM),
    "Mean": (FLOATS[1:] + [np.int32, np.int64, np.uint8], SUM),
    "Prod": (FLOATS[1:] + [np.int32, np.int64], SUM),
    "Max": (FLOATS[1:] + [np.int32, np.int64, np.uint8, np.int8], EXACT),
    "Min": (FLOATS[1:] + [np.int32, np.int64, np.uint8, np.int8], EXACT),
    "EuclideanNorm": (FLOATS[1:] + [np.int32, np.int64], SUM),
    "All": ([], EXACT),
    "Any": ([], EXACT),
}


def reduced(b, op, shape, dtype):
    if op in ("All", "Any"):
        return b.rng.uniform(0, 1, shape) < (0.9 if op == "All" else 0.1)
    if np.dtype(dtype).kind in "iu":
        return b.ints(0 if np.dtype(dtype).kind == "u" else -9, 10, *shape, dtype=dtype)
    return (b.uniform(0.7, 1.3, *shape) if op == "Prod" else b.normal(*shape)).astype(dtype)


def reduction(op, types, tol):
    base = bool if op in ("All", "Any") else np.float32

    def build(shape, axes, keep, dtype=base, index=np.int32, fed=False):
        def add(b):
            x = b.input(reduced(b, op, shape, dtype))
            where = np.array(axes, index)
            return getattr(b, op)(x, b.input(where, name="axes") if fed else where, keep_dims=keep)

        return add

    for name, (shape, axes, keep) in AXES.items():
        case(op, name, build(shape, axes, keep), tol, not_finite="empty_reduced" in name)
    case(op, "axes_int64", build([2, 3, 4], [-2], False, index=np.int64), tol)
    case(op, "axes_fed", build([2, 3, 4], [0, -1], True, fed=True), tol)
    for dtype in types:
        case(op, name_of(dtype) + "_last", build([3, 5], [-1], False, dtype), tol)
        case(op, name_of(dtype) + "_spatial", build([2, 3, 5, 2], [1, 2], True, dtype), tol)
        if dtype not in (np.int16, np.int8):
            case(op, name_of(dtype) + "_empty", build([0, 2], [0], False, dtype), tol, not_finite=True)
    if base != bool:
        special = np.float32([[1, np.nan, 2], [np.inf, 1, 2], [np.inf, -np.inf, 0], [-1, -2, -3]])
        case(op, "nan_and_inf", lambda b: getattr(b, op)(b.input(special), [1]), tol)
    case(op, "keep_dims_left_out", lambda b: getattr(b, op)(b.input(reduced(b, op, [2, 3], base)), [0]), tol, bare=True)


for _op, (_types, _tol) in REDUCTIONS.items():
    reduction(_op, _types, _tol)

# Many equal small numbers: shows in which type TensorFlow adds up.
for _dtype in [np.float16, BFLOAT16]:
    for _op in ["Sum", "Mean"]:
        _make = lambda b, o=_op, t=_dtype: getattr(b, o)(b.input(np.full([700], 1.0, t)), [0])
        case(_op, "many_ones_" + name_of(_dtype), _make, ROUNDED)


def arg_reductions():
    ties = np.float32([[1, 3, 3, 0], [2, 2, 2, 2], [-1, -5, -1, -5]])
    for op in ["ArgMax", "ArgMin"]:
        for axis in [0, 1, 2, -1, -3]:
            make = lambda b, o=op, a=axis: getattr(b, o)(b.input(b.normal(2, 3, 4)), a)
            case(op, "axis_%d" % axis, make)
        for output in [tf.int32, tf.int64, tf.int16, tf.uint16]:
            if op == "ArgMax" or output in (tf.int32, tf.int64):
                make = lambda b, o=op, t=output: getattr(b, o)(b.input(b.normal(3, 4)), -1, output_type=t)
                case(op, "to_" + output.name, make)
        for dtype in FLOATS[1:] + [np.int32, np.int64, np.uint8, np.int8, bool]:
            make = lambda b, o=op, t=dtype: getattr(b, o)(b.input(b.ints(0, 5, 4, 6).astype(t)), 1)
            case(op, name_of(dtype), make)
        case(op, "ties", lambda b, o=op: getattr(b, o)(b.input(ties), 1))
        case(op, "ties_axis0", lambda b, o=op: getattr(b, o)(b.input(ties), 0))
        case(op, "vector", lambda b, o=op: getattr(b, o)(b.input(b.normal(7)), 0))
        case(op, "one", lambda b, o=op: getattr(b, o)(b.input(b.normal(1, 1)), 1))
        case(op, "empty", lambda b, o=op: getattr(b, o)(b.input(b.normal(0, 3)), 1))
        case(op, "rank5", lambda b, o=op: getattr(b, o)(b.input(b.normal(2, 2, 3, 2, 2)), 2))
        case(op, "axis_fed", lambda b, o=op: getattr(b, o)(b.input(b.normal(2, 3)), b.input(1, np.int32, name="axis")))
        case(op, "axis_int64", lambda b, o=op: getattr(b, o)(b.input(b.normal(2, 3)), np.int64(0)))
        case(op, "output_type_left_out", lambda b, o=op: getattr(b, o)(b.input(b.normal(2, 3)), 1), bare=True)
        special = np.float32([[1, np.nan, 2], [np.nan, 5, 1], [-np.inf, np.inf, np.inf], [np.nan] * 3])
        case(op, "nan_and_inf", lambda b, o=op, v=special: getattr(b, o)(b.input(v), 1))


arg_reductions()


def scans():
    for op in ["Cumsum", "Cumprod"]:
        for exclusive in [False, True]:
            for reverse in [False, True]:
                for axis in [0, -1]:
                    flags = dict(exclusive=exclusive, reverse=reverse)
                    make = lambda b, o=op, a=axis, f=flags: getattr(b, o)(b.input(b.uniform(-2, 2, 3, 4)), a, **f)
                    name = "axis_%d%s%s" % (axis, "_exclusive" * exclusive, "_reverse" * reverse)
                    case(op, name, make, SUM)
        for dtype in FLOATS[1:] + [np.int32, np.int64, np.uint8]:
            make = lambda b, o=op, t=dtype: getattr(b, o)(b.input(b.ints(0, 4, 3, 5).astype(t)), 1)
            case(op, name_of(dtype), make, ROUNDED)
        case(op, "rank4_middle", lambda b, o=op: getattr(b, o)(b.input(b.uniform(-2, 2, 2, 3, 2, 2)), 1), SUM)
        case(op, "vector", lambda b, o=op: getattr(b, o)(b.input(b.normal(7)), 0), SUM)
        case(op, "one", lambda b, o=op: getattr(b, o)(b.input(b.normal(1)), 0, exclusive=True))
        case(op, "empty", lambda b, o=op: getattr(b, o)(b.input(b.normal(2, 0)), 1))
        case(
            op,
            "axis_fed",
            lambda b, o=op: getattr(b, o)(b.input(b.normal(2, 3)), b.input(-1, np.int32, name="axis")),
            SUM,
        )
        case(op, "axis_int64_bare", lambda b, o=op: getattr(b, o)(b.input(b.normal(2, 3)), np.int64(0)), SUM, bare=True)


scans()


def segments():
    ids = [0, 0, 2, 2, 2, 5]  # 1, 3 and 4 have no rows
    for op in ["SegmentSum", "SegmentMean", "SegmentMax", "SegmentMin", "SegmentProd"]:
        for dtype in [np.float32, np.float64, np.int32, np.float16, np.int64]:
            make = lambda b, o=op, t=dtype: getattr(b, o)(b.input(b.ints(-9, 9, 6, 3).astype(t)), np.int32(ids))
            case(op, name_of(dtype), make, SUM)
        case(
            op,
            "vector_int64_ids",
            lambda b, o=op: getattr(b, o)(b.input(b.normal(6)), b.input(ids, np.int64, name="ids")),
            SUM,
        )
        case(op, "rank3", lambda b, o=op: getattr(b, o)(b.input(b.normal(6, 2, 2)), np.int32(ids)), SUM)
        case(op, "empty", lambda b, o=op: getattr(b, o)(b.input(b.normal(0, 2)), np.zeros([0], np.int32)))
    loose = [3, 0, -1, 3, 1, 0]  # negative ids are dropped
    for op in ["UnsortedSegmentSum", "UnsortedSegmentMax", "UnsortedSegmentMin", "UnsortedSegmentProd"]:
        for dtype in [np.float32, np.float64, np.int32, np.float16]:
            make = lambda b, o=op, t=dtype: getattr(b, o)(
                b.input(b.ints(-9, 9, 6, 3).astype(t)), np.int32(loose), np.int32(5)
            )
            case(op, name_of(dtype), make, SUM)
        matrix = np.int32([[0, 1], [1, 0], [3, -1]])
        case(op, "matrix_ids", lambda b, o=op, m=matrix: getattr(b, o)(b.input(b.normal(3, 2, 2)), m, np.int32(4)), SUM)
        case(op, "empty", lambda b, o=op: getattr(b, o)(b.input(b.normal(0, 2)), np.zeros([0], np.int32), np.int32(3)))
        case(
            op,
            "no_segments",
            lambda b, o=op: getattr(b, o)(b.input(b.normal(0, 2)), np.zeros([0], np.int64), np.int64(0)),
        )
        case(
            op,
            "count_fed",
            lambda b, o=op: getattr(b, o)(b.input(b.normal(6)), np.int32(loose), b.input(7, np.int32, name="count")),
            SUM,
        )
    for op in ["SparseSegmentSum", "SparseSegmentMean", "SparseSegmentSqrtN"]:
        rows = [4, 0, 0, 3]
        make = lambda b, o=op, r=rows: getattr(b, o)(b.input(b.normal(5, 3)), np.int32(r), np.int32([0, 0, 1, 3]))
        case(op, "float32", make, SUM)


segments()


def counts():
    values = [1, 4, 0, 1, 1, 9, 4]
    for size in [0, 3, 10, 12]:
        case(
            "Bincount",
            "size_%d" % size,
            lambda b, n=size: b.Bincount(b.input(values, np.int32), np.int32(n), np.zeros([0], np.int32)),
        )
    for dtype in [np.float32, np.float64, np.int32, np.int64]:
        make = lambda b, t=dtype: b.Bincount(
            b.input(values, np.int32), np.int32(10), b.input(b.ints(0, 9, 7).astype(t), name="weights")
        )
        case("Bincount", "weights_" + name_of(dtype), make, ROUNDED)
    case(
        "Bincount",
        "empty",
        lambda b: b.Bincount(b.input(np.zeros([0], np.int32)), np.int32(3), np.zeros([0], np.float32)),
    )
    case("Bincount", "matrix", lambda b: b.Bincount(b.input(b.ints(0, 5, 3, 4)), np.int32(5), np.zeros([0], np.int64)))
    none = np.zeros([0], np.int32)
    case("DenseBincount", "vector", lambda b: b.DenseBincount(b.input(values, np.int32), np.int32(10), none))
    case("DenseBincount", "matrix", lambda b: b.DenseBincount(b.input(b.ints(0, 5, 3, 4)), np.int32(5), none))
    case(
        "DenseBincount",
        "binary",
        lambda b: b.DenseBincount(b.input(b.ints(0, 5, 3, 4)), np.int32(5), none, binary_output=True),
    )
    case(
        "DenseBincount",
        "weights",
        lambda b: b.DenseBincount(b.input(values, np.int64), np.int64(6), b.input(b.normal(7), name="weights")),
        ROUNDED,
    )


counts()
