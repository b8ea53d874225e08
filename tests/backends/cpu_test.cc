#include "backends/cpu/backend.h"

#include "backends/harness.h"

namespace temper::testing {
namespace {

const Backend& cpu() {
  return cpu_backend();
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
    for (const std::int64_t pool : {2, 3}) {
      expect_agrees(cpu(), "crop_and_resize", {{"extrapolation_value", 0.5}, {"pool", pool}},
                    {random_f32({2, 9, 11, 37}), boxes, i32({4}, {0, 1, 1, 0}), i32({2}, {size, size + 1})}, 0);
    }
  }
}

}  // namespace
}  // namespace temper::testing
