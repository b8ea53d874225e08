#include "runtime/footprint.h"

#include <algorithm>

#include "base/memory.h"
#include "plan/profile.h"
#include "plan/specialise.h"

namespace temper {
namespace {

/// What a kernel whose code is made at run time takes for it, and for its descriptions.
constexpr std::int64_t kKernelBytes = 48 << 10;
/// What remains of making a kernel that packs its weights anew: code that does that, and a heap with holes.
constexpr std::int64_t kPackingBytes = 192 << 10;
/// What lists of steps, facts and tensors take, and code of ours that only some kernels run.
constexpr std::int64_t kStepBytes = 16 << 10;
/// Code of this program that reading and running a plan touches first, and of the library that makes kernels at run time. The system loads it in
/// large pieces, so that it depends little on the plan.
constexpr std::int64_t kOwnCodeBytes = 9 << 19;
constexpr std::int64_t kLibraryCodeBytes = 11 << 18;

std::int64_t bytes_of(const Fact& fact) {
  if (fact.packed) return static_cast<std::int64_t>(fact.packed->bytes.size_bytes());
  if (fact.constant && fact.dtype != DType::kString && fact.dtype != DType::kList) return static_cast<std::int64_t>(fact.constant->size_bytes());
  return 0;
}

/// Constants in memory: all, and what remains where each step gives back its own.
struct Weights {
  std::int64_t all = 0;
  std::int64_t largest_step = 0;
  std::int64_t held = 0;  ///< copies that are not given back

  std::int64_t streamed() const { return held + largest_step; }
};

Weights weights_of(const Program& program) {
  Weights weights;
  std::vector<bool> seen(program.facts().size());
  for (const Program::Step& step : program.steps()) {
    const auto held = step.selection.kernel != nullptr ? static_cast<std::int64_t>(step.selection.kernel->held_bytes()) : 0;
    weights.held += held;
    weights.all += held;
    std::int64_t mine = 0;
    for (std::size_t i = 0; i < step.node->inputs.size(); ++i) {
      const std::size_t id = index(step.node->inputs[i]);
      const Fact& fact = program.facts()[id];
      const bool copied = held > 0 && i == 1;  // the kernel reads its own
      if (seen[id] || copied) continue;
      seen[id] = true;
      mine += bytes_of(fact);
      if (fact.packed && step.kind != Program::Kind::kPlanned) weights.held += size_bytes(fact);  // unpacked
    }
    for (const Program& region : step.regions) mine += weights_of(region).all;
    weights.all += mine;
    weights.largest_step = std::max(weights.largest_step, mine);
  }
  return weights;
}

/// The most bytes that slots hold at a time.
std::int64_t loose_bytes_of(const Program& program) {
  std::vector<std::int64_t> slots(program.slot_count());
  std::int64_t now = 0, most = 0;
  const auto set = [&](std::uint32_t slot, std::int64_t size) {
    now += size - slots[slot];
    slots[slot] = size;
    most = std::max(most, now);
  };
  for (const Program::Step& step : program.steps()) {
    if (step.kind == Program::Kind::kPlanned) {
      for (const Program::Operand& operand : step.operands) {
        if (operand.in == Program::Operand::In::kSlot && operand.last) set(operand.at, 0);
      }
      continue;
    }
    std::int64_t freed = 0;
    for (const Program::Operand& operand : step.operands) {
      if (operand.in != Program::Operand::In::kSlot || !operand.last) continue;
      freed += slots[operand.at];  // when the step is done
      slots[operand.at] = 0;
    }
    for (std::size_t i = 0; i < step.results.size(); ++i) {
      const Fact& fact = program.facts()[index(step.node->outputs[i])];
      const bool known = fact.dtype != DType::kString && fact.dtype != DType::kList && fact.shape.known();
      if (step.results[i] != Program::kNoSlot) set(step.results[i], known ? size_bytes(fact) : 0);
    }
    now -= freed;
  }
  return most;
}

std::int64_t planned_bytes(const Program& program, const std::vector<Port>& ports) {
  std::int64_t sum = 0;
  for (const Port& port : ports) {
    const Fact& fact = program.facts()[index(port.value)];
    if (program.placement().places[index(port.value)].planned()) sum += size_bytes(fact);
  }
  return sum;
}

/// The steps at which most of the arena is in use.
std::string largest_steps(const Program& program) {
  std::vector<std::pair<std::int64_t, const Node*>> sizes;
  for (const Program::Step& step : program.steps()) {
    std::int64_t sum = 0;
    if (step.kind != Program::Kind::kPlanned || step.elided) continue;
    for (const auto& ids : {step.node->inputs, step.node->outputs}) {
      for (const ValueId id : ids) {
        if (program.placement().places[index(id)].planned()) sum += size_bytes(program.facts()[index(id)]);
      }
    }
    sizes.emplace_back(sum, step.node);
  }
  std::ranges::sort(sizes, std::greater{}, [](const auto& size) { return size.first; });
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < std::min<std::size_t>(3, sizes.size()); ++i) {
    lines.push_back(fmt::format("'{}' ({}, {})", sizes[i].second->name, sizes[i].second->op.name(), format_bytes(static_cast<std::size_t>(sizes[i].first))));
  }
  return fmt::format("{}", fmt::join(lines, ", "));
}

/// What a step reads and writes, as far as that is known; an output may take the place of an input of its size.
std::int64_t least_bytes(const Node& node, const Facts& facts) {
  std::vector<std::int64_t> in;
  std::int64_t sum = 0, shared = 0;
  const auto size_of_value = [&](ValueId value) {
    const Fact& fact = facts[index(value)];
    return fact.dtype != DType::kString && fact.dtype != DType::kList && fact.shape.known() ? size_bytes(fact) : 0;
  };
  for (const ValueId input : node.inputs) in.push_back(size_of_value(input));
  for (const std::int64_t size : in) sum += size;
  for (const ValueId output : node.outputs) {
    const std::int64_t size = size_of_value(output);
    sum += size;
    if (std::ranges::find(in, size) != in.end()) shared = std::max(shared, size);
  }
  return sum - shared;
}

}  // namespace

Footprint footprint_of(const Program& program, bool streams_weights) {
  Footprint footprint;
  std::int64_t made = 0, packing = 0;
  for (const Program::Step& step : program.steps()) {
    const Kernel* kernel = step.selection.kernel.get();
    made += kernel != nullptr && kernel->made_at_run_time();
    packing += kernel != nullptr && kernel->held_bytes() > 0;
  }
  footprint.process_bytes = static_cast<std::int64_t>(baseline_resident_bytes());
  footprint.code_bytes = kOwnCodeBytes + (made > 0 ? kLibraryCodeBytes : 0) + made * kKernelBytes + packing * kPackingBytes + static_cast<std::int64_t>(program.steps().size()) * kStepBytes;
  const Weights weights = weights_of(program);
  footprint.weights_bytes = streams_weights ? weights.streamed() : weights.all;
  footprint.held_bytes = weights.held;
  footprint.arena_bytes = program.placement().memory.arena_bytes;
  footprint.loose_bytes = loose_bytes_of(program);
  footprint.ends_bytes = planned_bytes(program, program.graph().inputs()) + 2 * planned_bytes(program, program.graph().outputs());
  footprint.streams_weights = streams_weights;
  return footprint;
}

Footprint fit(const Program& program, std::size_t limit_bytes) {
  const Footprint whole = footprint_of(program, false);
  const auto limit = static_cast<std::int64_t>(limit_bytes);
  if (limit == 0 || whole.most_bytes() <= limit) return whole;
  const Footprint streamed = footprint_of(program, true);
  if (streamed.most_bytes() <= limit) return streamed;
  const auto text = [](std::int64_t bytes) { return format_bytes(static_cast<std::size_t>(bytes)); };
  throw ModelError(fmt::format(
      "needs {} of memory at these sizes, but {} is allowed: {} for the program and its kernels, {} for the weights of one step at a time (all: {}), "
      "{} for activations, {} for results that are not planned, {} for inputs and outputs; the largest steps are {}; smaller inputs, a smaller batch, "
      "optimising with a smaller --max-workspace, or --memory-limit {}M would help",
      text(streamed.most_bytes()), text(limit), text(streamed.process_bytes + streamed.code_bytes + streamed.reserve_bytes()), text(streamed.weights_bytes), text(whole.weights_bytes),
      text(streamed.arena_bytes), text(streamed.loose_bytes), text(streamed.ends_bytes), largest_steps(program), (streamed.most_bytes() >> 20) + 1));
}

void require_fits(const Executor& executor, const Plan& plan) {
  const std::size_t limit = executor.options().memory_limit_bytes;
  const bool one_size = std::ranges::all_of(plan.profile, [](const InputProfile& input) {
    return std::ranges::all_of(input.dims, [](const DimRange& dim) { return dim.min == dim.max; });
  });
  if (limit == 0 || !one_size) return;
  if (const auto inputs = opt_facts(executor.graph(), plan.profile)) fit(*executor.program_for(*inputs), limit);
}

void require_room(const Graph& graph, const Facts& facts, std::size_t limit_bytes) {
  if (limit_bytes == 0) return;
  const auto room = static_cast<std::int64_t>(limit_bytes) - static_cast<std::int64_t>(baseline_resident_bytes());
  for (const NodeId id : live_nodes(graph, facts)) {
    const Node& node = graph.node(id);
    if (node.op.view()) continue;
    const std::int64_t needed = least_bytes(node, facts);
    require(needed <= room, "needs more than the {} of memory that are allowed: '{}' ({}) alone reads and writes {} at these sizes, beside {} for the program; smaller inputs or a smaller batch would help",
            format_bytes(limit_bytes), node.name, node.op.name(), format_bytes(static_cast<std::size_t>(needed)), format_bytes(baseline_resident_bytes()));
  }
}

}  // namespace temper
