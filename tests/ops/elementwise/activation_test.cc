#include <limits>

#include "ops/harness.h"

namespace temper::testing {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

TEST(Relu, KeepsWhatIsPositive) {
  check({"edges", "relu", {}, {f32({4}, {-1, 0, 2, kNaN})}, {f32({4}, {0, 0, 2, kNaN})}});
  check({"empty", "relu", {}, {f32({0, 3}, {})}, {f32({0, 3}, {})}});
  check({"integers", "relu", {}, {i32({}, {-5})}, {i32({}, {0})}});
}

TEST(LeakyRelu, ScalesWhatIsNegative) {
  check({"scaled", "leaky_relu", {{"alpha", 0.5}}, {f32({2}, {-4, 4})}, {f32({2}, {-2, 4})}});
  check_refused({"integers", "leaky_relu", {}, {i32({1}, {1})}, {}}, "needs a float input");
}

}  // namespace
}  // namespace temper::testing
