#include <cstring>

#include "backends/cpu/families.h"
#include "backends/cpu/isa.h"
#include "backends/cpu/move.h"
#include "backends/cpu/multiclass_nms.h"
#include "backends/cpu/prepare.h"
#include "backends/cpu/vector_math.h"
#include "base/threads.h"
#include "ops/detection/decode_boxes.h"

namespace temper::cpu {
namespace {

/// multiclass_nms, pictures one after another.
class NmsKernel final : public Kernel {
 public:
  NmsKernel(const MulticlassNms& op, const Shape& boxes, const Shape& scores)
      : op_(op), boxes_(boxes), scores_(scores), scratch_bytes_(nms_scratch_bytes(op, boxes[1], scores[2])) {}

  std::string_view name() const override { return "f32_multiclass_nms"; }

  std::size_t workspace_bytes() const override { return scratch_bytes_; }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte> workspace) const override {
    for (std::int64_t b = 0; b < boxes_[0]; ++b) {
      if (!run_picture(in, b, out, workspace)) return run_definition(in, out);
    }
  }

 private:
  template <class T>
  static std::span<T> row(std::span<T> all, std::int64_t b, std::int64_t size) {
    return all.subspan(static_cast<std::size_t>(b * size), static_cast<std::size_t>(size));
  }

  bool run_picture(Inputs in, std::int64_t b, std::span<Tensor> out, std::span<std::byte> scratch) const {
    NmsInput input;
    input.count = boxes_[1];
    if (op_.has_counts) {
      const std::int64_t count = in.back().data<std::int32_t>()[static_cast<std::size_t>(b)];
      require(count >= -1 && count <= boxes_[1], "{} of {} boxes are to be looked at", count, boxes_[1]);
      if (count >= 0) input.count = count;
    }
    input.per_box = boxes_[2];
    input.columns = scores_[2];
    input.boxes = row(in[0].data<float>(), b, boxes_.elements(1, 4));
    input.scores = row(in[1].data<float>(), b, scores_.elements(1, 3));
    if (op_.clipping != Clipping::kNone) input.window = row(in[2].data<float>(), b, 4);
    const NmsOutput output{row(out[0].mutable_data<float>(), b, 4 * op_.max_total), row(out[1].mutable_data<float>(), b, op_.max_total),
                           row(out[2].mutable_data<float>(), b, op_.max_total), row(out[4].mutable_data<std::int32_t>(), b, op_.max_total)};
    const std::int64_t found = suppress_classes(op_, input, output, scratch);
    out[3].mutable_data<std::int32_t>()[static_cast<std::size_t>(b)] = static_cast<std::int32_t>(found);
    return found >= 0;
  }

  /// Only for boxes that are not finite.
  void run_definition(Inputs in, std::span<Tensor> out) const {
    const Tensors results = op_.reference(in);
    for (std::size_t i = 0; i < out.size(); ++i) std::memcpy(out[i].mutable_bytes().data(), results[i].bytes().data(), out[i].size_bytes());
  }

  MulticlassNms op_;
  Shape boxes_, scores_;
  std::size_t scratch_bytes_;
};

std::optional<Prepared> prepare_nms(const MulticlassNms& op, const Node& node, std::span<const Fact> in) {
  const Shape boxes = shape_of(in[0]);
  const Shape scores = shape_of(in[1]);
  const std::int64_t classes = scores[2] - op.first_class;
  if (boxes.elements() == 0 || classes <= 0 || op.max_total <= 0 || op.max_per_class <= 0) return Refusal{"there is nothing to compute"};
  if (boxes[1] >= (std::int64_t{1} << 32) / classes) return Refusal{"there are too many scores"};
  if (boxes[2] != 1 && boxes[2] != classes) return Refusal{"boxes and scores do not fit"};
  for (const Shape& out : output_shapes(node, in)) {
    if (out[0] != boxes[0] || scores[0] != boxes[0] || scores[1] != boxes[1]) return Refusal{"boxes and scores do not fit"};
  }
  if (op.clipping != Clipping::kNone && shape_of(in[2]) != Shape{boxes[0], 4}) return Refusal{"windows do not fit"};
  if (op.has_counts && shape_of(in.back()) != Shape{boxes[0]}) return Refusal{"counts do not fit"};
  return std::make_unique<NmsKernel>(op, boxes, scores);
}

/// Boxes that are decoded at a time.
constexpr std::int64_t kBlock = 64;

/// Rows of 4 numbers as 4 columns.
struct alignas(64) Columns {
  std::array<std::array<float, kBlock>, 4> column;

  void read(const float* rows, std::int64_t count) {
    turn_fours(reinterpret_cast<const std::byte*>(rows), 16, reinterpret_cast<std::byte*>(column.data()), 4 * kBlock, count, 4);
  }
  void write(float* rows, std::int64_t count) const {
    turn_fours(reinterpret_cast<const std::byte*>(column.data()), 4 * kBlock, reinterpret_cast<std::byte*>(rows), 16, 4, count);
  }
};

/// Both ends of anchors along an axis become middles and extents.
TEMPER_FOR_EACH_ISA void measure(float* first, float* second) {
  _Pragma("GCC ivdep") for (std::int64_t i = 0; i < kBlock; ++i) {
    const float extent = second[i] - first[i];
    first[i] = first[i] + extent / 2.0F;
    second[i] = extent;
  }
}

/// Along one axis: the middle and the extent of anchors become both ends of boxes.
TEMPER_FOR_EACH_ISA void decode_axis(const float* offset, const float* size, float* first, float* second, float offset_scale, float size_scale) {
  _Pragma("GCC ivdep") for (std::int64_t i = 0; i < kBlock; ++i) {
    const float centre = offset[i] / offset_scale * second[i] + first[i];
    const float half = exponential(size[i] / size_scale) * second[i] / 2.0F;
    first[i] = centre - half;
    second[i] = centre + half;
  }
}

class DecodeKernel final : public Kernel {
 public:
  /// Anchors repeat after `anchor_rows` rows.
  DecodeKernel(const DecodeBoxes& op, std::int64_t rows, std::int64_t anchor_rows)
      : corners_(op.anchors == AnchorForm::kCorners), rows_(rows), anchor_rows_(anchor_rows) {
    std::ranges::copy(op.scales, scales_.begin());
  }

  std::string_view name() const override { return "f32_decode_boxes"; }

  bool in_place(std::size_t input) const override { return input == 0; }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte>) const override {
    const float* const codes = in[0].data<float>().data();
    const float* const anchors = in[1].data<float>().data();
    float* const boxes = out[0].mutable_data<float>().data();
    constexpr std::int64_t kGrain = 2048;
    parallel_for(rows_, kGrain, [&](std::int64_t begin, std::int64_t end) {
      Columns code{}, anchor{};
      for (std::int64_t at = begin; at < end;) {
        const std::int64_t anchor_at = at % anchor_rows_;
        const std::int64_t count = std::min({end - at, anchor_rows_ - anchor_at, kBlock});
        decode(codes + 4 * at, anchors + 4 * anchor_at, boxes + 4 * at, count, code, anchor);
        at += count;
      }
    });
  }

 private:
  void decode(const float* codes, const float* anchors, float* boxes, std::int64_t count, Columns& code, Columns& anchor) const {
    std::array<std::array<float, 16>, 2> few{};  // fewer than a column's least
    if (count < 4) {
      std::copy_n(codes, 4 * count, few[0].begin());
      std::copy_n(anchors, 4 * count, few[1].begin());
    }
    const std::int64_t least = std::max<std::int64_t>(count, 4);
    code.read(count < 4 ? few[0].data() : codes, least);
    anchor.read(count < 4 ? few[1].data() : anchors, least);
    for (std::size_t axis = 0; axis < 2; ++axis) {
      float* const first = anchor.column[axis].data();
      float* const second = anchor.column[axis + 2].data();
      if (corners_) measure(first, second);
      decode_axis(code.column[axis].data(), code.column[axis + 2].data(), first, second, scales_[axis], scales_[axis + 2]);
    }
    anchor.write(count < 4 ? few[0].data() : boxes, least);
    if (count < 4) std::copy_n(few[0].begin(), 4 * count, boxes);
  }

  bool corners_;
  std::int64_t rows_, anchor_rows_;
  std::array<float, 4> scales_{};
};

std::optional<Prepared> prepare_decode(const DecodeBoxes& op, std::span<const Fact> in) {
  const Shape codes = shape_of(in[0]);
  const Shape anchors = shape_of(in[1]);
  if (codes.elements() == 0) return Refusal{"there is nothing to compute"};
  bool whole = true;  // anchors are those of the last axes
  for (std::size_t i = 1; i <= anchors.rank(); ++i) {
    const std::int64_t dim = anchors[anchors.rank() - i];
    whole = whole && dim == codes[codes.rank() - i];
    if (!whole && dim != 1) return Refusal{"anchors that repeat within are not handled"};
  }
  return std::make_unique<DecodeKernel>(op, codes.elements() / 4, anchors.elements() / 4);
}

/// gather_or_zero: rows by index, zeros where that is negative.
class RowsKernel final : public Kernel {
 public:
  explicit RowsKernel(std::size_t element_bytes) : name_(fmt::format("b{}_gather_or_zero", 8 * element_bytes)) {}

  std::string_view name() const override { return name_; }

  void run(Inputs in, std::span<Tensor> out, std::span<std::byte>) const override {
    const auto index = in[1].data<std::int32_t>();
    if (out[0].elements() == 0) return;
    const std::size_t row = out[0].size_bytes() / index.size();
    const std::int64_t rows = in[0].dim(1);
    std::byte* to = out[0].mutable_bytes().data();
    for (std::size_t i = 0; i < index.size(); ++i, to += row) {
      require(index[i] < rows, "index {} is outside of {} rows", index[i], rows);
      const std::int64_t picture = static_cast<std::int64_t>(i) / in[1].dim(1);
      if (index[i] < 0) std::memset(to, 0, row);
      else std::memcpy(to, in[0].bytes().data() + static_cast<std::size_t>(picture * rows + index[i]) * row, row);
    }
  }

 private:
  std::string name_;
};

}  // namespace

std::optional<Prepared> prepare_detection(const Node& node, std::span<const Fact> in) {
  if (const auto* nms = node.op.as<MulticlassNms>()) return prepare_nms(*nms, node, in);
  if (const auto* decode = node.op.as<DecodeBoxes>()) return prepare_decode(*decode, in);
  if (node.op.as<GatherOrZero>() == nullptr) return std::nullopt;
  if (size_of(in[0].dtype) == 0) return refuse_dtype(in[0].dtype);
  if (shape_of(in[0])[0] != shape_of(in[1])[0]) return Refusal{"indices and rows do not fit"};
  return std::make_unique<RowsKernel>(size_of(in[0].dtype));
}

}  // namespace temper::cpu
