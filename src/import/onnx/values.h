#pragma once
#include <map>
#include <optional>
#include <string>

#include "import/onnx/dtype.h"
#include "import/onnx/external_data.h"
#include "import/onnx/proto/model.pb.h"
#include "import/rule.h"

namespace temper::onnx {

/// What a graph's input or output is declared to be; dims that are only named are unknown, sequences are lists. Throws ModelError on what is
/// neither.
Fact declared_fact(const TypeProto& type);

/// The tensor's dtype and shape. Throws ModelError where its elements do not fit them.
Fact tensor_fact(const TensorProto& proto, ExternalFiles& files);

/// Takes the tensor out of its message, or reads it from its file, so that it is never held twice. Throws as tensor_fact does.
Tensor take_tensor(TensorProto& proto, ExternalFiles& files);

/// The attributes that a call of a function gives its body, by the names that the body has for them.
using CallAttributes = std::map<std::string, const AttributeProto*, std::less<>>;

/// The attribute of that name, taken from `call` where the node says so; null where there is none.
const AttributeProto* find_attribute(const NodeProto& node, std::string_view name, const CallAttributes& call);

/// The attributes of a node; find() throws ModelError where a value cannot be spoken of.
class NodeAttributes final : public SourceAttributes {
 public:
  NodeAttributes(const NodeProto& node, const CallAttributes& call, ExternalFiles& files) : node_(node), call_(call), files_(files) {}
  std::optional<Attribute> find(std::string_view name) const override;

 private:
  const NodeProto& node_;
  const CallAttributes& call_;
  ExternalFiles& files_;
};

}  // namespace temper::onnx
