#include <cmath>
#include <limits>

#include "ops/harness.h"

namespace temper::testing {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(Unary, RoundsAsNamed) {
  const Tensor x = f32({8}, {-2.5F, -1.5F, -0.5F, 0.5F, 1.5F, 2.5F, kNaN, -kInfinity});
  check({"round", "round", {}, {x}, {f32({8}, {-2, -2, 0, 0, 2, 2, kNaN, -kInfinity})}});
  check({"floor", "floor", {}, {x}, {f32({8}, {-3, -2, -1, 0, 1, 2, kNaN, -kInfinity})}});
  check({"ceil", "ceil", {}, {x}, {f32({8}, {-2, -1, 0, 1, 2, 3, kNaN, -kInfinity})}});
  check({"integers", "round", {}, {i32({2}, {-3, 7})}, {i32({2}, {-3, 7})}});
  check_refused({"integers", "floor", {}, {i32({1}, {1})}, {}}, "needs a float input");
}

TEST(Unary, HandlesSigns) {
  check({"abs", "abs", {}, {f32({4}, {-2, 0, 3, kNaN})}, {f32({4}, {2, 0, 3, kNaN})}});
  check({"lowest", "abs", {}, {i8({3}, {-128, -1, 5})}, {i8({3}, {-128, 1, 5})}});
  check({"neg", "neg", {}, {i8({2}, {-128, 5})}, {i8({2}, {-128, -5})}});
  check({"sign", "sign", {}, {f32({4}, {-2, 0, 3, kNaN})}, {f32({4}, {-1, 0, 1, kNaN})}});
  check({"sign of integers", "sign", {}, {i64({3}, {-9, 0, 4})}, {i64({3}, {-1, 0, 1})}});
  check({"square", "square", {}, {i32({2}, {-3, 65536})}, {i32({2}, {9, 0})}});
  check({"wrapping", "square", {}, {tensor_of<std::uint16_t>({1}, {65535})}, {tensor_of<std::uint16_t>({1}, {1})}});
}

TEST(Unary, TakesRootsPowersAndLogarithms) {
  check({"sqrt", "sqrt", {}, {f32({3}, {4, 0, -1})}, {f32({3}, {2, 0, kNaN})}});
  check({"rsqrt", "rsqrt", {}, {f32({2}, {4, 0})}, {f32({2}, {0.5, kInfinity})}});
  check({"reciprocal", "reciprocal", {}, {f32({2}, {4, 0})}, {f32({2}, {0.25, kInfinity})}});
  check({"of integers", "reciprocal", {}, {i32({3}, {1, 2, -1})}, {i32({3}, {1, 0, -1})}});
  check_refused({"of 0", "reciprocal", {}, {i32({1}, {0})}, {}}, "division by zero");
  check({"exp", "exp", {}, {f64({2}, {0, 1})}, {f64({2}, {1, 2.718281828459045})}, 1e-15});
  check({"expm1", "expm1", {}, {f64({1}, {1e-10})}, {f64({1}, {1.00000000005e-10})}, 1e-24});
  check({"log", "log", {}, {f32({3}, {1, 0, -1})}, {f32({3}, {0, -kInfinity, kNaN})}});
  check({"log1p", "log1p", {}, {f64({1}, {1e-10})}, {f64({1}, {9.9999999995e-11})}, 1e-24});
}

TEST(Unary, TurnsAngles) {
  const Tensor x = f64({2}, {0, 0.5});
  const auto expect = [&](const std::string& op, double at_zero, double at_half) {
    check({op, op, {}, {x}, {f64({2}, {at_zero, at_half})}, 1e-15});
  };
  expect("sin", 0, 0.479425538604203);
  expect("cos", 1, 0.8775825618903728);
  expect("tan", 0, 0.5463024898437905);
  expect("asin", 0, 0.5235987755982989);
  expect("acos", 1.5707963267948966, 1.0471975511965979);
  expect("atan", 0, 0.4636476090008061);
  expect("sinh", 0, 0.5210953054937474);
  expect("cosh", 1, 1.1276259652063807);
  expect("tanh", 0, 0.46211715726000973);
  expect("asinh", 0, 0.48121182505960347);
  expect("atanh", 0, 0.5493061443340549);
  check({"acosh", "acosh", {}, {f64({3}, {1, 2, 0})}, {f64({3}, {0, 1.3169578969248166, kNaN})}, 1e-15});
}

TEST(Unary, KnowsGammaAndErrorFunctions) {
  check({"erf", "erf", {}, {f64({2}, {0.5, -3})}, {f64({2}, {0.5204998778130465, -0.9999779095030014})}, 1e-15});
  check({"erfc", "erfc", {}, {f64({1}, {5})}, {f64({1}, {1.5374597944280349e-12})}, 0, 1e-12});
  check({"erfinv",
         "erfinv",
         {},
         {f64({7}, {0, 0.5, -0.5204998778130465, 0.9999779095030014, 1, 1.5, -1})},
         {f64({7}, {0, 0.4769362762044699, -0.5, 3, kInfinity, kNaN, -kInfinity})},
         1e-12});
  check({"erfinv of little", "erfinv", {}, {f64({1}, {1e-12})}, {f64({1}, {8.862269254527581e-13})}, 0, 1e-14});
  check({"ndtri",
         "ndtri",
         {},
         {f64({7}, {0.5, 0.975, 0.025, 0, 1, -1, 1e-10})},
         {f64({7}, {0, 1.959963984540054, -1.959963984540054, -kInfinity, kInfinity, kNaN, -6.361340902404056})},
         1e-13});
  check({"lgamma",
         "lgamma",
         {},
         {f64({5}, {1, 0.5, -1.5, 0, -kInfinity})},
         {f64({5}, {0, 0.5723649429247001, 0.8600470153764810, kInfinity, kInfinity})},
         1e-14});
  check({"digamma",
         "digamma",
         {},
         {f64({7}, {1, 0.5, -1.5, 100, 0, -2, kInfinity})},
         {f64({7}, {-0.5772156649015329, -1.9635100260214235, 0.7031566406452432, 4.600161852738087, kNaN, kNaN,
                    kInfinity})},
         1e-12});
}

TEST(Unary, TellsNumbersApart) {
  const Tensor x = f32({4}, {1, kNaN, kInfinity, -kInfinity});
  check({"is_nan", "is_nan", {}, {x}, {boolean({4}, {false, true, false, false})}});
  check({"is_inf", "is_inf", {}, {x}, {boolean({4}, {false, false, true, true})}});
  check({"is_finite", "is_finite", {}, {x}, {boolean({4}, {true, false, false, false})}});
  check({"logical_not", "logical_not", {}, {boolean({2}, {true, false})}, {boolean({2}, {false, true})}});
  check_refused({"numbers", "logical_not", {}, {i32({1}, {1})}, {}}, "needs a bool input");
  check({"invert", "invert", {}, {u8({2}, {0, 0xf0})}, {u8({2}, {0xff, 0x0f})}});
}

}  // namespace
}  // namespace temper::testing
