#include "engine/engine.h"

#include "backends/cpu/backend.h"
#include "backends/onednn/backend.h"
#include "base/threads.h"
#include "engine/bind_inputs.h"
#include "import/import.h"
#include "passes/driver.h"
#include "runtime/executor.h"

namespace temper {

struct Engine::Impl {
  int threads = 0;
  std::filesystem::path path;
  std::unique_ptr<Executor> executor;
  std::unique_ptr<Context> context;
};

namespace {

/// Results stay the caller's when the context runs again.
Tensor copy_of(const Tensor& tensor) {
  if (tensor.dtype() == DType::kString || tensor.dtype() == DType::kList) return tensor;
  Tensor copy(tensor.dtype(), tensor.shape());
  std::ranges::copy(tensor.bytes(), copy.mutable_bytes().begin());
  return copy;
}

}  // namespace

Engine::Engine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;
Engine::~Engine() = default;

Engine Engine::load(const std::filesystem::path& path, const EngineOptions& options) {
  const bool reference = options.backend == "reference";
  require(reference || options.backend == "cpu", "there is no backend '{}'; backends are cpu and reference", options.backend);
  set_thread_count(options.threads);
  Graph graph = import_model(path, {.inputs = options.inputs, .outputs = options.outputs});
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  impl->threads = options.threads;
  if (!reference) {
    in_context([&] { return path.string(); }, [&] { optimise(graph, {.disabled = options.disabled_passes}); });
  }
  std::vector<const Backend*> backends;
  if (!reference) backends = {&cpu_backend(), &onednn_backend()};
  impl->executor = std::make_unique<Executor>(std::move(graph), std::move(backends), ExecutorOptions{.profile = options.profile});
  impl->context = std::make_unique<Context>(*impl->executor);
  return Engine(std::move(impl));
}

const Graph& Engine::graph() const { return impl_->executor->graph(); }

std::vector<NamedTensor> Engine::run(const std::vector<NamedTensor>& inputs) {
  set_thread_count(impl_->threads);
  in_context([&] { return impl_->path.string(); }, [&] { impl_->context->run(bind_inputs(graph(), inputs)); });
  std::vector<NamedTensor> outputs;
  for (std::size_t i = 0; i < impl_->context->output_count(); ++i) {
    outputs.push_back({graph().outputs()[i].name, copy_of(impl_->context->output(i))});
  }
  return outputs;
}

std::vector<NodeProfile> Engine::profile() const { return impl_->context->profile(); }

}  // namespace temper
