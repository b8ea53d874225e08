#pragma once
#include "ops/definition.h"
#include "ops/nn/window.h"

namespace temper {

/// y[n, p, c] = the largest of x[n, p * stride - pad + k * dilation, c] over the taps k that lie inside x. x and y are
/// [N, spatial..., C] with one to three spatial dims. NaN counts as smaller than any number; where a window holds
/// nothing else, or for floats nothing but -infinity, y is the lowest finite number, as TensorFlow has it. Types:
/// numbers.
struct MaxPool {
  static constexpr std::string_view kName = "max_pool";

  std::vector<std::int64_t> kernel;     ///< one a spatial dim
  std::vector<std::int64_t> strides;    ///< likewise; none: all 1
  std::vector<std::int64_t> dilations;  ///< likewise
  Padding padding = Padding::kValid;
  std::vector<std::int64_t> pads;  ///< before and after of each spatial dim; where padding is explicit

  static void fields(auto& self, auto&& field) {
    field("kernel", self.kernel);
    field("strides", self.strides);
    field("dilations", self.dilations);
    field("padding", self.padding);
    field("pads", self.pads);
  }

  WindowRule rule() const { return {strides, dilations, padding, pads}; }
  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

/// y[n, p, c] = the mean of x[n, p * stride - pad + k * dilation, c] over the taps k that lie inside x; with
/// count_include_pad the sum is divided by the number of taps that lie inside x or its padding. x and y are
/// [N, spatial..., C] with one to three spatial dims. 0 where a window lies outside altogether. Types: floats.
struct AvgPool {
  static constexpr std::string_view kName = "avg_pool";

  std::vector<std::int64_t> kernel;
  std::vector<std::int64_t> strides;
  std::vector<std::int64_t> dilations;
  Padding padding = Padding::kValid;
  std::vector<std::int64_t> pads;
  bool count_include_pad = false;

  static void fields(auto& self, auto&& field) {
    field("kernel", self.kernel);
    field("strides", self.strides);
    field("dilations", self.dilations);
    field("padding", self.padding);
    field("pads", self.pads);
    field("count_include_pad", self.count_include_pad);
  }

  WindowRule rule() const { return {strides, dilations, padding, pads}; }
  Facts infer(std::span<const Fact> in) const;
  Tensors reference(Inputs in) const;
};

/// The output's shape, as far as known. Throws ModelError where x or the rule do not fit the kernel.
ShapeFact pool_shape(const Fact& x, std::span<const std::int64_t> kernel, const WindowRule& rule);
/// How the windows of a pool move over x. Throws ModelError likewise.
std::vector<WindowAxis> pool_axes(const Shape& x, std::span<const std::int64_t> kernel, const WindowRule& rule);

/// Calls visit(output offset, input offset) with the pixels that each output's window holds, in row-major order, and
/// begin(output offset) before and end(output offset, position of the output in its three dims) after each output.
template <class Begin, class Visit, class End>
void for_each_window(std::int64_t batch, const WindowAxes3& axes, Begin&& begin, Visit&& visit, End&& end) {
  const auto& [d, h, w] = axes;
  std::int64_t out = 0;
  for (std::int64_t n = 0; n < batch; ++n) {
    for (std::int64_t od = 0; od < d.output; ++od) {
      for (std::int64_t oh = 0; oh < h.output; ++oh) {
        for (std::int64_t ow = 0; ow < w.output; ++ow, ++out) {
          begin(out);
          for (std::int64_t kd = d.first_tap(od); kd < d.last_tap(od); ++kd) {
            const std::int64_t plane = (n * d.input + d.start(od) + kd * d.dilation) * h.input;
            for (std::int64_t kh = h.first_tap(oh); kh < h.last_tap(oh); ++kh) {
              const std::int64_t row = (plane + h.start(oh) + kh * h.dilation) * w.input + w.start(ow);
              for (std::int64_t kw = w.first_tap(ow); kw < w.last_tap(ow); ++kw) visit(out, row + kw * w.dilation);
            }
          }
          end(out, std::array{od, oh, ow});
        }
      }
    }
  }
}

}  // namespace temper
