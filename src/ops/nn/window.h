#pragma once
#include <array>
#include <span>
#include <vector>

#include "ir/attribute.h"
#include "ir/fact.h"

namespace temper {

/// What stands around the input of a sliding window. same: as much as makes ceil(input / stride) outputs, the odd one
/// after (same_lower: before); valid: nothing; explicit: as listed.
enum class Padding : std::uint8_t { kSame, kValid, kExplicit, kSameLower };

template <>
struct EnumNames<Padding> {
  static constexpr std::array<std::string_view, 4> kNames = {"same", "valid", "explicit", "same_lower"};
};

/// The attributes by which windows move. Strides and dilations have one number a spatial dim, or none where all are 1;
/// pads have two, before and after, and count where padding is explicit.
struct WindowRule {
  std::span<const std::int64_t> strides;
  std::span<const std::int64_t> dilations;
  Padding padding = Padding::kValid;
  std::span<const std::int64_t> pads;
};

/// How a window moves over one spatial dim: output i reads inputs i * stride - pad_before + k * dilation, for each
/// k < kernel, of those in [0, input).
struct WindowAxis {
  std::int64_t input = 1;
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t pad_before = 0;
  std::int64_t pad_after = 0;
  std::int64_t output = 1;

  std::int64_t start(std::int64_t out) const { return out * stride - pad_before; }
  /// The taps [first, last) of output `out` that read inside the input.
  std::int64_t first_tap(std::int64_t out) const {
    const std::int64_t from = start(out);
    return from >= 0 ? 0 : (dilation - 1 - from) / dilation;
  }
  std::int64_t last_tap(std::int64_t out) const {
    const std::int64_t room = input - start(out);
    return room <= 0 ? 0 : std::min(kernel, (room + dilation - 1) / dilation);
  }
};

/// Throws ModelError unless the rule speaks of `spatial` dims and its numbers make sense.
void require_window_rule(const WindowRule& rule, std::size_t spatial);

/// One dim, of a rule that require_window_rule accepts. Throws ModelError where the window is larger than the padded
/// input.
WindowAxis window_axis(const WindowRule& rule, std::size_t axis, std::int64_t input, std::int64_t kernel);
/// The output along one dim, as far as known.
Dim window_output(const WindowRule& rule, std::size_t axis, const Dim& input, const Dim& kernel);
/// All dims; the rule is checked. Inputs and kernels are those of the spatial dims.
std::vector<WindowAxis> window_axes(const WindowRule& rule, std::span<const std::int64_t> inputs,
                                    std::span<const std::int64_t> kernels);

/// Exactly three dims, by trivial ones in front, so that one loop nest serves one to three.
using WindowAxes3 = std::array<WindowAxis, 3>;
WindowAxes3 three_axes(std::span<const WindowAxis> axes);

/// [N, outputs..., channels].
Shape window_shape(std::int64_t batch, std::span<const WindowAxis> axes, std::int64_t channels);

}  // namespace temper
