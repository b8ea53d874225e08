#include "ops/nn/window.h"

namespace temper {
namespace {

/// Numbers above this are damage, and below it no sum of them overflows.
constexpr std::int64_t kLargest = std::int64_t{1} << 31;
constexpr std::int64_t kLargestDim = std::int64_t{1} << 61;

std::int64_t number_at(std::span<const std::int64_t> numbers, std::size_t axis) {
  return numbers.empty() ? 1 : numbers[axis];
}

void require_numbers(std::span<const std::int64_t> numbers, std::size_t spatial, std::string_view what) {
  require(numbers.empty() || numbers.size() == spatial, "{} needs {} numbers, got {}", what, spatial, numbers.size());
  for (const std::int64_t n : numbers) {
    require(n >= 1 && n < kLargest, "{} must be from 1 to 2^31, got {}", what, n);
  }
}

}  // namespace

void require_window_rule(const WindowRule& rule, std::size_t spatial) {
  require(spatial >= 1 && spatial <= 3, "windows move over 1 to 3 spatial dimensions, got {}", spatial);
  require_numbers(rule.strides, spatial, "strides");
  require_numbers(rule.dilations, spatial, "dilations");
  if (rule.padding != Padding::kExplicit) return;
  require(rule.pads.size() == 2 * spatial, "explicit pads need {} numbers, got {}", 2 * spatial, rule.pads.size());
  for (const std::int64_t pad : rule.pads)
    require(pad >= 0 && pad < kLargest, "pads must be from 0 to 2^31, got {}", pad);
}

WindowAxis window_axis(const WindowRule& rule, std::size_t axis, std::int64_t input, std::int64_t kernel) {
  require(kernel >= 1, "a window of size {} reads nothing", kernel);
  require(input < kLargestDim && kernel < kLargest, "a window of {} over {} elements is too large", kernel, input);
  WindowAxis result;
  result.input = input;
  result.kernel = kernel;
  result.stride = number_at(rule.strides, axis);
  result.dilation = number_at(rule.dilations, axis);
  const std::int64_t extent = (kernel - 1) * result.dilation + 1;
  require(extent < kLargestDim, "a window of {} with dilation {} is too large", kernel, result.dilation);
  if (rule.padding == Padding::kSame || rule.padding == Padding::kSameLower) {
    result.output = (input + result.stride - 1) / result.stride;
    const std::int64_t pads = std::max<std::int64_t>((result.output - 1) * result.stride + extent - input, 0);
    result.pad_before = (pads + (rule.padding == Padding::kSameLower ? 1 : 0)) / 2;
    result.pad_after = pads - result.pad_before;
    return result;
  }
  if (rule.padding == Padding::kExplicit) {
    result.pad_before = rule.pads[2 * axis];
    result.pad_after = rule.pads[2 * axis + 1];
  }
  const std::int64_t room = input + result.pad_before + result.pad_after - extent + result.stride;
  // A window that overhangs by less than a stride gives no output; further than that is a mistake in the model.
  require(room > -result.stride, "a window of {} (dilation {}) does not fit {} elements padded by {} and {}", kernel,
          result.dilation, input, result.pad_before, result.pad_after);
  result.output = std::max<std::int64_t>(room / result.stride, 0);
  return result;
}

Dim window_output(const WindowRule& rule, std::size_t axis, const Dim& input, const Dim& kernel) {
  if (!input.known()) return {};
  if (kernel.known()) return window_axis(rule, axis, input.value(), kernel.value()).output;
  const bool same = rule.padding == Padding::kSame || rule.padding == Padding::kSameLower;
  return same ? Dim(window_axis(rule, axis, input.value(), 1).output) : Dim();
}

std::vector<WindowAxis> window_axes(const WindowRule& rule, std::span<const std::int64_t> inputs,
                                    std::span<const std::int64_t> kernels) {
  require(inputs.size() == kernels.size(), "a window of {} dimensions moves over {}", kernels.size(), inputs.size());
  require_window_rule(rule, inputs.size());
  std::vector<WindowAxis> axes;
  for (std::size_t axis = 0; axis < inputs.size(); ++axis) {
    axes.push_back(window_axis(rule, axis, inputs[axis], kernels[axis]));
  }
  return axes;
}

WindowAxes3 three_axes(std::span<const WindowAxis> axes) {
  WindowAxes3 three;
  std::ranges::copy(axes, three.begin() + static_cast<std::ptrdiff_t>(3 - axes.size()));
  return three;
}

Shape window_shape(std::int64_t batch, std::span<const WindowAxis> axes, std::int64_t channels) {
  Shape shape{batch};
  for (const WindowAxis& axis : axes) shape.push_back(axis.output);
  shape.push_back(channels);
  return shape;
}

}  // namespace temper
