#include "ops/harness.h"

namespace temper::testing {
namespace {

TEST(Peaks, KeepsWhatIsGreatestAroundIt) {
  const Tensor x = f32({1, 2, 4, 1}, {1, 3, 3, 2, 0, 1, -1, 5});
  check({"three by three", "peaks", {}, {x}, {f32({1, 2, 4, 1}, {0, 3, 0, 0, 0, 0, 0, 5})}});
  check({"alone", "peaks", {{"kernel", std::vector<std::int64_t>{1, 1}}}, {x}, {x}});
  check({"a row, one after", "peaks", {{"kernel", std::vector<std::int64_t>{1, 2}}}, {x}, {f32({1, 2, 4, 1}, {0, 3, 3, 2, 0, 1, 0, 5})}});
  check({"nothing", "peaks", {}, {f32({0, 2, 4, 1}, {})}, {f32({0, 2, 4, 1}, {})}});
  check_refused({"rank", "peaks", {}, {f32({2}, {1, 2})}, {}}, "4 dimensions");
  check_refused({"window", "peaks", {{"kernel", std::vector<std::int64_t>{3}}}, {x}, {}}, "not two above 0");
  check_refused({"type", "peaks", {}, {i32({1, 1, 1, 1}, {1})}, {}}, "needs a float32 input");
}

}  // namespace
}  // namespace temper::testing
