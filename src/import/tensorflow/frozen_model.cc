#include "import/tensorflow/frozen_model.h"

#include <algorithm>

#include "import/tensorflow/checkpoint/checkpoint.h"
#include "import/tensorflow/ends.h"
#include "import/tensorflow/freeze.h"
#include "import/tensorflow/inference_form.h"
#include "import/tensorflow/read_message.h"
#include "import/tensorflow/values.h"

namespace temper::tensorflow {
namespace {

/// Of protobuf's maps, which have no order.
std::vector<std::string> sorted_keys(const auto& map) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : map) keys.push_back(key);
  std::ranges::sort(keys);
  return keys;
}

std::vector<std::string> sorted_tags(const MetaGraphDef& graph) {
  std::vector<std::string> tags(graph.meta_info_def().tags().begin(), graph.meta_info_def().tags().end());
  std::ranges::sort(tags);
  return tags;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> words(1);
  for (const char c : text) {
    if (c == ',') words.emplace_back();
    else words.back() += c;
  }
  return words;
}

/// The graph with exactly the tags that are wanted, or `serve`, or the only one.
MetaGraphDef& choose_graph(SavedModel& model, const std::string& wanted) {
  require(model.meta_graphs_size() > 0, "holds no graph");
  std::vector<std::string> tags = split(wanted.empty() ? "serve" : wanted);
  std::ranges::sort(tags);
  std::string there;
  for (MetaGraphDef& graph : *model.mutable_meta_graphs()) {
    if (sorted_tags(graph) == tags) return graph;
    there += fmt::format("{}{}", there.empty() ? "" : "; ", fmt::join(sorted_tags(graph), ","));
  }
  if (wanted.empty() && model.meta_graphs_size() == 1) return *model.mutable_meta_graphs(0);
  throw ModelError(fmt::format("holds no graph with the tags {}; choose one with --tags: {}", fmt::join(tags, ","), there));
}

/// TensorFlow 2's own, which gives nothing.
bool is_initialiser(const std::string& signature) { return signature == "__saved_model_init_op" || signature == "__saved_model_train_op"; }

std::string choose_signature(const MetaGraphDef& graph, const ImportOptions& options) {
  std::vector<std::string> names;
  for (const std::string& name : sorted_keys(graph.signature_def())) {
    if (!is_initialiser(name)) names.push_back(name);
  }
  const std::string& wanted = options.choice.signature;
  if (!wanted.empty()) {
    require(std::ranges::find(names, wanted) != names.end(), "has no signature '{}'{}", wanted, names.empty() ? "; it has none" : fmt::format("; it has {}", fmt::join(names, ", ")));
    return wanted;
  }
  if (std::ranges::find(names, "serving_default") != names.end()) return "serving_default";
  if (names.size() == 1) return names[0];
  require(names.empty() || !options.outputs.empty(), "has no signature serving_default; choose one with --signature-def: {}", fmt::join(names, ", "));
  return {};
}

/// Early writers say nothing of shapes.
Fact fact_of(const TensorInfo& info) { return {to_dtype(info.dtype()), info.has_tensor_shape() ? to_shape(info.tensor_shape()) : ShapeFact(), {}}; }

std::vector<SignatureSummary> describe_signatures(const MetaGraphDef& graph, const std::string& chosen) {
  std::vector<SignatureSummary> all;
  const auto ports = [](const auto& map) {
    std::vector<SourcePort> list;
    for (const std::string& name : sorted_keys(map)) list.push_back({name, fact_of(map.at(name))});
    return list;
  };
  for (const std::string& name : sorted_keys(graph.signature_def())) {
    if (is_initialiser(name)) continue;
    const SignatureDef& signature = graph.signature_def().at(name);
    all.push_back({name, ports(signature.inputs()), ports(signature.outputs()), name == chosen});
  }
  return all;
}

/// A model's message, and how it came.
struct Read {
  MetaGraphDef graph;
  Contents contents;
  std::string format;
  bool text = false;
};

Read read(const ModelFiles& files, const ImportOptions& options) {
  Read read;
  const auto source = std::make_shared<const FileSource>(files.file);
  read.text = looks_like_text(sample_of(*source));
  const char* form = read.text ? "text" : "binary";
  if (files.kind == FileKind::kSavedModel) {
    SavedModel model;
    read_message(model, Root::kSavedModel, source, kLargeContentBytes, "a SavedModel", read.contents);
    read.graph = std::move(choose_graph(model, options.choice.tags));
    read.format = fmt::format("TensorFlow SavedModel ({}, tags {})", form, fmt::join(sorted_tags(read.graph), ","));
  } else if (files.kind == FileKind::kMetaGraph) {
    read_message(read.graph, Root::kMetaGraph, source, kLargeContentBytes, "a MetaGraph", read.contents);
    read.format = fmt::format("TensorFlow MetaGraph ({})", form);
  } else {
    read_message(*read.graph.mutable_graph_def(), Root::kGraph, source, kLargeContentBytes, "a TensorFlow graph", read.contents);
    read.format = fmt::format("TensorFlow graph ({})", form);
  }
  require(read.graph.graph_def().node_size() > 0, "holds no nodes, so it is not a TensorFlow graph");
  return read;
}

std::string plain(const std::string& tensor) { return tensor.ends_with(":0") ? tensor.substr(0, tensor.size() - 2) : tensor; }

/// The tensor that a signature calls so; the name itself where it calls none so.
std::string tensor_of(const google::protobuf::Map<std::string, TensorInfo>& ports, const std::string& name) {
  const auto found = ports.find(name);
  if (found == ports.end()) return plain(name);
  require(!found->second.name().empty(), "'{}' of its signature is a sparse or composite tensor, which is not supported", name);
  return plain(found->second.name());
}

std::vector<ModelPort> outputs_of(const SignatureDef& signature, const std::vector<std::string>& wanted) {
  std::vector<ModelPort> ports;
  for (const std::string& name : wanted.empty() ? sorted_keys(signature.outputs()) : wanted) ports.push_back({plain(name), tensor_of(signature.outputs(), name), {}});
  return ports;
}

/// The signature's inputs, and the tensors that are given besides.
std::vector<ModelPort> inputs_of(const SignatureDef& signature, const std::vector<ImportInput>& given) {
  std::vector<ModelPort> ports;
  for (const std::string& name : sorted_keys(signature.inputs())) {
    ports.push_back({name, tensor_of(signature.inputs(), name), fact_of(signature.inputs().at(name))});
  }
  for (const ImportInput& input : given) {
    const std::string tensor = tensor_of(signature.inputs(), input.name);
    if (std::ranges::find(ports, tensor, &ModelPort::tensor) == ports.end()) ports.push_back({plain(input.name), tensor, input.fact});
  }
  return ports;
}

/// What the writer knew of the shape of an output.
ShapeFact said_shape(const SourceNode& node, int port) {
  const AttrValue* shapes = find_attribute(*node.def, "_output_shapes");
  return shapes == nullptr || port >= shapes->list().shape_size() ? ShapeFact() : to_shape(shapes->list().shape(port));
}

/// The nodes that save and restore, as the file itself says.
std::vector<int> saver_nodes(const SourceGraph& source, const SaverDef& saver) {
  std::vector<int> nodes;
  for (const std::string& tensor : {saver.filename_tensor_name(), saver.save_tensor_name(), saver.restore_op_name()}) {
    const int id = source.find(std::string_view(tensor).substr(0, tensor.find(':')));
    if (id >= 0) nodes.push_back(id);
  }
  return nodes;
}

void find_outputs(FrozenModel& model, const ModelFiles& files, SourceGraph& source, Read& read) {
  FunctionLibrary library(*read.graph.mutable_graph_def()->mutable_library(), read.contents);
  const auto ends = files.kind == FileKind::kGraph ? find_ends(source, library) : find_ends_reached(source, library, saver_nodes(source, read.graph.saver_def()));
  for (const End& end : ends) model.outputs.push_back({end.name, end.name, {}});
}

}  // namespace

FrozenModel read_frozen(const ModelFiles& files, const ImportOptions& options) {
  FrozenModel model;
  Read read = tensorflow::read(files, options);
  GraphDef& graph = *read.graph.mutable_graph_def();
  const std::string chosen = choose_signature(read.graph, options);
  const SignatureDef signature = chosen.empty() ? SignatureDef() : read.graph.signature_def().at(chosen);
  model.signatures = describe_signatures(read.graph, chosen);
  model.outputs = outputs_of(signature, options.outputs);
  model.inputs = inputs_of(signature, options.inputs);
  model.format = read.format;
  const std::string& version = read.graph.meta_info_def().tensorflow_version();
  model.producer = version.empty() ? fmt::format("GraphDef version {}", graph.versions().producer()) : "TensorFlow " + version;
  model.node_count = static_cast<std::size_t>(graph.node_size());
  model.function_count = static_cast<std::size_t>(graph.library().function_size());

  if (files.kind != FileKind::kGraph) to_inference_form(graph);
  SourceGraph source(graph, read.contents);
  if (model.outputs.empty()) find_outputs(model, files, source, read);
  std::vector<bool> cut(static_cast<std::size_t>(source.size()));
  for (ModelPort& input : model.inputs) {
    const SourceEdge edge = source.edge(input.tensor);
    cut[static_cast<std::size_t>(edge.node)] = true;
    if (input.fact && !input.fact->shape.rank_known()) input.fact->shape = said_shape(source.node(edge.node), edge.port);
  }
  std::vector<SourceEdge> ends;
  for (const ModelPort& output : model.outputs) {
    ends.push_back(source.edge(output.tensor));
    require(source.node(ends.back().node).op != "NoOp", "output '{}' is a node that gives nothing (NoOp)", output.name);
  }
  const bool has_checkpoint = files.kind != FileKind::kGraph && is_checkpoint(files.checkpoint);
  Variables variables(graph, has_checkpoint ? open_checkpoint(files.checkpoint) : nullptr);
  model.file.graph = std::make_unique<GraphDef>(freeze(graph, source, ends, cut, read.contents, variables));
  model.file.contents = std::move(read.contents);
  model.file.text = read.text;
  model.variable_count = variables.used_count();
  model.unused_variables = variables.unused();
  return model;
}

}  // namespace temper::tensorflow
