#pragma once
#include <filesystem>
#include <string>

#include "plan/file/plan_file.h"

/// What tests of plan files share.
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

/// The message with which body is refused, or that it was not.
std::string refusal(auto&& body) {
  try {
    body();
  } catch (const ModelError& error) {
    return error.what();
  }
  return "was not refused";
}

/// What operators, facts, names and attributes (their tensors' elements too) a graph and its regions have, as text.
std::string full_text(const Graph& graph);

/// Small plans that have, together, everything that plans can have; by name.
std::vector<std::pair<std::string, Plan>> small_plans();

}  // namespace temper::testing
