#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "base/file.h"

struct zip;

namespace temper::keras {

/// A zip archive. Nothing is unpacked to files, and entries are asked for by their full names, so an entry's name can lead nowhere.
class Archive {
 public:
  static bool recognises(const ByteSource& source);

  /// Throws ModelError where it is damaged.
  explicit Archive(const std::filesystem::path& path);

  bool contains(const std::string& name) const;
  /// The whole entry. Throws ModelError where it is missing, damaged, or of more than `most_bytes`.
  std::string text(const std::string& name, std::size_t most_bytes) const;
  /// The entry's bytes: read where they are wanted if it is stored as it is, else unpacked into memory, as far as that allows. Outlives
  /// the archive.
  std::shared_ptr<const ByteSource> source(const std::string& name) const;

 private:
  std::shared_ptr<zip> archive_;
  std::size_t file_bytes_ = 0;
};

}  // namespace temper::keras
