#pragma once
#include <optional>
#include <string>
#include <vector>

#include "ir/tensor.h"

namespace temper {

/// A dimension: a known number, or not known yet. Arithmetic on an unknown dim is unknown.
class Dim {
 public:
  Dim() = default;
  /// Throws ModelError above kMaxDim.
  Dim(std::int64_t value) : value_(value) {  // NOLINT: a number is a dim
    if (value > kMaxDim) refuse(value);
  }

  bool known() const { return value_ >= 0; }
  std::int64_t value() const {
    invariant(known(), "the value of an unknown dim is read");
    return value_;
  }
  bool operator==(const Dim&) const = default;
  bool is(std::int64_t number) const { return value_ == number; }

 private:
  [[noreturn]] static void refuse(std::int64_t value);

  std::int64_t value_ = -1;
};

/// `f` of known dims; unknown where any is unknown. The result is clamped to 0 from below.
template <class F, class... Dims>
Dim map_dims(F&& f, const Dims&... dims) {
  if (!(dims.known() && ...)) return {};
  return Dim(std::max<std::int64_t>(f(dims.value()...), 0));
}

/// What is known of a shape: nothing, the rank, or some or all dims.
class ShapeFact {
 public:
  /// Of unknown rank.
  ShapeFact() = default;
  ShapeFact(const Shape& shape) : dims_(std::in_place, shape.begin(), shape.end()) {}  // NOLINT: a shape is a fact
  explicit ShapeFact(std::vector<Dim> dims) : dims_(std::move(dims)) {}
  /// Of known rank, every dim unknown.
  static ShapeFact of_rank(std::size_t rank) { return ShapeFact(std::vector<Dim>(rank)); }

  bool rank_known() const { return dims_.has_value(); }
  std::size_t rank() const { return dims().size(); }
  const std::vector<Dim>& dims() const {
    invariant(dims_.has_value(), "the dims of a shape of unknown rank are read");
    return *dims_;
  }
  const Dim& operator[](std::size_t axis) const { return dims()[axis]; }
  void set(std::size_t axis, Dim dim) { dims_->at(axis) = dim; }

  /// The shape, where every dim is known.
  std::optional<Shape> known() const;
  /// The number of elements, unknown where a dim is (but 0 where a known dim is 0).
  Dim elements() const;
  bool operator==(const ShapeFact&) const = default;

 private:
  std::optional<std::vector<Dim>> dims_;
};

/// "[1,?,300,3]", or "[...]" where the rank is unknown.
std::string to_string(const ShapeFact& shape);

/// Constant elements as a kernel wants them in memory, where the row-major ones are not kept.
struct Packed {
  /// Says whose layout it is and which: the kernel that packed them reads it.
  std::string layout;
  /// uint8 of rank 1.
  Tensor bytes;
};

/// What is known of a value before it exists: its dtype, its shape as far as known, and its elements if constant.
struct Fact {
  DType dtype = DType::kFloat32;
  ShapeFact shape;
  std::optional<Tensor> constant;
  /// In place of `constant`; of the packed_constant operator, and so in plans only.
  std::shared_ptr<const Packed> packed = nullptr;

  static Fact of(const Tensor& tensor) { return {tensor.dtype(), tensor.shape(), tensor}; }
};
using Facts = std::vector<Fact>;

/// "float32[1,?,3]"
std::string describe(const Fact& fact);

/// Whether a tensor may be the value that `fact` speaks of (dtype and shape; not the constant).
bool admits(const Fact& fact, const Tensor& tensor);

/// The shape that both broadcast to, as far as known. Throws ModelError where known dims contradict.
ShapeFact broadcast(const ShapeFact& a, const ShapeFact& b);

/// What holds of both: dims on which they agree.
ShapeFact join(const ShapeFact& a, const ShapeFact& b);

/// The shape whose dims `fact` lists (an integer vector, negative meaning unknown), as far as known.
ShapeFact shape_from_elements(const Fact& fact);

}  // namespace temper

template <>
struct fmt::formatter<temper::ShapeFact> : fmt::formatter<std::string_view> {
  auto format(const temper::ShapeFact& value, auto& context) const {
    return fmt::formatter<std::string_view>::format(temper::to_string(value), context);
  }
};

template <>
struct fmt::formatter<temper::Fact> : fmt::formatter<std::string_view> {
  auto format(const temper::Fact& value, auto& context) const {
    return fmt::formatter<std::string_view>::format(temper::describe(value), context);
  }
};
