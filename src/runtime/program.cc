#include "runtime/program.h"

#include <chrono>

#include "ir/constant.h"
#include "ops/control/if.h"
#include "ops/control/loop.h"

namespace temper {
namespace {

/// A default-constructed tensor owns a buffer; a slot that holds nothing shares this one.
const Tensor& nothing() {
  static const Tensor empty;
  return empty;
}

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

bool condition(const Tensor& tensor, std::string_view what) {
  require(tensor.dtype() == DType::kBool && tensor.elements() == 1, "{} is {}, not one bool", what, tensor);
  return tensor.data<bool>()[0];
}

}  // namespace

/// Gives each value that is used a slot, free again after its last use.
class Program::Compiler {
 public:
  Compiler(Program& program, const Graph& graph) : program_(program), graph_(graph), order_(graph.order()) {
    uses_.resize(graph.value_count());
    slot_.resize(graph.value_count(), kNoSlot);
    constant_.resize(graph.value_count(), kNoSlot);
    for (const NodeId id : order_) {
      for (const ValueId input : graph.node(id).inputs) ++uses_[index(input)];
    }
    for (const Port& output : graph.outputs()) ++uses_[index(output.value)];
  }

  void compile(std::span<const Backend* const> backends, const ExecutorOptions& options) {
    for (const Port& input : graph_.inputs()) program_.inputs_.push_back(define(input.value));
    for (const NodeId id : order_) add(graph_.node(id), backends, options);
    for (const Port& output : graph_.outputs()) program_.outputs_.push_back(use(output.value));
    program_.slots_.resize(slot_count_, nothing());
    program_.constants_.shrink_to_fit();
  }

 private:
  void add(const Node& node, std::span<const Backend* const> backends, const ExecutorOptions& options) {
    if (const auto* constant = node.op.as<Constant>()) {
      constant_[index(node.outputs[0])] = static_cast<std::uint32_t>(program_.constants_.size());
      program_.constants_.push_back(constant->value);
      return;
    }
    Facts facts;
    for (const ValueId input : node.inputs) {
      Fact fact = graph_.fact(input);
      if (constant_[index(input)] == kNoSlot) fact.constant.reset();
      else fact.constant = program_.constants_[constant_[index(input)]];
      facts.push_back(std::move(fact));
    }
    Instruction instruction{.node = &node, .kernels = KernelCache(node, std::move(facts), backends), .regions = {}};
    if (const auto* loop = node.op.as<Loop>()) {
      instruction.kind = Kind::kLoop;
      instruction.carried = static_cast<std::size_t>(loop->carried);
    } else if (node.op.as<If>() != nullptr) {
      instruction.kind = Kind::kIf;
    } else if (!node.regions.empty()) {
      instruction.kind = Kind::kRegions;
    }
    for (const Graph& region : node.regions) instruction.regions.emplace_back(region, backends, options);
    instruction.first_operand = static_cast<std::uint32_t>(program_.operands_.size());
    instruction.operand_count = static_cast<std::uint32_t>(node.inputs.size());
    for (const ValueId input : node.inputs) program_.operands_.push_back(use(input));
    instruction.first_result = static_cast<std::uint32_t>(program_.results_.size());
    instruction.result_count = static_cast<std::uint32_t>(node.outputs.size());
    for (const ValueId output : node.outputs) program_.results_.push_back(define(output));
    program_.instructions_.push_back(std::move(instruction));
  }

  /// Operands are used before results are defined, so that a result may take the slot of an operand that ends there: the
  /// executor has emptied it by then.
  std::uint32_t define(ValueId id) {
    if (uses_[index(id)] == 0) return kNoSlot;
    if (free_.empty()) return slot_[index(id)] = slot_count_++;
    slot_[index(id)] = free_.back();
    free_.pop_back();
    return slot_[index(id)];
  }

  Operand use(ValueId id) {
    if (constant_[index(id)] != kNoSlot) return {constant_[index(id)], true, false};
    const std::uint32_t slot = slot_[index(id)];
    invariant(slot != kNoSlot, "a value is used before it is made");
    const bool last = --uses_[index(id)] == 0;
    if (last) free_.push_back(slot);
    return {slot, false, last};
  }

  Program& program_;
  const Graph& graph_;
  std::vector<NodeId> order_;
  std::vector<std::size_t> uses_;
  std::vector<std::uint32_t> slot_;
  std::vector<std::uint32_t> constant_;
  std::vector<std::uint32_t> free_;
  std::uint32_t slot_count_ = 0;
};

Program::Program(const Graph& graph, std::span<const Backend* const> backends, const ExecutorOptions& options)
    : profile_(options.profile) {
  Compiler(*this, graph).compile(backends, options);
}

void Program::execute() {
  try {
    for (Instruction& instruction : instructions_) {
      in_context([&] { return fmt::format("node '{}' ({})", instruction.node->name, instruction.node->op.name()); },
                 [&] { profile_ ? run_timed(instruction) : run(instruction); });
    }
  } catch (...) {
    clear();
    throw;
  }
}

Tensors Program::take_outputs() {
  Tensors outputs;
  outputs.reserve(outputs_.size());
  for (const Operand& output : outputs_) outputs.push_back(take(output));
  return outputs;
}

void Program::run_timed(Instruction& instruction) {
  const std::int64_t begin = now_ns();
  run(instruction);
  instruction.elapsed_ns += now_ns() - begin;
  ++instruction.count;
}

void Program::run(Instruction& instruction) {
  if (instruction.kind == Kind::kIf) return run_if(instruction);
  if (instruction.kind == Kind::kLoop) return run_loop(instruction);
  arguments_.clear();
  for (const Operand& operand : operands(instruction)) arguments_.push_back(take(operand));
  Tensors results;
  if (Kernel* kernel = instruction.kernels.find(arguments_)) {
    results = kernel->run(arguments_);
  } else {
    results = instruction.node->op.reference(arguments_, [this, &instruction](std::size_t region, Inputs in) {
      Program& program = instruction.regions.at(region);
      for (std::size_t i = 0; i < in.size(); ++i) program.bind(i, in[i]);
      program.execute();
      return program.take_outputs();
    });
  }
  arguments_.clear();
  set_results(instruction, std::move(results));
}

void Program::run_if(Instruction& instruction) {
  const auto in = operands(instruction);
  Program& region = instruction.regions[condition(peek(in[0]), "the condition") ? 0 : 1];
  take(in[0]);
  for (std::size_t i = 1; i < in.size(); ++i) region.bind(i - 1, take(in[i]));
  region.execute();
  set_results(instruction, region.take_outputs());
}

/// As Loop::reference; but what the body takes is given away, so that its lists are changed in place.
void Program::run_loop(Instruction& instruction) {
  Program& go_on = instruction.regions[0];
  Program& body = instruction.regions[1];
  const std::size_t carried = instruction.carried;
  Tensors state;
  state.reserve(instruction.operand_count);
  for (const Operand& operand : operands(instruction)) state.push_back(take(operand));
  for (;;) {
    for (std::size_t i = 0; i < state.size(); ++i) {
      if (go_on.inputs_[i] != kNoSlot) go_on.bind(i, state[i]);
    }
    go_on.execute();
    if (!condition(go_on.take_output(0), "a loop condition")) break;
    for (std::size_t i = 0; i < state.size(); ++i) {
      if (body.inputs_[i] == kNoSlot) continue;
      body.bind(i, i < carried ? std::move(state[i]) : state[i]);
    }
    body.execute();
    for (std::size_t i = 0; i < carried; ++i) state[i] = body.take_output(i);
  }
  state.resize(carried, nothing());
  set_results(instruction, std::move(state));
}

void Program::set_results(const Instruction& instruction, Tensors results) {
  invariant(results.size() == instruction.result_count, "operator {} gave {} outputs where {} were expected",
            instruction.node->op.name(), results.size(), instruction.result_count);
  for (std::size_t i = 0; i < results.size(); ++i) {
    const std::uint32_t slot = results_[instruction.first_result + i];
    if (slot != kNoSlot) slots_[slot] = std::move(results[i]);
  }
}

void Program::clear() {
  arguments_.clear();
  std::ranges::fill(slots_, nothing());
}

void Program::add_profile(std::vector<NodeProfile>& profile) const {
  for (const Instruction& instruction : instructions_) {
    const std::size_t at = profile.size();
    const bool control = instruction.kind == Kind::kIf || instruction.kind == Kind::kLoop;
    profile.push_back({instruction.node, control ? "control" : instruction.kernels.kernel_name(),
                       instruction.kernels.refusals(), instruction.count, instruction.elapsed_ns});
    for (const Program& region : instruction.regions) region.add_profile(profile);
    for (std::size_t i = at + 1; i < profile.size(); ++i) profile[at].elapsed_ns -= profile[i].elapsed_ns;
  }
}

}  // namespace temper
