#pragma once
#include <optional>

#include "import/rule.h"
#include "import/tensorflow/proto/graph.pb.h"

namespace temper::tensorflow {

/// The element type; references count as what they refer to, resources and variants as lists. Throws ModelError on a type
/// that Temper has not (complex and 4- and 8-bit floats), naming it.
DType to_dtype(DataType type);

/// Unknown rank and dims stay unknown. Throws ModelError on dims below -1.
ShapeFact to_shape(const TensorShapeProto& shape);

/// Takes the tensor out of its message: large contents move, so they are never held twice. Throws ModelError where the
/// content does not fit the shape.
Tensor take_tensor(TensorProto& proto);

/// The attributes of a node; find() throws ModelError where a value cannot be spoken of.
class NodeAttributes final : public SourceAttributes {
 public:
  explicit NodeAttributes(const NodeDef& node) : node_(node) {}
  std::optional<Attribute> find(std::string_view name) const override;

 private:
  const NodeDef& node_;
};

/// The raw attribute, or null.
const AttrValue* find_attribute(const NodeDef& node, std::string_view name);

}  // namespace temper::tensorflow
