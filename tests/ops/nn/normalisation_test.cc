#include <cmath>
#include <limits>

#include "ops/harness.h"

namespace temper::testing {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(BatchNorm, ScalesAndShiftsByChannel) {
  const Tensor x = f32({2, 2}, {1, 2, 3, 4});
  const Tensor scale = f32({2}, {2, 3});
  const Tensor offset = f32({2}, {10, 20});
  const Tensor mean = f32({2}, {1, 2});
  const Tensor variance = f32({2}, {3, 8});
  const Attributes epsilon{{"epsilon", 1.0}};
  check({"rows", "batch_norm", epsilon, {x, scale, offset, mean, variance}, {f32({2, 2}, {10, 20, 12, 22})}, 1e-6});
  check({"empty", "batch_norm", epsilon, {f32({0, 2}, {}), scale, offset, mean, variance}, {f32({0, 2}, {})}});
  const Tensor half = tensor_of<Half>({1, 2}, {Half(3), Half(4)});
  check({"float16",
         "batch_norm",
         epsilon,
         {half, scale, offset, mean, variance},
         {tensor_of<Half>({1, 2}, {Half(12), Half(22)})},
         1e-2});
  check_refused({"channels", "batch_norm", {}, {f32({1, 3}, {1, 2, 3}), scale, offset, mean, variance}, {}},
                "needs 3 elements");
  check_refused({"types", "batch_norm", {}, {x, scale, offset, mean, f64({2}, {1, 1})}, {}}, "different types");
}

TEST(BatchNormTraining, NormalisesByTheBatch) {
  const Tensor x = f32({2, 1}, {1, 3});
  const Tensor one = f32({1}, {1});
  const Tensor none = f32({0}, {});
  check({"fresh",
         "batch_norm_training",
         {{"epsilon", 0.0}},
         {x, one, one, none, none},
         {f32({2, 1}, {0, 2}), f32({1}, {2}), f32({1}, {2}), f32({1}, {2}), f32({1}, {1})}});
  check({"average",
         "batch_norm_training",
         {{"epsilon", 0.0}, {"average_factor", 0.25}},
         {x, one, one, f32({1}, {6}), f32({1}, {4})},
         {f32({2, 1}, {0, 2}), f32({1}, {5}), f32({1}, {3.5}), f32({1}, {2}), f32({1}, {1})}});
  check({"single",
         "batch_norm_training",
         {{"epsilon", 1.0}},
         {f32({1, 1}, {5}), one, one, none, none},
         {f32({1, 1}, {1}), f32({1}, {5}), f32({1}, {0}), f32({1}, {5}), f32({1}, {0})}});
  check({"empty",
         "batch_norm_training",
         {},
         {f32({0, 1}, {}), one, one, none, none},
         {f32({0, 1}, {}), f32({1}, {kNaN}), f32({1}, {kNaN}), f32({1}, {kNaN}), f32({1}, {kNaN})}});
  check_refused({"missing", "batch_norm_training", {{"average_factor", 0.5}}, {x, one, one, none, none}, {}},
                "needs 1 elements");
}

TEST(LocalResponseNorm, DividesByNeighbours) {
  const Tensor x = f32({1, 3}, {1, 2, 3});
  check({"radius1",
         "local_response_norm",
         {{"depth_radius", std::int64_t{1}}, {"beta", 1.0}},
         {x},
         {f32({1, 3}, {1.0F / 6, 2.0F / 15, 3.0F / 14})},
         1e-6});
  check({"wide",
         "local_response_norm",
         {{"depth_radius", std::int64_t{1} << 62}, {"beta", 1.0}},
         {x},
         {f32({1, 3}, {1.0F / 15, 2.0F / 15, 3.0F / 15})},
         1e-6});
  check({"empty", "local_response_norm", {}, {f32({2, 0}, {})}, {f32({2, 0}, {})}});
  check_refused({"negative", "local_response_norm", {{"depth_radius", std::int64_t{-1}}}, {x}, {}}, "negative");
}

TEST(Softmax, SumsToOne) {
  const float third = 1.0F / 3;
  check({"equal",
         "softmax",
         {},
         {f32({2, 3}, {7, 7, 7, 1000, 0, 0})},
         {f32({2, 3}, {third, third, third, 1, 0, 0})},
         1e-6});
  check({"axis",
         "softmax",
         {{"axis", std::int64_t{0}}},
         {f32({2, 2}, {0, 0, 0, 1000})},
         {f32({2, 2}, {0.5, 0, 0.5, 1})}});
  check({"middle",
         "softmax",
         {{"axis", std::int64_t{-2}}},
         {f32({1, 2, 2}, {0, 1000, std::log(3.0F), 0})},
         {f32({1, 2, 2}, {0.25, 1, 0.75, 0})},
         1e-6});
  check({"edges",
         "softmax",
         {},
         {f32({4, 2}, {1, kNaN, kInfinity, 1, -kInfinity, -kInfinity, -kInfinity, 0})},
         {f32({4, 2}, {kNaN, kNaN, kNaN, kNaN, kNaN, kNaN, 0, 1})}});
  check({"empty", "softmax", {}, {f32({2, 0}, {})}, {f32({2, 0}, {})}});
  check_refused({"scalar", "softmax", {}, {f32({}, {1})}, {}}, "at least 1 dimension");
  check_refused({"axis", "softmax", {{"axis", std::int64_t{2}}}, {f32({1, 1}, {1})}, {}}, "outside");
  check_refused({"integers", "softmax", {}, {i32({1}, {1})}, {}}, "needs a float");
}

TEST(LogSoftmax, IsTheLogarithm) {
  const float half = std::log(0.5F);
  check({"rows", "log_softmax", {}, {f32({2, 2}, {3, 3, 1000, 0})}, {f32({2, 2}, {half, half, 0, -1000})}, 1e-6});
  check({"axis",
         "log_softmax",
         {{"axis", std::int64_t{0}}},
         {f64({2, 1}, {3, 3})},
         {f64({2, 1}, {std::log(0.5), std::log(0.5)})},
         1e-12});
}

}  // namespace
}  // namespace temper::testing
