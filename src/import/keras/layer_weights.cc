#include "import/keras/layer_weights.h"

#include "import/rule.h"

namespace temper::keras {
namespace {

/// Whether the configuration says yes; where it does not speak of `key`, Keras's default for all such keys is yes. A list or number is a yes
/// too, null a no.
bool says_yes(const Layer& layer, std::string_view key) {
  bool negated = false;
  if (key.starts_with('!')) {
    negated = true;
    key.remove_prefix(1);
  }
  const std::size_t equals = key.find('=');
  const auto value = layer.attribute(key.substr(0, equals));
  if (equals != std::string_view::npos) {
    const std::string* text = value ? std::get_if<std::string>(&*value) : nullptr;
    return text != nullptr && *text == key.substr(equals + 1);
  }
  if (negated) return !value.has_value();  // there without a value, or not there
  const bool* flag = value ? std::get_if<bool>(&*value) : nullptr;
  return flag == nullptr || *flag;
}

}  // namespace

std::vector<WeightName> weight_names(const Layer& layer) {
  const LayerRule* rule = rule_table().find_keras(layer.class_name);
  std::vector<WeightName> names;
  if (rule == nullptr) return names;
  std::string_view left = rule->weights;
  while (!left.empty()) {
    std::string_view word = left.substr(0, left.find(' '));
    left.remove_prefix(std::min(left.size(), word.size() + 1));
    WeightName weight;
    if (word.starts_with('~')) {
      weight.trainable = false;
      word.remove_prefix(1);
    }
    const std::size_t condition = word.find('?');
    if (condition != std::string_view::npos && !says_yes(layer, word.substr(condition + 1))) continue;
    weight.name = std::string(word.substr(0, condition));
    names.push_back(std::move(weight));
  }
  return names;
}

}  // namespace temper::keras
