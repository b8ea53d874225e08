#include <functional>

#include "backends/cpu/backend.h"
#include "backends/onednn/backend.h"
#include "import/tensorflow/import_graph_def.h"
#include "import/tensorflow/read_graph_def.h"
#include "ops/evaluate.h"
#include "passes/driver.h"
#include "runtime/executor.h"
#include "support/recorded.h"
#include "support/tensors.h"

/// Every recorded answer of TensorFlow against the reference kernels, and against the optimised graph on chosen kernels.
namespace temper::testing {
namespace {

using Runner = std::function<Tensors(Graph& graph, Inputs inputs)>;

class Recorded : public ::testing::TestWithParam<std::filesystem::path> {};

void run_case(const RecordedCase& c, const Runner& run) {
  SCOPED_TRACE(c.op + "/" + c.name);
  try {
    ImportOptions options;
    for (const auto& [name, tensor] : c.outputs) options.outputs.push_back(name);
    for (const auto& [name, tensor] : c.inputs) options.inputs.push_back({name, Fact{tensor.dtype(), {}, {}}});
    const auto file = tensorflow::parse_graph_def(c.graph);
    Graph graph = tensorflow::import_graph_def(file, options);
    verify(graph);
    Tensors inputs;
    for (const Port& port : graph.inputs()) inputs.push_back(c.inputs.at(port.name));
    const Tensors outputs = run(graph, inputs);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      const std::string& name = graph.outputs()[i].name;
      EXPECT_TRUE(near(outputs[i], c.outputs.at(name), c.atol, c.rtol)) << "output " << name;
      EXPECT_TRUE(admits(graph.fact(graph.outputs()[i].value), outputs[i]))
          << "inferred " << describe(graph.fact(graph.outputs()[i].value)) << ", got " << describe(outputs[i]);
    }
  } catch (const Error& error) {
    ADD_FAILURE() << error.what();
  }
}

TEST_P(Recorded, ReferenceAgrees) {
  for (const RecordedCase& c : read_cases(GetParam())) run_case(c, evaluate);
}

TEST_P(Recorded, ChosenKernelsAgree) {
  for (const RecordedCase& c : read_cases(GetParam())) {
    run_case(c, [&](Graph& graph, Inputs inputs) {
      optimise(graph);
      verify(graph);
      return run_once(Executor(graph, {&cpu_backend(), &onednn_backend()}), inputs);
    });
  }
}

INSTANTIATE_TEST_SUITE_P(TensorFlow, Recorded, ::testing::ValuesIn(recorded_files()),
                         [](const auto& file) { return file.param.stem().string(); });

}  // namespace
}  // namespace temper::testing
