#include "import/tensorflow/locate.h"

#include <google/protobuf/text_format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "base/error.h"
#include "import/tensorflow/checkpoint/checkpoint.h"
#include "import/tensorflow/checkpoint/table.h"
#include "import/tensorflow/read_message.h"

namespace temper::tensorflow {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

fs::path with(const fs::path& prefix, std::string_view ending) { return prefix.string() + std::string(ending); }

/// The first word of a text message: its first field.
std::string_view first_word(std::string_view text) {
  for (;;) {
    const std::size_t start = text.find_first_not_of(" \t\r\n");
    if (start == std::string_view::npos) return {};
    text.remove_prefix(start);
    if (text.front() != '#') break;
    text.remove_prefix(std::min(text.find('\n'), text.size()));
  }
  return text.substr(0, text.find_first_of(" \t\r\n:{"));
}

/// A field of a message, as far as the sample goes; its bytes where it holds some.
struct Field {
  std::uint64_t number = 0;
  std::string_view bytes;
};

std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<std::uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7fU} << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

std::optional<Field> take_field(std::string_view& bytes) {
  constexpr std::uint64_t kVarint = 0, kDelimited = 2;
  const auto key = take_varint(bytes);
  if (!key) return std::nullopt;
  const auto value = take_varint(bytes);
  if (!value) return std::nullopt;
  if ((*key & 7) == kVarint) return Field{*key >> 3, {}};
  if ((*key & 7) != kDelimited) return std::nullopt;
  const std::string_view content = bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(*value, bytes.size())));
  bytes.remove_prefix(content.size());
  return Field{*key >> 3, content};
}

/// A graph's first field is a node, which begins with its name and its operator's; a MetaGraph's is information in which neither stands.
bool is_meta_graph(std::string_view sample) {
  constexpr std::uint64_t kFirst = 1, kSecond = 2, kFifth = 5;
  const auto first = take_field(sample);
  if (!first || first->bytes.empty()) return false;
  if (first->number == kSecond) return first->bytes.front() == '\x0a';  // the graph alone
  if (first->number != kFirst) return false;
  std::string_view inside = first->bytes;
  bool has_name = false;
  while (const auto field = take_field(inside)) {
    const bool message = !field->bytes.empty() && field->bytes.front() == '\x0a';
    has_name |= field->number == kFirst;
    if (field->number == kSecond) return message;        // a list of operators, or an operator's name
    if (field->number == kFifth) return !message;        // a version, or attributes
  }
  return !has_name;
}

/// The prefix that a folder's file `checkpoint` names: a file beside it, wherever it was when it was written.
std::optional<fs::path> latest_checkpoint(const fs::path& folder) {
  const fs::path path = folder / "checkpoint";
  if (!is_there(path) || is_folder(path)) return std::nullopt;
  CheckpointState state;
  Contents none;
  in_context([&] { return path.string(); }, [&] {
    const auto source = std::make_shared<const FileSource>(path);
    require(looks_like_text(sample_of(*source)), "does not say which checkpoint is the latest");
    read_message(state, Root::kGraph, source, 0, "the state of a checkpoint", none);
  });
  const fs::path name = fs::path(state.model_checkpoint_path()).filename();
  require(!name.empty(), "{}: names no checkpoint", path.string());
  return folder / name;
}

std::vector<fs::path> sorted_entries(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) entries.push_back(entry.path());
  std::ranges::sort(entries);
  return entries;
}

/// The folder of the highest number in it, as servers keep versions.
std::optional<fs::path> latest_version(const std::vector<fs::path>& entries) {
  std::optional<fs::path> latest;
  unsigned long long highest = 0;
  for (const fs::path& entry : entries) {
    const std::string name = entry.filename().string();
    unsigned long long number = 0;
    const auto result = std::from_chars(name.data(), name.data() + name.size(), number);
    if (result.ec != std::errc() || result.ptr != name.data() + name.size() || !is_folder(entry)) continue;
    if (latest && number <= highest) continue;
    latest = entry;
    highest = number;
  }
  return latest;
}

std::optional<ModelFiles> in_folder(const fs::path& folder) {
  for (const char* name : {"saved_model.pb", "saved_model.pbtxt"}) {
    if (is_there(folder / name)) return ModelFiles{FileKind::kSavedModel, folder / name, folder / "variables" / "variables"};
  }
  const auto entries = sorted_entries(folder);
  if (const auto prefix = latest_checkpoint(folder)) {
    const fs::path meta = with(*prefix, ".meta");
    require(is_there(meta), "{}: holds checkpoint {}, but not the graph that it is for: {} is not there", folder.string(), prefix->filename().string(),
            meta.filename().string());
    return ModelFiles{FileKind::kMetaGraph, meta, *prefix};
  }
  std::vector<fs::path> metas;
  for (const fs::path& entry : entries) {
    if (entry.extension() == ".meta") metas.push_back(entry);
  }
  if (metas.size() == 1) return ModelFiles{FileKind::kMetaGraph, metas[0], fs::path(metas[0]).replace_extension()};
  require(metas.empty(), "{}: holds several graphs ({}, ...); name one of them", folder.string(), metas.empty() ? "" : metas[0].filename().string());
  return std::nullopt;
}

ModelFiles of_folder(const fs::path& folder) {
  if (auto found = in_folder(folder)) return *found;
  const auto entries = sorted_entries(folder);
  if (const auto version = latest_version(entries)) {
    if (auto found = in_folder(*version)) return *found;
  }
  std::string names;
  for (std::size_t i = 0; i < std::min<std::size_t>(entries.size(), 5); ++i) names += (i > 0 ? ", " : "") + entries[i].filename().string();
  throw ModelError(fmt::format("is a folder that holds neither a SavedModel (saved_model.pb) nor a checkpoint (checkpoint, *.meta); it holds {}{}",
                               names.empty() ? "nothing" : names, entries.size() > 5 ? ", ..." : ""));
}

/// The MetaGraph of a checkpoint of which a file or the prefix is named.
ModelFiles of_prefix(const fs::path& prefix) {
  const fs::path meta = with(prefix, ".meta");
  require(is_there(meta), "is a checkpoint without the graph that it is for: {} is not there; give a SavedModel, or the checkpoint with its .meta", meta.string());
  return {FileKind::kMetaGraph, meta, prefix};
}

}  // namespace

FileKind kind_of(const ByteSource& source) {
  const std::string sample = sample_of(source);
  if (looks_like_text(sample)) {
    const std::string_view word = first_word(sample);
    if (word == "saved_model_schema_version" || word == "meta_graphs") return FileKind::kSavedModel;
    const bool meta = word == "meta_info_def" || word == "graph_def" || word == "saver_def" || word == "collection_def" || word == "signature_def";
    return meta ? FileKind::kMetaGraph : FileKind::kGraph;
  }
  if (sample.starts_with("\x08\x01\x12")) return FileKind::kSavedModel;
  return is_meta_graph(sample) ? FileKind::kMetaGraph : FileKind::kGraph;
}

ModelFiles locate(const fs::path& path) {
  if (is_folder(path)) return of_folder(path);
  if (!is_there(path) && (is_there(with(path, ".meta")) || is_checkpoint(path))) return of_prefix(path);
  const FileSource source(path);
  if (Table::is_table(source)) return of_prefix(path.extension() == ".index" ? fs::path(path).replace_extension() : path);
  switch (kind_of(source)) {
    case FileKind::kSavedModel: return {FileKind::kSavedModel, path, path.parent_path() / "variables" / "variables"};
    case FileKind::kMetaGraph: return {FileKind::kMetaGraph, path, fs::path(path).replace_extension()};
    case FileKind::kGraph: break;
  }
  return {FileKind::kGraph, path, {}};
}

}  // namespace temper::tensorflow
