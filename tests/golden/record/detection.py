"""Non-maximum suppression in all its versions."""

import numpy as np

from case import ROUNDED, Tolerance, case

CORNERS = ["y1 x1 y2 x2"]
TIES = np.float32([0.9, 0.75, 0.75, 0.6, 0.9, 0.75, 0.3, 0.6])
CLUSTERS = np.float32(
    [
        [0, 0, 1, 1],
        [0, 0.1, 1, 1.1],
        [0, -0.1, 1, 0.9],
        [0, 10, 1, 11],
        [0, 10.1, 1, 11.1],
        [0, 100, 1, 101],
        [1, 1, 0, 0],  # corners the other way round
        [0, 0, 0, 1],  # no area
    ]
)


def boxes(b, count, dtype=np.float32):
    """Random overlapping boxes in 0..1."""
    centre, size = b.rng.uniform(0.2, 0.8, (count, 2)), b.rng.uniform(0.1, 0.5, (count, 2))
    return np.concatenate([centre - size / 2, centre + size / 2], 1).astype(dtype)


def suppress(version, count, limit, iou=0.5, score=None, dtype=np.float32, given=None, fed=False, sigma=0.0, **how):
    def build(b):
        place = given[0] if given else boxes(b, count, dtype)
        scores = given[1] if given else b.rng.permutation(count).astype(dtype) / dtype(max(count, 1))
        arguments = [b.input(place, name="boxes"), b.input(scores, name="scores")]
        arguments.append(b.input(limit, np.int32, name="limit") if fed else np.int32(limit))
        if version:
            kind = dtype if version in ("V4", "V5", "V3") else np.float32
            arguments.append(b.input(iou, kind, name="iou") if fed else np.asarray(iou, kind))
        if version in ("V3", "V4", "V5"):
            arguments.append(np.asarray(-np.inf if score is None else score, dtype))
        if version == "V5":
            arguments.append(np.asarray(sigma, dtype))
        more = dict(how, iou_threshold=iou) if not version else how
        outputs = getattr(b, "NonMaxSuppression" + version)(*arguments, **more)
        return list(outputs) if isinstance(outputs, tuple) else [outputs]

    return build


def suppressions():
    for version in ["", "V2", "V3", "V4", "V5"]:
        op = "NonMaxSuppression" + version
        for limit in [0, 1, 3, 50]:
            case(op, "limit_%d" % limit, suppress(version, 12, limit), ROUNDED)
        for iou in [0.0, 0.25, 0.8, 1.0]:
            case(op, "iou_%g" % iou, suppress(version, 20, 20, iou=iou), ROUNDED)
        case(op, "no_boxes", suppress(version, 0, 5), ROUNDED)
        case(op, "one_box", suppress(version, 1, 5), ROUNDED)
        case(
            op,
            "clusters",
            suppress(version, 8, 8, given=(CLUSTERS, np.float32([0.9, 0.75, 0.6, 0.95, 0.5, 0.3, 0.8, 0.4]))),
            ROUNDED,
        )
        case(op, "ties", suppress(version, 8, 8, given=(CLUSTERS, TIES)), ROUNDED)
        case(op, "all_scores_equal", suppress(version, 8, 8, given=(CLUSTERS, np.full(8, 0.5, np.float32))), ROUNDED)
        case(op, "negative_scores", suppress(version, 8, 8, given=(CLUSTERS, -TIES)), ROUNDED)
        case(op, "fed", suppress(version, 9, 4, fed=True), ROUNDED)
        exact = np.float32([[0, 0, 2, 2], [0, 0, 2, 1], [0, 0, 1, 1], [1, 1, 2, 2]])  # overlaps of exactly 0.5 and 0.25
        case(
            op,
            "overlap_equals_threshold",
            suppress(version, 4, 4, given=(exact, np.float32([0.9, 0.8, 0.7, 0.6]))),
            ROUNDED,
        )
        if version:
            case(op, "float16", suppress(version, 10, 10, dtype=np.float16), Tolerance(4))
        if version in ("V3", "V4", "V5"):
            for score in [0.0, 0.5, 0.75, 2.0]:
                case(op, "score_%g" % score, suppress(version, 12, 12, score=score), ROUNDED)
            case(op, "score_equals_threshold", suppress(version, 8, 8, score=0.75, given=(CLUSTERS, TIES)), ROUNDED)
        if version in ("V4", "V5"):
            for limit in [2, 20]:
                case(
                    op,
                    "padded_%d" % limit,
                    suppress(version, 12, limit, score=0.3, pad_to_max_output_size=True),
                    ROUNDED,
                )
    for sigma in [0.1, 0.5, 1.0]:
        for score in [0.0, 0.3]:
            make = suppress("V5", 15, 10, iou=0.6, score=score, sigma=sigma)
            case("NonMaxSuppressionV5", "sigma_%g_score_%g" % (sigma, score), make, Tolerance(16))
    make = suppress("V5", 12, 20, score=0.2, sigma=0.5, pad_to_max_output_size=True)
    case("NonMaxSuppressionV5", "sigma_padded", make, Tolerance(16))
    case(
        "NonMaxSuppression",
        "threshold_left_out",
        lambda b: b.NonMaxSuppression(b.input(boxes(b, 6)), b.input(b.uniform(0, 1, 6), name="s"), np.int32(6)),
        bare=True,
    )


suppressions()


def overlaps():
    for threshold in [0.3, 0.7]:

        def build(b, threshold=threshold):
            table = b.uniform(0, 1, 7, 7)
            table = np.maximum(table, table.T)
            scores = b.input(b.uniform(0, 1, 7), name="scores")
            return b.NonMaxSuppressionWithOverlaps(
                b.input(table, name="overlaps"), scores, np.int32(5), np.float32(threshold), np.float32(0.2)
            )

        case("NonMaxSuppressionWithOverlaps", "threshold_%g" % threshold, build)


overlaps()


def combined(batch, count, classes, per_class, total, shared=True, iou=0.5, score=0.2, **how):
    def build(b):
        sets = 1 if shared else classes
        places = (
            np.stack([np.stack([boxes(b, count) for _ in range(sets)], 1) for _ in range(batch)])
            if count
            else np.zeros([batch, 0, sets, 4], np.float32)
        )
        if how.get("clip_boxes"):
            places = places * np.float32(1.4) - np.float32(0.2)
        scores = b.uniform(0, 1, batch, count, classes)
        return list(
            b.CombinedNonMaxSuppression(
                b.input(places, name="boxes"),
                b.input(scores, name="scores"),
                np.int32(per_class),
                np.int32(total),
                np.float32(iou),
                np.float32(score),
                **how,
            )
        )

    return build


def combinations():
    op = "CombinedNonMaxSuppression"
    case(op, "shared_boxes", combined(2, 10, 3, 5, 8, clip_boxes=False))
    case(op, "boxes_per_class", combined(2, 8, 3, 4, 6, shared=False, clip_boxes=False))
    case(op, "clipped", combined(1, 10, 2, 5, 8, clip_boxes=True))
    case(op, "padded_per_class", combined(1, 6, 2, 2, 20, pad_per_class=True, clip_boxes=False))
    case(op, "padded_per_class_total_smaller", combined(1, 6, 2, 4, 3, pad_per_class=True, clip_boxes=False))
    case(op, "total_beyond_boxes", combined(2, 4, 2, 10, 30, clip_boxes=False))
    case(op, "one_class", combined(1, 9, 1, 5, 5))
    case(op, "nothing_scores", combined(2, 5, 2, 3, 4, score=2.0))
    case(op, "attributes_left_out", combined(1, 9, 2, 4, 6))


combinations()
