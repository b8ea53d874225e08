#pragma once
#include <optional>

#include "import/rule.h"
#include "import/tensorflow/contents.h"
#include "import/tensorflow/proto/graph.pb.h"

namespace temper::tensorflow {

/// The element type; references count as what they refer to, resources and variants as lists. Throws ModelError on a type
/// that Temper has not (complex and 4- and 8-bit floats), naming it.
DType to_dtype(DataType type);

/// Unknown rank and dims stay unknown. Throws ModelError on dims below -1.
ShapeFact to_shape(const TensorShapeProto& shape);

/// The tensor's dtype and shape. Throws ModelError where they are not known, or the content does not fit them.
Fact tensor_fact(const TensorProto& proto, const Contents& contents);

/// Takes the tensor out of its message, or reads it where that leaves it in the file, so that it is never held twice. Throws as
/// tensor_fact does.
Tensor take_tensor(TensorProto& proto, const Contents& contents);

/// The attributes of a node; find() throws ModelError where a value cannot be spoken of.
class NodeAttributes final : public SourceAttributes {
 public:
  NodeAttributes(const NodeDef& node, const Contents& contents) : node_(node), contents_(contents) {}
  std::optional<Attribute> find(std::string_view name) const override;

 private:
  const NodeDef& node_;
  const Contents& contents_;
};

/// The raw attribute, or null.
const AttrValue* find_attribute(const NodeDef& node, std::string_view name);

}  // namespace temper::tensorflow
