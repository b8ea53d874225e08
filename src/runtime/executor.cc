#include "runtime/executor.h"

#include "runtime/program.h"

namespace temper {

Executor::Executor(Graph graph, std::vector<const Backend*> backends, ExecutorOptions options)
    : graph_(std::move(graph)),
      backends_(std::move(backends)),
      program_(std::make_unique<Program>(graph_, backends_, options)) {}

Executor::~Executor() = default;

Tensors Executor::run(Inputs inputs) {
  require(inputs.size() == program_->input_count(), "takes {} inputs, got {}", program_->input_count(), inputs.size());
  for (std::size_t i = 0; i < inputs.size(); ++i) program_->bind(i, inputs[i]);
  program_->execute();
  return program_->take_outputs();
}

std::vector<NodeProfile> Executor::profile() const {
  std::vector<NodeProfile> profile;
  program_->add_profile(profile);
  return profile;
}

}  // namespace temper
