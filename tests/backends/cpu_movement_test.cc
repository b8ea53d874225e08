#include "backends/cpu/backend.h"
#include "backends/harness.h"

namespace temper::testing {
namespace {

/// 0, 1, 2, ... in the type, modulo what it holds.
Tensor counted(DType dtype, const Shape& shape) {
  Tensor tensor(dtype, shape);
  std::uint8_t next = 0;
  if (dtype == DType::kBool) {
    for (bool& x : tensor.mutable_data<bool>()) x = (next++ % 3) == 0;
  } else {
    for (std::byte& x : tensor.mutable_bytes()) x = std::byte{next = static_cast<std::uint8_t>(next * 5 + 17)};
  }
  return tensor;
}

void agrees(std::string_view op, const Attributes& attributes, const Tensors& inputs) { expect_agrees(cpu_backend(), op, attributes, inputs, 0); }

constexpr DType kTypes[] = {DType::kUInt8, DType::kFloat16, DType::kInt32, DType::kInt64, DType::kBool};

Tensor ints(const Ints& values) { return Tensor::vector<std::int64_t>(values); }

TEST(CpuMovement, Transposes) {
  for (const DType dtype : kTypes) {
    agrees("transpose", {{"perm", Ints{1, 0}}}, {counted(dtype, {37, 53})});
    agrees("transpose", {{"perm", Ints{0, 3, 1, 2}}}, {counted(dtype, {2, 5, 7, 3})});
    agrees("transpose", {{"perm", Ints{2, 1, 0}}}, {counted(dtype, {17, 4, 33})});
  }
  agrees("transpose", {{"perm", Ints{0, 2, 1}}}, {counted(DType::kInt32, {3, 300, 400})});
  for (const std::int64_t pixels : {1, 2, 5, 100, 40001}) {
    agrees("transpose", {{"perm", Ints{0, 2, 1}}}, {counted(DType::kFloat32, {2, pixels, 3})});
    agrees("transpose", {{"perm", Ints{0, 2, 1}}}, {counted(DType::kFloat32, {2, 3, pixels})});
    agrees("transpose", {{"perm", Ints{1, 2, 0}}}, {counted(DType::kFloat32, {3, 2, pixels})});
  }
  agrees("transpose", {{"perm", Ints{1, 0, 2}}}, {counted(DType::kInt32, {3, 5, 1000})});
  agrees("transpose", {{"perm", Ints{1, 0, 2}}}, {counted(DType::kInt32, {300, 50, 3})});
  agrees("transpose", {{"perm", Ints{0, 1}}}, {counted(DType::kInt32, {3, 5})});
  agrees("transpose", {{"perm", Ints{-1, 0}}}, {counted(DType::kInt32, {0, 5})});
  agrees("transpose", {{"perm", Ints{}}}, {counted(DType::kInt32, {})});
  agrees("transpose_by", {}, {counted(DType::kInt32, {3, 5, 2}), ints({2, 0, 1})});
}

TEST(CpuMovement, JoinsAndCuts) {
  for (const DType dtype : kTypes) {
    for (const std::int64_t axis : {0, 1, -1}) {
      const auto part = [&](std::int64_t dim) {
        Shape shape{3, 5, 7};
        shape.set(normalise_axis(axis, 3), dim);
        return counted(dtype, shape);
      };
      agrees("concat", {{"axis", axis}}, {part(2), part(1), part(0), part(9)});
      agrees("pack", {{"axis", axis}}, {part(4), part(4), part(4)});
      agrees("unpack", {{"axis", axis}, {"parts", std::int64_t{4}}}, {part(4)});
      agrees("split", {{"axis", axis}, {"parts", std::int64_t{3}}}, {part(6)});
      agrees("split_sizes", {{"axis", axis}, {"parts", std::int64_t{3}}}, {part(6), ints({1, -1, 3})});
    }
  }
  agrees("pack", {}, {counted(DType::kInt32, {}), counted(DType::kInt32, {})});
  agrees("concat", {}, {counted(DType::kFloat32, {200, 300}), counted(DType::kFloat32, {3, 300})});
  agrees("split_at", {{"parts", std::int64_t{2}}}, {counted(DType::kInt32, {4, 6}), Tensor::scalar<std::int32_t>(1)});
  agrees("concat_at", {}, {counted(DType::kInt32, {4, 6}), counted(DType::kInt32, {4, 2}), Tensor::scalar<std::int32_t>(1)});
  agrees("unpack", {{"parts", std::int64_t{0}}}, {counted(DType::kInt32, {0, 6})});
}

TEST(CpuMovement, LeavesAPieceThatLiesInPlace) {
  const Backend* const backends[] = {&cpu_backend()};
  Tensor whole = counted(DType::kInt32, {6, 5});
  const Tensors in{whole.rows(0, 2), counted(DType::kInt32, {4, 5})};
  const Tensor want = evaluate_node(node_of("concat", {}), in)[0];
  const Selection concat = select_kernel(node_of("concat", {}), facts_of(in, false), backends);
  ASSERT_NE(concat.kernel, nullptr);
  Tensors out{whole};
  concat.kernel->run(in, out, {});
  EXPECT_TRUE(near(out[0], want));
}

TEST(CpuMovement, Slices) {
  for (const DType dtype : kTypes) {
    agrees("slice", {}, {counted(dtype, {5, 7, 9}), ints({1, 0, 2}), ints({3, -1, 4})});
    agrees("strided_slice", {}, {counted(dtype, {11, 9}), ints({1, 8}), ints({10, 0}), ints({3, -2})});
  }
  agrees("slice", {}, {counted(DType::kInt32, {5, 7}), ints({2, 0}), ints({2, 7})});
  agrees("slice", {}, {counted(DType::kInt32, {5, 7}), ints({5, 0}), ints({0, 7})});
  agrees("strided_slice", {{"shrink_axis_mask", std::int64_t{2}}, {"begin_mask", std::int64_t{1}}, {"end_mask", std::int64_t{1}}},
         {counted(DType::kFloat32, {300, 4}), ints({0, 3}), ints({0, 4}), ints({1, 1})});
  agrees("strided_slice", {{"new_axis_mask", std::int64_t{2}}, {"ellipsis_mask", std::int64_t{1}}},
         {counted(DType::kFloat32, {3, 4}), ints({0, 0}), ints({0, 0}), ints({1, 1})});
}

TEST(CpuMovement, ASliceOfUnknownBeginIsChecked) {
  const Backend* const backends[] = {&cpu_backend()};
  const Node node = node_of("slice", {});
  const Tensor x = counted(DType::kInt32, {5, 7});
  const Facts facts{{x.dtype(), x.shape(), {}}, {DType::kInt64, Shape{2}, {}}, Fact::of(ints({2, 3}))};
  const Selection slice = select_kernel(node, facts, backends);
  ASSERT_NE(slice.kernel, nullptr);
  Tensors out{Tensor(DType::kInt32, {2, 3})};
  const Tensors in{x, ints({3, 4}), ints({2, 3})};
  slice.kernel->run(in, out, {});
  EXPECT_TRUE(near(out[0], evaluate_node(node, in)[0]));
  EXPECT_THROW(slice.kernel->run(Tensors{x, ints({4, 4}), ints({2, 3})}, out, {}), ModelError);
  EXPECT_THROW(slice.kernel->run(Tensors{x, ints({3, 4}), ints({2, 2})}, out, {}), ModelError);
}

TEST(CpuMovement, Pads) {
  for (const DType dtype : kTypes) {
    agrees("pad", {}, {counted(dtype, {3, 5, 2}), i32({3, 2}, {1, 0, 2, 3, 0, 1})});
    agrees("pad", {}, {counted(dtype, {3, 5}), i32({2, 2}, {0, 0, 4, 1}), counted(dtype, {})});
  }
  agrees("pad", {}, {random_f32({1, 60, 70, 3}), i32({4, 2}, {0, 0, 3, 3, 3, 3, 0, 0})});
  agrees("pad", {}, {counted(DType::kInt32, {0, 5}), i32({2, 2}, {1, 2, 4, 1})});
  agrees("pad", {}, {counted(DType::kInt32, {2}), i32({1, 2}, {0, 0})});
  agrees("pad", {}, {counted(DType::kInt32, {}), Tensor(DType::kInt32, {0, 2})});
  expect_refused(cpu_backend(), "pad", {}, Tensors{random_f32({2}), i32({1, 2}, {1, 1})}, "not known beforehand");
}

TEST(CpuMovement, RepeatsAndFills) {
  for (const DType dtype : kTypes) {
    agrees("tile", {}, {counted(dtype, {3, 5}), ints({2, 3})});
    agrees("tile", {}, {counted(dtype, {3, 1}), ints({1, 1000})});
    agrees("broadcast_to", {}, {counted(dtype, {3, 1}), ints({2, 3, 50})});
    agrees("zeros_like", {}, {counted(dtype, {3, 5})});
    agrees("ones_like", {}, {counted(dtype, {3, 5})});
    agrees("fill", {}, {ints({70, 1001}), counted(dtype, {})});
    agrees("one_hot", {}, {i32({4}, {2, -1, 0, 5}), Tensor::scalar<std::int32_t>(5), counted(dtype, {}), Tensor::zeros(dtype, {})});
  }
  agrees("one_hot", {{"axis", std::int64_t{0}}}, {i64({2, 2}, {2, 1, 0, 3}), Tensor::scalar<std::int32_t>(3), f32({}, {2}), f32({}, {-1})});
  agrees("one_hot", {}, {i64({0}, {}), Tensor::scalar<std::int32_t>(3), f32({}, {2}), f32({}, {-1})});
  agrees("tile", {}, {counted(DType::kInt32, {3, 5}), ints({0, 3})});
  agrees("broadcast_to", {}, {counted(DType::kInt32, {}), ints({300, 400})});
  agrees("fill", {}, {ints({0, 3}), f32({}, {2})});
}

TEST(CpuMovement, Turns) {
  for (const DType dtype : kTypes) {
    agrees("reverse", {{"axes", Ints{0, 2}}}, {counted(dtype, {3, 5, 7})});
    agrees("space_to_depth", {{"block", std::int64_t{2}}}, {counted(dtype, {2, 4, 6, 3})});
    agrees("depth_to_space", {{"block", std::int64_t{2}}}, {counted(dtype, {2, 3, 5, 12})});
  }
  agrees("reverse", {{"axes", Ints{0}}}, {counted(DType::kInt32, {0, 2})});
  agrees("reverse_by", {}, {counted(DType::kInt32, {3, 2}), i32({1}, {-1})});
}

TEST(CpuMovement, Gathers) {
  for (const DType dtype : kTypes) {
    agrees("gather", {}, {counted(dtype, {5, 3}), i32({4}, {4, 0, 0, 2})});
    agrees("gather", {{"axis", std::int64_t{1}}}, {counted(dtype, {5, 3, 4}), i64({2, 2}, {2, 0, 1, 1})});
    agrees("gather", {{"axis", std::int64_t{-1}}}, {counted(dtype, {5, 3}), i32({2}, {2, 0})});
    agrees("gather", {{"axis", std::int64_t{2}}, {"batch_dims", std::int64_t{1}}}, {counted(dtype, {2, 3, 5, 2}), i32({2, 3}, {4, 0, 1, 2, 2, 3})});
    agrees("gather_nd", {}, {counted(dtype, {5, 3, 2}), i32({3, 2}, {4, 2, 0, 0, 1, 1})});
  }
  agrees("gather", {}, {counted(DType::kInt32, {5, 3}), i32({}, {3})});
  agrees("gather", {}, {counted(DType::kInt32, {0, 3}), i32({0}, {})});
  agrees("gather", {}, {counted(DType::kInt32, {5, 0}), i32({1}, {2})});
  agrees("gather_at", {}, {counted(DType::kInt32, {5, 3}), i32({2}, {2, 0}), Tensor::scalar<std::int32_t>(1)});
  agrees("gather_nd", {{"ignore_bad", true}}, {counted(DType::kInt32, {5, 3}), i32({3, 1}, {4, 5, -1})});
}

TEST(CpuMovement, RefusesIndicesOutside) {
  const Backend* const backends[] = {&cpu_backend()};
  for (const char* op : {"gather", "gather_nd"}) {
    for (const std::int32_t index : {5, -1}) {
      const Tensors in{counted(DType::kInt32, {5, 3}), i32({2, 1}, {0, index})};
      const Selection selection = select_kernel(node_of(op, {}), facts_of(in, false), backends);
      ASSERT_NE(selection.kernel, nullptr);
      EXPECT_THROW(run(*selection.kernel, node_of(op, {}), in), ModelError);
    }
  }
}

}  // namespace
}  // namespace temper::testing
