#pragma once
#include <fmt/format.h>

#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace temper {

/// Notes and warnings go to standard error, so that standard output holds only what was asked for. Quiet keeps the
/// warnings.
void set_quiet(bool quiet);
bool is_quiet();
void write_note(std::string_view text);
void write_warning(std::string_view text);

template <class... Args>
void note(fmt::format_string<Args...> format, Args&&... args) {
  write_note(fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
  write_warning(fmt::format(format, std::forward<Args>(args)...));
}

/// Rows under headings, columns as wide as they need. Columns whose heading begins with '>' are aligned to the right.
class Table {
 public:
  explicit Table(std::vector<std::string> headings);
  void add(std::vector<std::string> cells);
  bool empty() const { return rows_.empty(); }
  std::string text(std::string_view indent = "") const;

 private:
  std::vector<std::string> headings_;
  std::vector<std::vector<std::string>> rows_;
};

/// A line on a terminal that says how far work on `total` things has come; nothing where standard error is no terminal.
class Progress {
 public:
  explicit Progress(std::size_t total, std::string what);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  void at(std::size_t number, std::string_view name);
  /// Takes the line away, for other output.
  void clear();

 private:
  std::size_t total_;
  std::string what_;
  bool shown_ = false;
  bool active_;
};

/// Throws ModelError where `target` (a file; "-" is standard output) could not be written later: its folder is missing,
/// it is a folder, or, for a JSON file, what stands there now is something else.
void check_writable(const std::string& target);
void check_json_target(const std::string& target);

/// Writes to a file, whole or not at all, or to standard output ("-").
void write_json(const std::string& target, const nlohmann::json& json);

/// "3 pictures", "1 picture"
std::string counted(std::size_t count, std::string_view noun);

}  // namespace temper
