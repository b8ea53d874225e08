#include <algorithm>
#include <limits>

#include "backends/cpu/families.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/prepare.h"
#include "backends/cpu/vector_math.h"
#include "base/threads.h"
#include "ops/nn/top_k.h"

namespace temper::cpu {
namespace {

constexpr float kLowest = std::numeric_limits<float>::lowest();

/// All bits where `truth` holds, none otherwise: choices by masks stay in straight lines, which branches would not.
TEMPER_INLINE std::int32_t mask_of(bool truth) { return -static_cast<std::int32_t>(truth); }

/// NaN is below everything.
TEMPER_INLINE std::int32_t rank_of(float x) {
  const std::int32_t number = mask_of(x == x);
  return (ordered(x) & number) | (std::numeric_limits<std::int32_t>::min() & ~number);
}

/// Where the first of the greatest elements is; NaN is never it, and 0 is the answer where none is above the lowest finite number. `sign` -1:
/// of the least.
TEMPER_FOR_EACH_ISA std::int64_t find_greatest(const float* x, std::int32_t count, float sign) {
  constexpr std::int32_t kNowhere = std::numeric_limits<std::int32_t>::max();
  std::int32_t best = std::numeric_limits<std::int32_t>::min();
  for (std::int32_t i = 0; i < count; ++i) best = std::max(best, rank_of(x[i] * sign));
  if (best <= ordered(kLowest)) return 0;
  std::int32_t place = kNowhere;
  for (std::int32_t i = 0; i < count; ++i) place = std::min(place, i | (~mask_of(rank_of(x[i] * sign) == best) & kNowhere));
  return place;
}

/// The same of `width` neighbouring columns, whose rows are `step` apart.
TEMPER_FOR_EACH_ISA void find_greatest_across(const float* x, std::int64_t count, std::int64_t step, std::int64_t width, float sign, float* best,
                                              std::int32_t* places) {
  for (std::int64_t i = 0; i < width; ++i) {
    best[i] = kLowest;
    places[i] = 0;
  }
  for (std::int64_t k = 0; k < count; ++k) {
    _Pragma("GCC ivdep") for (std::int64_t i = 0; i < width; ++i) {
      const float v = x[k * step + i] * sign;
      places[i] = v > best[i] ? static_cast<std::int32_t>(k) : places[i];
      best[i] = v > best[i] ? v : best[i];
    }
  }
}

/// arg_max and arg_min of float32.
class ArgExtremeKernel final : public Kernel {
 public:
  ArgExtremeKernel(bool greatest, std::int64_t outer, std::int64_t count, std::int64_t inner)
      : name_(greatest ? "f32_arg_max" : "f32_arg_min"), sign_(greatest ? 1.0F : -1.0F), outer_(outer), count_(count), inner_(inner) {}

  std::string_view name() const override { return name_; }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte>) const override {
    if (out[0].dtype() == DType::kInt32) find(in[0].data<float>().data(), out[0].mutable_data<std::int32_t>().data());
    else find(in[0].data<float>().data(), out[0].mutable_data<std::int64_t>().data());
  }

 private:
  static constexpr std::int64_t kBlock = 256;

  template <class I>
  void find(const float* x, I* y) const {
    const std::int64_t blocks = (inner_ + kBlock - 1) / kBlock;
    const std::int64_t grain = (1 << 15) / (count_ * std::min(inner_, kBlock)) + 1;
    parallel_for(outer_ * blocks, grain, [&](std::int64_t begin, std::int64_t end) {
      float best[kBlock];
      std::int32_t places[kBlock];
      for (std::int64_t at = begin; at < end; ++at) {
        const std::int64_t first = at % blocks * kBlock;
        const float* const from = x + at / blocks * count_ * inner_ + first;
        I* const to = y + at / blocks * inner_ + first;
        const std::int64_t width = std::min(kBlock, inner_ - first);
        if (inner_ == 1) {
          *to = static_cast<I>(find_greatest(from, static_cast<std::int32_t>(count_), sign_));
          continue;
        }
        find_greatest_across(from, count_, inner_, width, sign_, best, places);
        std::copy_n(places, width, to);
      }
    });
  }

  std::string_view name_;
  float sign_;
  std::int64_t outer_, count_, inner_;
};

std::optional<Prepared> arg_extreme_of(const Node& node, std::span<const Fact> in) {
  if (in[0].dtype != DType::kFloat32) return refuse_dtype(in[0].dtype);
  if (in.size() == 2 && !in[1].constant) return Refusal{"the axis is not known beforehand"};
  const auto dtype = attribute_of<DType>(node.op, "dtype");
  if (dtype != DType::kInt32 && dtype != DType::kInt64) return refuse_dtype(dtype);
  const Shape x = shape_of(in[0]);
  const std::size_t axis = normalise_axis(in.size() == 2 ? in[1].constant->to_int64("the axis") : attribute_of<std::int64_t>(node.op, "axis"), x.rank());
  if (x.elements() == 0) return Refusal{"there is nothing to compute"};
  if (x[axis] > std::numeric_limits<std::int32_t>::max()) return Refusal{"there are too many elements"};
  return std::make_unique<ArgExtremeKernel>(node.op.name() == "arg_max", x.elements(0, axis), x[axis], x.elements(axis + 1, x.rank()));
}

/// Orders as unsigned numbers do, the greatest element first; NaN is last.
TEMPER_INLINE std::uint32_t descending_key(float x) {
  return x == x ? 0x7fffffffU - static_cast<std::uint32_t>(ordered(x)) : std::numeric_limits<std::uint32_t>::max();
}
TEMPER_INLINE std::uint32_t descending_key(std::int32_t x) { return 0x7fffffffU - static_cast<std::uint32_t>(x); }

/// The keys of a whole row: an element's and, below it, its index.
template <class T>
TEMPER_INLINE void keys_of(const T* x, std::int64_t count, std::uint64_t* keys) {
  for (std::int64_t i = 0; i < count; ++i) keys[i] = (std::uint64_t{descending_key(x[i])} << 32) | static_cast<std::uint64_t>(i);
}
TEMPER_FOR_EACH_ISA void make_keys(const float* x, std::int64_t count, std::uint64_t* keys) { keys_of(x, count, keys); }
TEMPER_FOR_EACH_ISA void make_keys(const std::int32_t* x, std::int64_t count, std::uint64_t* keys) { keys_of(x, count, keys); }

/// The first place from `i` on, a multiple of 16 from it, where one of the next 16 elements is above `bound`; `count` where fewer are left.
TEMPER_FOR_EACH_ISA std::int64_t next_above(const float* x, std::int64_t i, std::int64_t count, float bound) {
  for (; i + 16 <= count; i += 16) {
    std::int32_t some = 0;
    for (std::int64_t k = 0; k < 16; ++k) some |= x[i + k] > bound ? 1 : 0;
    if (some != 0) return i;
  }
  return i;
}
TEMPER_FOR_EACH_ISA std::int64_t next_above(const std::int32_t* x, std::int64_t i, std::int64_t count, std::int32_t bound) {
  for (; i + 16 <= count; i += 16) {
    std::int32_t some = 0;
    for (std::int64_t k = 0; k < 16; ++k) some |= x[i + k] > bound ? 1 : 0;
    if (some != 0) return i;
  }
  return i;
}

/// Chooses the k first of a row. A key is an element's and, below it, its index. At most `room` keys are held, twice k or all: when
/// they are as many, those after the k first go, and only elements above the last of these are taken from then on.
template <class T>
class FirstOfRow {
 public:
  FirstOfRow(const T* row, std::int64_t columns, std::int64_t k, std::uint64_t* keys, std::int64_t room)
      : row_(row), columns_(columns), k_(k), keys_(keys), room_(room) {}

  /// They are in keys[0, k) then, in order.
  void select() {
    make_keys(row_, room_, keys_);
    held_ = room_;
    std::int64_t i = room_;
    while (i < columns_) {
      if (held_ == room_) drop();
      if (bound_ == bound_) i = next_above(row_, i, columns_, bound_);
      for (std::int64_t last = std::min({i + 16, columns_, i + room_ - held_}); i < last; ++i) {
        if (key(i) < keys_[k_ - 1]) add(i);
      }
    }
    if (held_ > k_) std::nth_element(keys_, keys_ + k_ - 1, keys_ + held_);
    std::sort(keys_, keys_ + k_);
  }

 private:
  std::uint64_t key(std::int64_t i) const { return (std::uint64_t{descending_key(row_[i])} << 32) | static_cast<std::uint64_t>(i); }
  void add(std::int64_t i) { keys_[held_++] = key(i); }
  void drop() {
    std::nth_element(keys_, keys_ + k_ - 1, keys_ + held_);
    held_ = k_;
    bound_ = row_[keys_[k_ - 1] & 0xffffffffU];
  }

  const T* row_;
  std::int64_t columns_, k_;
  std::uint64_t* keys_;
  std::int64_t room_;
  std::int64_t held_ = 0;
  T bound_{};
};

/// top_k of float32 and int32, rows in turn.
class TopKKernel final : public Kernel {
 public:
  TopKKernel(DType dtype, std::int64_t rows, std::int64_t columns, std::int64_t k)
      : name_(fmt::format("{}_top_k", dtype == DType::kFloat32 ? "f32" : "int32")), rows_(rows), columns_(columns), k_(k),
        room_(columns <= 64 * k ? columns : 2 * k) {}

  std::string_view name() const override { return name_; }

  std::size_t workspace_bytes() const override { return static_cast<std::size_t>(room_) * sizeof(std::uint64_t); }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte> workspace) const override {
    auto* const keys = reinterpret_cast<std::uint64_t*>(workspace.data());
    if (in[0].dtype() == DType::kFloat32) run_rows(in[0].data<float>().data(), out, keys);
    else run_rows(in[0].data<std::int32_t>().data(), out, keys);
  }

 private:
  template <class T>
  void run_rows(const T* x, std::span<Tensor> out, std::uint64_t* keys) const {
    T* values = out[0].mutable_data<T>().data();
    for (std::int64_t row = 0; row < rows_; ++row, x += columns_, values += k_) {
      FirstOfRow<T>(x, columns_, k_, keys, room_).select();
      for (std::int64_t i = 0; i < k_; ++i) values[i] = x[keys[i] & 0xffffffffU];
      write_indices(keys, row * k_, out[1]);
    }
  }

  void write_indices(const std::uint64_t* keys, std::int64_t at, Tensor& indices) const {
    const auto write = [&]<class I>(Type<I>) {
      I* const to = indices.mutable_data<I>().data() + at;
      for (std::int64_t i = 0; i < k_; ++i) to[i] = static_cast<I>(keys[i] & 0xffffffffU);
    };
    if (indices.dtype() == DType::kInt32) write(Type<std::int32_t>{});
    else if (indices.dtype() == DType::kInt64) write(Type<std::int64_t>{});
    else write(Type<std::int16_t>{});
  }

  std::string name_;
  std::int64_t rows_, columns_, k_, room_;
};

}  // namespace

std::optional<Prepared> prepare_order(const Node& node, std::span<const Fact> in) {
  if (node.op.name() == "arg_max" || node.op.name() == "arg_min") return arg_extreme_of(node, in);
  const auto* top_k = node.op.as<TopK>();
  if (top_k == nullptr) return std::nullopt;
  if (in[0].dtype != DType::kFloat32 && in[0].dtype != DType::kInt32) return refuse_dtype(in[0].dtype);
  const Shape x = shape_of(in[0]);
  const Shape values = output_shapes(node, in)[0];
  const std::int64_t columns = x[x.rank() - 1];
  const std::int64_t most = top_k->index_dtype == DType::kInt16 ? std::numeric_limits<std::int16_t>::max() : std::numeric_limits<std::int32_t>::max();
  if (columns > most) return Refusal{"there are too many elements"};
  if (values.elements() == 0) return Refusal{"there is nothing to compute"};
  return std::make_unique<TopKKernel>(in[0].dtype, values.elements(0, x.rank() - 1), columns, values[x.rank() - 1]);
}

}  // namespace temper::cpu
