#include "ops/detection/decode_boxes.h"

#include <cmath>

namespace temper {
namespace {

void check_facts(const DecodeBoxes& op, std::span<const Fact> in) {
  require_inputs(in, 2);
  require(op.scales.size() == 4, "{} scales are given, not 4", op.scales.size());
  for (std::size_t i = 0; i < 2; ++i) {
    const std::string_view what = i == 0 ? "codes" : "anchors";
    require(in[i].dtype == DType::kFloat32, "{} are {}, not float32", what, in[i].dtype);
    if (!in[i].shape.rank_known()) continue;
    require(in[i].shape.rank() >= 2, "{} of {} are not rows of 4", what, in[i]);
    const Dim& columns = in[i].shape.dims().back();
    require(!columns.known() || columns.is(4), "{} of {} are not rows of 4", what, in[i]);
  }
}

/// Codes and anchors along one axis.
struct Along {
  float offset, size;  // of the code, not yet exp
  float centre, anchor_size;
};

void decode(const Along& along, float& low, float& high) {
  const float centre = along.offset * along.anchor_size + along.centre;
  const float half = std::exp(along.size) * along.anchor_size / 2.0F;
  low = centre - half;
  high = centre + half;
}

}  // namespace

Facts DecodeBoxes::infer(std::span<const Fact> in) const {
  check_facts(*this, in);
  if (!in[0].shape.rank_known()) return {{DType::kFloat32, {}, {}}};
  std::vector<Dim> dims = in[0].shape.dims();
  dims.back() = 4;
  if (in[1].shape.rank_known()) {
    require(in[1].shape.rank() <= dims.size(), "anchors of {} do not broadcast to codes of {}", in[1], in[0]);
    for (std::size_t i = 0; i < in[1].shape.rank(); ++i) {
      const Dim& own = in[1].shape[in[1].shape.rank() - 1 - i];
      const Dim& wanted = dims[dims.size() - 1 - i];
      require(!own.known() || own.is(1) || !wanted.known() || own == wanted, "anchors of {} do not broadcast to codes of {}", in[1], in[0]);
    }
  }
  return {{DType::kFloat32, ShapeFact(std::move(dims)), {}}};
}

Tensors DecodeBoxes::reference(Inputs in) const {
  require_inputs(in, 2);
  infer(std::array{Fact{in[0].dtype(), in[0].shape(), {}}, Fact{in[1].dtype(), in[1].shape(), {}}});
  Tensor boxes(DType::kFloat32, in[0].shape());
  const auto strides = broadcast_strides(in[1].shape(), in[0].shape());
  Shape rows = in[0].shape();
  rows.set(rows.rank() - 1, 1);
  const float* code = in[0].data<float>().data();
  float* box = boxes.mutable_data<float>().data();
  Position at(rows);
  for (std::int64_t row = 0; row < rows.elements(); ++row, code += 4, box += 4, at.next()) {
    const float* const anchor = in[1].data<float>().data() + at.offset(strides);
    for (std::size_t axis = 0; axis < 2; ++axis) {
      Along along{code[axis] / scales[axis], code[axis + 2] / scales[axis + 2], anchor[axis], anchor[axis + 2]};
      if (anchors == AnchorForm::kCorners) {
        along.anchor_size = anchor[axis + 2] - anchor[axis];
        along.centre = anchor[axis] + along.anchor_size / 2.0F;
      }
      decode(along, box[axis], box[axis + 2]);
    }
  }
  return {std::move(boxes)};
}
REGISTER_OP(DecodeBoxes);

}  // namespace temper
