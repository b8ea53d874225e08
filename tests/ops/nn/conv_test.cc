#include "ops/nn/conv.h"

#include "ops/harness.h"

namespace temper::testing {
namespace {

using Ints = std::vector<std::int64_t>;

Tensor counted(const Shape& shape) {
  Tensor tensor(DType::kFloat32, shape);
  float next = 0;
  for (float& x : tensor.mutable_data<float>()) x = next++;
  return tensor;
}

Tensor ones(const Shape& shape) {
  Tensor tensor(DType::kFloat32, shape);
  std::ranges::fill(tensor.mutable_data<float>(), 1.0F);
  return tensor;
}

TEST(Conv, SumsUnderTheWindow) {
  const Tensor x = f32({1, 3, 3, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  const Tensor filter = f32({2, 2, 1, 1}, {1, 10, 100, 1000});
  check({"valid", "conv", {}, {x, filter}, {f32({1, 2, 2, 1}, {5421, 6532, 8754, 9865})}});
  check({"same",
         "conv",
         {{"padding", "same"}},
         {x, filter},
         {f32({1, 3, 3, 1}, {5421, 6532, 603, 8754, 9865, 906, 87, 98, 9})}});
  check({"same_lower",
         "conv",
         {{"padding", "same_lower"}},
         {x, filter},
         {f32({1, 3, 3, 1}, {1000, 2100, 3200, 4010, 5421, 6532, 7040, 8754, 9865})}});
  check({"stride",
         "conv",
         {{"padding", "same"}, {"strides", Ints{2, 2}}},
         {x, filter},
         {f32({1, 2, 2, 1}, {5421, 603, 87, 9})}});
  check({"dilated", "conv", {{"dilations", Ints{2, 2}}}, {x, filter}, {f32({1, 1, 1, 1}, {9731})}});
  check({"explicit",
         "conv",
         {{"padding", "explicit"}, {"pads", Ints{1, 0, 0, 1}}},
         {x, filter},
         {f32({1, 3, 3, 1}, {2100, 3200, 300, 5421, 6532, 603, 8754, 9865, 906})}});
}

TEST(Conv, HasOneToThreeDims) {
  check({"1d", "conv", {}, {f32({1, 4, 1}, {1, 2, 3, 4}), f32({2, 1, 1}, {1, 10})}, {f32({1, 3, 1}, {21, 32, 43})}});
  check({"3d", "conv", {}, {counted({1, 2, 2, 2, 1}), ones({2, 2, 2, 1, 1})}, {f32({1, 1, 1, 1, 1}, {28})}});
  check({"3d_same",
         "conv",
         {{"padding", "same"}, {"strides", Ints{2, 2, 2}}},
         {counted({1, 3, 1, 1, 1}), ones({2, 1, 1, 1, 1})},
         {f32({1, 2, 1, 1, 1}, {1, 2})}});
}

TEST(Conv, MixesChannelsByGroup) {
  const Tensor x = f32({1, 1, 1, 4}, {1, 2, 3, 4});
  const Tensor pixel = f32({1, 1, 2, 2}, {1, 2, 10, 20});
  check({"all", "conv", {}, {x, f32({1, 1, 4, 1}, {1, 10, 100, 1000})}, {f32({1, 1, 1, 1}, {4321})}});
  check({"two", "conv", {{"groups", std::int64_t{2}}}, {x, pixel}, {f32({1, 1, 1, 2}, {21, 86})}});
  check({"each",
         "conv",
         {{"groups", std::int64_t{4}}},
         {x, f32({1, 1, 1, 4}, {1, 10, 100, 1000})},
         {f32({1, 1, 1, 4}, {1, 20, 300, 4000})}});
  check({"multiplier",
         "conv",
         {{"groups", std::int64_t{2}}},
         {f32({1, 1, 1, 2}, {3, 5}), f32({1, 1, 1, 4}, {1, 2, 3, 4})},
         {f32({1, 1, 1, 4}, {3, 6, 15, 20})}});
}

/// Wide enough that outputs are made in several blocks, the last one short.
TEST(Conv, GoesOverLongRows) {
  Tensor expected(DType::kFloat32, Shape{1, 19, 1});
  for (std::int64_t i = 0; i < 19; ++i) {
    expected.mutable_data<float>()[static_cast<std::size_t>(i)] =
        static_cast<float>((i > 0 ? i - 1 : 0) + i + (i < 18 ? i + 1 : 0));
  }
  check({"row", "conv", {{"padding", "same"}}, {counted({1, 19, 1}), ones({3, 1, 1})}, {expected}});
  check({"sparse",
         "conv",
         {{"padding", "same"}, {"strides", Ints{10}}},
         {counted({1, 19, 1}), ones({3, 1, 1})},
         {f32({1, 2, 1}, {3, 33})}});
}

TEST(Conv, AddsAndActivates) {
  const Tensor x = f32({1, 1, 1, 1}, {2});
  const Tensor filter = f32({1, 1, 1, 2}, {1, -1});
  const Tensor bias = f32({2}, {10, -10});
  const Tensor residual = f32({1, 1, 1, 2}, {100, 5});
  check({"bias", "conv", {{"has_bias", true}}, {x, filter, bias}, {f32({1, 1, 1, 2}, {12, -12})}});
  check({"residual", "conv", {{"has_residual", true}}, {x, filter, residual}, {f32({1, 1, 1, 2}, {102, 3})}});
  check({"relu6",
         "conv",
         {{"has_bias", true}, {"has_residual", true}, {"activation", "relu6"}},
         {x, filter, bias, residual},
         {f32({1, 1, 1, 2}, {6, 0})}});
  check({"leaky", "conv", {{"activation", "leaky_relu"}, {"alpha", 0.5}}, {x, filter}, {f32({1, 1, 1, 2}, {2, -1})}});
}

TEST(Conv, TakesOtherTypes) {
  check({"int32_wraps",
         "conv",
         {},
         {i32({1, 1, 1}, {1 << 30}), i32({1, 1, 2}, {3, 4})},
         {i32({1, 1, 2}, {-1073741824, 0})}});
  check({"float64",
         "conv",
         {{"activation", "relu"}},
         {f64({1, 1, 1}, {3}), f64({1, 1, 2}, {1, -1})},
         {f64({1, 1, 2}, {3, 0})}});
  const auto half = [](float x) { return tensor_of<Half>({1, 1, 1}, {Half(x)}); };
  check({"float16", "conv", {}, {half(3), half(0.5F)}, {half(1.5F)}});
}

TEST(Conv, WorksOnNothing) {
  check({"batch", "conv", {}, {f32({0, 2, 2, 1}, {}), ones({1, 1, 1, 3})}, {f32({0, 2, 2, 3}, {})}});
  check({"outputs", "conv", {}, {ones({1, 2, 2, 1}), f32({1, 1, 1, 0}, {})}, {f32({1, 2, 2, 0}, {})}});
  check({"channels",
         "conv",
         {{"has_bias", true}},
         {f32({1, 2, 1, 0}, {}), f32({1, 1, 0, 1}, {}), f32({1}, {7})},
         {f32({1, 2, 1, 1}, {7, 7})}});
  check({"rows", "conv", {{"padding", "same"}}, {f32({1, 0, 2, 1}, {}), ones({3, 3, 1, 1})}, {f32({1, 0, 2, 1}, {})}});
  check({"just_too_small", "conv", {}, {ones({1, 2, 2, 1}), ones({3, 3, 1, 1})}, {f32({1, 0, 0, 1}, {})}});
}

TEST(Conv, RefusesWhatDoesNotFit) {
  const Tensor x = ones({1, 3, 3, 2});
  const Tensor filter = ones({2, 2, 2, 4});
  check_refused({"channels", "conv", {}, {x, ones({2, 2, 3, 4})}, {}}, "does not fit a filter");
  check_refused({"rank", "conv", {}, {x, ones({2, 2, 4})}, {}}, "different ranks");
  check_refused({"too_large", "conv", {}, {x, ones({9, 2, 2, 4})}, {}}, "does not fit 3 elements");
  check_refused({"no_taps", "conv", {}, {x, f32({0, 2, 2, 4}, {})}, {}}, "reads nothing");
  check_refused({"stride", "conv", {{"strides", Ints{0, 1}}}, {x, filter}, {}}, "strides must be from 1");
  check_refused({"strides", "conv", {{"strides", Ints{1}}}, {x, filter}, {}}, "strides needs 2 numbers");
  check_refused({"groups", "conv", {{"groups", std::int64_t{0}}}, {x, filter}, {}}, "at least 1");
  check_refused({"group_outputs", "conv", {{"groups", std::int64_t{2}}}, {x, ones({2, 2, 1, 3})}, {}},
                "do not make 2 groups");
  check_refused({"pads", "conv", {{"padding", "explicit"}, {"pads", Ints{-1, 0, 0, 0}}}, {x, filter}, {}},
                "pads must be");
  check_refused({"bias", "conv", {{"has_bias", true}}, {x, filter, ones({3})}, {}}, "bias needs 4 elements");
  check_refused({"residual", "conv", {{"has_residual", true}}, {x, filter, ones({1, 2, 2, 3})}, {}},
                "a dim of the output");
  check_refused({"types", "conv", {}, {x, f64({1, 1, 2, 1}, {1, 1})}, {}}, "different types");
  check_refused({"tanh", "conv", {{"activation", "tanh"}}, {i32({1, 1, 1}, {1}), i32({1, 1, 1}, {1})}, {}},
                "needs floats");
}

TEST(ConvGeometry, ResolvesPads) {
  Conv conv;
  conv.padding = Padding::kSame;
  conv.strides = {2, 2};
  const ConvGeometry geometry = conv_geometry(conv, {2, 300, 5, 3}, {3, 4, 3, 8});
  EXPECT_EQ(geometry.output, Shape({2, 150, 3, 8}));
  EXPECT_EQ(geometry.axes[0].pad_before, 0);
  EXPECT_EQ(geometry.axes[0].pad_after, 1);
  EXPECT_EQ(geometry.axes[1].pad_before, 1);
  EXPECT_EQ(geometry.axes[1].pad_after, 2);
}

}  // namespace
}  // namespace temper::testing
