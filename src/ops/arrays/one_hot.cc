#include "ops/arrays/storage.h"

namespace temper {

/// A new axis of size `depth` before `axis` of the result (-1: last), with the on value where the position along it is the
/// index and the off value elsewhere; everywhere off for an index outside [0, depth).
/// Inputs: indices (integers), depth (a scalar), on, off (scalars of the result's type).
struct OneHot {
  static constexpr std::string_view kName = "one_hot";

  std::int64_t axis = -1;

  static void fields(auto& self, auto&& field) { field("axis", self.axis); }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 4);
    require_integers(in[0], "the tensor of indices");
    require_integers(in[1], "the depth");
    require_same_dtype(in[2], in[3]);
    if (!in[0].shape.rank_known()) return {fact_of(in[2].dtype, {})};
    std::vector<Dim> dims = in[0].shape.dims();
    const std::size_t at = normalise_axis(axis, dims.size() + 1);
    const Dim depth = in[1].constant ? Dim(checked_depth(*in[1].constant)) : Dim();
    dims.insert(dims.begin() + static_cast<std::ptrdiff_t>(at), depth);
    return {fact_of(in[2].dtype, ShapeFact(std::move(dims)))};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 4);
    const Indices indices(in[0]);
    const std::int64_t depth = checked_depth(in[1]);
    require(in[2].elements() == 1 && in[3].elements() == 1 && in[2].dtype() == in[3].dtype(),
            "on and off values are {} and {}, not scalars of one type", in[2], in[3]);
    const std::size_t at = normalise_axis(axis, in[0].rank() + 1);
    Shape shape;
    for (std::size_t i = 0; i <= in[0].rank(); ++i) {
      if (i == at) shape.push_back(depth);
      if (i < in[0].rank()) shape.push_back(in[0].dim(i));
    }
    TensorWriter out(in[2].dtype(), shape);
    out.fill(in[3]);
    if (out.elements() == 0) return {out.take()};
    const std::int64_t inner = in[0].shape().elements(at, in[0].rank());
    visit_storage(out.dtype(), [&]<class T>(Type<T>) {
      T* to = static_cast<T*>(out.storage());
      const T on = *static_cast<const T*>(storage(in[2]));
      for (std::int64_t i = 0; i < in[0].elements(); ++i) {
        const std::int64_t index = indices[i];
        if (index >= 0 && index < depth) to[(i / inner * depth + index) * inner + i % inner] = on;
      }
    });
    return {out.take()};
  }

 private:
  static std::int64_t checked_depth(const Tensor& tensor) {
    const std::int64_t depth = tensor.to_int64("the depth");
    require(depth >= 0, "a depth of {} is negative", depth);
    return depth;
  }
};
REGISTER_OP(OneHot);

}  // namespace temper
