#include "runtime/executor.h"

#include <cstring>

#include "base/memory.h"
#include "runtime/footprint.h"

namespace temper {
namespace {

bool same(const Facts& facts, std::span<const Fact> others) {
  return std::ranges::equal(facts, others, [](const Fact& a, const Fact& b) { return a.dtype == b.dtype && a.shape == b.shape; });
}

bool fits(const Facts& facts, Inputs inputs) {
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (facts[i].dtype != inputs[i].dtype() || facts[i].shape.rank() != inputs[i].rank()) return false;
    for (std::size_t axis = 0; axis < inputs[i].rank(); ++axis) {
      if (!facts[i].shape[axis].is(inputs[i].dim(axis))) return false;
    }
  }
  return true;
}

}  // namespace

Executor::Executor(Graph graph, std::vector<const Backend*> backends, ExecutorOptions options)
    : graph_(std::move(graph)), backends_(std::move(backends)), options_(std::move(options)) {
  chosen_.assign(options_.chosen.begin(), options_.chosen.end());
}

std::shared_ptr<const Program> Executor::program_for(std::span<const Fact> inputs) const {
  require(inputs.size() == graph_.inputs().size(), "takes {} inputs, got {}", graph_.inputs().size(), inputs.size());
  const std::scoped_lock lock(mutex_);
  const auto found = std::ranges::find_if(entries_, [&](const Entry& entry) { return same(entry.inputs, inputs); });
  if (found != entries_.end()) {
    std::rotate(entries_.begin(), found, found + 1);
    return entries_.front().program;
  }
  if (entries_.size() >= most_kept()) entries_.pop_back();
  const UnkeptMemory unkept;  // packing takes memory for once
  const std::size_t workspace = options_.max_workspace_bytes > 0 ? options_.max_workspace_bytes : kAnyWorkspace;
  const ProgramOptions making{.backends = backends_, .chosen = chosen_, .reference = options_.reference, .most_workspace = workspace};
  auto program = std::make_shared<const Program>(graph_, inputs, making);
  entries_.insert(entries_.begin(), Entry{{inputs.begin(), inputs.end()}, program});
  return program;
}

void ExecutionContext::run(Inputs inputs) {
  if (frame_ == nullptr || inputs.size() != facts_.size() || !fits(facts_, inputs)) {
    Facts facts;
    for (const Tensor& input : inputs) facts.push_back({input.dtype(), input.shape(), {}});
    use(executor_->program_for(facts));
    facts_ = std::move(facts);
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) frame_->bind(i, inputs[i]);
  frame_->execute();
}

void ExecutionContext::use(std::shared_ptr<const Program> program) {
  if (program == program_) return;
  frame_.reset();
  const ExecutorOptions& options = executor_->options();
  const bool streams = options.stream_constants || (options.memory_limit_bytes > 0 && fit(*program, options.memory_limit_bytes).streams_weights);
  const std::int64_t needed = program->placement().memory.arena_bytes;
  if (needed > arena_bytes_) {
    arena_.reset();
    arena_bytes_ = 0;
    arena_ = allocate_buffer(static_cast<std::size_t>(needed));
    arena_bytes_ = needed;
  }
  frame_ = std::make_unique<Frame>(*program, arena_, FrameOptions{options.profile, streams});
  program_ = std::move(program);
  for (const auto& [i, tensor] : bound_outputs_) frame_->bind_output(i, tensor);
}

void ExecutionContext::bind_output(std::size_t i, Tensor tensor) {
  std::erase_if(bound_outputs_, [&](const auto& bound) { return bound.first == i; });
  if (frame_ != nullptr) frame_->bind_output(i, tensor);
  bound_outputs_.emplace_back(i, std::move(tensor));
}

std::vector<NodeProfile> ExecutionContext::profile() const {
  std::vector<NodeProfile> profile;
  if (frame_ != nullptr) frame_->add_profile(profile);
  return profile;
}

Tensors run_once(const Executor& executor, Inputs inputs) {
  ExecutionContext context(executor);
  context.run(inputs);
  Tensors outputs;
  for (std::size_t i = 0; i < context.output_count(); ++i) outputs.push_back(context.output(i));
  return outputs;
}

}  // namespace temper
