#include <algorithm>
#include <array>

#include "backends/cpu/exponential.h"
#include "backends/cpu/families.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/suppress_classes.h"
#include "base/threads.h"
#include "ops/detection/decode_boxes.h"

namespace temper::cpu {
namespace {

/// Row b of a tensor's first axis as a batch of one, sharing its elements.
Tensor picture_of(const Tensor& x, std::int64_t b) { return x.rows(b, 1); }

class NmsKernel final : public Kernel {
 public:
  NmsKernel(MulticlassNms op, std::int64_t boxes, std::int64_t columns) : op_(std::move(op)), scratch_(nms_scratch_bytes(op_, boxes, columns)) {}

  std::string_view name() const override { return "f32_multiclass_nms"; }
  std::size_t workspace_bytes() const override { return scratch_; }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte> workspace) const override {
    for (std::int64_t b = 0; b < in[0].dim(0); ++b) {
      NmsInput input{part(in[0], b), part(in[1], b), {}, in[0].dim(1), in[0].dim(2), in[1].dim(2)};
      if (op_.clipping != Clipping::kNone) input.window = part(in[2], b);
      if (op_.has_counts) {
        const std::int64_t count = in.back().data<std::int32_t>()[static_cast<std::size_t>(b)];
        require(count >= -1 && count <= input.count, "{} of {} boxes are to be looked at", count, input.count);
        if (count >= 0) input.count = count;
      }
      const auto m = static_cast<std::size_t>(op_.max_total);
      const std::size_t first = static_cast<std::size_t>(b) * m;
      const NmsOutput output{out[0].mutable_data<float>().subspan(4 * first, 4 * m), out[1].mutable_data<float>().subspan(first, m),
                             out[2].mutable_data<float>().subspan(first, m), out[4].mutable_data<std::int32_t>().subspan(first, m)};
      const std::int64_t found = suppress_classes(op_, input, output, workspace);
      if (found < 0) define(in, b, out);
      else out[3].mutable_data<std::int32_t>()[static_cast<std::size_t>(b)] = static_cast<std::int32_t>(found);
    }
  }

 private:
  /// What tensor x holds of picture b.
  static std::span<const float> part(const Tensor& x, std::int64_t b) {
    const auto size = static_cast<std::size_t>(x.shape().elements(1, x.rank()));
    return x.data<float>().subspan(static_cast<std::size_t>(b) * size, size);
  }

  /// What the definition gives for picture b.
  void define(Inputs in, std::int64_t b, std::span<Tensor> out) const {
    Tensors picture;
    for (const Tensor& tensor : in) picture.push_back(picture_of(tensor, b));
    const Tensors found = op_.reference(picture);
    for (std::size_t i = 0; i < found.size(); ++i) {
      const auto bytes = found[i].bytes();
      std::ranges::copy(bytes, out[i].mutable_bytes().begin() + static_cast<std::ptrdiff_t>(static_cast<std::size_t>(b) * bytes.size()));
    }
  }

  MulticlassNms op_;
  std::size_t scratch_;
};

constexpr std::int64_t kBlock = 32;  // rows whose exponentials are taken together

struct DecodeScales {
  std::array<float, 4> divisors;
  bool corners;
};

TEMPER_FOR_EACH_ISA void decode_rows(const float* codes, const float* anchors, std::int64_t count, const DecodeScales& by, float* boxes) {
  for (std::int64_t first = 0; first < count; first += kBlock) {
    const std::int64_t rows = std::min(kBlock, count - first);
    std::array<float, 2 * kBlock> sizes{};
    for (std::int64_t i = 0; i < 2 * rows; ++i) {
      const std::int64_t axis = i % 2;
      sizes[static_cast<std::size_t>(i)] = codes[4 * (first + i / 2) + 2 + axis] / by.divisors[static_cast<std::size_t>(2 + axis)];
    }
    for (std::size_t i = 0; i < sizes.size(); ++i) sizes[i] = exponential(sizes[i]);
    for (std::int64_t i = 0; i < 2 * rows; ++i) {
      const std::int64_t axis = i % 2;
      const float* const code = codes + 4 * (first + i / 2) + axis;
      const float* const anchor = anchors + 4 * (first + i / 2) + axis;
      const float extent = by.corners ? anchor[2] - anchor[0] : anchor[2];
      const float middle = by.corners ? anchor[0] + extent / 2.0F : anchor[0];
      const float centre = code[0] / by.divisors[static_cast<std::size_t>(axis)] * extent + middle;
      const float half = sizes[static_cast<std::size_t>(i)] * extent / 2.0F;
      boxes[4 * (first + i / 2) + axis] = centre - half;
      boxes[4 * (first + i / 2) + 2 + axis] = centre + half;
    }
  }
}

class DecodeKernel final : public Kernel {
 public:
  explicit DecodeKernel(const DecodeBoxes& op) : scales_{{op.scales[0], op.scales[1], op.scales[2], op.scales[3]}, op.anchors == AnchorForm::kCorners} {}

  std::string_view name() const override { return "f32_decode_boxes"; }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte>) const override {
    const std::int64_t rows = in[1].elements() / 4;
    if (rows == 0) return;
    const float* const codes = in[0].data<float>().data();
    const float* const anchors = in[1].data<float>().data();
    float* const boxes = out[0].mutable_data<float>().data();
    const std::int64_t pictures = in[0].elements() / 4 / rows;
    parallel_for(pictures * rows, kGrain, [&](std::int64_t begin, std::int64_t end) {
      while (begin < end) {  // as far as the anchors go
        const std::int64_t row = begin % rows;
        const std::int64_t count = std::min(end - begin, rows - row);
        decode_rows(codes + 4 * begin, anchors + 4 * row, count, scales_, boxes + 4 * begin);
        begin += count;
      }
    });
  }

 private:
  static constexpr std::int64_t kGrain = 4096;

  DecodeScales scales_;
};

/// Whether anchors have the last dims of codes, and are 1 along those before.
bool repeats_whole(const Shape& anchors, const Shape& codes) {
  std::size_t own = anchors.rank();
  std::size_t other = codes.rank();
  while (own > 0 && other > 0 && anchors[own - 1] == codes[other - 1]) --own, --other;
  for (std::size_t axis = 0; axis < own; ++axis) {
    if (anchors[axis] != 1) return false;
  }
  return true;
}

}  // namespace

std::optional<Prepared> prepare_detection(const Node& node, std::span<const Fact> in) {
  const auto shape = [&](std::size_t i) { return *in[i].shape.known(); };
  if (const auto* nms = node.op.as<MulticlassNms>()) {
    node.op.infer(in, {});
    const Shape boxes = shape(0);
    const Shape scores = shape(1);
    const std::int64_t classes = scores[2] - nms->first_class;
    const bool fits = classes >= 0 && boxes[3] == 4 && scores[0] == boxes[0] && scores[1] == boxes[1] && (boxes[2] == 1 || boxes[2] == classes);
    if (!fits) return Refusal{"boxes and scores do not fit each other"};
    if (nms->clipping != Clipping::kNone && shape(2) != Shape{boxes[0], 4}) return Refusal{"windows do not fit boxes"};
    if (nms->has_counts && in.back().shape.known() != Shape{boxes[0]}) return Refusal{"counts do not fit boxes"};
    return std::make_unique<NmsKernel>(*nms, boxes[1], scores[2]);
  }
  const auto* decode = node.op.as<DecodeBoxes>();
  if (decode == nullptr) return std::nullopt;
  if (!repeats_whole(shape(1), shape(0))) return Refusal{"anchors do not repeat as a whole"};
  return std::make_unique<DecodeKernel>(*decode);
}

}  // namespace temper::cpu
