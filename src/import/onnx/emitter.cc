#include "import/onnx/emitter.h"

namespace temper::onnx {
namespace {

/// Function calls and regions inside one another, and nodes in all, functions inlined.
constexpr int kMaxDepth = 100;
constexpr std::size_t kMaxNodes = std::size_t{1} << 20;

const CallAttributes kNoCall;

std::string plain_domain(const std::string& domain) { return domain == "ai.onnx" ? "" : domain; }

}  // namespace

Opsets read_opsets(const google::protobuf::RepeatedPtrField<OperatorSetIdProto>& imports) {
  Opsets opsets;
  for (const OperatorSetIdProto& import : imports) opsets[plain_domain(import.domain())] = import.version();
  const auto own = opsets.find("");
  require(own == opsets.end() || (own->second >= kFirstOpset && own->second <= kLastOpset),
          "uses version {} of ONNX's operators; versions {} to {} are supported", own == opsets.end() ? 0 : own->second, kFirstOpset, kLastOpset);
  return opsets;
}

Library::Library(ModelProto& model, ExternalFiles& files) : files_(files) {
  for (FunctionProto& function : *model.mutable_functions()) {
    protos_.try_emplace({plain_domain(function.domain()), function.name(), function.overload()}, &function);
  }
}

Function* Library::find(const NodeProto& node) {
  const Key key{plain_domain(node.domain()), node.op_type(), node.overload()};
  const auto found = protos_.find(key);
  if (found == protos_.end()) return nullptr;
  auto& function = functions_[key];
  if (!function) {
    in_context([&] { return fmt::format("function '{}'", node.op_type()); }, [&] {
      function = std::make_unique<Function>(Function{found->second, SourceGraph(*found->second), read_opsets(found->second->opset_import())});
    });
  }
  return function.get();
}

void Library::count_node() {
  require(++emitted_ <= kMaxNodes, "with its functions inlined the graph has more than {} nodes", kMaxNodes);
}

std::string operator_name(const NodeProto& node) {
  const std::string domain = plain_domain(node.domain());
  return domain.empty() ? node.op_type() : domain + "." + node.op_type();
}

bool is_structural(std::string_view op) { return op == "If" || op == "Loop" || op == "Scan"; }

Emitter::Emitter(Emitter& outer, SourceGraph& source, Graph& target, Captures& captures, std::size_t region)
    : setting_(outer.setting_), source_(source), target_(target), outer_(&outer), captures_(&captures), region_(region) {
  require(++setting_.depth <= kMaxDepth, "functions, loops and branches lie more than {} deep in one another", kMaxDepth);
}

void Emitter::give(std::string name, ValueId value) { values_.insert_or_assign(std::move(name), value); }

ValueIds Emitter::emit(const Names& ends) {
  std::set<std::string, std::less<>> given;
  for (const auto& [name, value] : values_) given.insert(name);
  for (const int id : source_.order(ends, given)) apply_node(id);
  ValueIds values;
  for (const std::string& end : ends) {
    values.push_back(get(end));
    require(values.back() != ValueId::kNone, "value '{}' is asked for, but its function is called without it", end);
  }
  return values;
}

/// The value of that name in this graph: given or emitted before, a constant, or one from around that is captured.
ValueId Emitter::get(const std::string& name) {
  const auto known = values_.find(name);
  if (known != values_.end()) return known->second;
  ValueId value = ValueId::kNone;
  if (source_.is_constant(name)) {
    value = target_.add_constant(source_.constant(name, setting_.library.files()), setting_.path + name);
  } else {
    require(outer_ != nullptr, "value '{}' is used, but nothing gives it", name);
    value = outer_->get(name);
    if (value != ValueId::kNone && captures_ != nullptr) value = captures_->capture(value, region_);
  }
  values_.emplace(name, value);
  return value;
}

void Emitter::apply_node(int id) {
  const NodeProto& node = source_.node(id);
  in_context([&] { return node_context(node); }, [&] {
    setting_.library.count_node();
    ValueIds inputs;
    for (const std::string& input : node.input()) inputs.push_back(input.empty() ? ValueId::kNone : get(input));
    const bool knows_narrow = node.op_type() == "DequantizeLinear" || node.op_type() == "Cast";
    for (const std::string& input : node.input()) {
      require(knows_narrow || !source_.is_narrow(input), "input '{}' is of 4 bits an element, which DequantizeLinear and Cast alone may take", input);
    }
    while (!inputs.empty() && inputs.back() == ValueId::kNone) inputs.pop_back();
    const ValueIds outputs = apply(id, node, std::move(inputs));
    for (int i = 0; i < node.output_size(); ++i) {
      if (node.output(i).empty()) continue;
      require(static_cast<std::size_t>(i) < outputs.size(), "output {} ('{}') is not supported", i, node.output(i));
      values_.insert_or_assign(node.output(i), outputs[static_cast<std::size_t>(i)]);
    }
  });
}

ValueIds Emitter::apply(int id, const NodeProto& node, ValueIds inputs) {
  if (Function* function = setting_.library.find(node)) return call(*function, node, inputs);
  const std::string op = operator_name(node);
  if (op == "If") return emit_if(id, node, inputs);
  if (op == "Loop") return emit_loop(id, node, inputs);
  if (op == "Scan") return emit_scan(id, node, inputs);
  const Rule* rule = rule_table().find_onnx(op);
  if (rule == nullptr) throw NoRuleError(fmt::format("operator {} is not supported", op));
  const auto opset = setting_.opsets.find(plain_domain(node.domain()));
  require(opset != setting_.opsets.end(), "the model does not say which version of operator set '{}' it uses", node.domain());
  const AttributeProto* old_broadcast = opset->second < 7 ? find_attribute(node, "broadcast", setting_.call) : nullptr;
  require(old_broadcast == nullptr || old_broadcast->i() == 0, "attribute 'broadcast' is of versions before 7, whose broadcasting is not supported");
  int outputs = node.output_size();
  while (outputs > 0 && node.output(outputs - 1).empty()) --outputs;
  const NodeAttributes attributes(node, setting_.call, setting_.library.files());
  NodeImport import(target_, setting_.path + node_name(node), op, attributes, std::move(inputs),
                    {opset->second, static_cast<std::size_t>(outputs)});
  return (*rule)(import);
}

ValueIds Emitter::call(Function& function, const NodeProto& node, const ValueIds& arguments) {
  require(setting_.depth < kMaxDepth, "functions, loops and branches lie more than {} deep in one another", kMaxDepth);
  require(arguments.size() <= function.graph.inputs().size(), "a function takes {} arguments, but {} are given", function.graph.inputs().size(),
          arguments.size());
  CallAttributes attributes;
  for (const AttributeProto& attribute : function.proto->attribute_proto()) attributes[attribute.name()] = &attribute;
  for (const AttributeProto& attribute : node.attribute()) {
    if (const AttributeProto* value = find_attribute(node, attribute.name(), setting_.call)) attributes[attribute.name()] = value;
  }
  Emitter body({setting_.library, function.opsets, attributes, setting_.path + node_name(node) + "/", setting_.depth + 1}, function.graph, target_);
  for (std::size_t i = 0; i < function.graph.inputs().size(); ++i) {
    body.give(function.graph.inputs()[i], i < arguments.size() ? arguments[i] : ValueId::kNone);
  }
  return body.emit(function.graph.outputs());
}

}  // namespace temper::onnx
