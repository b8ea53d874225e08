#include "engine/engine.h"

#include "base/cpu_features.h"
#include "base/memory.h"
#include "base/threads.h"
#include "engine/backends.h"
#include "engine/bind_inputs.h"
#include "engine/compile.h"
#include "engine/footprint.h"
#include "plan/file/plan_file.h"
#include "plan/profile.h"

namespace temper {

struct Engine::Impl {
  int threads = 0;
  std::filesystem::path path;
  Plan plan;  // its graph is the executor's
  std::vector<std::string> notes;
  std::unique_ptr<Executor> executor;
  std::unique_ptr<Context> context;
};

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;
Engine::~Engine() = default;

namespace {

/// Results stay the caller's when the context runs again.
Tensor copy_of(const Tensor& tensor) {
  if (tensor.dtype() == DType::kString || tensor.dtype() == DType::kList) return tensor;
  Tensor copy(tensor.dtype(), tensor.shape());
  std::ranges::copy(tensor.bytes(), copy.mutable_bytes().begin());
  return copy;
}

std::string names_of(const std::vector<Port>& ports) {
  std::vector<std::string> names;
  for (const Port& port : ports) names.push_back(port.name);
  return fmt::format("{}", fmt::join(names, ", "));
}

/// A plan was cut where it was made: of its outputs some may be left out, and what is given must be its inputs.
void narrow_ends(Graph& graph, const EngineOptions& options) {
  const auto plain = [](std::string_view name) { return name.ends_with(":0") ? name.substr(0, name.size() - 2) : name; };
  for (const ImportInput& input : options.inputs) {
    require(std::ranges::find(graph.inputs(), plain(input.name), &Port::name) != graph.inputs().end(),
            "the plan has no input '{}'; its inputs are {}; cut the model there when it is optimised", input.name, names_of(graph.inputs()));
  }
  if (options.outputs.empty()) return;
  std::vector<Port> wanted;
  for (const std::string& name : options.outputs) {
    const auto port = std::ranges::find(graph.outputs(), plain(name), &Port::name);
    require(port != graph.outputs().end(), "the plan has no output '{}'; its outputs are {}; `temper optimize --outputs` makes one that has", name,
            names_of(graph.outputs()));
    wanted.push_back(*port);
  }
  graph.outputs() = std::move(wanted);
}

Plan read_plan(const std::filesystem::path& path, const EngineOptions& options, std::vector<std::string>& notes) {
  require(options.disabled_passes.empty(), "{}: a plan's passes were run when it was made; disable them with `temper optimize`", path.string());
  Plan plan = load_plan(path);
  in_context([&] { return path.string(); }, [&] { narrow_ends(plan.graph, options); });
  const std::string& here = cpu_description().model;
  if (plan.info.cpu != here) notes.push_back(fmt::format("{} was made for {}; this is {}: kernels are chosen anew where they must be", path.string(), plan.info.cpu, here));
  if (options.threads > 0 && options.threads != plan.info.threads) {
    notes.push_back(fmt::format("{} was made for {} threads, so its kernels were chosen for another count than {}", path.string(), plan.info.threads, options.threads));
  }
  return plan;
}

Plan make_plan(const std::filesystem::path& path, const EngineOptions& options) {
  if (options.backend != "reference") {
    return compile(path, {.outputs = options.outputs, .inputs = options.inputs, .disabled_passes = options.disabled_passes, .threads = options.threads,
                          .memory_limit_bytes = options.memory_limit_bytes});
  }
  Plan plan;
  plan.graph = import_model(path, {.inputs = options.inputs, .outputs = options.outputs});
  return plan;
}

/// Where the plan was made under a limit, or one is given: what the graph takes at its opt sizes has to fit.
bool must_stream(const Executor& executor, const Plan& plan, std::size_t limit_bytes) {
  if (limit_bytes == 0) return false;
  const auto inputs = opt_facts(executor.graph(), plan.profile);
  return inputs && fit(*executor.program_for(*inputs), limit_bytes).streams_weights;
}

}  // namespace

Engine Engine::load(const std::filesystem::path& path, const EngineOptions& options) {
  baseline_resident_bytes();
  const bool reference = options.backend == "reference";
  require(reference || options.backend == "cpu", "there is no backend '{}'; backends are cpu and reference", options.backend);
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  const bool is_plan = is_plan_file(path);
  impl->plan = is_plan ? read_plan(path, options, impl->notes) : make_plan(path, options);
  impl->threads = options.threads > 0 ? options.threads : is_plan ? impl->plan.info.threads : 0;
  set_thread_count(impl->threads);
  ExecutorOptions executing{.profile = options.profile, .reference = reference};
  for (Tactic& tactic : impl->plan.tactics) executing.chosen.push_back(tactic.kernel);
  const auto limit = options.memory_limit_bytes > 0 ? options.memory_limit_bytes : static_cast<std::size_t>(impl->plan.info.memory_limit_bytes);
  impl->executor = std::make_unique<Executor>(std::move(impl->plan.graph), available_backends(), std::move(executing));
  in_context([&] { return path.string(); }, [&] {
    if (must_stream(*impl->executor, impl->plan, limit)) impl->executor->stream_constants();
  });
  impl->context = std::make_unique<Context>(*impl->executor);
  return Engine(std::move(impl));
}

const Graph& Engine::graph() const { return impl_->executor->graph(); }
const Plan& Engine::plan() const { return impl_->plan; }
const Executor& Engine::executor() const { return *impl_->executor; }
int Engine::threads() const { return impl_->threads; }
const std::vector<std::string>& Engine::notes() const { return impl_->notes; }

std::vector<NamedTensor> Engine::run(const std::vector<NamedTensor>& inputs) {
  set_thread_count(impl_->threads);
  const Tensors bound = bind_inputs(graph(), inputs);
  in_context([&] { return impl_->path.string(); }, [&] {
    for (std::size_t i = 0; i < bound.size(); ++i) require_within(impl_->plan.profile, graph().inputs()[i].name, bound[i].shape());
    impl_->context->run(bound);
  });
  std::vector<NamedTensor> outputs;
  for (std::size_t i = 0; i < impl_->context->output_count(); ++i) {
    outputs.push_back({graph().outputs()[i].name, copy_of(impl_->context->output(i))});
  }
  return outputs;
}

std::vector<NodeProfile> Engine::profile() const { return impl_->context->profile(); }
const Program* Engine::program() const { return impl_->context->program(); }

}  // namespace temper
