#include "backends/harness.h"
#include "backends/onednn/backend.h"

namespace temper::testing {
namespace {

const Backend& onednn() {
  return onednn_backend();
}

const std::string kSame = "same";
const std::string kValid = "valid";
const std::string kExplicit = "explicit";

TEST(OnednnConv, AgreesOnGeometry) {
  const auto check = [](const Attributes& attributes, const Shape& x, const Shape& filter) {
    expect_agrees(onednn(), "conv", attributes, {random_f32(x), random_f32(filter, 2)});
  };
  for (const std::string& padding : {kSame, kValid}) {
    for (const std::int64_t stride : {1, 2, 3}) {
      check({{"strides", Ints{stride, stride}}, {"padding", padding}}, {1, 9, 8, 3}, {3, 3, 3, 32});
      check({{"strides", Ints{stride, 1}}, {"padding", padding}}, {2, 5, 7, 16}, {1, 1, 16, 24});
      check({{"strides", Ints{stride, stride}}, {"padding", padding}, {"groups", std::int64_t{20}}}, {1, 10, 9, 20},
            {3, 3, 1, 20});
    }
  }
  check({{"dilations", Ints{2, 3}}, {"padding", kSame}}, {1, 9, 11, 5}, {3, 3, 5, 7});
  check({{"padding", kExplicit}, {"pads", Ints{0, 2, 1, 3}}, {"strides", Ints{2, 2}}}, {1, 6, 7, 4}, {3, 2, 4, 6});
  check({{"groups", std::int64_t{2}}}, {1, 6, 6, 8}, {3, 3, 4, 10});
  check({{"groups", std::int64_t{4}}, {"padding", kSame}}, {1, 6, 6, 4}, {3, 3, 1, 8});
  check({{"padding", kSame}}, {2, 10, 3}, {3, 3, 5});
  check({{"padding", kSame}}, {1, 4, 5, 6, 3}, {3, 2, 3, 3, 4});
  check({{"padding", kValid}}, {1, 3, 3, 1}, {3, 3, 1, 1});
}

TEST(OnednnConv, AddsWhatFollows) {
  for (const char* activation : {"none", "relu", "relu6", "leaky_relu", "elu", "selu", "sigmoid", "hard_sigmoid", "tanh",
                                 "softplus", "silu", "hard_swish", "gelu", "gelu_tanh"}) {
    SCOPED_TRACE(activation);
    const Attributes attributes{{"padding", kSame}, {"has_bias", true}, {"has_residual", true},
                                {"activation", std::string(activation)}, {"alpha", 0.3}};
    expect_agrees(onednn(), "conv", attributes,
                  {random_f32({1, 5, 6, 8}), random_f32({3, 3, 8, 16}, 2), random_f32({16}, 3), random_f32({1, 5, 6, 16}, 4)},
                  1e-3);
  }
  expect_agrees(onednn(), "conv", {{"has_bias", true}}, {random_f32({1, 4, 4, 3}), random_f32({1, 1, 3, 5}, 2), random_f32({5}, 3)});
}

TEST(OnednnConv, Refuses) {
  expect_refused(onednn(), "conv", {}, Tensors{Tensor::zeros(DType::kFloat64, {1, 3, 3, 1}), Tensor::zeros(DType::kFloat64, {1, 1, 1, 1})}, "float64");
  expect_refused(onednn(), "conv", {}, Tensors{random_f32({0, 3, 3, 1}), random_f32({1, 1, 1, 1})}, "nothing to compute");
}

TEST(OnednnPool, Agrees) {
  for (const char* op : {"max_pool", "avg_pool"}) {
    for (const std::string& padding : {kSame, kValid}) {
      for (const std::int64_t stride : {1, 2, 3}) {
        const Attributes attributes{{"kernel", Ints{3, 2}}, {"strides", Ints{stride, stride}}, {"padding", padding}};
        expect_agrees(onednn(), op, attributes, {random_f32({2, 7, 8, 5})});
      }
    }
    expect_agrees(onednn(), op, {{"kernel", Ints{2}}}, {random_f32({1, 7, 16})});
    expect_agrees(onednn(), op, {{"kernel", Ints{2, 2, 2}}}, {random_f32({1, 4, 5, 6, 16})});
  }
}

TEST(OnednnConvTranspose, Agrees) {
  for (const std::string& padding : {kSame, kValid}) {
    const std::int64_t size = padding == kSame ? 8 : 9;
    const Tensors inputs{i32({4}, {1, static_cast<int>(size), static_cast<int>(size), 6}), random_f32({3, 3, 6, 5}), random_f32({1, 4, 4, 5}, 2), random_f32({6}, 3)};
    expect_agrees(onednn(), "conv_transpose", {{"strides", Ints{2, 2}}, {"padding", padding}, {"has_bias", true}, {"activation", std::string("relu")}}, inputs);
  }
  expect_agrees(onednn(), "conv_transpose", {{"groups", std::int64_t{2}}}, {i32({4}, {1, 5, 5, 6}), random_f32({2, 2, 3, 4}), random_f32({1, 4, 4, 4}, 2)});
}

TEST(OnednnMatMul, Agrees) {
  const auto check = [](const Attributes& attributes, const Shape& a, const Shape& b) {
    expect_agrees(onednn(), "matmul", attributes, {random_f32(a), random_f32(b, 2)});
  };
  check({}, {5, 7}, {7, 9});
  check({{"transpose_a", true}, {"transpose_b", true}}, {7, 5}, {9, 7});
  check({}, {2, 3, 5, 7}, {7, 9});
  check({}, {2, 1, 5, 7}, {1, 3, 7, 4});
  check({{"transpose_b", true}}, {3, 5, 7}, {3, 6, 7});
  check({{"transpose_a", true}}, {3, 5, 7}, {5, 6});
  check({}, {1, 300}, {300, 17});
  expect_agrees(onednn(), "matmul",
                {{"has_bias", true}, {"has_residual", true}, {"activation", std::string("relu")}},
                {random_f32({2, 3, 8}), random_f32({8, 5}, 2), random_f32({5}, 3), random_f32({2, 3, 5}, 4)});
}

}  // namespace
}  // namespace temper::testing
