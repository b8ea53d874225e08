#include "ops/harness.h"

namespace temper::testing {
namespace {

const Attributes kReflect{{"mode", std::string("reflect")}};
const Attributes kSymmetric{{"mode", std::string("symmetric")}};

Tensor words(const Shape& shape, std::vector<std::string> values) { return Tensor::strings(shape, std::move(values)); }

TEST(Fill, RepeatsAValue) {
  check({"float", "fill", {}, {i32({2}, {1, 2}), f32({}, {3})}, {f32({1, 2}, {3, 3})}});
  check({"scalar", "fill", {}, {i32({0}, {}), f32({}, {3})}, {f32({}, {3})}});
  check({"nothing", "fill", {}, {i64({2}, {0, 2}), boolean({}, {true})}, {boolean({0, 2}, {})}});
  check({"strings", "fill", {}, {i32({1}, {2}), words({}, {"ab"})}, {words({2}, {"ab", "ab"})}});
  check_refused({"negative", "fill", {}, {i32({1}, {-1}), f32({}, {3})}, {}}, "negative");
  check_refused({"many", "fill", {}, {i32({1}, {1}), f32({2}, {3, 4})}, {}}, "single numbers");
  check_refused({"huge", "fill", {}, {i64({2}, {1 << 30, 1 << 30}), f32({}, {3})}, {}}, "");
}

TEST(ZerosLike, KeepsShapeAndType) {
  check({"zeros", "zeros_like", {}, {i32({2}, {1, 2})}, {i32({2}, {0, 0})}});
  check({"strings", "zeros_like", {}, {words({1}, {"a"})}, {words({1}, {""})}});
  check({"ones", "ones_like", {}, {f32({2}, {5, 6})}, {f32({2}, {1, 1})}});
  check({"true", "ones_like", {}, {boolean({1}, {false})}, {boolean({1}, {true})}});
}

TEST(Range, CountsShortOfTheLimit) {
  check({"up", "range", {}, {i32({}, {1}), i32({}, {10}), i32({}, {4})}, {i32({3}, {1, 5, 9})}});
  check({"down", "range", {}, {i64({}, {3}), i64({}, {-4}), i64({}, {-2})}, {i64({4}, {3, 1, -1, -3})}});
  check({"nothing", "range", {}, {i32({}, {2}), i32({}, {2}), i32({}, {1})}, {i32({0}, {})}});
  check({"float", "range", {}, {f32({}, {0}), f32({}, {1}), f32({}, {0.25F})}, {f32({4}, {0, 0.25F, 0.5F, 0.75F})}});
  check({"widest", "range", {}, {i32({}, {INT32_MIN}), i32({}, {INT32_MAX}), i32({}, {INT32_MAX})}, {i32({3}, {INT32_MIN, -1, INT32_MAX - 1})}});
  check({"lowest step", "range", {}, {i64({}, {0}), i64({}, {-1}), i64({}, {INT64_MIN})}, {i64({1}, {0})}});
  check_refused({"no step", "range", {}, {i32({}, {0}), i32({}, {1}), i32({}, {0})}, {}}, "step is 0");
  check_refused({"away", "range", {}, {i32({}, {2}), i32({}, {1}), i32({}, {1})}, {}}, "never meets");
  check_refused({"endless", "range", {}, {f32({}, {0}), f32({}, {1e30F}), f32({}, {1e-30F})}, {}}, "too long");
  check_refused({"NaN", "range", {}, {f32({}, {0}), f32({}, {std::numeric_limits<float>::quiet_NaN()}), f32({}, {1})}, {}}, "never meets");
}

TEST(LinSpace, IncludesBothEnds) {
  check({"five", "lin_space", {}, {f32({}, {0}), f32({}, {1}), i32({}, {5})}, {f32({5}, {0, 0.25F, 0.5F, 0.75F, 1})}});
  check({"one", "lin_space", {}, {f64({}, {2}), f64({}, {9}), i32({}, {1})}, {f64({1}, {2})}});
  check_refused({"none", "lin_space", {}, {f32({}, {0}), f32({}, {1}), i32({}, {0})}, {}}, "0 numbers");
}

TEST(Pad, PutsAValueAround) {
  check({"sides", "pad", {}, {f32({1, 2}, {1, 2}), i32({2, 2}, {1, 0, 0, 1})}, {f32({2, 3}, {0, 0, 0, 1, 2, 0})}});
  check({"value", "pad", {}, {u8({1}, {1}), i64({1, 2}, {2, 1}), u8({}, {9})}, {u8({4}, {9, 9, 1, 9})}});
  check({"nothing", "pad", {}, {f32({2}, {1, 2}), i32({1, 2}, {0, 0})}, {f32({2}, {1, 2})}});
  check({"of nothing", "pad", {}, {f32({0}, {}), i32({1, 2}, {1, 1}), f32({}, {7})}, {f32({2}, {7, 7})}});
  check({"scalar", "pad", {}, {f32({}, {1}), i32({0, 2}, {})}, {f32({}, {1})}});
  check({"strings", "pad", {}, {words({1}, {"a"}), i32({1, 2}, {1, 1}), words({}, {"z"})}, {words({3}, {"z", "a", "z"})}});
  check_refused({"negative", "pad", {}, {f32({2}, {1, 2}), i32({1, 2}, {-1, 0})}, {}}, "padded by -1");
  check_refused({"value's type", "pad", {}, {f32({2}, {1, 2}), i32({1, 2}, {0, 0}), i32({}, {1})}, {}}, "different types");
  check_refused({"rank", "pad", {}, {f32({2}, {1, 2}), i32({2, 2}, {0, 0, 0, 0})}, {}}, "number of padded dimensions");
}

TEST(Pad, MirrorsAtTheEdges) {
  check({"reflect", "pad", kReflect, {i32({3}, {1, 2, 3}), i32({1, 2}, {2, 1})}, {i32({6}, {3, 2, 1, 2, 3, 2})}});
  check({"symmetric", "pad", kSymmetric, {i32({3}, {1, 2, 3}), i32({1, 2}, {3, 1})}, {i32({7}, {3, 2, 1, 1, 2, 3, 3})}});
  check({"corners", "pad", kSymmetric, {i32({2, 2}, {1, 2, 3, 4}), i32({2, 2}, {1, 0, 0, 1})}, {i32({3, 3}, {1, 2, 2, 1, 2, 2, 3, 4, 4})}});
  check({"corners reflected", "pad", kReflect, {i32({2, 2}, {1, 2, 3, 4}), i32({2, 2}, {1, 0, 0, 1})}, {i32({3, 3}, {3, 4, 3, 1, 2, 1, 3, 4, 3})}});
  check_refused({"far", "pad", kReflect, {i32({3}, {1, 2, 3}), i32({1, 2}, {3, 0})}, {}}, "cannot be mirrored");
  check_refused({"of nothing", "pad", kReflect, {i32({0}, {}), i32({1, 2}, {0, 0})}, {}}, "cannot be mirrored");
}

TEST(Tile, Repeats) {
  check({"both", "tile", {}, {i32({1, 2}, {1, 2}), i32({2}, {2, 2})}, {i32({2, 4}, {1, 2, 1, 2, 1, 2, 1, 2})}});
  check({"never", "tile", {}, {i32({1, 2}, {1, 2}), i32({2}, {1, 0})}, {i32({1, 0}, {})}});
  check({"scalar", "tile", {}, {i32({}, {1}), i32({0}, {})}, {i32({}, {1})}});
  check({"strings", "tile", {}, {words({1}, {"a"}), i32({1}, {3})}, {words({3}, {"a", "a", "a"})}});
  check_refused({"negative", "tile", {}, {i32({1}, {1}), i32({1}, {-1})}, {}}, "-1 times");
  check_refused({"huge", "tile", {}, {i32({2}, {1, 2}), i64({1}, {INT64_MAX})}, {}}, "cannot be repeated");
}

TEST(BroadcastTo, RepeatsDimsOfOne) {
  check({"column", "broadcast_to", {}, {i32({2, 1}, {1, 2}), i32({2}, {2, 3})}, {i32({2, 3}, {1, 1, 1, 2, 2, 2})}});
  check({"new dim", "broadcast_to", {}, {i32({2}, {1, 2}), i32({2}, {2, 2})}, {i32({2, 2}, {1, 2, 1, 2})}});
  check({"to nothing", "broadcast_to", {}, {i32({2}, {1, 2}), i64({2}, {0, 2})}, {i32({0, 2}, {})}});
  check({"same", "broadcast_to", {}, {i32({2}, {1, 2}), i32({1}, {2})}, {i32({2}, {1, 2})}});
  check_refused({"dim", "broadcast_to", {}, {i32({2}, {1, 2}), i32({1}, {3})}, {}}, "cannot be broadcast");
  check_refused({"huge", "broadcast_to", {}, {i32({}, {1}), i64({3}, {INT64_MAX, INT64_MAX, 2})}, {}}, "too large");
  check({"huge of nothing", "broadcast_to", {}, {i32({}, {1}), i64({3}, {0, kMaxDim, kMaxDim})}, {i32({0, kMaxDim, kMaxDim}, {})}});
  check_refused({"rank", "broadcast_to", {}, {i32({1, 1}, {1}), i32({1}, {3})}, {}}, "cannot be broadcast");
}

TEST(BroadcastShapes, JoinsShapes) {
  check({"both", "broadcast_shapes", {}, {i32({2}, {2, 1}), i32({3}, {3, 1, 4})}, {i32({3}, {3, 2, 4})}});
  check({"axes", "broadcast_axes", {}, {i32({2}, {2, 1}), i32({3}, {3, 1, 4})}, {i32({2}, {0, 2}), i32({1}, {1})}});
  check({"same", "broadcast_axes", {}, {i32({2}, {2, 1}), i32({2}, {2, 1})}, {i32({0}, {}), i32({0}, {})}});
  check_refused({"differ", "broadcast_shapes", {}, {i32({1}, {2}), i32({1}, {3})}, {}}, "do not broadcast");
}

}  // namespace
}  // namespace temper::testing
