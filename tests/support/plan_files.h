#pragma once
#include <filesystem>
#include <string>

/// What tests do to files of plans.
namespace temper::testing {

/// A file's path that no other test has, in memory where the machine has a folder for that; it is removed in the end.
class TemporaryFile {
 public:
  TemporaryFile();
  ~TemporaryFile();
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string content() const;
  /// Not synced: quick.
  void write(const std::string& content) const;

 private:
  std::filesystem::path path_;
};

/// Computes all checksums of a plan file's bytes anew, so that what is wrong with it is met behind them. The bytes are left where the
/// header is too damaged for that.
std::string signed_again(std::string bytes);

}  // namespace temper::testing
