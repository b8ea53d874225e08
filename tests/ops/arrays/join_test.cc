#include "ops/harness.h"
#include "ops/registry.h"

namespace temper::testing {
namespace {

const std::int64_t kOne = 1;
const std::int64_t kTwo = 2;
const std::int64_t kThree = 3;

Tensor words(const Shape& shape, std::vector<std::string> values) { return Tensor::strings(shape, std::move(values)); }

TEST(Concat, JoinsAlongAnAxis) {
  check({"rows", "concat", {}, {f32({1, 2}, {1, 2}), f32({2, 2}, {3, 4, 5, 6})}, {f32({3, 2}, {1, 2, 3, 4, 5, 6})}});
  check({"columns", "concat", {{"axis", std::int64_t{-1}}}, {u8({2, 1}, {1, 2}), u8({2, 2}, {3, 4, 5, 6})}, {u8({2, 3}, {1, 3, 4, 2, 5, 6})}});
  check({"with nothing", "concat", {}, {f32({0}, {}), f32({2}, {1, 2}), f32({0}, {})}, {f32({2}, {1, 2})}});
  check({"nothing", "concat", {}, {f32({0}, {}), f32({0}, {})}, {f32({0}, {})}});
  check({"one", "concat", {}, {i64({1}, {5})}, {i64({1}, {5})}});
  check({"strings", "concat", {}, {words({1}, {"a"}), words({2}, {"", "long enough to live elsewhere"})},
         {words({3}, {"a", "", "long enough to live elsewhere"})}});
  check({"bools", "concat", {}, {boolean({1}, {true}), boolean({1}, {false})}, {boolean({2}, {true, false})}});
  check({"at run time", "concat_at", {}, {f32({1, 1}, {1}), f32({1, 1}, {2}), i32({}, {1})}, {f32({1, 2}, {1, 2})}});
}

TEST(Concat, RefusesWhatDoesNotFit) {
  check_refused({"scalars", "concat", {}, {f32({}, {1}), f32({}, {2})}, {}}, "scalars");
  check_refused({"dims", "concat", {}, {f32({1, 1}, {1}), f32({1, 2}, {1, 2})}, {}}, "dimension 1");
  check_refused({"types", "concat", {}, {f32({1}, {1}), i32({1}, {1})}, {}}, "different types");
  check_refused({"axis", "concat", {{"axis", kTwo}}, {f32({1}, {1}), f32({1}, {1})}, {}}, "outside");
}

TEST(Pack, PutsSideBySide) {
  check({"scalars", "pack", {}, {i32({}, {1}), i32({}, {2})}, {i32({2}, {1, 2})}});
  check({"last", "pack", {{"axis", std::int64_t{-1}}}, {f32({2}, {1, 2}), f32({2}, {3, 4})}, {f32({2, 2}, {1, 3, 2, 4})}});
  check({"one", "pack", {{"axis", kOne}}, {f32({2}, {1, 2})}, {f32({2, 1}, {1, 2})}});
  check_refused({"shapes", "pack", {}, {f32({1}, {1}), f32({2}, {1, 2})}, {}}, "dimension 0");
}

TEST(Split, CutsIntoEqualParts) {
  check({"rows", "split", {{"parts", kTwo}}, {f32({4}, {1, 2, 3, 4})}, {f32({2}, {1, 2}), f32({2}, {3, 4})}});
  check({"columns", "split", {{"axis", kOne}, {"parts", kTwo}}, {i32({2, 2}, {1, 2, 3, 4})}, {i32({2, 1}, {1, 3}), i32({2, 1}, {2, 4})}});
  check({"nothing", "split", {{"parts", kTwo}}, {f32({0}, {})}, {f32({0}, {}), f32({0}, {})}});
  check({"strings", "split", {{"parts", kTwo}}, {words({2}, {"a", "b"})}, {words({1}, {"a"}), words({1}, {"b"})}});
  check({"at run time", "split_at", {{"parts", kTwo}}, {i32({1, 2}, {1, 2}), i32({}, {1})}, {i32({1, 1}, {1}), i32({1, 1}, {2})}});
  check_refused({"uneven", "split", {{"parts", kTwo}}, {f32({3}, {1, 2, 3})}, {}}, "equal parts");
  check_refused({"no parts", "split", {{"parts", std::int64_t{0}}}, {f32({3}, {1, 2, 3})}, {}}, "0 parts");
}

TEST(Split, SharesElementsOfOneRun) {
  const Tensor x = f32({4, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  const Tensors parts = op_registry().make("split", {{"parts", kTwo}}).reference(Tensors{x}, {});
  EXPECT_EQ(parts[1].bytes().data(), x.bytes().data() + 4 * sizeof(float));
}

TEST(SplitSizes, CutsIntoGivenSizes) {
  check({"rest", "split_sizes", {{"parts", kThree}}, {f32({4}, {1, 2, 3, 4}), i32({3}, {1, -1, 1})},
         {f32({1}, {1}), f32({2}, {2, 3}), f32({1}, {4})}});
  check({"nothing", "split_sizes", {{"parts", kTwo}}, {f32({1}, {1}), i64({2}, {0, 1})}, {f32({0}, {}), f32({1}, {1})}});
  check_refused({"sum", "split_sizes", {{"parts", kTwo}}, {f32({3}, {1, 2, 3}), i32({2}, {1, 1})}, {}}, "do not add up");
  check_refused({"long", "split_sizes", {{"parts", kTwo}}, {f32({3}, {1, 2, 3}), i32({2}, {5, -1})}, {}}, "does not fit");
  check_refused({"two rests", "split_sizes", {{"parts", kTwo}}, {f32({3}, {1, 2, 3}), i32({2}, {-1, -1})}, {}}, "more than one");
}

TEST(Unpack, TakesAnAxisAway) {
  check({"rows", "unpack", {{"parts", kTwo}}, {f32({2, 2}, {1, 2, 3, 4})}, {f32({2}, {1, 2}), f32({2}, {3, 4})}});
  check({"columns", "unpack", {{"axis", std::int64_t{-1}}, {"parts", kTwo}}, {f32({2, 2}, {1, 2, 3, 4})}, {f32({2}, {1, 3}), f32({2}, {2, 4})}});
  check({"none", "unpack", {{"parts", std::int64_t{0}}}, {f32({0, 2}, {})}, {}});
  check_refused({"count", "unpack", {{"parts", kThree}}, {f32({2}, {1, 2})}, {}}, "unpacked");
}

TEST(ConcatOffset, SumsTheDimsBefore) {
  check({"columns", "concat_offset", {}, {i32({}, {1}), i32({2}, {2, 3}), i32({2}, {2, 1}), i32({2}, {2, 4})},
         {i32({2}, {0, 0}), i32({2}, {0, 3}), i32({2}, {0, 4})}});
  check_refused({"dims", "concat_offset", {}, {i32({}, {1}), i32({2}, {2, 3}), i32({2}, {1, 1})}, {}}, "cannot be joined");
}

}  // namespace
}  // namespace temper::testing
