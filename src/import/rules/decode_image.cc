#include "import/rule.h"

namespace temper {
namespace {

ValueId decode(NodeImport& node) {
  const auto dct_method = node.attribute<std::string>("dct_method", "");
  require(dct_method.empty() || dct_method == "INTEGER_FAST" || dct_method == "INTEGER_ACCURATE",
          "attribute 'dct_method' is '{}'", dct_method);
  return node.emit("decode_image", node.inputs(),
                   {{"channels", node.attribute("channels", std::int64_t{0})},
                    {"dtype", node.attribute("dtype", DType::kUInt8)},
                    {"fast_dct", dct_method != "INTEGER_ACCURATE"},
                    {"fancy_upscaling", node.attribute("fancy_upscaling", true)},
                    {"ratio", node.attribute("ratio", std::int64_t{1})}});
}

}  // namespace

/// Any of these reads a file of any format that is known, as they do in TensorFlow.
REGISTER_RULES(decode_image) {
  for (const char* op : {"DecodeJpeg", "DecodePng", "DecodeBmp", "DecodeImage", "DecodeAndCropJpeg"}) {
    rules.tensorflow(op, [](NodeImport& node) -> ValueIds { return {decode(node)}; });
  }
  rules.tensorflow("DecodeWebP", [](NodeImport& node) -> ValueIds {  // it gives frames, of which a picture is one
    return {node.emit("expand_dims", {decode(node)}, {{"axis", std::int64_t{0}}})};
  });
}

}  // namespace temper
