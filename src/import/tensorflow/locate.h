#pragma once
#include <filesystem>

#include "base/file.h"

namespace temper::tensorflow {

enum class FileKind : std::uint8_t { kGraph, kMetaGraph, kSavedModel };

/// Which of TensorFlow's messages a file holds, by its content, binary or text. What is none of them counts as a graph.
FileKind kind_of(const ByteSource& source);

/// The files that are meant by the one name that the user gives.
struct ModelFiles {
  FileKind kind = FileKind::kGraph;
  std::filesystem::path file;        ///< the graph, in whichever form
  std::filesystem::path checkpoint;  ///< the prefix of the variables' files; they need not be there
};

/// Finds the files: of a graph file, a MetaGraph with the checkpoint beside it, a checkpoint's prefix or one of its files, a folder with a SavedModel, a checkpoint,
/// or numbered versions of either, of which the last counts. Throws ModelError where nothing is found, saying what is there.
ModelFiles locate(const std::filesystem::path& path);

}  // namespace temper::tensorflow
