#include "import/rule.h"

namespace temper {

REGISTER_RULES(activation) {
  rules.tensorflow("Relu", emit_as("relu"));
  rules.tensorflow("Relu6", emit_as("relu6"));
  rules.tensorflow("LeakyRelu", [](NodeImport& node) -> ValueIds {
    return {node.emit("leaky_relu", {node.input(0)}, {{"alpha", node.attribute("alpha", 0.2)}})};
  });
  rules.tensorflow("Elu", emit_as("elu"));
  rules.tensorflow("Selu", emit_as("selu"));
  rules.tensorflow("Softplus", emit_as("softplus"));
  rules.tensorflow("Softsign", emit_as("softsign"));
  rules.tensorflow("Sigmoid", emit_as("sigmoid"));
  rules.tensorflow("Tanh", emit_as("tanh"));
}

}  // namespace temper
