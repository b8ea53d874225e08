#include "ops/harness.h"

namespace temper::testing {
namespace {

using Ints = std::vector<std::int64_t>;

TEST(ConvTranspose, SpreadsEachElement) {
  const Tensor x = f32({1, 2, 2, 1}, {1, 2, 3, 4});
  const Tensor filter = f32({2, 2, 1, 1}, {1, 10, 100, 1000});
  check({"stride2",
         "conv_transpose",
         {{"strides", Ints{2, 2}}},
         {i32({4}, {1, 4, 4, 1}), filter, x},
         {f32({1, 4, 4, 1}, {1, 10, 2, 20, 100, 1000, 200, 2000, 3, 30, 4, 40, 300, 3000, 400, 4000})}});
  check({"overlap",
         "conv_transpose",
         {},
         {i64({2}, {3, 3}), filter, x},
         {f32({1, 3, 3, 1}, {1, 12, 20, 103, 1234, 2040, 300, 3400, 4000})}});
  check({"same",
         "conv_transpose",
         {{"padding", "same"}},
         {i32({2}, {2, 2}), filter, x},
         {f32({1, 2, 2, 1}, {1, 12, 103, 1234})}});
  check({"rest",
         "conv_transpose",
         {{"strides", Ints{2}}},
         {i32({1}, {5}), f32({2, 1, 1}, {1, 10}), f32({1, 2, 1}, {1, 2})},
         {f32({1, 5, 1}, {1, 10, 2, 20, 0})}});
  check({"dilated",
         "conv_transpose",
         {{"dilations", Ints{2}}},
         {i32({1}, {4}), f32({2, 1, 1}, {1, 10}), f32({1, 2, 1}, {1, 2})},
         {f32({1, 4, 1}, {1, 2, 10, 20})}});
}

TEST(ConvTranspose, MapsChannels) {
  const Tensor filter = f32({1, 2, 3}, {1, 2, 3, 4, 5, 6});
  check({"dense",
         "conv_transpose",
         {},
         {i32({3}, {1, 1, 2}), filter, f32({1, 1, 3}, {1, 10, 100})},
         {f32({1, 1, 2}, {321, 654})}});
  check({"groups",
         "conv_transpose",
         {{"groups", std::int64_t{2}}},
         {i32({1}, {1}), f32({1, 2, 2}, {1, 2, 3, 4}), f32({1, 1, 2}, {1, 10})},
         {f32({1, 1, 4}, {1, 3, 20, 40})}});
  check({"bias",
         "conv_transpose",
         {{"has_bias", true}, {"has_residual", true}, {"activation", "relu"}},
         {i32({1}, {1}), filter, f32({1, 1, 3}, {1, 10, 100}), f32({2}, {1, -1}), f32({1, 1, 2}, {1, -1000})},
         {f32({1, 1, 2}, {323, 0})}});
}

TEST(ConvTranspose, WorksOnNothing) {
  check(
      {"batch", "conv_transpose", {}, {i32({1}, {2}), f32({1, 1, 1}, {1}), f32({0, 2, 1}, {})}, {f32({0, 2, 1}, {})}});
  check({"channels",
         "conv_transpose",
         {},
         {i32({1}, {2}), f32({1, 1, 0}, {}), f32({1, 2, 0}, {})},
         {f32({1, 2, 1}, {0, 0})}});
}

TEST(ConvTranspose, RefusesWhatDoesNotFit) {
  const Tensor filter = f32({2, 1, 1}, {1, 1});
  const Tensor x = f32({1, 3, 1}, {1, 2, 3});
  check_refused({"size", "conv_transpose", {}, {i32({1}, {5}), filter, x}, {}}, "would come from");
  check_refused({"negative", "conv_transpose", {}, {i32({1}, {-5}), filter, x}, {}}, "negative");
  check_refused({"batch", "conv_transpose", {}, {i32({3}, {2, 4, 1}), filter, x}, {}}, "does not fit an input");
  check_refused({"count", "conv_transpose", {}, {i32({2}, {4, 1}), filter, x}, {}}, "needs 1 or 3 numbers");
  check_refused({"types", "conv_transpose", {}, {f32({1}, {4}), filter, x}, {}}, "int32 or int64");
}

TEST(Dilation2D, TakesTheLargestSum) {
  const Tensor x = f32({1, 3, 3, 1}, {0, 1, 2, 3, 4, 5, 6, 7, 8});
  const Tensor filter = f32({2, 2, 1}, {0, 1, 2, 3});
  check({"strided",
         "dilation2d",
         {{"strides", Ints{2, 1}}, {"dilations", Ints{2, 1}}},
         {x, filter},
         {f32({1, 1, 2, 1}, {10, 11})}});
  check({"same",
         "dilation2d",
         {{"padding", "same"}},
         {x, f32({1, 2, 1}, {0, 10})},
         {f32({1, 3, 3, 1}, {11, 12, 2, 14, 15, 5, 17, 18, 8})}});
  check({"int8_wraps", "dilation2d", {}, {i8({1, 1, 1, 1}, {100}), i8({1, 1, 1}, {100})}, {i8({1, 1, 1, 1}, {-56})}});
  check_refused({"channels", "dilation2d", {}, {x, f32({1, 1, 2}, {1, 1})}, {}}, "number of channels");
}

}  // namespace
}  // namespace temper::testing
