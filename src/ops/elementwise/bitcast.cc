#include <algorithm>

#include "ops/definition.h"

namespace temper {

/// The same bytes read as another element type. Where elements become smaller, the parts of one (first the low bits)
/// lie along a new last axis; where they become larger, the last axis, which holds the parts of one, goes.
struct Bitcast {
  static constexpr std::string_view kName = "bitcast";

  DType dtype = DType::kFloat32;

  static void fields(auto& self, auto&& field) { field("dtype", self.dtype); }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    require_numbers(in[0].dtype);
    const std::size_t from = size_of(in[0].dtype);
    const std::size_t to = size_of(dtype);
    if (!in[0].shape.rank_known() || from == to) return {{dtype, in[0].shape, {}}};
    std::vector<Dim> dims = in[0].shape.dims();
    if (from > to) {
      dims.emplace_back(static_cast<std::int64_t>(from / to));
    } else {
      const bool fits = !dims.empty() && (!dims.back().known() || dims.back().is(static_cast<std::int64_t>(to / from)));
      require(fits, "{} cannot be read as {}: its last dimension is not {}", in[0], dtype, to / from);
      dims.pop_back();
    }
    return {{dtype, ShapeFact(std::move(dims)), {}}};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 1);
    const Fact fact{in[0].dtype(), in[0].shape(), {}};
    Tensor out(dtype, *infer({&fact, 1})[0].shape.known());
    std::ranges::copy(in[0].bytes(), out.mutable_bytes().begin());
    return {std::move(out)};
  }

 private:
  void require_numbers(DType from) const {
    require(is_number(from) && is_number(dtype), "{} cannot be read as {}: only numbers can", from, dtype);
  }
};
REGISTER_OP(Bitcast);

}  // namespace temper
