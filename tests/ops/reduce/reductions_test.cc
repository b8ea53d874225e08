#include <limits>

#include "ops/harness.h"

namespace temper::testing {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

Attributes along(std::vector<std::int64_t> axes, bool keep_dims = false) {
  return {{"axes", std::move(axes)}, {"keep_dims", keep_dims}};
}

TEST(Reductions, TakeAnyAxes) {
  const Tensor x = f32({2, 3, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  check({"last", "sum", along({-1}), {x}, {f32({2, 3}, {3, 7, 11, 15, 19, 23})}});
  check({"first", "sum", along({0}), {x}, {f32({3, 2}, {8, 10, 12, 14, 16, 18})}});
  check({"middle", "sum", along({1}), {x}, {f32({2, 2}, {9, 12, 27, 30})}});
  check({"middle kept", "sum", along({1}, true), {x}, {f32({2, 1, 2}, {9, 12, 27, 30})}});
  check({"outer pair", "sum", along({2, 0}), {x}, {f32({3}, {18, 26, 34})}});
  check({"spatial", "mean", along({0, 1}), {x}, {f32({2}, {6, 7})}});
  check({"all", "sum", along({0, 1, 2}), {x}, {f32({}, {78})}});
  check({"all kept", "sum", along({0, 1, 2}, true), {x}, {f32({1, 1, 1}, {78})}});
  check({"none", "sum", along({}), {x}, {x}});
  check({"scalar", "sum", along({}), {f32({}, {3})}, {f32({}, {3})}});
  check({"of one", "sum", along({1}), {f32({1, 1, 1}, {3})}, {f32({1, 1}, {3})}});
  check_refused({"range", "sum", along({3}), {x}, {}}, "axis 3 is outside the 3 dimensions");
  check_refused({"twice", "sum", along({1, -2}), {x}, {}}, "reduced twice");
  check_refused({"bools", "sum", along({0}), {boolean({1}, {true})}, {}}, "needs a number input");
}

TEST(Reductions, TakeAxesAsAnInput) {
  const Tensor x = f32({2, 2}, {1, 2, 3, 4});
  check({"sum", "sum", {}, {x, i32({1}, {1})}, {f32({2}, {3, 7})}});
  check({"kept", "max", {{"keep_dims", true}}, {x, i64({2}, {0, 1})}, {f32({1, 1}, {4})}});
  check({"arg_max", "arg_max", {}, {x, i32({}, {-1})}, {i64({2}, {1, 1})}});
  check({"cumsum", "cumsum", {}, {x, i32({}, {1})}, {f32({2, 2}, {1, 3, 3, 7})}});
  check_refused({"floats", "sum", {}, {x, f32({1}, {1})}, {}}, "integer");
  check_refused({"range", "arg_min", {}, {x, i32({}, {2})}, {}}, "axis 2 is outside");
}

TEST(Reductions, AreAsNamed) {
  const Tensor x = f32({2, 2}, {3, 4, -1, 0.5});
  check({"prod", "prod", along({1}), {x}, {f32({2}, {12, -0.5})}});
  check({"max", "max", along({1}), {x}, {f32({2}, {4, 0.5})}});
  check({"min", "min", along({0}), {x}, {f32({2}, {-1, 0.5})}});
  check({"norm", "euclidean_norm", along({1}), {f32({1, 2}, {3, 4})}, {f32({1}, {5})}});
  check({"norm of integers", "euclidean_norm", along({0}), {i32({3}, {3, 4, 1})}, {i32({}, {5})}});
  const Tensor bools = boolean({2, 2}, {true, true, true, false});
  check({"all", "all", along({1}), {bools}, {boolean({2}, {true, false})}});
  check({"any", "any", along({0, 1}), {bools}, {boolean({}, {true})}});
  check_refused({"numbers", "any", along({0}), {x}, {}}, "needs a bool input");
}

TEST(Reductions, OfNothing) {
  const Tensor floats = f32({2, 0}, {});
  check({"sum", "sum", along({1}), {floats}, {f32({2}, {0, 0})}});
  check({"mean", "mean", along({1}), {floats}, {f32({2}, {kNaN, kNaN})}});
  check({"mean of integers", "mean", along({1}), {i32({1, 0}, {})}, {i32({1}, {0})}});
  check({"prod", "prod", along({1}, true), {floats}, {f32({2, 1}, {1, 1})}});
  check({"max", "max", along({1}), {floats}, {f32({2}, {-kInfinity, -kInfinity})}});
  check({"min", "min", along({1}), {u8({1, 0}, {})}, {u8({1}, {255})}});
  check({"all", "all", along({0}), {boolean({0}, {})}, {boolean({}, {true})}});
  check({"any", "any", along({0}), {boolean({0}, {})}, {boolean({}, {false})}});
  check({"kept empty", "sum", along({1}), {f32({0, 3}, {})}, {f32({0}, {})}});
  check({"huge and empty", "sum", along({0}), {f32({0, 3}, {})}, {f32({3}, {0, 0, 0})}});
}

TEST(Reductions, OfTypes) {
  check({"wraps", "sum", along({0}), {i8({3}, {127, 127, 127})}, {i8({}, {125})}});
  check({"mean does not", "mean", along({0}), {i8({3}, {127, 127, 127})}, {i8({}, {127})}});
  check({"mean is cut off", "mean", along({0}), {i32({3}, {1, 2, -7})}, {i32({}, {-1})}});
  check({"mean of unsigned", "mean", along({0}), {u8({3}, {255, 255, 254})}, {u8({}, {254})}});
  check({"max of lows", "max", along({0}), {i8({2}, {-128, -127})}, {i8({}, {-127})}});
  check({"NaN", "max", along({1}), {f32({3, 2}, {kNaN, 1, 1, kNaN, 1, 2})}, {f32({3}, {kNaN, kNaN, 2})}});
  check({"NaN", "min", along({0}), {f32({2, 2}, {kNaN, 1, 1, 2})}, {f32({2}, {kNaN, 1})}});
  Tensor ones(DType::kBFloat16, {700});
  std::ranges::fill(ones.mutable_data<BFloat16>(), BFloat16(1));
  check({"bfloat16", "sum", along({0}), {ones}, {tensor_of<BFloat16>({}, {BFloat16(700)})}});
}

TEST(ArgExtremes, FindTheFirst) {
  const Attributes last{{"axis", std::int64_t{-1}}};
  const Tensor ties = f32({2, 4}, {1, 3, 3, 0, 2, 2, 2, 2});
  check({"max", "arg_max", last, {ties}, {i64({2}, {1, 0})}});
  check({"min", "arg_min", last, {ties}, {i64({2}, {3, 0})}});
  check({"first axis", "arg_max", {{"axis", std::int64_t{0}}}, {ties}, {i64({4}, {1, 0, 0, 1})}});
  check({"middle", "arg_min", {{"axis", std::int64_t{1}}}, {i32({1, 2, 2}, {5, 1, 3, 2})}, {i64({1, 2}, {1, 0})}});
  check({"int32", "arg_max", {{"axis", std::int64_t{0}}, {"dtype", DType::kInt32}}, {u8({2}, {0, 9})}, {i32({}, {1})}});
  check({"bools", "arg_max", last, {boolean({3}, {false, true, true})}, {i64({}, {1})}});
  check({"NaN",
         "arg_max",
         last,
         {f32({4, 3}, {1, kNaN, 2, kNaN, 5, 1, kNaN, kNaN, kNaN, -kInfinity, kInfinity, kInfinity})},
         {i64({4}, {2, 1, 0, 1})}});
  check({"no rows", "arg_max", last, {f32({0, 3}, {})}, {i64({0}, {})}});
  check({"no inner", "arg_max", {{"axis", std::int64_t{0}}}, {f32({0, 0}, {})}, {i64({0}, {})}});
  check_refused({"no columns", "arg_max", last, {f32({3, 0}, {})}, {}}, "nothing to choose from");
  check_refused({"scalar", "arg_max", last, {f32({}, {1})}, {}}, "outside the 0 dimensions");
}

TEST(Scans, RunEitherWay) {
  const Tensor x = f32({3}, {2, 3, 4});
  const auto how = [](bool exclusive, bool reverse) {
    return Attributes{{"axis", std::int64_t{0}}, {"exclusive", exclusive}, {"reverse", reverse}};
  };
  check({"plain", "cumsum", how(false, false), {x}, {f32({3}, {2, 5, 9})}});
  check({"exclusive", "cumsum", how(true, false), {x}, {f32({3}, {0, 2, 5})}});
  check({"reverse", "cumsum", how(false, true), {x}, {f32({3}, {9, 7, 4})}});
  check({"both", "cumsum", how(true, true), {x}, {f32({3}, {7, 4, 0})}});
  check({"products", "cumprod", how(true, false), {x}, {f32({3}, {1, 2, 6})}});
  check({"matrix", "cumsum", {{"axis", std::int64_t{0}}}, {i32({2, 2}, {1, 2, 3, 4})}, {i32({2, 2}, {1, 2, 4, 6})}});
  check(
      {"inner", "cumsum", {{"axis", std::int64_t{-1}}}, {u8({2, 2}, {200, 100, 3, 4})}, {u8({2, 2}, {200, 44, 3, 7})}});
  check({"empty", "cumprod", {{"axis", std::int64_t{1}}}, {f32({2, 0}, {})}, {f32({2, 0}, {})}});
  check_refused({"axis", "cumsum", {{"axis", std::int64_t{1}}}, {x}, {}}, "axis 1 is outside");
}

TEST(L2Loss, IsHalfTheSumOfSquares) {
  check({"matrix", "l2_loss", {}, {f32({2, 2}, {1, 2, 3, 4})}, {f32({}, {15})}});
  check({"empty", "l2_loss", {}, {f32({0}, {})}, {f32({}, {0})}});
  check_refused({"integers", "l2_loss", {}, {i32({1}, {1})}, {}}, "needs a float input");
}

}  // namespace
}  // namespace temper::testing
