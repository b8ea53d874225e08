#include "engine/session.h"

#include "base/cpu_features.h"
#include "base/memory.h"
#include "base/threads.h"
#include "backends/backends.h"
#include "engine/bind_inputs.h"
#include "engine/compile.h"
#include "runtime/footprint.h"
#include "plan/file/plan_file.h"
#include "plan/profile.h"

namespace temper {

struct Session::Impl {
  int threads = 0;
  std::filesystem::path path;
  Plan plan;  // its graph is the executor's
  std::vector<std::string> notes;
  std::unique_ptr<Executor> executor;
  std::unique_ptr<ExecutionContext> context;
};

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

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
void narrow_ends(Graph& graph, const SessionOptions& options) {
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

Plan read_plan(const std::filesystem::path& path, const SessionOptions& options, std::vector<std::string>& notes) {
  require(options.choice.signature.empty() && options.choice.tags.empty(), "{}: a plan has one signature; choose it with `temper optimize`", path.string());
  require(options.disabled_passes.empty(), "{}: a plan's passes were run when it was made; disable them with `temper optimize`", path.string());
  Plan plan = load_plan(path);
  in_context([&] { return path.string(); }, [&] { narrow_ends(plan.graph, options); });
  const bool same_cpu = plan.info.cpu == cpu_description().model;
  if (!same_cpu || plan.info.isa != usable_features()) {
    notes.push_back(fmt::format("{} was made for {} with {}; this is {} with {}: kernels are chosen anew where they must be, so optimise again "
                                "for the best times", path.string(), plan.info.cpu, plan.info.isa, cpu_description().model, usable_features()));
  }
  if (options.threads > 0 && options.threads != plan.info.threads) {
    notes.push_back(fmt::format("{} was made for {} threads, so its kernels were chosen for another count than {}", path.string(), plan.info.threads, options.threads));
  }
  return plan;
}

Plan make_plan(const std::filesystem::path& path, const SessionOptions& options) {
  if (options.backend != "reference") {
    return compile(path, {.outputs = options.outputs, .inputs = options.inputs, .choice = options.choice, .disabled_passes = options.disabled_passes, .threads = options.threads,
                          .memory_limit_bytes = options.memory_limit_bytes});
  }
  Plan plan;
  plan.graph = import_model(path, {.inputs = options.inputs, .outputs = options.outputs, .choice = options.choice});
  return plan;
}

}  // namespace

Session Session::load(const std::filesystem::path& path, const SessionOptions& options) {
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
    fit(*impl->executor, impl->plan, limit);
  });
  impl->context = std::make_unique<ExecutionContext>(*impl->executor);
  return Session(std::move(impl));
}

const Graph& Session::graph() const { return impl_->executor->graph(); }
const Plan& Session::plan() const { return impl_->plan; }
const Executor& Session::executor() const { return *impl_->executor; }
int Session::threads() const { return impl_->threads; }
const std::vector<std::string>& Session::notes() const { return impl_->notes; }

std::vector<NamedTensor> Session::run(const std::vector<NamedTensor>& inputs) {
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

std::vector<NodeProfile> Session::profile() const { return impl_->context->profile(); }
const Program* Session::program() const { return impl_->context->program(); }

}  // namespace temper
