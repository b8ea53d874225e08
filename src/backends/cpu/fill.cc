#include <cstring>

#include "backends/cpu/families.h"
#include "backends/cpu/move.h"
#include "backends/cpu/prepare.h"
#include "base/threads.h"

namespace temper::cpu {
namespace {

constexpr std::int64_t kGrain = 1 << 16;

void fill(Tensor& out, const std::byte* value) {
  const auto size = static_cast<std::int64_t>(size_of(out.dtype()));
  std::byte* const to = out.mutable_bytes().data();
  parallel_for(out.elements(), kGrain, [&](std::int64_t begin, std::int64_t end) { repeat_unit(value, to + begin * size, size, end - begin); });
}

/// fill: every element is the second input.
class FillKernel final : public Kernel {
 public:
  std::string_view name() const override { return "fill"; }
  void run(Inputs in, std::span<Tensor> out, std::span<std::byte>) const override { fill(out[0], in[1].bytes().data()); }
};

/// zeros_like, ones_like: every element is a number known beforehand.
class ConstantKernel final : public Kernel {
 public:
  ConstantKernel(std::string_view name, std::array<std::byte, 8> value) : name_(name), value_(value) {}
  std::string_view name() const override { return name_; }
  void run(Inputs, std::span<Tensor> out, std::span<std::byte>) const override { fill(out[0], value_.data()); }

 private:
  std::string name_;
  std::array<std::byte, 8> value_;
};

/// y[i...] = one_hot(indices[i...]).
class OneHotKernel final : public Kernel {
 public:
  explicit OneHotKernel(std::int64_t inner) : inner_(inner) {}
  std::string_view name() const override { return "one_hot"; }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte>) const override {
    const auto size = static_cast<std::int64_t>(size_of(out[0].dtype()));
    if (out[0].elements() == 0) return;
    const std::int64_t depth = out[0].elements() / in[0].elements();
    const std::byte* const on = in[2].bytes().data();
    std::byte* const to = out[0].mutable_bytes().data();
    fill(out[0], in[3].bytes().data());
    const Indices indices(in[0]);
    for (std::int64_t i = 0; i < in[0].elements(); ++i) {
      const std::int64_t index = indices[i];
      if (index < 0 || index >= depth) continue;
      std::memcpy(to + ((i / inner_ * depth + index) * inner_ + i % inner_) * size, on, static_cast<std::size_t>(size));
    }
  }

 private:
  std::int64_t inner_;
};

std::array<std::byte, 8> one_of(DType dtype) {
  return visit_elements(dtype, []<class T>(Type<T>) {
    std::array<std::byte, 8> bytes{};
    const auto one = static_cast<T>(1.0F);
    std::memcpy(bytes.data(), &one, sizeof(T));
    return bytes;
  });
}

}  // namespace

std::optional<Prepared> prepare_fill(const Node& node, std::span<const Fact> in) {
  const std::string_view op = node.op.name();
  if (op == "fill") {
    if (size_of(in[1].dtype) == 0) return refuse_dtype(in[1].dtype);
    return std::make_unique<FillKernel>();
  }
  if (op == "zeros_like" || op == "ones_like") {
    if (size_of(in[0].dtype) == 0) return refuse_dtype(in[0].dtype);
    return std::make_unique<ConstantKernel>(op, op == "ones_like" ? one_of(in[0].dtype) : std::array<std::byte, 8>{});
  }
  if (op != "one_hot") return std::nullopt;
  if (size_of(in[2].dtype) == 0) return refuse_dtype(in[2].dtype);
  if (!in[2].shape.elements().is(1) || !in[3].shape.elements().is(1)) return Refusal{"the values are not single numbers"};
  const Shape indices = shape_of(in[0]);
  const std::size_t axis = normalise_axis(attribute_of<std::int64_t>(node.op, "axis"), indices.rank() + 1);
  return std::make_unique<OneHotKernel>(std::max<std::int64_t>(indices.elements(axis, indices.rank()), 1));
}

}  // namespace temper::cpu
