#include "runtime/placement.h"

#include "ops/arrays/concat.h"
#include "ops/arrays/runs.h"

namespace temper {
namespace {

class Placer {
 public:
  Placer(const Graph& graph, const Facts& facts, std::vector<PlannedStep>& steps, const std::vector<std::int64_t>& last_use)
      : graph_(graph), facts_(facts), steps_(steps), last_use_(last_use) {
    result_.places.resize(graph.value_count());
  }

  Placement place() {
    for (std::size_t i = 0; i < graph_.inputs().size(); ++i) {
      const ValueId id = graph_.inputs()[i].value;
      if (facts_[index(id)].shape.known()) at(id) = {make(Buffer::Kind::kInput, i, 0, -1), 0};
    }
    for (PlannedStep& step : steps_) make_buffers(step);
    for (const PlannedStep& step : steps_) extend_lifetimes(step);
    give_outputs_their_own();
    for (PlannedStep& step : steps_) join_concat(step);
    for (const PlannedStep& step : steps_) run_in_place(step);
    resolve();
    lay_out();
    return std::move(result_);
  }

 private:
  /// A stretch that is merged lies inside another.
  struct Stretch {
    Buffer buffer;
    std::int64_t first = 0, last = 0;
    std::int32_t parent = -1;
    std::int64_t offset_in_parent = 0;
    bool holds_others = false;
  };

  Place& at(ValueId id) { return result_.places[index(id)]; }
  const Fact& fact(ValueId id) const { return facts_[index(id)]; }

  std::int32_t make(Buffer::Kind kind, std::size_t port, std::int64_t size, std::int64_t first) {
    stretches_.push_back({{kind, port, size, 0}, first, first});
    return static_cast<std::int32_t>(stretches_.size() - 1);
  }
  Stretch& stretch(std::int32_t id) { return stretches_[static_cast<std::size_t>(id)]; }

  void make_buffers(PlannedStep& step) {
    const Node& node = *step.node;
    if (is_parts(step)) return;
    for (const ValueId output : node.outputs) at(output) = {make(Buffer::Kind::kArena, 0, size_bytes(fact(output)), step.at), 0};
    if (!node.op.view() || node.outputs.size() != 1 || !at(node.inputs[0]).planned()) return;
    if (size_bytes(fact(node.inputs[0])) != size_bytes(fact(node.outputs[0]))) return;
    at(node.outputs[0]) = at(node.inputs[0]);
    stretches_.pop_back();
    step.elided = true;
  }

  /// Outputs that are parts of an input are where they lie in it, if that costs no memory: it lives no longer for it, or most of it
  /// would be copied, or it is small. What the graph gives is copied once in any case.
  bool is_parts(PlannedStep& step) {
    constexpr std::int64_t kSmallBytes = 64 << 10;
    const Node& node = *step.node;
    if (node.inputs.empty() || node.outputs.empty() || !at(node.inputs[0]).planned()) return false;
    Facts in, out;
    for (const ValueId input : node.inputs) in.push_back(fact(input));
    for (const ValueId output : node.outputs) out.push_back(fact(output));
    const auto runs = runs_of(node.op, in, out);
    if (!runs || runs->size() != out.size()) return false;
    std::int64_t bytes = 0, last = 0;
    for (const ValueId output : node.outputs) {
      bytes += size_bytes(fact(output));
      last = std::max(last, last_use_[index(output)]);
    }
    const Place from = at(node.inputs[0]);
    const bool given = std::ranges::any_of(graph_.outputs(), [&](const Port& port) { return std::ranges::find(node.outputs, port.value) != node.outputs.end(); });
    if (given && stretch(from.buffer).buffer.kind != Buffer::Kind::kInput) return false;
    const std::int64_t whole = size_bytes(in[0]);
    if (whole > kSmallBytes && 2 * bytes < whole && last > last_use_[index(node.inputs[0])]) return false;
    for (std::size_t i = 0; i < out.size(); ++i) {
      at(node.outputs[i]) = {from.buffer, from.offset_bytes + (*runs)[i] * static_cast<std::int64_t>(size_of(in[0].dtype))};
    }
    return step.elided = true;
  }

  /// A stretch lives until the last use of any value in it.
  void extend_lifetimes(const PlannedStep& step) {
    for (const ValueId output : step.node->outputs) {
      Stretch& mine = stretch(at(output).buffer);
      mine.last = std::max({mine.last, step.at, last_use_[index(output)]});
    }
  }

  bool covers(ValueId id, const Stretch& s) { return at(id).offset_bytes == 0 && size_bytes(fact(id)) == s.buffer.size_bytes; }

  void give_outputs_their_own() {
    for (std::size_t i = 0; i < graph_.outputs().size(); ++i) {
      const ValueId id = graph_.outputs()[i].value;
      if (!at(id).planned()) continue;
      Stretch& mine = stretch(at(id).buffer);
      if (mine.buffer.kind == Buffer::Kind::kArena && covers(id, mine)) mine.buffer = {Buffer::Kind::kOutput, i, mine.buffer.size_bytes, 0};
      else mine.last = static_cast<std::int64_t>(1) << 62;  // it is copied when everything has run
    }
  }

  std::int32_t root(std::int32_t id) {
    while (stretch(id).parent >= 0) id = stretch(id).parent;
    return id;
  }

  void merge(std::int32_t child, std::int32_t parent, std::int64_t offset) {
    stretch(child).parent = parent;
    stretch(child).offset_in_parent = offset;
    Stretch& top = stretch(root(parent));
    stretch(parent).holds_others = true;
    top.first = std::min(top.first, stretch(child).first);
    top.last = std::max(top.last, stretch(child).last);
  }

  /// Operands of a concatenation whose pieces are whole are made where they will lie.
  void join_concat(PlannedStep& step) {
    const auto* concat = step.node->op.as<Concat>();
    if (concat == nullptr) return;
    const ValueId output = step.node->outputs[0];
    const Shape shape = *fact(output).shape.known();
    if (shape.elements(0, normalise_axis(concat->axis, shape.rank())) != 1) return;
    bool all = true;
    std::int64_t offset = 0;
    for (const ValueId input : step.node->inputs) {
      const std::int64_t size = size_bytes(fact(input));
      const bool joined = size == 0 || (at(input).planned() && join(at(input).buffer, input, at(output).buffer, offset));
      all &= joined;
      offset += size;
    }
    step.elided = all;
  }

  bool join(std::int32_t child, ValueId input, std::int32_t parent, std::int64_t offset) {
    Stretch& s = stretch(child);
    if (s.buffer.kind != Buffer::Kind::kArena || s.parent >= 0 || child == root(parent) || !covers(input, s)) return false;
    if (s.last >= static_cast<std::int64_t>(1) << 62) return false;
    merge(child, parent, offset);
    return true;
  }

  void run_in_place(const PlannedStep& step) {
    if (step.kernel == nullptr || step.elided || step.node->outputs.empty()) return;
    const std::int32_t mine = at(step.node->outputs[0]).buffer;
    if (stretch(mine).parent >= 0 || stretch(mine).holds_others) return;
    for (std::size_t i = 0; i < step.node->inputs.size(); ++i) {
      if (step.kernel->in_place(i) && may_overwrite(step, i, mine)) {
        const std::int32_t other = root(at(step.node->inputs[i]).buffer);
        if (stretch(mine).buffer.kind == Buffer::Kind::kOutput) merge(other, mine, 0);
        else merge(mine, other, 0);
        return;
      }
    }
  }

  bool may_overwrite(const PlannedStep& step, std::size_t input, std::int32_t output) {
    const Place& place = at(step.node->inputs[input]);
    if (!place.planned()) return false;
    const std::int32_t top = root(place.buffer);
    const Stretch& s = stretch(top);
    const bool whole = place.buffer == top ? place.offset_bytes == 0 : chain_offset(place) == 0;
    if (s.buffer.kind != Buffer::Kind::kArena || !whole || s.last != step.at) return false;
    if (s.buffer.size_bytes != stretch(output).buffer.size_bytes) return false;
    for (std::size_t i = 0; i < step.node->inputs.size(); ++i) {
      const Place& other = at(step.node->inputs[i]);
      if (i != input && other.planned() && root(other.buffer) == top) return false;
    }
    return true;
  }

  std::int64_t chain_offset(const Place& place) {
    std::int64_t offset = place.offset_bytes;
    for (std::int32_t id = place.buffer; stretch(id).parent >= 0; id = stretch(id).parent) offset += stretch(id).offset_in_parent;
    return offset;
  }

  void resolve() {
    for (Place& place : result_.places) {
      if (!place.planned()) continue;
      place.offset_bytes = chain_offset(place);
      place.buffer = root(place.buffer);
    }
  }

  void lay_out() {
    std::vector<Lifetime> lifetimes;
    std::vector<std::int64_t*> offsets;
    for (const Stretch& s : stretches_) result_.buffers.push_back(s.buffer);
    for (std::size_t i = 0; i < stretches_.size(); ++i) {
      const Stretch& s = stretches_[i];
      if (s.parent >= 0 || s.buffer.kind != Buffer::Kind::kArena) continue;
      lifetimes.push_back({s.buffer.size_bytes, s.first, s.last});
      offsets.push_back(&result_.buffers[i].offset_bytes);
    }
    for (PlannedStep& step : steps_) {
      const auto bytes = step.kernel == nullptr || step.elided ? 0 : static_cast<std::int64_t>(step.kernel->workspace_bytes());
      if (bytes == 0) continue;
      lifetimes.push_back({bytes, step.at, step.at});
      offsets.push_back(&step.workspace_offset_bytes);
    }
    result_.memory = plan_memory(lifetimes);
    for (std::size_t i = 0; i < offsets.size(); ++i) *offsets[i] = result_.memory.offsets[i];
  }

  const Graph& graph_;
  const Facts& facts_;
  std::vector<PlannedStep>& steps_;
  const std::vector<std::int64_t>& last_use_;
  std::vector<Stretch> stretches_;
  Placement result_;
};

}  // namespace

Placement place_values(const Graph& graph, const Facts& facts, std::vector<PlannedStep>& steps,
                       const std::vector<std::int64_t>& last_use) {
  return Placer(graph, facts, steps, last_use).place();
}

std::int64_t size_bytes(const Fact& fact) {
  const std::int64_t elements = fact.shape.known()->elements();
  const auto size = static_cast<std::int64_t>(size_of(fact.dtype));
  require(elements <= (std::int64_t{1} << 48) / std::max<std::int64_t>(size, 1), "{} is larger than any memory", fact);
  return elements * size;
}

}  // namespace temper
