#include "import/tensorflow/emitter.h"

#include <limits>

#include "import/tensorflow/values.h"

namespace temper::tensorflow {
namespace {

/// Function calls inside one another, and regions (or branches and loops that wait for one another inside a region).
constexpr int kMaxDepth = 100;
constexpr int kMaxRegions = 300;
/// Nodes in all, functions inlined.
constexpr std::size_t kMaxNodes = std::size_t{1} << 20;

/// Adds one to a counter while it lives. Throws ModelError where it passes kMaxRegions.
class Nested {
 public:
  explicit Nested(int& count) : count_(count) {
    require(count < kMaxRegions, "branches and loops lie more than {} deep in one another", kMaxRegions);
    ++count_;
  }
  ~Nested() { --count_; }
  Nested(const Nested&) = delete;
  Nested& operator=(const Nested&) = delete;

 private:
  int& count_;
};

std::string node_context(const SourceNode& node) { return fmt::format("node '{}' ({})", node.name, node.op); }

}  // namespace

/// Where values are emitted. A region's scope has captures; `guards` and `frame` are what holds in it beyond its parent.
struct Emitter::Scope {
  Scope* parent = nullptr;
  Graph& graph;
  int frame = -1;
  Guards guards;  ///< of the parents too
  Captures* captures = nullptr;
  std::size_t region = 0;
  std::map<SourceEdge, ValueId> values;

  void assume(const Guard& guard) {
    guards.push_back(guard);
    std::ranges::sort(guards);
  }
};

FunctionLibrary::FunctionLibrary(FunctionDefLibrary& library, const Contents& contents) : contents_(contents) {
  for (FunctionDef& function : *library.mutable_function()) functions_.emplace(function.signature().name(), &function);
}

SourceGraph* FunctionLibrary::find(const std::string& name) {
  const auto found = functions_.find(name);
  if (found == functions_.end()) return nullptr;
  auto& graph = resolved_[name];
  if (!graph) {
    in_context([&] { return fmt::format("function '{}'", name); },
               [&] { graph = std::make_unique<SourceGraph>(*found->second, contents_); });
  }
  return graph.get();
}

void FunctionLibrary::count_node() {
  require(++emitted_ <= kMaxNodes, "with its functions inlined the graph has more than {} nodes", kMaxNodes);
}

const std::set<std::string_view>& structural_ops() {
  static const std::set<std::string_view> ops = {
      "Const", "Placeholder", "PlaceholderV2", "PartitionedCall", "StatefulPartitionedCall", "If", "StatelessIf", "While",
      "StatelessWhile", "Case", "StatelessCase", "Switch", "RefSwitch", "Merge", "RefMerge", "Enter", "RefEnter", "Exit",
      "RefExit", "NextIteration", "RefNextIteration", "LoopCond"};
  return ops;
}

bool is_structural(std::string_view op) { return op == kArgument || structural_ops().contains(op); }

Emitter::Emitter(FunctionLibrary& library, SourceGraph& source, Graph& target, std::map<SourceEdge, ValueId> given,
                 std::string path, int depth)
    : library_(library), source_(source), given_(std::move(given)), path_(std::move(path)), depth_(depth),
      root_(new Scope{nullptr, target, -1, {}, nullptr, 0, given_}) {
  require(depth <= kMaxDepth, "functions, loops and branches lie more than {} deep in one another", kMaxDepth);
}

Emitter::~Emitter() = default;

ValueIds Emitter::emit(const std::vector<SourceEdge>& ends) {
  std::vector<bool> cut(static_cast<std::size_t>(source_.size()));
  for (const auto& [edge, value] : given_) cut[static_cast<std::size_t>(edge.node)] = true;
  live_ = source_.live(ends, cut);
  const std::vector<int> order = source_.order(live_, cut);
  flow_.emplace(source_, order, cut);
  for (const int id : order) {  // in this order nothing waits long for its inputs, however deep the graph is
    const SourceEdge edge{id, 0};
    if (cut[static_cast<std::size_t>(id)] || flow_->frame_of(id) >= 0) continue;
    if (!includes(root_->guards, flow_->guards_of(edge))) continue;
    const std::string& op = source_.node(id).op;
    if (is_plain(id)) emit_plain(id, *root_);
    if (is_exit(op) || (is_merge(op) && !flow_->is_loop_variable(id))) get(edge, *root_);
  }
  ValueIds values;
  for (const SourceEdge& end : ends) values.push_back(get(end, *root_));
  return values;
}

/// The value of `edge` in `scope`: emitted there, or where it belongs further out and captured.
ValueId Emitter::get(SourceEdge edge, Scope& scope) {
  const auto known = scope.values.find(edge);
  if (known != scope.values.end()) return known->second;
  ValueId value;
  if (belongs_outside(edge, scope)) {
    value = get(edge, *scope.parent);
    if (scope.captures != nullptr) value = scope.captures->capture(value, scope.region);
  } else {
    value = get_here(edge, scope);
  }
  scope.values.emplace(edge, value);
  return value;
}

bool Emitter::belongs_outside(SourceEdge edge, const Scope& scope) const {
  if (scope.parent == nullptr) return false;
  if (source_.node(edge.node).op == "Const") return true;
  return flow_->frame_within(scope.parent->frame, flow_->frame_of(edge.node)) &&
         includes(scope.parent->guards, flow_->guards_of(edge));
}

bool Emitter::is_plain(int id) const {
  const std::string& op = source_.node(id).op;
  return !is_switch(op) && !is_merge(op) && !is_enter(op) && !is_exit(op) && !is_next_iteration(op);
}

ValueId Emitter::get_here(SourceEdge edge, Scope& scope) {
  const SourceNode& node = source_.node(edge.node);
  return in_context([&] { return node_context(node); }, [&]() -> ValueId {
    if (is_enter(node.op)) {
      require(scope.captures != nullptr, "is used outside its loop");
      return scope.captures->capture(get(node.inputs[0], *scope.parent), scope.region);
    }
    if (is_switch(node.op)) {
      require(flow_->switched_merge(edge.node) < 0 && includes(scope.guards, flow_->guards_of(edge)),
              "is used where it is not known which way it goes; the graph lacks the Merge that would join both");
      return get(node.inputs[0], scope);
    }
    require(!is_next_iteration(node.op), "is used outside its loop");
    if (is_exit(node.op)) {
      emit_loop(flow_->frame_of(flow_->switched_merge(node.inputs[0].node)), scope);
    } else if (is_merge(node.op)) {
      require(!flow_->is_loop_variable(edge.node), "is a loop variable that is used outside its loop");
      emit_conditional(flow_->conditional_of(edge.node), scope);
    } else {
      emit_plain(edge.node, scope);
    }
    const auto value = scope.values.find(edge);
    require(value != scope.values.end(), "has no output {}", edge.port);
    return value->second;
  });
}

/// Emits a node with the plain nodes it waits for, without recursion, since graphs may be deep.
void Emitter::emit_plain(int id, Scope& scope) {
  std::vector<int> stack = {id};
  std::set<int> open;
  while (!stack.empty()) {
    const int top = stack.back();
    const auto waiting = [&](const SourceEdge& input) {
      return !scope.values.contains(input) && is_plain(input.node) && !belongs_outside(input, scope);
    };
    bool ready = true;
    if (open.insert(top).second) {
      for (const SourceEdge& input : source_.node(top).inputs) {
        if (!waiting(input)) continue;
        require(!open.contains(input.node), "the graph has a cycle through node '{}'", source_.node(input.node).name);
        stack.push_back(input.node);
        ready = false;
      }
    }
    if (!ready) continue;
    stack.pop_back();
    open.erase(top);
    if (!scope.values.contains({top, 0})) apply_rule(top, scope);
  }
}

void Emitter::apply_rule(int id, Scope& scope) {
  ValueIds inputs;
  for (const SourceEdge& input : source_.node(id).inputs) inputs.push_back(get(input, scope));
  const ValueIds outputs =
      in_context([&] { return node_context(source_.node(id)); }, [&] { return apply(id, inputs, scope); });
  for (std::size_t port = 0; port < outputs.size(); ++port) {
    scope.values.emplace(SourceEdge{id, static_cast<int>(port)}, outputs[port]);
  }
}

ValueIds Emitter::apply(int id, const ValueIds& inputs, Scope& scope) {
  const SourceNode& node = source_.node(id);
  require(node.def != nullptr, "argument {} is not given", node.argument);
  library_.count_node();
  if (node.op == "Const") return {scope.graph.add_constant(source_.constant(id), path_ + node.name)};
  if (node.op == "LoopCond") return inputs;
  if (auto outputs = apply_function_op(id, inputs, scope.graph)) return *outputs;
  const Rule* rule = rule_table().find_tensorflow(node.op);
  if (rule == nullptr) throw NoRuleError(fmt::format("operator {} is not supported", node.op));
  const NodeAttributes attributes(*node.def, source_.contents());
  NodeImport import(scope.graph, path_ + node.name, node.op, attributes, inputs);
  return (*rule)(import);
}

/// The value that a Merge takes of these inputs, and which it is: more than one are told apart by further branches.
std::pair<ValueId, ValueId> Emitter::emit_merged(int merge, const std::vector<std::size_t>& inputs, Scope& scope) {
  const std::string name = path_ + source_.node(merge).name;
  if (inputs.size() == 1) {
    const ValueId position = scope.graph.add_constant(Tensor::scalar(static_cast<std::int32_t>(inputs[0])), name);
    return {get(source_.node(merge).inputs[inputs[0]], scope), position};
  }
  const Split split = flow_->split(merge, inputs);
  const ValueId predicate = get(split.predicate, scope);
  const ValueIds results = build_if(scope.graph, name, predicate, [&](Graph& graph, Captures& captures, std::size_t region) {
    Scope branch{&scope, graph, scope.frame, scope.guards, &captures, region, {}};
    branch.assume({split.predicate, region == 0});
    const auto [value, position] = emit_merged(merge, split.side(region == 0), branch);
    return ValueIds{value, position};
  });
  return {results[0], results[1]};
}

void Emitter::emit_conditional(const Conditional& conditional, Scope& scope) {
  const Nested nested(open_regions_);
  const ValueId predicate = get(conditional.predicate, scope);
  const auto emit_side = [&](bool holds, Scope& side) {
    ValueIds values;
    for (std::size_t i = 0; i < conditional.merges.size(); ++i) {
      const auto [value, position] = emit_merged(conditional.merges[i], conditional.splits[i].side(holds), side);
      values.insert(values.end(), {value, position});
    }
    return values;
  };
  ValueIds results;
  const auto& constant = scope.graph.fact(predicate).constant;
  if (constant && constant->elements() == 1) {
    const bool holds = constant->to_int64("the predicate") != 0;
    scope.assume({conditional.predicate, holds});
    results = emit_side(holds, scope);
  } else {
    const std::string name = path_ + source_.node(conditional.merges[0]).name;
    results = build_if(scope.graph, name, predicate, [&](Graph& graph, Captures& captures, std::size_t region) {
      Scope branch{&scope, graph, scope.frame, scope.guards, &captures, region, {}};
      branch.assume({conditional.predicate, region == 0});
      return emit_side(region == 0, branch);
    });
  }
  for (std::size_t i = 0; i < conditional.merges.size(); ++i) {
    scope.values.insert_or_assign({conditional.merges[i], 0}, results[2 * i]);
    scope.values.insert_or_assign({conditional.merges[i], 1}, results[2 * i + 1]);
  }
}

void Emitter::emit_loop(int frame_id, Scope& scope) {
  const Nested nested(open_regions_);
  const LoopFrame& loop = flow_->frame(frame_id);
  require(open_loops_.insert(frame_id).second, "loop '{}' uses its own result", loop.name);
  ValueIds initial;
  for (const LoopVariable& variable : loop.variables) initial.push_back(get(variable.initial, scope));
  const auto emit = [&](LoopRegions& regions, Captures& captures, const ValueIds& in_condition, const ValueIds& in_body) {
    Scope condition{&scope, regions.condition, frame_id, scope.guards, &captures, 0, {}};
    Scope body{&scope, regions.body, frame_id, scope.guards, &captures, 1, {}};
    for (std::size_t i = 0; i < loop.variables.size(); ++i) {
      condition.values[{loop.variables[i].merge, 0}] = in_condition[i];
      body.values[{loop.variables[i].merge, 0}] = in_body[i];
    }
    for (int id = 0; id < source_.size(); ++id) {  // a Switch hands its variable to the body while the condition holds
      if (!live_[static_cast<std::size_t>(id)] || !is_switch(source_.node(id).op)) continue;
      const auto found = body.values.find({flow_->switched_merge(id), 0});
      if (found != body.values.end()) body.values[{id, 1}] = found->second;
    }
    LoopEnds ends;
    ends.condition = get(loop.condition, condition);
    for (const LoopVariable& variable : loop.variables) ends.next.push_back(get(variable.next, body));
    return ends;
  };
  const ValueIds results = build_loop(scope.graph, path_ + loop.name, initial, emit);
  open_loops_.erase(frame_id);
  for (const int exit : loop.exits) {
    const int merge = flow_->switched_merge(source_.node(exit).inputs[0].node);
    const auto variable = std::ranges::find(loop.variables, merge, &LoopVariable::merge);
    if (variable == loop.variables.end()) continue;
    scope.values.insert_or_assign({exit, 0}, results[static_cast<std::size_t>(variable - loop.variables.begin())]);
  }
}

SourceGraph& Emitter::function(int id, std::string_view attribute) {
  const AttrValue* value = find_attribute(*source_.node(id).def, attribute);
  require(value != nullptr && value->has_func(), "attribute '{}' is missing or names no function", attribute);
  SourceGraph* found = library_.find(value->func().name());
  require(found != nullptr, "attribute '{}' names function '{}', which the file does not hold", attribute,
          value->func().name());
  return *found;
}

ValueIds Emitter::call(SourceGraph& callee, const ValueIds& arguments, Graph& target, const std::string& name) {
  std::map<SourceEdge, ValueId> given;
  for (int id = 0; id < callee.size(); ++id) {
    const SourceNode& node = callee.node(id);
    if (node.argument < 0) continue;
    require(static_cast<std::size_t>(node.argument) < arguments.size(), "a function takes argument {}, but {} are given",
            node.argument, arguments.size());
    given[{id, 0}] = arguments[static_cast<std::size_t>(node.argument)];
  }
  return Emitter(library_, callee, target, std::move(given), name + "/", depth_ + 1).emit(callee.results());
}

std::optional<ValueIds> Emitter::apply_function_op(int id, const ValueIds& inputs, Graph& graph) {
  const SourceNode& node = source_.node(id);
  const std::string name = path_ + node.name;
  if (node.op == "PartitionedCall" || node.op == "StatefulPartitionedCall") {
    return call(function(id, "f"), inputs, graph, name);
  }
  if (node.op == "If" || node.op == "StatelessIf") return call_if(id, inputs, graph);
  if (node.op == "Case" || node.op == "StatelessCase") return call_case(id, inputs, 0, graph);
  if (node.op == "While" || node.op == "StatelessWhile") return call_while(id, inputs, graph);
  if (SourceGraph* callee = library_.find(node.op)) return call(*callee, inputs, graph, name);
  return std::nullopt;
}

ValueIds Emitter::call_if(int id, const ValueIds& inputs, Graph& graph) {
  require(!inputs.empty(), "has no condition");
  const std::string name = path_ + source_.node(id).name;
  SourceGraph* branches[] = {&function(id, "then_branch"), &function(id, "else_branch")};
  const ValueIds arguments(inputs.begin() + 1, inputs.end());
  const NodeAttributes none(*source_.node(id).def, source_.contents());
  NodeImport import(graph, name, "If", none, inputs);
  const ValueId predicate = import.emit("truth", {inputs[0]});
  if (const auto& constant = graph.fact(predicate).constant) {
    return call(*branches[constant->data<bool>()[0] ? 0 : 1], arguments, graph, name);
  }
  return build_if(graph, name, predicate, [&](Graph& region, Captures& captures, std::size_t index) {
    ValueIds inside;
    for (const ValueId argument : arguments) inside.push_back(captures.capture(argument, index));
    return call(*branches[index], inside, region, name);
  });
}

/// A chain of Ifs, one for each branch but the last, which also takes every index out of range.
ValueIds Emitter::call_case(int id, const ValueIds& inputs, std::size_t first, Graph& graph) {
  const SourceNode& node = source_.node(id);
  const AttrValue* value = find_attribute(*node.def, "branches");
  require(value != nullptr && value->list().func_size() > 0 && !inputs.empty(), "attribute 'branches' names no function");
  const auto branch_name = value->list().func(static_cast<int>(first)).name();
  SourceGraph* branch = library_.find(branch_name);
  require(branch != nullptr, "attribute 'branches' names function '{}', which the file does not hold", branch_name);
  const ValueIds arguments(inputs.begin() + 1, inputs.end());
  const std::string name = path_ + node.name;
  if (first + 1 == static_cast<std::size_t>(value->list().func_size())) return call(*branch, arguments, graph, name);
  const NodeAttributes attributes(*node.def, source_.contents());
  NodeImport import(graph, name, "Case", attributes, inputs);
  const ValueId wanted = import.constant(Tensor::scalar(static_cast<std::int32_t>(first)));
  const ValueId predicate = import.emit("equal", {inputs[0], wanted});
  return build_if(graph, name, predicate, [&](Graph& region, Captures& captures, std::size_t index) {
    ValueIds inside;
    for (const ValueId input : inputs) inside.push_back(captures.capture(input, index));
    if (index == 1) return call_case(id, inside, first + 1, region);
    return call(*branch, ValueIds(inside.begin() + 1, inside.end()), region, name);
  });
}

ValueIds Emitter::call_while(int id, const ValueIds& inputs, Graph& graph) {
  SourceGraph& condition = function(id, "cond");
  SourceGraph& body = function(id, "body");
  const std::string name = path_ + source_.node(id).name;
  const auto emit = [&](LoopRegions& regions, Captures&, const ValueIds& in_condition, const ValueIds& in_body) {
    LoopEnds ends;
    const ValueIds go_on = call(condition, in_condition, regions.condition, name);
    require(go_on.size() == 1, "the condition gives {} values", go_on.size());
    const NodeAttributes attributes(*source_.node(id).def, source_.contents());
    NodeImport import(regions.condition, name, "While", attributes, go_on);
    ends.condition = import.emit("truth", {go_on[0]});
    ends.next = call(body, in_body, regions.body, name);
    require(ends.next.size() == inputs.size(), "the body gives {} values for {} variables", ends.next.size(),
            inputs.size());
    return ends;
  };
  return build_loop(graph, name, inputs, emit);
}

}  // namespace temper::tensorflow
