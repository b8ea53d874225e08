#include "engine/session.h"

#include "base/cpu_features.h"
#include "base/memory.h"
#include "base/threads.h"
#include "backends/backends.h"
#include "engine/bind_inputs.h"
#include "engine/compile.h"
#include "plan/file/plan_file.h"
#include "plan/profile.h"

namespace temper {

namespace {

/// What tensors may take while it lives.
class Allowance {
 public:
  ~Allowance() { set_memory_limit(before_); }
  Allowance() = default;
  Allowance(const Allowance&) = delete;
  Allowance& operator=(const Allowance&) = delete;

  /// `limit_bytes` of the whole process (0: no limit), of which `other_bytes` are for what is no tensor.
  void hold_to(std::size_t limit_bytes, std::size_t other_bytes) const {
    if (limit_bytes > 0) set_memory_limit(std::min(before_, limit_bytes - std::min(limit_bytes, other_bytes)));
  }

 private:
  std::size_t before_ = memory_limit();
};

}  // namespace

struct Session::Impl {
  int threads = 0;
  Allowance allowance;
  std::filesystem::path path;
  Plan plan;  // its graph is the executor's
  std::vector<std::string> notes;
  std::unique_ptr<Executor> executor;
  std::unique_ptr<ExecutionContext> context;

  /// Refuses inputs of sizes for which the memory limit leaves no room, and leaves other tensors what it does leave.
  void hold_to_limit(const Tensors& inputs) const {
    const std::size_t limit = executor->options().memory_limit_bytes;
    if (limit == 0) return;
    Facts facts;
    for (const Tensor& input : inputs) facts.push_back({input.dtype(), input.shape(), {}});
    const Footprint footprint = fit(*executor->program_for(facts), limit);
    allowance.hold_to(limit, static_cast<std::size_t>(footprint.beside_tensors_bytes()));
  }
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
  const auto& info = impl->plan.info;
  const auto limit = options.memory_limit_bytes > 0 ? options.memory_limit_bytes : static_cast<std::size_t>(info.memory_limit_bytes);
  ExecutorOptions executing{.profile = options.profile, .reference = reference, .memory_limit_bytes = limit,
                            .max_workspace_bytes = static_cast<std::size_t>(info.workspace_limit_bytes)};
  for (Tactic& tactic : impl->plan.tactics) executing.chosen.push_back(tactic.kernel);
  impl->executor = std::make_unique<Executor>(std::move(impl->plan.graph), available_backends(), std::move(executing));
  in_context([&] { return path.string(); }, [&] {
    impl->allowance.hold_to(limit, baseline_resident_bytes());
    require_fits(*impl->executor, impl->plan);
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
    impl_->hold_to_limit(bound);
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
Footprint Session::footprint() const {
  return program() == nullptr ? Footprint{} : fit(*program(), executor().options().memory_limit_bytes);
}

}  // namespace temper
