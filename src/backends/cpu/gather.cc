#include "ops/arrays/gather.h"

#include <atomic>
#include <cstring>

#include "backends/cpu/families.h"
#include "backends/cpu/prepare.h"
#include "base/threads.h"
#include "ops/arrays/gather_nd.h"

namespace temper::cpu {
namespace {

/// Bytes from which a second thread pays.
constexpr std::int64_t kGrain = 1 << 17;

/// How much lies before, within and after the axis.
struct Extent {
  std::int64_t outer = 1;    ///< batch items times what lies between them and the axis
  std::int64_t between = 1;  ///< of these, those of one batch item
  std::int64_t dim = 1;
  std::int64_t count = 1;  ///< indices of one batch item
  std::int64_t run_bytes = 1;
};

/// Runs of `Bytes`, or of the extent's size where that is 0. False where an index is outside.
template <std::size_t Bytes, class Index>
bool gather_runs(const std::byte* from, std::byte* to, const Extent& extent, const Index* indices, std::int64_t begin, std::int64_t end) {
  const std::size_t run = Bytes == 0 ? static_cast<std::size_t>(extent.run_bytes) : Bytes;
  to += static_cast<std::size_t>(begin) * run;
  for (std::int64_t at = begin; at < end;) {
    const std::int64_t outer = at / extent.count;
    const std::int64_t next = std::min(end, (outer + 1) * extent.count);
    const std::byte* const source = from + static_cast<std::size_t>(outer * extent.dim) * run;
    const Index* index = indices + outer / extent.between * extent.count + at % extent.count;
    for (; at < next; ++at, ++index, to += run) {
      const auto row = static_cast<std::int64_t>(*index);
      if (row < 0 || row >= extent.dim) return false;
      std::memcpy(to, source + static_cast<std::size_t>(row) * run, run);
    }
  }
  return true;
}

template <class Index>
bool gather_of_size(const std::byte* from, std::byte* to, const Extent& extent, const Index* indices, std::int64_t begin, std::int64_t end) {
  switch (extent.run_bytes) {
    case 1: return gather_runs<1>(from, to, extent, indices, begin, end);
    case 4: return gather_runs<4>(from, to, extent, indices, begin, end);
    case 8: return gather_runs<8>(from, to, extent, indices, begin, end);
    case 16: return gather_runs<16>(from, to, extent, indices, begin, end);
    default: return gather_runs<0>(from, to, extent, indices, begin, end);
  }
}

class GatherKernel final : public Kernel {
 public:
  GatherKernel(std::size_t element_bytes, const Extent& extent) : name_(fmt::format("b{}_gather", 8 * element_bytes)), extent_(extent) {}

  std::string_view name() const override { return name_; }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte>) const override {
    if (out[0].elements() == 0) return;
    if (in[1].dtype() == DType::kInt32) gather(in, out[0], in[1].data<std::int32_t>().data());
    else gather(in, out[0], in[1].data<std::int64_t>().data());
  }

 private:
  template <class Index>
  void gather(Inputs in, Tensor& out, const Index* indices) const {
    std::atomic<bool> inside = true;
    parallel_for(extent_.outer * extent_.count, kGrain / extent_.run_bytes + 1, [&](std::int64_t begin, std::int64_t end) {
      if (!gather_of_size(in[0].bytes().data(), out.mutable_bytes().data(), extent_, indices, begin, end)) inside = false;
    });
    if (!inside) refuse(in[1]);
  }

  [[noreturn]] void refuse(const Tensor& tensor) const {
    const Indices indices(tensor);
    std::int64_t i = 0;
    while (i + 1 < tensor.elements() && indices[i] >= 0 && indices[i] < extent_.dim) ++i;
    throw ModelError(fmt::format("index {} at position {} is outside a dimension of {}", indices[i], i, extent_.dim));
  }

  std::string name_;
  Extent extent_;
};

class GatherNdKernel final : public Kernel {
 public:
  GatherNdKernel(std::size_t element_bytes, bool ignore_bad) : name_(fmt::format("b{}_gather_nd", 8 * element_bytes)), ignore_bad_(ignore_bad) {}

  std::string_view name() const override { return name_; }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte>) const override {
    if (out[0].elements() == 0) return;
    const Indices indices(in[1]);
    const Coordinates rows(in[1].shape(), in[0].shape());
    const std::size_t size = size_of(out[0].dtype());
    const std::size_t run = static_cast<std::size_t>(rows.run) * size;
    const std::byte* const from = in[0].bytes().data();
    std::byte* to = out[0].mutable_bytes().data();
    for (std::int64_t i = 0; i < rows.count; ++i, to += run) {
      const std::int64_t offset = rows.offset(indices, i, in[0].shape());
      if (offset >= 0) std::memcpy(to, from + static_cast<std::size_t>(offset) * size, run);
      else if (ignore_bad_) std::memset(to, 0, run);
      else rows.refuse(indices, i, in[0].shape());
    }
  }

 private:
  std::string name_;
  bool ignore_bad_;
};

Prepared prepare_by_axis(std::span<const Fact> in, std::int64_t axis, std::int64_t batch_dims) {
  const Shape x = shape_of(in[0]);
  const Shape indices = shape_of(in[1]);
  const std::size_t at = normalise_axis(axis, x.rank());
  const auto batch = static_cast<std::size_t>(batch_dims < 0 ? batch_dims + static_cast<std::int64_t>(indices.rank()) : batch_dims);
  Extent extent;
  extent.outer = x.elements(0, at);
  extent.between = x.elements(batch, at);
  extent.dim = x[at];
  extent.count = indices.elements(batch, indices.rank());
  extent.run_bytes = x.elements(at + 1, x.rank()) * static_cast<std::int64_t>(size_of(in[0].dtype));
  return std::make_unique<GatherKernel>(size_of(in[0].dtype), extent);
}

}  // namespace

std::optional<Prepared> prepare_gather(const Node& node, std::span<const Fact> in) {
  const std::string_view op = node.op.name();
  if (op != "gather" && op != "gather_at" && op != "gather_nd") return std::nullopt;
  if (size_of(in[0].dtype) == 0) return refuse_dtype(in[0].dtype);
  if (op == "gather_nd") return std::make_unique<GatherNdKernel>(size_of(in[0].dtype), attribute_of<bool>(node.op, "ignore_bad"));
  if (in[1].dtype != DType::kInt32 && in[1].dtype != DType::kInt64) return refuse_dtype(in[1].dtype);
  if (op == "gather") return prepare_by_axis(in, node.op.as<Gather>()->axis, node.op.as<Gather>()->batch_dims);
  if (!in[2].constant) return Refusal{"the axis is not known beforehand"};
  return prepare_by_axis(in, in[2].constant->to_int64("the axis"), attribute_of<std::int64_t>(node.op, "batch_dims"));
}

}  // namespace temper::cpu
