#include "ir/text.h"

namespace temper {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') out += fmt::format("\\{}", c);
    else if (byte < 0x20 || byte == 0x7f) out += fmt::format("\\x{:02x}", byte);
    else out += c;
  }
  return out + '"';
}

std::string word_or_quoted(std::string_view text) { return is_word(text) ? std::string(text) : quoted(text); }

/// Node names go on to the end of the line.
std::string node_name(std::string_view name) {
  const bool plain = name.front() != ' ' && name.front() != '"' && name.back() != ' ' &&
                     std::ranges::all_of(name, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
  return plain ? std::string(name) : quoted(name);
}

/// What a float is, told from what an integer is.
std::string float_text(auto value) {
  std::string text = fmt::format("{}", value);
  if (text.find_first_not_of("-0123456789") == std::string::npos) text += ".0";
  return text;
}

class TensorText {
 public:
  explicit TensorText(std::int64_t most_elements) : most_elements_(most_elements) {}

  std::string operator()(const Tensor& tensor) const {
    if (tensor.elements() > most_elements_) return describe(tensor) + " ...";
    std::string text = describe(tensor) + "(";
    const auto add = [&](const std::string& element) { text += (text.back() == '(' ? "" : ", ") + element; };
    if (tensor.dtype() == DType::kString) {
      for (const std::string& element : tensor.string_data()) add(word_or_quoted(element));
    } else if (tensor.dtype() == DType::kList) {
      for (const Tensor& item : tensor.items()) add((*this)(item));
    } else {
      visit_elements(tensor.dtype(), [&]<class T>(Type<T>) {
        for (const T element : tensor.data<T>()) add(fmt::format("{}", static_cast<Compute<T>>(element)));
      });
    }
    return text + ")";
  }

 private:
  std::int64_t most_elements_;
};

/// As to_string(Attribute), but so that it can be read again.
struct AttributeText {
  TensorText tensor_text;

  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(std::int64_t value) const { return std::to_string(value); }
  std::string operator()(double value) const { return float_text(value); }
  std::string operator()(const std::string& value) const { return word_or_quoted(value); }
  std::string operator()(DType value) const { return std::string(dtype_name(value)); }
  std::string operator()(const Tensor& value) const { return tensor_text(value); }
  template <class T>
  std::string operator()(const std::vector<T>& values) const {
    std::string text;
    for (const T& value : values) text += (text.empty() ? "" : ",") + (*this)(value);
    return "[" + text + "]";
  }
};

class GraphText {
 public:
  GraphText(AttributeText attribute_text, std::string& text) : attribute_text_(attribute_text), text_(text) {}

  void print(const Graph& graph, const std::string& indent) {
    numbers_.assign(graph.value_count(), 0);
    text_ += "graph (";
    for (std::size_t i = 0; i < graph.inputs().size(); ++i) {
      const Port& input = graph.inputs()[i];
      text_ += fmt::format("{}{} {}: {}", i > 0 ? ", " : "", number(input.value), word_or_quoted(input.name),
                           describe(graph.fact(input.value)));
    }
    text_ += ") {\n";
    for (const NodeId id : graph.order()) print(graph.node(id), indent);
    text_ += indent + "  return ";
    for (std::size_t i = 0; i < graph.outputs().size(); ++i) {
      const Port& output = graph.outputs()[i];
      text_ += fmt::format("{}%{} {}", i > 0 ? ", " : "", numbers_[index(output.value)], word_or_quoted(output.name));
    }
    text_ += "\n" + indent + "}\n";
  }

 private:
  /// Values are numbered as they are printed, so that equal graphs have equal texts.
  std::string number(ValueId id) {
    numbers_[index(id)] = next_++;
    return fmt::format("%{}", numbers_[index(id)]);
  }

  void print(const Node& node, const std::string& indent) {
    std::string outputs, inputs, attributes;
    for (const ValueId id : node.outputs) outputs += (outputs.empty() ? "" : ", ") + number(id);
    for (const ValueId id : node.inputs) inputs += fmt::format("{}%{}", inputs.empty() ? "" : ", ", numbers_[index(id)]);
    for (const auto& [name, attribute] : node.op.attributes()) {
      attributes += fmt::format("{}{}: {}", attributes.empty() ? "" : ", ", name, std::visit(attribute_text_, attribute));
    }
    text_ += fmt::format("{}  {} = {}({})", indent, outputs, node.op.name(), inputs);
    if (!attributes.empty()) text_ += " {" + attributes + "}";
    if (!node.name.empty()) text_ += "  # " + node_name(node.name);
    text_ += '\n';
    for (const Graph& region : node.regions) {
      text_ += indent + "    region ";
      GraphText(attribute_text_, text_).print(region, indent + "    ");
    }
  }

  AttributeText attribute_text_;
  std::string& text_;
  std::vector<std::size_t> numbers_;
  std::size_t next_ = 0;
};

}  // namespace

bool is_word(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '/' || c == '-';
  });
}

std::string to_text(const Graph& graph, std::int64_t most_elements) {
  std::string text;
  GraphText({TensorText(most_elements)}, text).print(graph, "");
  return text;
}

std::string to_text(const Graph& graph) { return to_text(graph, kMostPrintedElements); }

}  // namespace temper
