#include "runtime/frame.h"

#include <chrono>
#include <cstring>

#include "base/file.h"

namespace temper {
namespace {

using In = Program::Operand::In;

/// A default-constructed tensor owns a buffer; a slot that holds nothing shares this one.
const Tensor& nothing() {
  static const Tensor empty;
  return empty;
}

std::int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

bool condition(const Tensor& tensor, std::string_view what) {
  require(tensor.dtype() == DType::kBool && tensor.elements() == 1, "{} is {}, not one bool", what, tensor);
  return tensor.data<bool>()[0];
}

void copy_elements(const Tensor& from, Tensor& to) {
  invariant(from.dtype() == to.dtype() && from.size_bytes() == to.size_bytes(), "{} is copied to {}", from, to);
  if (from.bytes().data() != to.bytes().data()) std::memcpy(to.mutable_bytes().data(), from.bytes().data(), from.size_bytes());
}

Tensor copy_of(const Tensor& tensor) {
  Tensor copy(tensor.dtype(), tensor.shape());
  copy_elements(tensor, copy);
  return copy;
}

/// `shape` of elements that start `offset_bytes` into `whole`.
Tensor part_of(const Tensor& whole, DType dtype, const Shape& shape, std::int64_t offset_bytes) {
  if (offset_bytes == 0 && whole.dtype() == dtype && whole.elements() == shape.elements()) return whole.reshaped(shape);
  return {dtype, shape, std::make_shared<const Tensor>(whole), whole.bytes().data() + offset_bytes};
}

}  // namespace

Frame::Frame(const Program& program, std::shared_ptr<std::byte> arena, const FrameOptions& options)
    : program_(&program), arena_(std::move(arena)), options_(options), states_(program.steps().size()) {
  const Placement& placement = program.placement();
  buffers_.resize(placement.buffers.size(), nothing());
  slots_.resize(program.slot_count(), nothing());
  outputs_.resize(program.outputs().size(), nothing());
  bound_.resize(program.outputs().size());
  for (std::size_t b = 0; b < buffers_.size(); ++b) {
    const Buffer& buffer = placement.buffers[b];
    if (buffer.kind == Buffer::Kind::kOutput) buffers_[b] = Tensor(DType::kUInt8, Shape{buffer.size_bytes});
  }
  for (std::size_t i = 0; i < states_.size(); ++i) prepare(program.steps()[i], states_[i]);
  find_readers();
}

void Frame::prepare(const Program::Step& step, StepState& state) {
  if (step.kind == Program::Kind::kPlanned) {
    if (step.elided) return;
    for (const Program::Operand& operand : step.operands) state.in.push_back(argument(operand));
    for (const ValueId output : step.node->outputs) state.out.push_back(tensor_at(output));
    const std::size_t workspace = step.selection.kernel == nullptr ? 0 : step.selection.kernel->workspace_bytes();
    if (workspace > 0) state.workspace = {arena_.get() + step.workspace_offset_bytes, workspace};
    return;
  }
  if (step.kind == Program::Kind::kDefinition) return;
  state.kernels = std::make_unique<KernelCache>(*step.node, step.facts, program_->backends(), program_->most_workspace());
  for (const Program& region : step.regions) state.regions.emplace_back(region, nullptr, options_);
}

void Frame::find_readers() {
  readers_.resize(buffers_.size());
  const auto note = [&](ValueId id, Reader reader) {
    const Place& place = program_->placement().places[index(id)];
    if (place.planned()) readers_[static_cast<std::size_t>(place.buffer)].push_back(reader);
  };
  for (std::size_t s = 0; s < states_.size(); ++s) {
    const Program::Step& step = program_->steps()[s];
    if (step.kind != Program::Kind::kPlanned || step.elided) continue;
    for (std::size_t i = 0; i < step.operands.size(); ++i) {
      if (step.operands[i].in == In::kPlace) note(static_cast<ValueId>(step.operands[i].at), {s, i, false});
    }
    for (std::size_t i = 0; i < step.node->outputs.size(); ++i) note(step.node->outputs[i], {s, i, true});
  }
}

Tensor Frame::tensor_at(ValueId id) const {
  const Fact& fact = program_->facts()[index(id)];
  const Place& place = program_->placement().places[index(id)];
  const auto b = static_cast<std::size_t>(place.buffer);
  const Buffer& buffer = program_->placement().buffers[b];
  const Shape shape = *fact.shape.known();
  if (buffer.kind == Buffer::Kind::kArena) {
    return {fact.dtype, shape, arena_, arena_.get() + buffer.offset_bytes + place.offset_bytes};
  }
  if (buffer.kind == Buffer::Kind::kInput && buffers_[b].dtype() != fact.dtype) return nothing();  // not bound yet
  return part_of(buffers_[b], fact.dtype, shape, place.offset_bytes);
}

Tensor Frame::argument(const Program::Operand& operand) const {
  if (operand.in == In::kSlot) return nothing();  // it comes when it has been made
  return operand.in == In::kConstant ? program_->constants()[operand.at] : tensor_at(static_cast<ValueId>(operand.at));
}

void Frame::set_buffer(std::size_t buffer, Tensor tensor) {
  buffers_[buffer] = std::move(tensor);
  for (const Reader& reader : readers_[buffer]) {
    const Program::Step& step = program_->steps()[reader.step];
    StepState& state = states_[reader.step];
    if (reader.result) state.out[reader.at] = tensor_at(step.node->outputs[reader.at]);
    else state.in[reader.at] = argument(step.operands[reader.at]);
  }
}

void Frame::bind(std::size_t i, Tensor value) {
  const Place& place = program_->placement().places[index(program_->graph().inputs()[i].value)];
  if (place.planned()) set_buffer(static_cast<std::size_t>(place.buffer), std::move(value));
  else if (program_->inputs()[i] != Program::kNoSlot) slots_[program_->inputs()[i]] = std::move(value);
}

void Frame::bind_output(std::size_t i, Tensor tensor) {
  outputs_[i] = tensor;
  bound_[i] = true;
  const auto& buffers = program_->placement().buffers;
  for (std::size_t b = 0; b < buffers.size(); ++b) {
    if (buffers[b].kind == Buffer::Kind::kOutput && buffers[b].port == i) set_buffer(b, tensor);
  }
}

void Frame::execute() {
  try {
    for (std::size_t i = 0; i < states_.size(); ++i) {
      const Program::Step& step = program_->steps()[i];
      in_context([&] { return fmt::format("node '{}' ({})", step.node->name, step.node->op.name()); },
                 [&] { options_.profile ? run_timed(step, states_[i]) : run(step, states_[i]); });
    }
    for (std::size_t i = 0; i < outputs_.size(); ++i) finish_output(i);
  } catch (...) {
    clear();
    throw;
  }
}

/// Whether a tensor is the memory of an input or output in which the value is.
bool Frame::is_at(const Tensor& tensor, ValueId id) const {
  const Place& place = program_->placement().places[index(id)];
  const auto b = static_cast<std::size_t>(place.buffer);
  const Fact& fact = program_->facts()[index(id)];
  if (program_->placement().buffers[b].kind == Buffer::Kind::kArena || buffers_[b].bytes().data() + place.offset_bytes != tensor.bytes().data()) return false;
  return tensor.dtype() == fact.dtype && tensor.shape() == *fact.shape.known();
}

/// Leaves the result in outputs_[i]: what has the memory to itself is there already.
void Frame::finish_output(std::size_t i) {
  const Program::Operand& operand = program_->outputs()[i];
  if (operand.in == In::kPlace && is_at(outputs_[i], static_cast<ValueId>(operand.at))) return;
  Tensor made = operand.in == In::kPlace ? tensor_at(static_cast<ValueId>(operand.at))
                : operand.in == In::kConstant ? program_->constants()[operand.at]
                : operand.last ? std::move(slots_[operand.at]) : slots_[operand.at];
  if (bound_[i]) {
    require(made.dtype() == outputs_[i].dtype() && made.shape() == outputs_[i].shape(), "output '{}' is {}, but memory for {} was given",
            program_->graph().outputs()[i].name, made, outputs_[i]);
    return copy_elements(made, outputs_[i]);
  }
  if (operand.in == In::kPlace) {
    const auto b = static_cast<std::size_t>(program_->placement().places[operand.at].buffer);
    if (program_->placement().buffers[b].kind == Buffer::Kind::kArena) {
      if (outputs_[i].size_bytes() != made.size_bytes() || outputs_[i].shape() != made.shape()) return void(outputs_[i] = copy_of(made));
      return copy_elements(made, outputs_[i]);
    }
  }
  outputs_[i] = std::move(made);
}

void Frame::run_timed(const Program::Step& step, StepState& state) {
  const std::int64_t begin = now_ns();
  run(step, state);
  state.elapsed_ns += now_ns() - begin;
  ++state.count;
}

void Frame::run(const Program::Step& step, StepState& state) {
  switch (step.kind) {
    case Program::Kind::kPlanned: return run_planned(step, state);
    case Program::Kind::kDefinition: return run_definition(step);
    case Program::Kind::kIf: return run_if(step, state);
    case Program::Kind::kLoop: return run_loop(step, state);
    default: return run_unplanned(step, state);
  }
}

void Frame::run_planned(const Program::Step& step, StepState& state) {
  if (step.elided) return;
  const bool from_slots = fill_from_slots(step, state);
  run_on(step, state);
  for (std::size_t i = 0; from_slots && i < step.operands.size(); ++i) {
    if (step.operands[i].in == In::kSlot) state.in[i] = nothing();
  }
}

/// Takes operands that steps without planned memory have made. False where there are none.
bool Frame::fill_from_slots(const Program::Step& step, StepState& state) {
  bool any = false;
  for (std::size_t i = 0; i < step.operands.size(); ++i) {
    if (step.operands[i].in != In::kSlot) continue;
    any = true;
    state.in[i] = take(step.operands[i]);
    const Fact& fact = program_->facts()[index(step.node->inputs[i])];
    require(state.in[i].dtype() == fact.dtype && state.in[i].shape() == *fact.shape.known(), "input {} is {}, but {} was foreseen", i, state.in[i], fact);
  }
  return any;
}

void Frame::run_on(const Program::Step& step, StepState& state) {
  if (step.selection.kernel != nullptr) {
    step.selection.kernel->run(state.in, state.out, state.workspace);
    if (options_.stream_constants) release_constants(step);
    return;
  }
  Tensors results = step.node->op.reference(state.in, {});
  invariant(results.size() == state.out.size(), "operator {} gave {} outputs of {}", step.node->op.name(), results.size(), state.out.size());
  for (std::size_t i = 0; i < results.size(); ++i) copy_elements(results[i], state.out[i]);
}

void Frame::release_constants(const Program::Step& step) {
  for (const ValueId input : step.node->inputs) {
    const Fact& fact = program_->facts()[index(input)];
    if (fact.packed) release_mapped(fact.packed->bytes.bytes());
    else if (fact.constant && fact.constant->size_bytes() > 0) release_mapped(fact.constant->bytes());
  }
}

/// Whether its memory is soon used again: the arena, or an output's.
bool Frame::in_arena(const Tensor& tensor) const {
  const auto within = [&](const std::byte* begin, std::size_t size) { return tensor.bytes().data() >= begin && tensor.bytes().data() < begin + size; };
  if (arena_ != nullptr && within(arena_.get(), static_cast<std::size_t>(program_->placement().memory.arena_bytes))) return true;
  const auto& buffers = program_->placement().buffers;
  for (std::size_t b = 0; b < buffers.size(); ++b) {
    if (buffers[b].kind == Buffer::Kind::kOutput && within(buffers_[b].bytes().data(), buffers_[b].size_bytes())) return true;
  }
  return false;
}

/// A tensor to read in this step alone: planned memory as it is.
Tensor Frame::look(const Program::Operand& operand) {
  return operand.in == In::kPlace ? tensor_at(static_cast<ValueId>(operand.at)) : take(operand);
}

/// A tensor that the one who gets it may keep: planned memory, which is soon used again, is copied.
Tensor Frame::take(const Program::Operand& operand) {
  if (operand.in == In::kConstant) return program_->constants()[operand.at];
  if (operand.in == In::kSlot) return operand.last ? std::move(slots_[operand.at]) : slots_[operand.at];
  const auto b = static_cast<std::size_t>(program_->placement().places[operand.at].buffer);
  const Tensor tensor = tensor_at(static_cast<ValueId>(operand.at));
  return program_->placement().buffers[b].kind == Buffer::Kind::kInput ? tensor : copy_of(tensor);
}

/// What the definition makes is the result: it is not copied to a place of its own.
void Frame::run_definition(const Program::Step& step) {
  arguments_.clear();
  for (const Program::Operand& operand : step.operands) arguments_.push_back(look(operand));
  Tensors results = step.node->op.reference(arguments_, {});
  invariant(results.size() == step.node->outputs.size(), "operator {} gave {} outputs of {}", step.node->op.name(), results.size(), step.node->outputs.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    const Fact& fact = program_->facts()[index(step.node->outputs[i])];
    require(results[i].dtype() == fact.dtype && results[i].shape() == *fact.shape.known(), "output {} is {}, but {} was foreseen", i, results[i], fact);
    if (in_arena(results[i])) results[i] = copy_of(results[i]);  // a view of an operand
  }
  arguments_.clear();
  set_results(step, std::move(results));
  if (options_.stream_constants) release_constants(step);
}

void Frame::run_unplanned(const Program::Step& step, StepState& state) {
  arguments_.clear();
  const bool keeps = !step.regions.empty() || std::ranges::any_of(step.node->outputs, [&](ValueId output) { return program_->facts()[index(output)].dtype == DType::kList; });
  for (const Program::Operand& operand : step.operands) arguments_.push_back(keeps ? take(operand) : look(operand));
  std::optional<Tensors> results = state.kernels->run(arguments_);
  if (!results) {
    results = step.node->op.reference(arguments_, [&state](std::size_t region, Inputs in) {
      Frame& frame = state.regions.at(region);
      for (std::size_t i = 0; i < in.size(); ++i) frame.bind(i, in[i]);
      frame.execute();
      Tensors outputs;
      for (std::size_t i = 0; i < frame.outputs_.size(); ++i) outputs.push_back(frame.take_output(i));
      return outputs;
    });
    for (Tensor& result : *results) {
      if (!keeps && in_arena(result)) result = copy_of(result);  // a view of an operand
    }
  }
  arguments_.clear();
  set_results(step, std::move(*results));
}

void Frame::run_if(const Program::Step& step, StepState& state) {
  Frame& region = state.regions[condition(take(step.operands[0]), "the condition") ? 0 : 1];
  for (std::size_t i = 1; i < step.operands.size(); ++i) region.bind(i - 1, take(step.operands[i]));
  region.execute();
  Tensors results;
  for (std::size_t i = 0; i < region.outputs_.size(); ++i) results.push_back(region.take_output(i));
  set_results(step, std::move(results));
}

/// As Loop::reference; but what the body takes is given away, so that its lists are changed in place.
void Frame::run_loop(const Program::Step& step, StepState& state) {
  Frame& go_on = state.regions[0];
  Frame& body = state.regions[1];
  const std::size_t carried = step.results.size();
  Tensors values;
  for (const Program::Operand& operand : step.operands) values.push_back(take(operand));
  for (;;) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (go_on.program_->inputs()[i] != Program::kNoSlot) go_on.bind(i, values[i]);
    }
    go_on.execute();
    if (!condition(go_on.take_output(0), "a loop condition")) break;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (body.program_->inputs()[i] == Program::kNoSlot) continue;
      body.bind(i, i < carried ? std::move(values[i]) : values[i]);
    }
    body.execute();
    for (std::size_t i = 0; i < carried; ++i) values[i] = body.take_output(i);
  }
  values.resize(carried, nothing());
  set_results(step, std::move(values));
}

void Frame::set_results(const Program::Step& step, Tensors results) {
  invariant(results.size() == step.results.size(), "operator {} gave {} outputs where {} were expected", step.node->op.name(),
            results.size(), step.results.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (step.results[i] != Program::kNoSlot) slots_[step.results[i]] = std::move(results[i]);
  }
}

void Frame::clear() {
  arguments_.clear();
  std::ranges::fill(slots_, nothing());
}

void Frame::add_profile(std::vector<NodeProfile>& profile) const {
  for (std::size_t s = 0; s < states_.size(); ++s) {
    const Program::Step& step = program_->steps()[s];
    if (step.elided || (step.kind == Program::Kind::kUnplanned && step.node->op.view())) continue;  // another name for a value
    const StepState& state = states_[s];
    const std::size_t at = profile.size();
    const Kernel* kernel = step.selection.kernel.get();
    std::string name = kernel != nullptr ? std::string(kernel->name()) : state.kernels == nullptr ? "reference"
                       : step.regions.empty() ? state.kernels->kernel_name() : "control";
    const auto& refusals = state.kernels == nullptr ? step.selection.refusals : state.kernels->refusals();
    profile.push_back({step.node, std::move(name), refusals, state.count, state.elapsed_ns});
    for (const Frame& region : state.regions) region.add_profile(profile);
    for (std::size_t i = at + 1; i < profile.size(); ++i) profile[at].elapsed_ns -= profile[i].elapsed_ns;
  }
}

}  // namespace temper
