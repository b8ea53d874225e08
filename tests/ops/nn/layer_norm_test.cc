#include <cmath>

#include "ops/harness.h"

namespace temper::testing {
namespace {

TEST(LayerNorm, NormalisesRows) {
  const Attributes epsilon{{"epsilon", 1.0}};
  const Tensor x = f32({2, 3}, {-3, 0, 3, 5, 5, 5});  // of variances 6 and 0
  const Tensor scale = f32({3}, {1, 2, 3});
  const Tensor offset = f32({3}, {10, 20, 30});
  const float d = 3 / std::sqrt(7.0F);
  check({"rows", "layer_norm", epsilon, {x, scale, offset}, {f32({2, 3}, {10 - d, 20, 30 + 3 * d, 10, 20, 30})}, 1e-6});
  check({"one", "layer_norm", epsilon, {f32({1}, {7}), f32({1}, {2}), f32({1}, {3})}, {f32({1}, {3})}});
  check({"no rows", "layer_norm", {}, {f32({0, 3}, {}), scale, offset}, {f32({0, 3}, {})}});
  check({"no columns", "layer_norm", {}, {f32({2, 0}, {}), f32({0}, {}), f32({0}, {})}, {f32({2, 0}, {})}});
  check({"float64", "layer_norm", epsilon, {f64({1, 2}, {1, 1}), f64({2}, {1, 1}), f64({2}, {2, 3})}, {f64({1, 2}, {2, 3})}});
  check_refused({"channels", "layer_norm", {}, {x, f32({2}, {1, 2}), offset}, {}}, "needs 3 elements");
  check_refused({"types", "layer_norm", {}, {x, scale, f64({3}, {1, 2, 3})}, {}}, "different types");
  check_refused({"no dims", "layer_norm", {}, {f32({}, {1}), scale, offset}, {}}, "at least 1 dimension");
}

TEST(L2Normalise, MakesRowsOfLengthOne) {
  check({"rows", "l2_normalise", {{"epsilon", 1.0}}, {f32({3, 2}, {3, 4, 0, 0, 0.25F, 0})}, {f32({3, 2}, {0.6F, 0.8F, 0, 0, 0.25F, 0})}, 1e-6});
  check({"no columns", "l2_normalise", {}, {f32({2, 0}, {})}, {f32({2, 0}, {})}});
  check_refused({"integers", "l2_normalise", {}, {i32({1}, {1})}, {}}, "needs a float input");
}

}  // namespace
}  // namespace temper::testing
