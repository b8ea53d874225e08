#include "ops/arrays/storage.h"

namespace temper {

/// The windows of x [batch, space..., channels], laid out along the last dim, taps row-major and channels within a tap:
/// y[n, p..., t * c + k] = x[n, p * strides + t * rates - padding..., k], 0 outside x. The list attributes have one entry a
/// dim of space. With `same`, ceil(dim / stride) windows, padded evenly and more after; else those that lie within x. Where
/// windows with `same` need less than all of x, what is left is skipped after them; with `centred`, evenly on both sides.
struct ExtractPatches {
  static constexpr std::string_view kName = "extract_patches";

  std::vector<std::int64_t> sizes;
  std::vector<std::int64_t> strides;
  std::vector<std::int64_t> rates;
  bool same = false;
  bool centred = false;

  static void fields(auto& self, auto&& field) {
    field("sizes", self.sizes);
    field("strides", self.strides);
    field("rates", self.rates);
    field("same", self.same);
    field("centred", self.centred);
  }

  Facts infer(std::span<const Fact> in) const {
    require_inputs(in, 1);
    const std::int64_t taps = checked_taps();
    require_rank(in[0], sizes.size() + 2, "the input");
    ShapeFact shape = in[0].shape.rank_known() ? in[0].shape : ShapeFact::of_rank(sizes.size() + 2);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      shape.set(i + 1, map_dims([&](std::int64_t dim) { return windows(i, dim).count; }, shape[i + 1]));
    }
    shape.set(sizes.size() + 1, map_dims([&](std::int64_t dim) { return depth(dim, taps); }, shape[sizes.size() + 1]));
    return {fact_of(in[0].dtype, shape)};
  }

  Tensors reference(Inputs in) const {
    require_inputs(in, 1);
    const Tensor& x = in[0];
    const std::int64_t taps = checked_taps();
    const std::size_t last = sizes.size() + 1;
    require_rank(x, last + 1, "the input");
    Shape shape = x.shape();
    for (std::size_t i = 0; i < sizes.size(); ++i) shape.set(i + 1, windows(i, x.dim(i + 1)).count);
    shape.set(last, depth(x.dim(last), taps));
    TensorWriter out(x.dtype(), shape);
    out.clear();
    if (x.elements() == 0 || out.elements() == 0) return {out.take()};
    Shape window;
    for (const std::int64_t size : sizes) window.push_back(size);
    Position tap(window);
    for (std::int64_t t = 0; t < taps; ++t, tap.next()) {
      View source(x.shape());
      View target = View(shape).narrow(last, t * x.dim(last), x.dim(last));
      for (std::size_t i = 0; i < sizes.size(); ++i) {
        const Windows all = windows(i, x.dim(i + 1));
        const std::int64_t shift = tap[i] * rates[i] - all.padding;  // of this tap in the first window
        const std::int64_t first = shift < 0 ? (-shift + strides[i] - 1) / strides[i] : 0;
        const std::int64_t room = x.dim(i + 1) - shift;
        const std::int64_t end = std::min(all.count, room > 0 ? (room - 1) / strides[i] + 1 : 0);
        const std::int64_t count = std::max<std::int64_t>(end - first, 0);
        source.narrow(i + 1, count == 0 ? 0 : first * strides[i] + shift, count);
        if (count > 1) source.strides[i + 1] *= strides[i];
        target.narrow(i + 1, count == 0 ? 0 : first, count);
      }
      copy_view(x.dtype(), storage(x), source, out.storage(), target);
    }
    return {out.take()};
  }

 private:
  struct Windows {
    std::int64_t count = 0;
    std::int64_t padding = 0;  ///< before the first element
  };

  std::int64_t checked_taps() const {
    require(!sizes.empty() && sizes.size() + 2 <= kMaxRank && sizes.size() == strides.size() && sizes.size() == rates.size(),
            "lists {} sizes, {} strides and {} rates", sizes.size(), strides.size(), rates.size());
    std::int64_t taps = 1;
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      constexpr std::int64_t kMost = std::int64_t{1} << 31;
      const auto fits = [](std::int64_t value) { return value > 0 && value < kMost; };
      require(fits(sizes[i]) && fits(strides[i]) && fits(rates[i]), "a window of size {}, stride {} and rate {} is not possible",
              sizes[i], strides[i], rates[i]);
      require(!__builtin_mul_overflow(taps, sizes[i], &taps) && taps < kMost, "windows are too large");
    }
    return taps;
  }

  static std::int64_t depth(std::int64_t channels, std::int64_t taps) {
    std::int64_t result = 0;
    require(!__builtin_mul_overflow(channels, taps, &result), "patches of {} channels are too large", channels);
    return result;
  }

  Windows windows(std::size_t i, std::int64_t dim) const {
    require(dim < (std::int64_t{1} << 60), "a dimension of {} is too large", dim);
    const std::int64_t reach = (sizes[i] - 1) * rates[i] + 1;
    if (!same) return {dim < reach ? 0 : (dim - reach) / strides[i] + 1, 0};
    const std::int64_t count = (dim + strides[i] - 1) / strides[i];
    const std::int64_t lacking = count == 0 ? 0 : (count - 1) * strides[i] + reach - dim;
    return {count, (centred ? lacking : std::max<std::int64_t>(lacking, 0)) / 2};
  }
};
REGISTER_OP(ExtractPatches);

}  // namespace temper
