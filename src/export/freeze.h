#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "import/import.h"

namespace temper {

struct FreezeOptions {
  /// Outputs, and the tensors to cut at, which become placeholders; the fact of one may be left out where its node says its type.
  ImportOptions import;
  /// Text instead of binary.
  bool text = false;
  /// Only what TensorFlow 1.15 knows (older_graph.h).
  bool for_tensorflow_1_15 = false;
};

/// An end of a frozen graph.
struct FrozenPort {
  std::string name;    ///< what the model's signature calls it, or its tensor
  std::string tensor;  ///< "node:0"
};

struct FreezeReport {
  std::string format;  ///< of the source
  std::vector<FrozenPort> inputs;
  std::vector<FrozenPort> outputs;
  std::size_t node_count = 0;         ///< of the source
  std::size_t frozen_node_count = 0;  ///< and of what is written
  std::size_t variable_count = 0;
  std::size_t file_bytes = 0;
};

/// Writes a TensorFlow model (a graph, a MetaGraph with its checkpoint, a SavedModel) as one GraphDef that TensorFlow loads: what outputs depend on, variables as
/// constants, names kept. The file is whole or untouched. Throws ModelError where the model cannot be read or frozen, needs state that a graph does not hold (tables,
/// queues), or passes 2 GB.
FreezeReport freeze_model(const std::filesystem::path& model, const std::filesystem::path& output, const FreezeOptions& options = {});

}  // namespace temper
