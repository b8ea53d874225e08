#include "cli/io/report.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"

namespace temper {
namespace fs = std::filesystem;
namespace {

spdlog::logger& logger() {
  static const auto instance = [] {
    auto made = std::make_shared<spdlog::logger>("temper", std::make_shared<spdlog::sinks::stderr_sink_st>());
    made->set_pattern("%v");
    return made;
  }();
  return *instance;
}

/// Columns that UTF-8 text takes, continuation bytes left out.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

bool right_aligned(std::string_view heading) { return heading.starts_with('>'); }

}  // namespace

void set_quiet(bool quiet) { logger().set_level(quiet ? spdlog::level::warn : spdlog::level::info); }
bool is_quiet() { return logger().level() > spdlog::level::info; }
void write_note(std::string_view text) { logger().info("note: {}", text); }
void write_warning(std::string_view text) { logger().warn("warning: {}", text); }

Table::Table(std::vector<std::string> headings) : headings_(std::move(headings)) {}

void Table::add(std::vector<std::string> cells) {
  invariant(cells.size() == headings_.size(), "a table of {} columns is given {} cells", headings_.size(),
            cells.size());
  rows_.push_back(std::move(cells));
}

std::string Table::text(std::string_view indent) const {
  std::vector<std::string> names;
  for (const std::string& heading : headings_) names.push_back(right_aligned(heading) ? heading.substr(1) : heading);
  std::vector<std::size_t> widths;
  for (std::size_t column = 0; column < names.size(); ++column) {
    std::size_t width = width_of(names[column]);
    for (const auto& row : rows_) width = std::max(width, width_of(row[column]));
    widths.push_back(width);
  }
  std::string out;
  const auto add_row = [&](const std::vector<std::string>& cells) {
    std::string line(indent);
    for (std::size_t column = 0; column < cells.size(); ++column) {
      const std::string space(widths[column] - width_of(cells[column]), ' ');
      if (column > 0) line += "  ";
      line += right_aligned(headings_[column]) ? space + cells[column] : cells[column] + space;
    }
    line.resize(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  };
  if (std::ranges::any_of(names, [](const std::string& name) { return !name.empty(); })) add_row(names);
  for (const auto& row : rows_) add_row(row);
  return out;
}

Progress::Progress(std::size_t total, std::string what)
    : total_(total), what_(std::move(what)), active_(total > 1 && !is_quiet() && ::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() { clear(); }

void Progress::at(std::size_t number, std::string_view name) {
  if (!active_) return;
  fmt::print(stderr, "\r\033[K{} {}/{} {}", what_, number, total_, name.substr(0, 50));
  std::fflush(stderr);
  shown_ = true;
}

void Progress::clear() {
  if (!shown_) return;
  fmt::print(stderr, "\r\033[K");
  std::fflush(stderr);
  shown_ = false;
}

void check_writable(const std::string& target) {
  if (target == "-") return;
  std::error_code error;
  require(!target.empty(), "an output file needs a name");
  require(!fs::is_directory(target, error), "{}: is a folder where a file is to be written", target);
  const fs::path folder = fs::path(target).has_parent_path() ? fs::path(target).parent_path() : fs::path(".");
  require(fs::is_directory(folder, error), "{}: cannot be written: there is no folder {}", target, folder.string());
  require(::access(folder.c_str(), W_OK) == 0, "{}: cannot be written: the folder {} is not writable", target,
          folder.string());
}

void check_json_target(const std::string& target) {
  check_writable(target);
  std::error_code error;
  if (target == "-" || !fs::is_regular_file(target, error)) return;
  std::ifstream file(target, std::ios::binary);
  char first = '{';
  file >> first;
  require(first == '{' || first == '[',
          "{}: holds something else than JSON and is not overwritten; name another --json file", target);
}

void write_json(const std::string& target, const nlohmann::json& json) {
  // Names that are no UTF-8 get replacement characters.
  const std::string text = json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  if (target != "-") return write_file(target, text);
  std::fwrite(text.data(), 1, text.size(), stdout);
}

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

}  // namespace temper
