#include "engine/peak.h"

#include <chrono>
#include <limits>

#include "base/threads.h"
#include "backends/backends.h"
#include "ops/registry.h"
#include "plan/select.h"

namespace temper {

double peak_flops_per_s() {
  const std::int64_t rows = 384 * static_cast<std::int64_t>(thread_count());
  constexpr std::int64_t kSide = 384;
  const Tensors in{Tensor::zeros(DType::kFloat32, {rows, kSide}), Tensor::zeros(DType::kFloat32, {kSide, kSide})};
  Tensors out{Tensor(DType::kFloat32, {rows, kSide})};
  const Node node{op_registry().make("matmul", {}), "peak", {}, {}, {}, {}};
  const Facts facts{Fact{DType::kFloat32, in[0].shape(), {}}, Fact::of(in[1])};
  const auto backends = available_backends();
  const Selection product = select_kernel(node, facts, backends);
  invariant(product.kernel != nullptr, "no kernel takes a matrix product");
  Tensor workspace(DType::kUInt8, Shape{static_cast<std::int64_t>(product.kernel->workspace_bytes())});
  double best_s = std::numeric_limits<double>::max();
  for (int i = 0; i < 40; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    product.kernel->run(in, out, workspace.mutable_bytes());
    best_s = std::min(best_s, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return 2.0 * static_cast<double>(rows * kSide * kSide) / best_s;
}

}  // namespace temper
