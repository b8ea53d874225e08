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
  std::vector<std::unique_ptr<Backend>> backends;
  std::unique_ptr<Executor> executor;
};

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
    impl->backends.push_back(make_cpu_backend());
    impl->backends.push_back(make_onednn_backend());
  }
  std::vector<const Backend*> asked;
  for (const auto& backend : impl->backends) asked.push_back(backend.get());
  impl->executor = std::make_unique<Executor>(std::move(graph), std::move(asked), ExecutorOptions{.profile = options.profile});
  return Engine(std::move(impl));
}

const Graph& Engine::graph() const { return impl_->executor->graph(); }

std::vector<NamedTensor> Engine::run(const std::vector<NamedTensor>& inputs) {
  set_thread_count(impl_->threads);
  Tensors results = in_context([&] { return impl_->path.string(); },
                               [&] { return impl_->executor->run(bind_inputs(graph(), inputs)); });
  std::vector<NamedTensor> outputs;
  for (std::size_t i = 0; i < results.size(); ++i) outputs.push_back({graph().outputs()[i].name, std::move(results[i])});
  return outputs;
}

std::vector<NodeProfile> Engine::profile() const { return impl_->executor->profile(); }

}  // namespace temper
