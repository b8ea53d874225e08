#pragma once
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "ir/graph.h"

namespace temper {

/// What a kernel's time depends on, as a line of text for TimingCache: the processor, the kernel with its version, the operator
/// with its attributes, what its inputs are, the threads.
std::string timing_key(std::string_view cpu, std::string_view kernel, const Node& node, std::span<const Fact> in, int threads);

/// Times of kernels, kept in a file from one run of the program to the next. docs/plan-format.md has its format.
/// Not to be shared between threads; files may be shared between processes.
class TimingCache {
 public:
  /// Of no file: save() does nothing.
  TimingCache() = default;
  /// Empty where the file is missing, and where it cannot be used, which warning() then tells. Never throws for what the
  /// file is.
  static TimingCache load(const std::filesystem::path& path);

  /// Why the file was not used; empty where it was, or is not there.
  const std::string& warning() const { return warning_; }
  std::size_t size() const { return times_.size(); }

  std::optional<std::int64_t> find(std::string_view key) const;
  /// In the place of what was recorded before. Throws InternalError where the time is negative.
  void record(std::string_view key, std::int64_t time_ns);

  /// Writes what is here and what other processes have written since, whole or not at all; nothing where nothing was recorded. Missing
  /// folders are made. Throws ModelError where that cannot be written.
  void save();

 private:
  using Times = std::map<std::string, std::int64_t, std::less<>>;
  struct Content {
    Times times;
    std::string warning;
  };
  static Content read(const std::filesystem::path& path);

  std::filesystem::path path_;
  std::string warning_;
  Times times_;
  Times recorded_;  // since the file was read
};

}  // namespace temper
