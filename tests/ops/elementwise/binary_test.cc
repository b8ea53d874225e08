#include <limits>

#include "ops/harness.h"

namespace temper::testing {
namespace {

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(Binary, Broadcasts) {
  const Tensor matrix = f32({2, 3}, {1, 2, 3, 4, 5, 6});
  const auto expect = [](const std::string& name, const Tensor& x, const Tensor& y, const Tensor& z) {
    check({name, "sub", {}, {x, y}, {z}});
  };
  expect("same", matrix, f32({2, 3}, {1, 1, 1, 2, 2, 2}), f32({2, 3}, {0, 1, 2, 2, 3, 4}));
  expect("scalar right", matrix, f32({}, {1}), f32({2, 3}, {0, 1, 2, 3, 4, 5}));
  expect("scalar left", f32({}, {1}), matrix, f32({2, 3}, {0, -1, -2, -3, -4, -5}));
  expect("scalars", f32({}, {3}), f32({}, {1}), f32({}, {2}));
  expect("row", matrix, f32({3}, {1, 2, 3}), f32({2, 3}, {0, 0, 0, 3, 3, 3}));
  expect("row left", f32({3}, {1, 2, 3}), matrix, f32({2, 3}, {0, 0, 0, -3, -3, -3}));
  expect("column", matrix, f32({2, 1}, {1, 4}), f32({2, 3}, {0, 1, 2, 0, 1, 2}));
  expect("outer", f32({2, 1}, {1, 2}), f32({1, 2}, {10, 20}), f32({2, 2}, {-9, -19, -8, -18}));
  expect("middle", f32({2, 1, 2}, {1, 2, 3, 4}), f32({2, 1}, {0, 1}), f32({2, 2, 2}, {1, 2, 0, 1, 3, 4, 2, 3}));
  expect("both middle", f32({1, 2, 1, 2}, {1, 2, 3, 4}), f32({2, 1, 2, 1}, {0, 1, 2, 3}),
         f32({2, 2, 2, 2}, {1, 2, 0, 1, 3, 4, 2, 3, -1, 0, -2, -1, 1, 2, 0, 1}));
  expect("empty", f32({0, 3}, {}), f32({1, 3}, {1, 2, 3}), f32({0, 3}, {}));
  expect("empty against one", f32({2, 1}, {1, 2}), f32({0}, {}), f32({2, 0}, {}));
  check({"integers", "sub", {}, {i32({2, 2}, {1, 2, 3, 4}), i32({2}, {1, 1})}, {i32({2, 2}, {0, 1, 2, 3})}});
}

TEST(Binary, RefusesWhatDoesNotFit) {
  check_refused({"shapes", "add", {}, {f32({2}, {1, 2}), f32({3}, {1, 2, 3})}, {}}, "do not broadcast");
  check_refused({"types", "add", {}, {f32({1}, {1}), i32({1}, {1})}, {}}, "different types");
  check_refused({"bools", "add", {}, {boolean({1}, {true}), boolean({1}, {true})}, {}}, "needs a number input");
  check_refused({"one input", "add", {}, {f32({1}, {1})}, {}}, "takes 2 inputs, got 1");
}

TEST(Binary, AddsAndMultipliesWrappingAround) {
  check({"add", "add", {}, {i8({2}, {127, -128}), i8({2}, {1, -1})}, {i8({2}, {-128, 127})}});
  check({"sub", "sub", {}, {u8({1}, {0}), u8({1}, {1})}, {u8({1}, {255})}});
  check({"mul",
         "mul",
         {},
         {tensor_of<std::uint16_t>({1}, {65535}), tensor_of<std::uint16_t>({1}, {65535})},
         {tensor_of<std::uint16_t>({1}, {1})}});
  check({"mul of int32", "mul", {}, {i32({1}, {2147483647}), i32({1}, {2})}, {i32({1}, {-2})}});
  check({"squared_difference", "squared_difference", {}, {i32({1}, {2147483647}), i32({1}, {-1})}, {i32({1}, {0})}});
  const Tensor strings = Tensor::strings({2}, {"a", ""});
  check({"strings", "add", {}, {strings, Tensor::strings({}, {"b"})}, {Tensor::strings({2}, {"ab", "b"})}});
}

TEST(Binary, Divides) {
  const Tensor x = i32({5}, {7, -7, 7, -7, 0});
  const Tensor y = i32({5}, {2, 2, -2, -2, 5});
  check({"div", "div", {}, {x, y}, {i32({5}, {3, -3, -3, 3, 0})}});
  check({"truncate_div", "truncate_div", {}, {x, y}, {i32({5}, {3, -3, -3, 3, 0})}});
  check({"floor_div", "floor_div", {}, {x, y}, {i32({5}, {3, -4, -4, 3, 0})}});
  check({"truncate_mod", "truncate_mod", {}, {x, y}, {i32({5}, {1, -1, 1, -1, 0})}});
  check({"floor_mod", "floor_mod", {}, {x, y}, {i32({5}, {1, 1, -1, -1, 0})}});
  const Tensor lowest = i32({1}, {std::numeric_limits<std::int32_t>::min()});
  for (const std::string op : {"div", "truncate_div", "floor_div"}) {
    check({"lowest over -1", op, {}, {lowest, i32({1}, {-1})}, {lowest}});
  }
  for (const std::string op : {"div", "truncate_div", "floor_div", "truncate_mod", "floor_mod"}) {
    check_refused({"zero", op, {}, {x, i32({}, {0})}, {}}, "division by zero");
  }
  for (const std::string op : {"truncate_mod", "floor_mod"}) {
    check({"lowest over -1", op, {}, {lowest, i32({1}, {-1})}, {i32({1}, {0})}});
  }
}

TEST(Binary, DividesFloats) {
  const Tensor x = f32({7}, {7, -7, 5.5F, -5.5F, 1, 0, 5});
  const Tensor y = f32({7}, {2, 2, -kInfinity, kInfinity, 0, 0, -kInfinity});
  check({"div", "div", {}, {x, y}, {f32({7}, {3.5F, -3.5F, 0, 0, kInfinity, kNaN, 0})}});
  check({"floor_div", "floor_div", {}, {x, y}, {f32({7}, {3, -4, 0, 0, kInfinity, kNaN, 0})}});
  check({"truncate_div", "truncate_div", {}, {x, y}, {f32({7}, {3, -3, 0, 0, kInfinity, kNaN, 0})}});
  check({"floor_mod", "floor_mod", {}, {x, y}, {f32({7}, {1, 1, -kInfinity, kInfinity, kNaN, kNaN, -kInfinity})}});
  check({"truncate_mod", "truncate_mod", {}, {x, y}, {f32({7}, {1, -1, 5.5F, -5.5F, kNaN, kNaN, 5})}});
  // In bfloat16, 2.995 is 3 already before it is rounded down.
  const auto brain = [](float value) { return tensor_of<BFloat16>({1}, {BFloat16(value)}); };
  check({"bfloat16", "floor_div", {}, {brain(8.9375), brain(2.984375)}, {brain(3)}});
}

TEST(Binary, MeetsZerosAndNaN) {
  const Tensor x = f32({6}, {0, 0, 1, 2, kNaN, kInfinity});
  const Tensor y = f32({6}, {0, kNaN, 0, 4, 0, 0});
  check({"div_no_nan", "div_no_nan", {}, {x, y}, {f32({6}, {0, kNaN, 0, 0.5, 0, 0})}});
  check({"mul_no_nan", "mul_no_nan", {}, {x, y}, {f32({6}, {0, kNaN, 0, 8, 0, 0})}});
  check({"xdivy", "xdivy", {}, {x, y}, {f32({6}, {0, 0, kInfinity, 0.5, kNaN, kInfinity})}});
  check({"xlogy", "xlogy", {}, {x, y}, {f32({6}, {0, 0, -kInfinity, 2.7725887F, kNaN, -kInfinity})}, 1e-6});
  check({"xlog1py", "xlog1py", {}, {x, y}, {f32({6}, {0, 0, 0, 3.2188758F, kNaN, kNaN})}, 1e-6});
  check({"maximum", "maximum", {}, {x, y}, {f32({6}, {0, kNaN, 1, 4, kNaN, kInfinity})}});
  check({"minimum", "minimum", {}, {x, y}, {f32({6}, {0, kNaN, 0, 2, kNaN, 0})}});
  check({"squared_difference", "squared_difference", {}, {x, y}, {f32({6}, {0, kNaN, 1, 4, kNaN, kInfinity})}});
  check({"atan2",
         "atan2",
         {},
         {f32({3}, {1, 0, -1}), f32({3}, {0, -1, 0})},
         {f32({3}, {1.5707964F, 3.1415927F, -1.5707964F})},
         1e-6});
}

TEST(Pow, RaisesFloatsAndIntegers) {
  check({"floats",
         "pow",
         {},
         {f32({4}, {2, 4, 0, -2}), f32({4}, {3, 0.5, 0, 0.5})},
         {f32({4}, {8, 2, 1, kNaN})},
         0,
         1e-6});
  check(
      {"integers", "pow", {}, {i32({4}, {2, -2, 0, 3}), i32({4}, {3, 5, 0, 40})}, {i32({4}, {8, -32, 1, 689956897})}});
  check({"int8", "pow", {}, {i8({1}, {3}), i8({1}, {10})}, {i8({1}, {-87})}});
  check_refused({"negative", "pow", {}, {i32({1}, {1}), i32({1}, {-1})}, {}}, "negative power");
}

TEST(NextAfter, StepsByOneNumber) {
  check({"up",
         "next_after",
         {},
         {f32({3}, {1, 0, kNaN}), f32({3}, {2, 1, 1})},
         {f32({3}, {1.00000012F, 1.4e-45F, kNaN})}});
  check_refused({"float16", "next_after", {}, {tensor_of<Half>({1}, {Half(1)}), tensor_of<Half>({1}, {Half(2)})}, {}},
                "needs float32 or float64");
}

TEST(Comparison, IsFalseForNaNButNotEqual) {
  const Tensor x = f32({4}, {1, 2, kNaN, 3});
  const Tensor y = f32({4}, {2, 2, kNaN, 1});
  const auto expect = [&](const std::string& op, std::initializer_list<bool> z) {
    check({op, op, {}, {x, y}, {boolean({4}, z)}});
  };
  expect("equal", {false, true, false, false});
  expect("not_equal", {true, false, true, true});
  expect("less", {true, false, false, false});
  expect("less_equal", {true, true, false, false});
  expect("greater", {false, false, false, true});
  expect("greater_equal", {false, true, false, true});
  check({"bools", "equal", {}, {boolean({2}, {true, false}), boolean({}, {true})}, {boolean({2}, {true, false})}});
  check_refused({"bools", "less", {}, {boolean({1}, {true}), boolean({1}, {true})}, {}}, "needs a number input");
}

TEST(Equal, TakesStringsAndMismatches) {
  const Tensor strings = Tensor::strings({3}, {"a", "b", ""});
  check({"strings", "equal", {}, {strings, Tensor::strings({1}, {"b"})}, {boolean({3}, {false, true, false})}});
  check({"strings", "not_equal", {}, {strings, Tensor::strings({}, {"b"})}, {boolean({3}, {true, false, true})}});
  const Attributes lenient{{"mismatch_differs", true}};
  const Tensor two = i32({2}, {1, 1});
  check({"fits", "equal", lenient, {two, i32({}, {1})}, {boolean({2}, {true, true})}});
  check({"does not fit", "equal", lenient, {two, i32({3}, {1, 1, 1})}, {boolean({}, {false})}});
  check({"does not fit", "not_equal", lenient, {two, i32({3}, {1, 1, 1})}, {boolean({}, {true})}});
  check_refused({"does not fit", "equal", {}, {two, i32({3}, {1, 1, 1})}, {}}, "do not broadcast");
}

TEST(ApproximateEqual, IncludesItsTolerance) {
  check({"floats",
         "approximate_equal",
         {{"tolerance", 0.5}},
         {f32({4}, {1, 1, kNaN, kInfinity}), f32({4}, {1.5, 1.75, kNaN, kInfinity})},
         {boolean({4}, {true, false, false, false})}});
  check({"far integers",
         "approximate_equal",
         {{"tolerance", 1.0}},
         {i8({2}, {-128, 4}), i8({2}, {127, 5})},
         {boolean({2}, {false, true})}});
}

TEST(Logic, WorksOnBoolsAndBits) {
  const Tensor x = boolean({4}, {true, true, false, false});
  const Tensor y = boolean({4}, {true, false, true, false});
  check({"and", "logical_and", {}, {x, y}, {boolean({4}, {true, false, false, false})}});
  check({"or", "logical_or", {}, {x, y}, {boolean({4}, {true, true, true, false})}});
  check_refused({"numbers", "logical_and", {}, {i32({1}, {1}), i32({1}, {1})}, {}}, "needs a bool input");
  check({"bits and", "bitwise_and", {}, {u8({1}, {0xcc}), u8({1}, {0xaa})}, {u8({1}, {0x88})}});
  check({"bits or", "bitwise_or", {}, {u8({1}, {0xcc}), u8({1}, {0xaa})}, {u8({1}, {0xee})}});
  check({"bits xor", "bitwise_xor", {}, {u8({1}, {0xcc}), u8({1}, {0xaa})}, {u8({1}, {0x66})}});
  check({"left",
         "left_shift",
         {},
         {i32({4}, {1, -1, 5, 1}), i32({4}, {31, 32, -1, 33})},
         {i32({4}, {std::numeric_limits<int>::min(), std::numeric_limits<int>::min(), 5,
                    std::numeric_limits<int>::min()})}});
  check({"right",
         "right_shift",
         {},
         {i32({4}, {1, -1, -8, -8}), i32({4}, {31, 32, -1, 1})},
         {i32({4}, {0, -1, -8, -4})}});
  check({"narrow", "right_shift", {}, {u8({2}, {255, 255}), u8({2}, {7, 8})}, {u8({2}, {1, 1})}});
}

TEST(AddN, AddsInOrder) {
  check({"three", "add_n", {}, {f32({2}, {1, 2}), f32({2}, {3, 4}), f32({2}, {5, 6})}, {f32({2}, {9, 12})}});
  check({"one", "add_n", {}, {i32({}, {4})}, {i32({}, {4})}});
  check({"wraps", "add_n", {}, {i8({1}, {127}), i8({1}, {1})}, {i8({1}, {-128})}});
  check_refused({"shapes", "add_n", {}, {f32({2}, {1, 2}), f32({}, {3})}, {}}, "different shapes");
  check_refused({"nothing", "add_n", {}, {}, {}}, "at least 1 input");
}

}  // namespace
}  // namespace temper::testing
