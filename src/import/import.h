#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ir/graph.h"

namespace temper {

/// A tensor to be given from outside, whatever the model computes it from.
struct ImportInput {
  std::string name;          ///< its source name ("node" or "node:1")
  std::optional<Fact> fact;  ///< what will be given; taken from the node where it is a placeholder
};

/// Which of the graphs and signatures that a SavedModel or MetaGraph holds. Empty: what serves (tag `serve`), and the signature `serving_default`.
struct ModelChoice {
  std::string signature;
  std::string tags;  ///< a,b
};

struct ImportOptions {
  /// Tensors to cut the graph at, beside its placeholders.
  std::vector<ImportInput> inputs;
  /// Tensors to give, by their source names ("node" or "node:1"). Empty: the model's own outputs are found.
  std::vector<std::string> outputs;
  ModelChoice choice = {};
};

/// An end of the model, as its file speaks of it.
struct SourcePort {
  std::string name;
  Fact fact;
};

/// Source operators of one kind that no rule imports.
struct UnsupportedOp {
  std::string op;
  std::vector<std::string> nodes;  ///< every node of it that outputs depend on
};

/// Inputs and outputs under the names by which a model offers them.
struct SignatureSummary {
  std::string name;
  std::vector<SourcePort> inputs;
  std::vector<SourcePort> outputs;
  bool chosen = false;
};

/// What a model's file holds, read without importing its operators.
struct ModelSummary {
  std::string format;            ///< "TensorFlow frozen graph (binary)"
  std::string producer;          ///< the version that wrote it, as far as the file says
  std::size_t node_count = 0;    ///< of the file, functions included
  std::size_t live_node_count = 0;  ///< those that outputs depend on
  std::size_t function_count = 0;
  std::int64_t parameter_count = 0;  ///< elements of live constants
  std::size_t parameter_bytes = 0;
  std::vector<SourcePort> inputs;
  std::vector<SourcePort> outputs;
  std::map<std::string, std::size_t> op_census;  ///< live nodes by source operator
  std::vector<UnsupportedOp> unsupported;
  std::vector<SignatureSummary> signatures;
  std::size_t variable_count = 0;                ///< that outputs depend on
  std::vector<std::string> unused_variables;     ///< values in the checkpoint that no such variable takes
};

/// Reads a model, whatever its format, as a graph of Temper operators. Inputs and outputs carry the source's names,
/// without ":0". Throws ModelError naming the file, and the node where one is at fault; all operators that have no rule
/// are named together.
Graph import_model(const std::filesystem::path& path, const ImportOptions& options = {});

/// Describes a model; operators that have no rule are listed instead of refused. Otherwise throws as import_model does.
ModelSummary summarise_model(const std::filesystem::path& path, const ImportOptions& options = {});

}  // namespace temper
