#include "cli/io/label_map.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>
#include <vector>

#include "base/error.h"
#include "base/file.h"

namespace temper {
namespace {

bool is_space(char c) { return std::isspace(static_cast<unsigned char>(c)) != 0; }
bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '+' || c == '.';
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

std::optional<std::int64_t> whole_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

/// Reads protobuf text of messages of scalar fields, one level deep; deeper messages (keypoints) are skipped.
class ItemParser {
 public:
  explicit ItemParser(std::string_view text) : text_(text) {}

  std::map<std::int64_t, std::string> parse() {
    while (!at_end()) {
      const std::string field = word();
      require(field == "item", "line {}: 'item' expected, found '{}'", line_, field);
      take(':');
      item();
      take(',') || take(';');
    }
    return std::move(names_);
  }

 private:
  void skip_space() {
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '#') at_ = std::min(text_.find('\n', at_), text_.size() - 1);
      if (text_[at_] == '\n') ++line_;
      if (!is_space(text_[at_]) && text_[at_] != '#') return;
    }
  }
  bool at_end() {
    skip_space();
    return at_ >= text_.size();
  }
  char peek() { return at_end() ? '\0' : text_[at_]; }
  bool take(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  std::string word() {
    skip_space();
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    require(at_ > begin, "line {}: a field or value expected", line_);
    return std::string(text_.substr(begin, at_ - begin));
  }

  std::string quoted() {
    const char quote = text_[at_++];
    std::string value;
    for (; at_ < text_.size() && text_[at_] != quote; ++at_) {
      require(text_[at_] != '\n', "line {}: a string does not end", line_);
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      value += text_[at_];
    }
    require(at_ < text_.size(), "line {}: a string does not end", line_);
    ++at_;
    return value;
  }
  std::string value() {
    if (peek() != '"' && peek() != '\'') return word();
    std::string all;
    while (peek() == '"' || peek() == '\'') all += quoted();  // neighbouring strings are one
    return all;
  }

  void skip_message(char close) {
    while (!take(close)) {
      require(!at_end(), "line {}: '{}' expected", line_, close);
      if (text_[at_] == '"' || text_[at_] == '\'') {
        quoted();
      } else {
        ++at_;
      }
    }
  }

  void item() {
    const char close = peek() == '<' ? '>' : '}';
    require(take('{') || take('<'), "line {}: '{{' expected after item", line_);
    std::optional<std::int64_t> id;
    std::string name;
    std::string display_name;
    while (!take(close)) {
      require(!at_end(), "line {}: an item does not end", line_);
      const std::string field = word();
      const bool colon = take(':');
      if (take('{')) {
        skip_message('}');
      } else if (take('<')) {
        skip_message('>');
      } else {
        require(colon, "line {}: ':' expected after {}", line_, field);
        const std::string text = value();
        if (field == "id") {
          id = whole_number(text);
          require(id.has_value(), "line {}: '{}' is no class number", line_, text);
        }
        if (field == "name") name = text;
        if (field == "display_name") display_name = text;
      }
      take(',') || take(';');
    }
    require(id.has_value(), "line {}: an item has no id", line_);
    const bool added = names_.emplace(*id, display_name.empty() ? name : display_name).second;
    require(added, "line {}: id {} comes twice", line_, *id);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int line_ = 1;
  std::map<std::int64_t, std::string> names_;
};

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(trimmed(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

/// "12: name", "12,name" or "12 name".
std::optional<std::pair<std::int64_t, std::string>> numbered_line(std::string_view line) {
  std::size_t digits = 0;
  while (digits < line.size() && std::isdigit(static_cast<unsigned char>(line[digits])) != 0) ++digits;
  if (digits == 0 || digits == line.size()) return std::nullopt;
  std::string_view rest = line.substr(digits);
  if (!is_space(rest.front()) && std::string_view(":,;=").find(rest.front()) == std::string_view::npos)
    return std::nullopt;
  const auto id = whole_number(line.substr(0, digits));
  rest.remove_prefix(1);
  rest = trimmed(rest);
  if (!rest.empty() && (rest.front() == ':' || rest.front() == '=')) rest = trimmed(rest.substr(1));
  if (!id.has_value() || rest.empty()) return std::nullopt;
  return std::pair(*id, std::string(rest));
}

LabelMap parse_list(std::string_view text) {
  const auto lines = lines_of(text);
  std::map<std::int64_t, std::string> numbered;
  bool all_numbered = true;
  for (std::size_t i = 0; i < lines.size() && all_numbered; ++i) {
    if (lines[i].empty()) continue;
    const auto entry = numbered_line(lines[i]);
    all_numbered = entry.has_value() && numbered.insert(*entry).second;
  }
  if (all_numbered) return LabelMap(std::move(numbered));
  std::map<std::int64_t, std::string> names;
  for (std::size_t i = 0; i < lines.size(); ++i) names.emplace(static_cast<std::int64_t>(i), lines[i]);
  return LabelMap(std::move(names), false);
}

bool begins_with_item(std::string_view text) {
  for (const std::string_view line : lines_of(text)) {
    if (line.empty() || line.front() == '#') continue;
    if (!line.starts_with("item")) return false;
    const std::string_view rest = trimmed(line.substr(4));
    return rest.empty() || rest.front() == '{' || rest.front() == '<' || rest.front() == ':';
  }
  return false;
}

}  // namespace

std::string LabelMap::name(std::int64_t id) const {
  const auto found = names_.find(id);
  return found == names_.end() || found->second.empty() ? std::to_string(id) : found->second;
}

bool LabelMap::begins_with_background() const {
  if (names_.empty()) return false;
  std::string first = names_.begin()->second;
  std::erase_if(first, [](char c) { return c == '_' || c == ' ' || c == '-'; });
  std::ranges::transform(first, first.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  constexpr std::array<std::string_view, 9> kPlaceholders = {
      "background", "???", "noneoftheabove", "none", "bg", "unlabeled", "unlabelled", "n/a", "dummy"};
  return std::ranges::find(kPlaceholders, first) != kPlaceholders.end();
}

LabelMap LabelMap::shifted(std::int64_t offset) const {
  std::map<std::int64_t, std::string> names;
  for (const auto& [id, name] : names_) names.emplace(id + offset, name);
  return LabelMap(std::move(names), numbered_);
}

LabelMap parse_label_map(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  require(text.find('\0') == std::string_view::npos, "is no text");
  LabelMap map = begins_with_item(text) ? LabelMap(ItemParser(text).parse()) : parse_list(text);
  require(!map.empty(), "names no class");
  return map;
}

LabelMap read_label_map(const std::filesystem::path& path) {
  return in_context([&] { return "label map " + path.string(); },
                    [&] {
                      std::error_code error;
                      require(std::filesystem::exists(path, error), "there is no such file");
                      return parse_label_map(read_file(path));
                    });
}

}  // namespace temper
