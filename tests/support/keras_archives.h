#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "ir/tensor.h"

namespace temper::testing {

/// The files of an archive under tests/import/keras/recorded, in a folder that is removed with it.
class UnpackedArchive {
 public:
  explicit UnpackedArchive(const std::filesystem::path& archive);
  ~UnpackedArchive();
  UnpackedArchive(const UnpackedArchive&) = delete;
  UnpackedArchive& operator=(const UnpackedArchive&) = delete;

  const std::filesystem::path& folder() const { return folder_; }
  /// What to read as models, in order: all but answers, and of weights apart their architecture.
  std::vector<std::filesystem::path> models() const;

 private:
  std::filesystem::path folder_;
};

struct RecordedAnswers {
  std::map<std::string, Tensor> inputs;
  std::map<std::string, Tensor> outputs;
};

/// What the library that wrote `model` was given and gave.
RecordedAnswers answers_of(const std::filesystem::path& model);

std::vector<std::filesystem::path> recorded_archives();

}  // namespace temper::testing
