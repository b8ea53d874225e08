#pragma once
#include <unistd.h>

#include <filesystem>

#include "base/error.h"

namespace temper::testing {

/// The small models that record/make_models.py makes.
inline std::filesystem::path models_folder() { return TEMPER_SOURCE_DIR "/tests/import/models"; }

/// A folder that is there while this lives.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    static int count = 0;
    path_ = std::filesystem::temp_directory_path() / fmt::format("temper_models_{}_{}", ::getpid(), count++);
    std::filesystem::create_directories(path_);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace temper::testing
