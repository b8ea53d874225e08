#include "fuzz/seeds.h"

#include <cstdlib>
#include <deque>
#include <filesystem>
#include <map>
#include <set>

#include "base/file.h"
#include "import/tensorflow/read_graph_def.h"
#include "support/recorded.h"

namespace temper::testing {
namespace {

using tensorflow::GraphDef;
using tensorflow::NodeDef;

constexpr std::size_t kLargeConstantBytes = 256;
constexpr int kWholeNodes = 64;         // graphs of up to so many nodes are used whole
constexpr std::size_t kPieceNodes = 40;
constexpr int kPieces = 48;             // of each larger graph

std::vector<std::filesystem::path> model_files() {
  std::vector<std::filesystem::path> folders = {TEMPER_SOURCE_DIR "/models"};
  if (const char* more = std::getenv("TEMPER_FUZZ_MODELS")) folders.emplace_back(more);
  std::vector<std::filesystem::path> files;
  for (const auto& folder : folders) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      const auto extension = entry.path().extension();
      if (extension == ".pb" || extension == ".pbtxt") files.push_back(entry.path());
    }
  }
  std::ranges::sort(files);
  return files;
}

/// "node" of "node:1" or "^node".
std::string node_of(std::string input) {
  if (input.starts_with('^')) input.erase(0, 1);
  return input.substr(0, input.find(':'));
}

NodeDef placeholder(const std::string& name, const NodeDef* instead_of) {
  NodeDef node;
  node.set_name(name);
  node.set_op("Placeholder");
  auto type = tensorflow::DT_FLOAT;
  if (instead_of != nullptr) {
    for (const char* attribute : {"T", "dtype", "DstT"}) {
      const auto found = instead_of->attr().find(attribute);
      if (found != instead_of->attr().end()) type = found->second.type();
    }
  }
  (*node.mutable_attr())["dtype"].set_type(type);
  return node;
}

}  // namespace

void lighten(GraphDef& graph) {
  for (NodeDef& node : *graph.mutable_node()) {
    const auto value = node.mutable_attr()->find("value");
    if (value == node.mutable_attr()->end() || !value->second.has_tensor()) continue;
    auto& tensor = *value->second.mutable_tensor();
    if (tensor.tensor_content().size() + static_cast<std::size_t>(tensor.float_val_size()) * 4 <= kLargeConstantBytes && tensor.content_number() == 0) continue;
    tensor.clear_tensor_content();
    tensor.clear_content_number();
    tensor.clear_float_val();
    tensor.add_float_val(0.5F);
  }
}

GraphDef piece(const GraphDef& graph, std::size_t count, Random& random) {
  std::map<std::string, const NodeDef*> nodes;
  for (const NodeDef& node : graph.node()) nodes.emplace(node.name(), &node);
  std::map<std::string, const NodeDef*> taken;
  std::deque<const NodeDef*> open = {&graph.node(static_cast<int>(below(random, static_cast<std::size_t>(graph.node_size()))))};
  while (!open.empty()) {
    const NodeDef* node = open.front();
    open.pop_front();
    if ((node->op() != "Const" && taken.size() >= count) || !taken.emplace(node->name(), node).second) continue;
    for (const std::string& input : node->input()) {
      if (const auto found = nodes.find(node_of(input)); found != nodes.end()) open.push_back(found->second);
    }
  }
  GraphDef result;
  *result.mutable_library() = graph.library();
  std::set<std::string> cut;
  for (const auto& [name, original] : taken) {
    NodeDef& node = *result.add_node();
    node = *original;
    for (std::string& input : *node.mutable_input()) {
      if (input.starts_with('^') || taken.contains(node_of(input))) continue;
      const auto from = nodes.find(node_of(input));
      std::ranges::replace(input, ':', '_');
      if (cut.insert(input).second) *result.add_node() = placeholder(input, from == nodes.end() ? nullptr : from->second);
    }
  }
  return result;
}

std::vector<GraphDef> seed_graphs() {
  Random random(1);
  std::vector<GraphDef> graphs;
  const auto add = [&](GraphDef graph) {
    lighten(graph);
    if (graph.node_size() <= kWholeNodes) return graphs.push_back(std::move(graph));
    for (int i = 0; i < kPieces; ++i) graphs.push_back(piece(graph, kPieceNodes, random));
  };
  for (const auto& file : recorded_files()) {
    for (const RecordedCase& c : read_cases(file)) {
      GraphDef graph;
      if (graph.ParseFromString(c.graph)) add(std::move(graph));
    }
  }
  for (const auto& file : model_files()) {
    try {
      add(std::move(*tensorflow::read_graph_def(file).graph));
    } catch (const ModelError&) {  // a model of another format, or a label map
    }
  }
  return graphs;
}

}  // namespace temper::testing
