"""Products of matrices, Einsum, Cross."""

import numpy as np

from case import BFLOAT16, ROUNDED, SUM, Tolerance, case
from tf_api import tf

FLOATS = {"float64": np.float64, "float16": np.float16, "bfloat16": BFLOAT16}
SHORT_SUM = Tolerance(3, scale=3)  # rounded once to the short type after a sum of a few products


def name_of(dtype):
    return tf.as_dtype(dtype).name


def swap(shape, flag):
    return shape[:-2] + [shape[-1], shape[-2]] if flag else shape


def products():
    for name, (m, k, n) in {
        "small": (3, 4, 5),
        "vector": (1, 7, 3),
        "column": (4, 3, 1),
        "one": (1, 1, 1),
        "no_rows": (0, 3, 2),
        "no_inner": (2, 0, 3),
        "wide": (2, 67, 9),
        "square": (8, 8, 8),
    }.items():
        for left in [False, True]:
            for right in [False, True]:
                make = lambda b, s=(m, k, n), l=left, r=right: b.MatMul(
                    b.input(b.normal(*swap([s[0], s[1]], l))),
                    b.normal(*swap([s[1], s[2]], r)),
                    transpose_a=l,
                    transpose_b=r,
                )
                if not (left or right) or name in ("small", "no_inner", "wide"):
                    case("MatMul", name + "_ta" * left + "_tb" * right, make, SUM)
    for dtype, array in FLOATS.items():
        tol = SUM if dtype == "float64" else SHORT_SUM
        case(
            "MatMul", dtype, lambda b, t=array: b.MatMul(b.input(b.normal(3, 5, dtype=t)), b.normal(5, 4, dtype=t)), tol
        )
    for dtype in [np.int32, np.int64]:
        make = lambda b, t=dtype: b.MatMul(b.input(b.ints(-9, 9, 3, 4).astype(t)), b.ints(-9, 9, 4, 2).astype(t))
        case("MatMul", name_of(dtype), make)
    case("MatMul", "both_fed", lambda b: b.MatMul(b.input(b.normal(3, 4)), b.input(b.normal(4, 2), name="w")), SUM)
    case("MatMul", "attributes_left_out", lambda b: b.MatMul(b.input(b.normal(3, 4)), b.normal(4, 2)), SUM, bare=True)


products()


def batches():
    same = {"rank2": [], "rank3": [2], "rank4": [2, 3], "no_batch": [0], "one": [1]}
    for op in ["BatchMatMul", "BatchMatMulV2", "BatchMatMulV3"]:
        more = lambda t=np.float32, op=op: {"Tout": tf.as_dtype(t)} if op == "BatchMatMulV3" else {}
        for name, batch in same.items():
            for left, right in [(False, False), (True, False), (False, True), (True, True)]:
                make = lambda b, o=op, n=batch, l=left, r=right, m=more(): getattr(b, o)(
                    b.input(b.normal(*swap(n + [3, 4], l))),
                    b.input(b.normal(*swap(n + [4, 2], r)), name="y"),
                    adj_x=l,
                    adj_y=r,
                    **m,
                )
                if not (left or right) or name == "rank3":
                    case(op, name + "_adj_x" * left + "_adj_y" * right, make, SUM)
        for dtype, array in FLOATS.items():
            if op == "BatchMatMulV3" and dtype == "float16":
                continue  # no kernel
            tol = SUM if dtype == "float64" else SHORT_SUM
            make = lambda b, o=op, t=array, m=more(array): getattr(b, o)(
                b.input(b.normal(2, 3, 4, dtype=t)), b.normal(2, 4, 2, dtype=t), **m
            )
            case(op, dtype, make, tol)
        make = lambda b, o=op, m=more(np.int32): getattr(b, o)(
            b.input(b.ints(-9, 9, 2, 3, 4)), b.ints(-9, 9, 2, 4, 2), **m
        )
        case(op, "int32", make)
        case(
            op,
            "no_inner",
            lambda b, o=op, m=more(): getattr(b, o)(
                b.input(b.normal(2, 3, 0)), b.input(b.normal(2, 0, 2), name="y"), **m
            ),
        )
        if op == "BatchMatMul":
            continue
        for name, (x, y) in {
            "shared_right": ([2, 3, 4], [4, 2]),
            "shared_left": ([3, 4], [2, 4, 2]),
            "outer": ([2, 1, 3, 4], [3, 4, 2]),
            "ones": ([1, 3, 4], [5, 4, 2]),
        }.items():
            make = lambda b, o=op, x=x, y=y, m=more(): getattr(b, o)(
                b.input(b.normal(*x)), b.input(b.normal(*y), name="y"), **m
            )
            case(op, name, make, SUM)
    for types in [(np.int8, np.int8), (np.uint8, np.int8), (np.uint8, np.uint8)]:
        make = lambda b, t=types: b.BatchMatMulV3(
            b.input(b.ints(0, 100, 2, 3, 4, dtype=t[0])),
            b.input(b.ints(0, 100, 2, 4, 2, dtype=t[1]), name="y"),
            Tout=tf.int32,
        )
        case("BatchMatMulV3", "%s_%s_to_int32" % tuple(map(name_of, types)), make)


batches()

EQUATIONS = [  # equation, shapes
    ("ij,jk->ik", [3, 4], [4, 2]),
    ("ij,kj->ik", [3, 4], [2, 4]),
    ("ij,jk->ki", [3, 4], [4, 2]),
    ("bij,bjk->bik", [2, 3, 4], [2, 4, 2]),
    ("bij,jk->bik", [2, 3, 4], [4, 2]),
    ("bqhd,bkhd->bhqk", [2, 3, 2, 4], [2, 5, 2, 4]),
    ("bhqk,bkhd->bqhd", [2, 2, 3, 5], [2, 5, 2, 4]),
    ("abc,cde->abde", [2, 3, 4], [4, 2, 3]),
    ("abcd,cde->abe", [2, 3, 2, 4], [2, 4, 3]),
    ("i,j->ij", [3], [4]),
    ("i,i->", [5], [5]),
    ("i,i->i", [5], [5]),
    ("ij,ij->ij", [3, 4], [3, 4]),
    ("ij,ij->j", [3, 4], [3, 4]),
    ("ij,k->i", [3, 4], [2]),
    (",ij->ji", [], [2, 3]),
    ("ij->ji", [3, 4]),
    ("ij->j", [3, 4]),
    ("ij->", [3, 4]),
    ("ijk->kij", [2, 3, 4]),
    ("ii->i", [3, 3]),
    ("ii->", [3, 3]),
    ("iji->j", [3, 2, 3]),
    ("i->ii", [3]),
    ("iij,jk->ik", [3, 3, 2], [2, 4]),
    ("...ij,...jk->...ik", [2, 3, 4], [2, 4, 2]),
    ("...ij,jk->...ik", [2, 2, 3, 4], [4, 2]),
    ("i...,j...->ij...", [2, 3], [4, 3]),
    ("...i->...", [2, 3, 4]),
    ("...,...->...", [2, 1, 3], [4, 1]),
    ("b...d,d->b...", [2, 3, 2, 4], [4]),
    ("ij,jk->ik", [0, 4], [4, 2]),
    ("ij,jk->ik", [3, 0], [0, 2]),
    ("bij,bjk->bik", [1, 3, 4], [5, 4, 2]),
    ("aA,Ab->ab", [2, 3], [3, 4]),
]


def einsums():
    for equation, *shapes in EQUATIONS:
        name = "%s %s" % (equation, " ".join("x".join(map(str, s)) for s in shapes))
        make = lambda b, e=equation, s=shapes: b.Einsum(
            [b.input(b.normal(*d), name=n) for d, n in zip(s, "xy")], equation=e
        )
        if equation != "bij,bjk->bik" or shapes[0][0] == 2:
            case("Einsum", name, make, SUM)
    for dtype, array in FLOATS.items():
        tol = SUM if dtype == "float64" else SHORT_SUM
        make = lambda b, t=array: b.Einsum(
            [b.input(b.normal(3, 4, dtype=t)), b.input(b.normal(4, 2, dtype=t), name="y")], equation="ij,jk->ik"
        )
        case("Einsum", dtype, make, tol)
    whole = lambda b: b.Einsum(
        [b.input(b.ints(-9, 9, 3, 4)), b.input(b.ints(-9, 9, 4, 2), name="y")], equation="ij,jk->ik"
    )
    case("Einsum", "int32", whole)


einsums()

for _shape in [[3], [2, 3], [2, 2, 3], [0, 3]]:
    _name = "rank%d_%d" % (len(_shape), int(np.prod(_shape)))
    case("Cross", _name, lambda b, s=_shape: b.Cross(b.input(b.normal(*s)), b.input(b.normal(*s), name="y")), ROUNDED)
case("Cross", "int32", lambda b: b.Cross(b.input(b.ints(-9, 9, 2, 3)), b.input(b.ints(-9, 9, 2, 3), name="y")))
case(
    "Cross",
    "float64",
    lambda b: b.Cross(b.input(b.normal(3, dtype=np.float64)), b.normal(3, dtype=np.float64)),
    ROUNDED,
)
