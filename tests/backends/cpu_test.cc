#include "backends/cpu/backend.h"

#include <limits>

#include "backends/harness.h"

namespace temper::testing {
namespace {

const Backend& cpu() {
  return cpu_backend();
}

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

TEST(CpuElementwise, AgreesOnEdges) {
  const Tensor edges = f32({12}, {0, -0.0F, 1, -1, 6.5F, kInf, -kInf, kNaN, 88.7F, -87.3F, 100, -100});
  for (const char* op : {"relu", "relu6", "neg", "abs", "square", "exp", "sigmoid"}) {
    SCOPED_TRACE(op);
    expect_agrees(cpu(), op, {}, {edges}, 1e-6);
    expect_agrees(cpu(), op, {}, {random_f32({1000, 133})}, 1e-6);
    expect_agrees(cpu(), op, {}, {random_f32({0, 3})});
  }
}

TEST(CpuElementwise, AgreesOnBroadcasts) {
  for (const char* op : {"add", "sub", "mul", "div", "maximum", "minimum"}) {
    SCOPED_TRACE(op);
    const auto check = [&](const Shape& x, const Shape& y) { expect_agrees(cpu(), op, {}, {random_f32(x), random_f32(y, 2)}, 0); };
    check({300, 400}, {300, 400});
    check({17, 19}, {});
    check({1}, {17, 19});
    check({5, 16}, {16});
    check({5, 1, 16}, {1, 7, 16});
    check({2, 3, 32}, {2, 3, 1});
    expect_agrees(cpu(), op, {}, {f32({8}, {1, kNaN, kInf, 0, -0.0F, kNaN, 2, 3}), f32({8}, {kNaN, 1, -kInf, -0.0F, 0, kNaN, 2, 0})}, 0);
  }
  expect_refused(cpu(), "add", {}, Tensors{i32({8}, {1, 2, 3, 4, 5, 6, 7, 8}), i32({}, {1})}, "int32 is not handled");
}

TEST(CpuElementwise, MayWriteOverWhatHasTheOutputsShape) {
  const Backend* const backends[] = {&cpu()};
  const Tensors in{random_f32({5, 20}), random_f32({20}, 2)};
  const Selection add = select_kernel(node_of("add", {}), facts_of(in, false), backends);
  ASSERT_NE(add.kernel, nullptr);
  EXPECT_TRUE(add.kernel->in_place(0));
  EXPECT_FALSE(add.kernel->in_place(1));
  const Tensor want = evaluate_node(node_of("add", {}), in)[0];
  Tensors out{in[0]};
  add.kernel->run(in, out, {});
  EXPECT_TRUE(near(out[0], want));
}

TEST(CpuCropAndResize, Agrees) {
  const Tensor boxes = f32({4, 4}, {0, 0, 1, 1, 0.2F, 0.3F, 0.7F, 0.9F, 0.9F, 0.8F, 0.1F, 0.2F, -0.5F, 0.5F, 0.5F, 1.5F});
  for (const int size : {1, 3, 14}) {
    expect_agrees(cpu(), "crop_and_resize", {{"extrapolation_value", 0.5}},
                  {random_f32({2, 9, 11, 37}), boxes, i32({4}, {0, 1, 1, 0}), i32({2}, {size, size + 1})}, 0);
  }
}

}  // namespace
}  // namespace temper::testing
