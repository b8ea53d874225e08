#include "runtime/program.h"

#include "ops/control/if.h"
#include "ops/control/loop.h"
#include "plan/specialise.h"

namespace temper {
namespace {

/// Whether values of this fact may live in planned memory.
bool sized(const Fact& fact) {
  return fact.dtype != DType::kString && fact.dtype != DType::kList && fact.shape.known().has_value();
}

bool is_constant(const Fact& fact) { return fact.constant.has_value() || fact.packed != nullptr; }

Program::Kind kind_of(const Node& node) {
  if (node.op.as<Loop>() != nullptr) return Program::Kind::kLoop;
  if (node.op.as<If>() != nullptr) return Program::Kind::kIf;
  return node.regions.empty() ? Program::Kind::kUnplanned : Program::Kind::kRegions;
}

}  // namespace

class Program::Compiler {
 public:
  Compiler(Program& program, const ProgramOptions& options)
      : program_(program), graph_(*program.graph_), facts_(program.facts_), options_(options) {
    const std::size_t count = graph_.value_count();
    last_use_.resize(count, -1);
    uses_.resize(count);
    slot_.resize(count, kNoSlot);
    constant_.resize(count, kNoSlot);
    planned_.resize(count);
    for (const Port& input : graph_.inputs()) planned_[index(input.value)] = options_.plan_memory && sized(fact(input.value));
  }

  void compile() {
    for (const NodeId id : live_nodes(graph_, facts_)) begin_step(id);
    count_uses();
    place();
    for (const Port& input : graph_.inputs()) program_.inputs_.push_back(slot_of_input(input.value));
    for (Step& step : program_.steps_) finish_step(step);
    for (const Port& output : graph_.outputs()) program_.outputs_.push_back(use(output.value));
  }

 private:
  const Fact& fact(ValueId id) const { return facts_[index(id)]; }

  Facts facts_of(const std::vector<ValueId>& ids) const {
    Facts facts;
    for (const ValueId id : ids) facts.push_back(fact(id));
    return facts;
  }

  /// A value that a planned step may read: constant, or of known size, be its memory planned or not.
  bool readable(ValueId id) const { return is_constant(fact(id)) || sized(fact(id)); }

  void begin_step(NodeId id) {
    const Node& node = graph_.node(id);
    Step step;
    step.node = &node;
    step.kind = kind_of(node);
    const bool planned = options_.plan_memory && step.kind == Kind::kUnplanned && std::ranges::all_of(node.inputs, [&](ValueId input) { return readable(input); }) &&
                         std::ranges::all_of(node.outputs, [&](ValueId output) { return sized(fact(output)); });
    if (planned) settle(id, step);
    for (const ValueId output : node.outputs) planned_[index(output)] = step.kind == Kind::kPlanned;
    program_.steps_.push_back(std::move(step));
  }

  /// What runs a step of known sizes.
  void settle(NodeId id, Step& step) {
    const Node& node = *step.node;
    if (node.op.view()) {
      step.kind = planned_[index(node.inputs[0])] ? Kind::kPlanned : Kind::kDefinition;
      step.selection.maker = "view";
      return;
    }
    step.selection = in_context([&] { return fmt::format("node '{}' ({})", node.name, node.op.name()); }, [&] {
      if (options_.reference) return Selection{nullptr, "reference"};
      const std::string_view chosen = index(id) < options_.chosen.size() ? options_.chosen[index(id)] : std::string_view();
      return select_kernel(node, facts_of(node.inputs), options_.backends, chosen, options_.most_workspace);
    });
    step.kind = step.selection.kernel != nullptr ? Kind::kPlanned : Kind::kDefinition;
  }

  void count_uses() {
    for (std::size_t i = 0; i < program_.steps_.size(); ++i) {
      for (const ValueId input : program_.steps_[i].node->inputs) {
        last_use_[index(input)] = static_cast<std::int64_t>(i);
        ++uses_[index(input)];
      }
    }
    for (const Port& output : graph_.outputs()) ++uses_[index(output.value)];
  }

  void place() {
    if (!options_.plan_memory) return program_.placement_.places.resize(graph_.value_count());
    std::vector<PlannedStep> planned;
    for (std::size_t i = 0; i < program_.steps_.size(); ++i) {
      const Step& step = program_.steps_[i];
      if (step.kind == Kind::kPlanned) planned.push_back({step.node, step.selection.kernel.get(), static_cast<std::int64_t>(i)});
    }
    program_.placement_ = place_values(graph_, facts_, planned, last_use_);
    for (const PlannedStep& step : planned) {
      Step& mine = program_.steps_[static_cast<std::size_t>(step.at)];
      mine.elided = step.elided;
      mine.workspace_offset_bytes = step.workspace_offset_bytes;
    }
  }

  /// Unplanned steps read inputs from slots, planned ones where the caller has them.
  std::uint32_t slot_of_input(ValueId id) {
    return program_.placement_.places[index(id)].planned() ? kNoSlot : define(id);
  }

  void finish_step(Step& step) {
    const Node& node = *step.node;
    const bool planned = step.kind == Kind::kPlanned;
    for (std::size_t i = 0; i < node.inputs.size(); ++i) step.operands.push_back(operand(step, i));
    if (planned) {
      for (const ValueId output : node.outputs) step.results.push_back(static_cast<std::uint32_t>(index(output)));
      return;
    }
    for (const ValueId output : node.outputs) step.results.push_back(define(output));
    if (step.kind == Kind::kDefinition) return;
    step.facts = facts_of(node.inputs);
    for (Fact& fact : step.facts) fact.packed = nullptr;  // use() has unpacked it
    for (const Graph& region : node.regions) {
      Facts inputs;
      for (const Port& input : region.inputs()) inputs.push_back(region.fact(input.value));
      step.regions.emplace_back(region, inputs, ProgramOptions{.backends = options_.backends, .plan_memory = false, .reference = options_.reference, .most_workspace = options_.most_workspace});
    }
  }

  /// What a kernel has packed it does not read: its argument is only a mark there.
  Operand operand(const Step& step, std::size_t input) {
    const ValueId id = step.node->inputs[input];
    if (step.selection.kernel != nullptr && fact(id).packed != nullptr) {
      for (const PackedInput& packed : step.selection.kernel->packed()) {
        if (packed.input == input) return add_constant(Tensor());
      }
    }
    return use(id);
  }

  Operand add_constant(Tensor tensor) {
    program_.constants_.push_back(std::move(tensor));
    return {Operand::In::kConstant, false, static_cast<std::uint32_t>(program_.constants_.size() - 1)};
  }

  Operand use(ValueId id) {
    if (is_constant(fact(id))) {
      std::uint32_t& at = constant_[index(id)];
      if (at == kNoSlot) at = add_constant(fact(id).constant ? *fact(id).constant : unpacked(fact(id), options_.backends)).at;
      return {Operand::In::kConstant, false, at};
    }
    if (program_.placement_.places[index(id)].planned()) return {Operand::In::kPlace, false, static_cast<std::uint32_t>(index(id))};
    const std::uint32_t slot = slot_[index(id)];
    invariant(slot != kNoSlot, "a value is used before it is made");
    const bool last = --uses_[index(id)] == 0;
    if (last) free_.push_back(slot);
    return {Operand::In::kSlot, last, slot};
  }

  /// Operands are used before results are defined, so that a result may take the slot of an operand that ends there: it has
  /// been emptied by then.
  std::uint32_t define(ValueId id) {
    if (uses_[index(id)] == 0) return kNoSlot;
    if (free_.empty()) return slot_[index(id)] = program_.slot_count_++;
    slot_[index(id)] = free_.back();
    free_.pop_back();
    return slot_[index(id)];
  }

  Program& program_;
  const Graph& graph_;
  const Facts& facts_;
  const ProgramOptions& options_;
  std::vector<std::int64_t> last_use_;
  std::vector<std::size_t> uses_;
  std::vector<std::uint32_t> slot_;
  std::vector<std::uint32_t> constant_;
  std::vector<std::uint32_t> free_;
  std::vector<bool> planned_;  // by value: it is in memory that is planned
};

Program::Program(const Graph& graph, std::span<const Fact> inputs, const ProgramOptions& options)
    : graph_(&graph), backends_(options.reference ? Backends() : options.backends), most_workspace_(options.most_workspace), facts_(specialise(graph, inputs)) {
  Compiler(*this, options).compile();
}

}  // namespace temper
