#include <limits>

#include "backends/cpu/backend.h"
#include "backends/harness.h"

namespace temper::testing {
namespace {

constexpr float kInf = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

TEST(CpuSoftmax, Agrees) {
  for (const char* op : {"softmax", "log_softmax"}) {
    const auto check = [&](const Tensor& x, std::int64_t axis = -1) { expect_agrees(cpu_backend(), op, {{"axis", axis}}, {x}, 2e-6); };
    for (const std::int64_t columns : {1, 2, 3, 15, 47, 48, 63, 91, 1001, 5000}) {
      check(random_f32({7, columns}));
      check(random_f32({3, columns, 5}), 1);
    }
    check(random_f32({12000, 2}));
    check(random_f32({2, 3, 4, 1000}), 0);
    check(random_f32({1}));
    check(f32({4, 3}, {1, kNaN, 2, kInf, 0, 1, -kInf, -kInf, -kInf, 1000, -1000, 0}));
    check(f32({3, 4}, {1, kNaN, 2, kInf, 0, 1, -kInf, -kInf, -kInf, 1000, -1000, 0}), 0);
    expect_refused(cpu_backend(), op, {}, Tensors{f64({1}, {1})}, "float64");
    expect_refused(cpu_backend(), op, {}, Tensors{random_f32({0, 3})}, "nothing to compute");
  }
}

TEST(CpuSoftmax, MayWriteOverItsInput) {
  const Backend* const backends[] = {&cpu_backend()};
  for (const char* op : {"softmax", "log_softmax"}) {
    for (const std::int64_t axis : {0, 1}) {
      for (const std::int64_t columns : {5, 100}) {
        const Tensor x = random_f32({30, columns});
        const Node node = node_of(op, {{"axis", axis}});
        const Selection selection = select_kernel(node, facts_of(Tensors{x}, false), backends);
        ASSERT_NE(selection.kernel, nullptr);
        ASSERT_TRUE(selection.kernel->in_place(0));
        const Tensor want = evaluate_node(node, Tensors{x})[0];
        Tensor workspace(DType::kUInt8, Shape{static_cast<std::int64_t>(selection.kernel->workspace_bytes())});
        Tensors out{x};
        selection.kernel->run(Tensors{x}, out, workspace.mutable_bytes());
        EXPECT_TRUE(near(out[0], want, 2e-6, 2e-6));
      }
    }
  }
}

}  // namespace
}  // namespace temper::testing
