#include "import/tensorflow/meta_graph.h"

#include <algorithm>

#include "import/tensorflow/frozen_model.h"
#include "import/tensorflow/import_graph_def.h"

namespace temper::tensorflow {
namespace {

/// What the importer of graphs is told of a frozen model.
struct Told {
  ImportOptions options;
  PortNames names;
};

Told told(const FrozenModel& model) {
  Told told;
  for (const ModelPort& output : model.outputs) {
    told.options.outputs.push_back(output.tensor);
    told.names.outputs.push_back(output.name);
  }
  for (const ModelPort& input : model.inputs) {
    const bool kept = std::ranges::any_of(model.file.graph->node(), [&](const NodeDef& node) { return node.name() == input.tensor.substr(0, input.tensor.find(':')); });
    if (!kept) continue;  // no output depends on it
    told.options.inputs.push_back({input.tensor, input.fact});
    told.names.inputs.emplace(input.tensor, input.name);
  }
  return told;
}

}  // namespace

Graph import_meta_graph(const ModelFiles& files, const ImportOptions& options) {
  const FrozenModel model = read_frozen(files, options);
  const Told told = tensorflow::told(model);
  return import_graph_def(model.file, told.options, told.names);
}

ModelSummary summarise_meta_graph(const ModelFiles& files, const ImportOptions& options) {
  FrozenModel model = read_frozen(files, options);
  const Told told = tensorflow::told(model);
  ModelSummary summary = summarise_graph_def(model.file, told.options, told.names);
  summary.format = model.format;
  summary.producer = model.producer;
  summary.node_count = model.node_count;
  summary.function_count = model.function_count;
  summary.variable_count = model.variable_count;
  summary.signatures = std::move(model.signatures);
  summary.unused_variables = std::move(model.unused_variables);
  return summary;
}

}  // namespace temper::tensorflow
