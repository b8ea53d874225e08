#include "temper/engine.h"

#include "api/engine_impl.h"
#include "backends/backends.h"
#include "base/memory.h"
#include "base/threads.h"
#include "plan/file/plan_file.h"
#include "plan/profile.h"
#include "runtime/footprint.h"

namespace temper {
namespace {

TensorInfo info_of(const Graph& graph, const Port& port) {
  const Fact& fact = graph.fact(port.value);
  TensorInfo info{port.name, fact.dtype, fact.shape.rank_known(), {}};
  for (std::size_t axis = 0; info.rank_known && axis < fact.shape.rank(); ++axis) {
    info.dims.push_back(fact.shape[axis].known() ? fact.shape[axis].value() : -1);
  }
  return info;
}

/// The caller's memory as a tensor that does not own it.
Tensor borrowed(const TensorView& view) {
  require(view.dtype != DType::kString && view.dtype != DType::kList, "tensors of type {} cannot be given by address", dtype_name(view.dtype));
  require(view.dims.size() <= kMaxRank, "a tensor has {} dims; at most {} are possible", view.dims.size(), kMaxRank);
  for (const std::int64_t dim : view.dims) require(dim >= 0, "a dim is {}", dim);
  const Shape shape{std::span(view.dims)};
  require(view.data != nullptr || shape.elements() == 0, "a tensor's data is a null pointer");
  static const auto nobody = std::make_shared<const char>('\0');
  return {view.dtype, shape, std::shared_ptr<const void>(nobody, view.data), static_cast<const std::byte*>(view.data)};
}

}  // namespace

std::size_t size_bytes(const TensorView& tensor) {
  for (const std::int64_t dim : tensor.dims) require(dim >= 0, "a dim is {}", dim);
  require(size_of(tensor.dtype) > 0, "elements of type {} have no fixed size", dtype_name(tensor.dtype));
  return static_cast<std::size_t>(Shape{std::span(tensor.dims)}.elements()) * size_of(tensor.dtype);
}

Engine EngineAccess::of_plan(Plan plan, const std::filesystem::path& path, const LoadOptions& options) {
  auto impl = std::make_shared<Engine::Impl>();
  impl->path = path.string();
  impl->threads = options.threads > 0 ? options.threads : plan.info.threads;
  set_thread_count(impl->threads);
  ExecutorOptions executing{.memory_limit_bytes = options.memory_limit_bytes > 0 ? options.memory_limit_bytes : static_cast<std::size_t>(plan.info.memory_limit_bytes),
                            .max_workspace_bytes = static_cast<std::size_t>(plan.info.workspace_limit_bytes)};
  for (const Tactic& tactic : plan.tactics) executing.chosen.push_back(tactic.kernel);
  for (const Port& port : plan.graph.inputs()) impl->inputs.push_back(info_of(plan.graph, port));
  for (const Port& port : plan.graph.outputs()) impl->outputs.push_back(info_of(plan.graph, port));
  impl->executor = std::make_unique<Executor>(std::move(plan.graph), available_backends(), std::move(executing));
  impl->plan = std::move(plan);
  in_context([&] { return impl->path; }, [&] { require_fits(*impl->executor, impl->plan); });
  return Engine(std::move(impl));
}

Engine Engine::load_plan(const std::filesystem::path& path, const LoadOptions& options) {
  baseline_resident_bytes();
  return EngineAccess::of_plan(temper::load_plan(path), path, options);
}

const std::vector<TensorInfo>& Engine::inputs() const { return impl_->inputs; }
const std::vector<TensorInfo>& Engine::outputs() const { return impl_->outputs; }

struct Context::Impl {
  std::shared_ptr<const Engine::Impl> engine;
  ExecutionContext context;
  Tensors inputs;
  std::vector<bool> given;
};

Context::Context(const Engine& engine)
    : impl_(std::make_unique<Impl>(Impl{engine.impl_, ExecutionContext(*engine.impl_->executor), Tensors(engine.inputs().size()),
                                        std::vector<bool>(engine.inputs().size())})) {}
Context::Context(Context&&) noexcept = default;
Context& Context::operator=(Context&&) noexcept = default;
Context::~Context() = default;

void Context::set_input(std::size_t i, const TensorView& tensor) {
  require(i < impl_->inputs.size(), "there is no input {}; there are {}", i, impl_->inputs.size());
  const Graph& graph = impl_->engine->executor->graph();
  const Port& port = graph.inputs()[i];
  in_context([&] { return fmt::format("input '{}'", port.name); }, [&] {
    Tensor given = borrowed(tensor);
    const Fact& fact = graph.fact(port.value);
    require(admits(fact, given), "needs {}, got {}", fact, given);
    require_within(impl_->engine->plan.profile, port.name, given.shape());
    impl_->inputs[i] = std::move(given);
    impl_->given[i] = true;
  });
}

void Context::set_input(std::string_view name, const TensorView& tensor) {
  const auto& inputs = impl_->engine->inputs;
  const auto found = std::ranges::find(inputs, name, &TensorInfo::name);
  require(found != inputs.end(), "there is no input '{}'", name);
  set_input(static_cast<std::size_t>(found - inputs.begin()), tensor);
}

void Context::set_output(std::size_t i, const TensorView& tensor) {
  require(i < impl_->engine->outputs.size(), "there is no output {}; there are {}", i, impl_->engine->outputs.size());
  impl_->context.bind_output(i, borrowed(tensor));
}

void Context::run() {
  for (std::size_t i = 0; i < impl_->given.size(); ++i) require(impl_->given[i], "input '{}' was not set", impl_->engine->inputs[i].name);
  set_thread_count(impl_->engine->threads);
  in_context([&] { return impl_->engine->path; }, [&] { impl_->context.run(impl_->inputs); });
}

TensorView Context::output(std::size_t i) const {
  require(impl_->context.program() != nullptr, "nothing has run yet");
  require(i < impl_->engine->outputs.size(), "there is no output {}; there are {}", i, impl_->engine->outputs.size());
  const Tensor& tensor = impl_->context.output(i);
  require(size_of(tensor.dtype()) > 0, "output '{}' is {}, which has no address", impl_->engine->outputs[i].name, tensor);
  return {tensor.dtype(), {tensor.shape().begin(), tensor.shape().end()}, const_cast<std::byte*>(tensor.bytes().data())};
}

}  // namespace temper
