#include <limits>

#include "ops/harness.h"

namespace temper::testing {
namespace {

TEST(Segments, ReduceRunsOfRows) {
  const Tensor data = f32({3, 2}, {1, 10, 2, 20, 3, 30});
  const Tensor ids = i32({3}, {0, 0, 2});
  check({"sum", "segment_sum", {}, {data, ids}, {f32({3, 2}, {3, 30, 0, 0, 3, 30})}});
  check({"mean", "segment_mean", {}, {data, ids}, {f32({3, 2}, {1.5, 15, 0, 0, 3, 30})}});
  check({"prod", "segment_prod", {}, {data, ids}, {f32({3, 2}, {2, 200, 1, 1, 3, 30})}});
  check({"max", "segment_max", {}, {data, ids}, {f32({3, 2}, {2, 20, 0, 0, 3, 30})}});
  check({"min", "segment_min", {}, {data, ids}, {f32({3, 2}, {1, 10, 0, 0, 3, 30})}});
  check({"cut off", "segment_mean", {}, {i32({2}, {1, -4}), i32({2}, {0, 0})}, {i32({1}, {-1})}});
  check({"late start", "segment_sum", {}, {i32({2}, {1, 2}), i64({2}, {1, 1})}, {i32({2}, {0, 3})}});
  check({"no rows", "segment_sum", {}, {f32({0, 2}, {}), i32({0}, {})}, {f32({0, 2}, {})}});
  check({"empty rows", "segment_sum", {}, {f32({2, 0}, {}), i32({2}, {0, 3})}, {f32({4, 0}, {})}});
  check({"chosen rows", "segment_sum", {}, {data, ids, i32({3}, {0, 2, 1})}, {f32({3, 2}, {4, 40, 0, 0, 2, 20})}});
  check({"root", "segment_sqrt_n", {}, {data, i32({4}, {0, 0, 0, 0}), i32({4}, {0, 0, 1, 1})}, {f32({1, 2}, {3, 30})}});
}

TEST(Segments, RefuseWhatIsNoRun) {
  const Tensor data = f32({3}, {1, 2, 3});
  check_refused({"falling", "segment_sum", {}, {data, i32({3}, {1, 0, 2})}, {}}, "segment 0 follows 1");
  check_refused({"negative", "segment_sum", {}, {data, i32({3}, {-1, 0, 2})}, {}}, "segment -1 follows 0");
  check_refused({"few", "segment_sum", {}, {data, i32({2}, {0, 1})}, {}}, "2 segments are given for 3 rows");
  check_refused({"scalar", "segment_sum", {}, {f32({}, {1}), i32({0}, {})}, {}}, "fewer than the 1");
  check_refused({"no row", "segment_sum", {}, {data, i32({1}, {0}), i32({1}, {3})}, {}}, "there is no row 3");
  check_refused({"huge", "segment_sum", {}, {data, i64({3}, {0, 0, (std::int64_t{1} << 60) - 1})}, {}}, "allowed");
  check_refused({"large", "segment_sum", {}, {data, i64({3}, {0, 0, std::int64_t{1} << 50})}, {}}, "allowed");
}

TEST(UnsortedSegments, ReduceRowsInAnyOrder) {
  const Tensor data = i32({3, 1}, {1, 2, 3});
  const Tensor ids = i32({3}, {2, -5, 2});
  const Tensor count = i32({}, {3});
  constexpr auto kMin = std::numeric_limits<std::int32_t>::min();
  constexpr auto kMax = std::numeric_limits<std::int32_t>::max();
  check({"sum", "unsorted_segment_sum", {}, {data, ids, count}, {i32({3, 1}, {0, 0, 4})}});
  check({"prod", "unsorted_segment_prod", {}, {data, ids, count}, {i32({3, 1}, {1, 1, 3})}});
  check({"max", "unsorted_segment_max", {}, {data, ids, count}, {i32({3, 1}, {kMin, kMin, 3})}});
  check({"min", "unsorted_segment_min", {}, {data, ids, count}, {i32({3, 1}, {kMax, kMax, 1})}});
  check({"none",
         "unsorted_segment_max",
         {},
         {f32({0}, {}), i32({0}, {}), i32({}, {1})},
         {f32({1}, {std::numeric_limits<float>::lowest()})}});
  check({"matrix",
         "unsorted_segment_sum",
         {},
         {f32({2, 2}, {1, 2, 3, 4}), i32({2, 2}, {0, 1, 1, -1}), i64({}, {2})},
         {f32({2}, {1, 5})}});
  check({"scalar id",
         "unsorted_segment_sum",
         {},
         {f32({2}, {1, 2}), i32({}, {1}), i32({}, {2})},
         {f32({2, 2}, {0, 0, 1, 2})}});
  check({"no segments", "unsorted_segment_sum", {}, {f32({0, 2}, {}), i64({0}, {}), i64({}, {0})}, {f32({0, 2}, {})}});
  check_refused({"beyond", "unsorted_segment_sum", {}, {data, i32({3}, {0, 3, 1}), count}, {}},
                "segment 3 is not among 3");
  check_refused({"prefix", "unsorted_segment_sum", {}, {data, i32({2}, {0, 1}), count}, {}}, "does not begin with");
  check_refused({"negative", "unsorted_segment_sum", {}, {data, ids, i32({}, {-1})}, {}}, "number of segments is -1");
}

TEST(Bincount, CountsValues) {
  const Tensor values = i32({5}, {1, 4, 0, 1, 9});
  const Tensor none = i32({0}, {});
  check({"counts", "bincount", {}, {values, i32({}, {5}), none}, {i32({5}, {1, 2, 0, 0, 1})}});
  check({"weights", "bincount", {}, {values, i32({}, {2}), f32({5}, {1, 2, 3, 4, 5})}, {f32({2}, {3, 5})}});
  check({"binary",
         "bincount",
         {{"binary", true}},
         {values, i32({}, {3}), f32({5}, {1, 2, 3, 4, 5})},
         {f32({3}, {1, 1, 0})}});
  check({"matrix", "bincount", {}, {i32({2, 2}, {0, 1, 1, 1}), i32({}, {2}), none}, {i32({2}, {1, 3})}});
  check({"rows",
         "bincount",
         {{"by_row", true}},
         {i32({2, 2}, {0, 1, 1, 1}), i32({}, {2}), none},
         {i32({2, 2}, {1, 1, 0, 2})}});
  check({"vector by row", "bincount", {{"by_row", true}}, {values, i32({}, {2}), none}, {i32({2}, {1, 2})}});
  check({"nothing", "bincount", {}, {none, i32({}, {2}), none}, {i32({2}, {0, 0})}});
  check({"no size", "bincount", {}, {values, i32({}, {0}), none}, {i32({0}, {})}});
  check({"rows of nothing",
         "bincount",
         {{"by_row", true}},
         {i32({2, 0}, {}), i32({}, {1}), none},
         {i32({2, 1}, {0, 0})}});
  check_refused({"negative", "bincount", {}, {i32({1}, {-1}), i32({}, {2}), none}, {}}, "none may be negative");
  check_refused({"weights", "bincount", {}, {values, i32({}, {2}), f32({1}, {1})}, {}}, "not of the shape of values");
  check_refused({"size", "bincount", {}, {values, i32({}, {-2}), none}, {}}, "size is -2");
}

}  // namespace
}  // namespace temper::testing
