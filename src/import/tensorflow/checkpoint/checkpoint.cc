#include "import/tensorflow/checkpoint/checkpoint.h"

#include <algorithm>
#include <climits>

#include "import/tensorflow/checkpoint/table.h"
#include "import/tensorflow/values.h"

namespace temper::tensorflow {
namespace {

namespace fs = std::filesystem;

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

fs::path index_of(const fs::path& prefix) { return prefix.string() + ".index"; }

/// "-00001-of-00003" after the prefix.
bool is_shard_suffix(std::string_view text) {
  constexpr std::string_view kPattern = "-#####-of-#####";
  return std::ranges::equal(text, kPattern, [](char c, char wanted) { return wanted == '#' ? c >= '0' && c <= '9' : c == wanted; });
}

/// The files of a checkpoint of the first format.
std::vector<fs::path> slice_files(const fs::path& prefix) {
  if (is_file(prefix)) return {prefix};
  std::vector<fs::path> files;
  std::error_code ignored;
  const std::string name = prefix.filename().string();
  const fs::path folder = prefix.has_parent_path() ? prefix.parent_path() : ".";
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string other = entry.path().filename().string();
    if (!name.empty() && other.starts_with(name) && is_shard_suffix(std::string_view(other).substr(name.size()))) files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

}  // namespace

const Checkpoint::Entry* Checkpoint::find(std::string_view name) const {
  const auto found = entries_.find(name);
  return found == entries_.end() ? nullptr : &found->second;
}

Fact Checkpoint::fact(std::string_view name) const {
  const Entry* entry = find(name);
  invariant(entry != nullptr, "tensor '{}' of a checkpoint is asked for, which has none", name);
  return in_context([&] { return fmt::format("tensor '{}' of checkpoint {}", name, prefix_.filename().string()); }, [&] {
    const DType dtype = to_dtype(entry->dtype);
    const ShapeFact shape = to_shape(entry->shape);
    require(dtype != DType::kList && shape.known().has_value(), "is of a type or shape that no tensor has");
    require(shape.known()->elements() <= LLONG_MAX / 16, "is too large");
    return Fact{dtype, shape, {}};
  });
}

void Checkpoint::read(std::string_view name, std::span<std::byte> out) const {
  const Fact whole = fact(name);
  in_context([&] { return fmt::format("tensor '{}' of checkpoint {}", name, prefix_.filename().string()); }, [&] {
    require(whole.dtype != DType::kString, "holds strings where numbers are expected");
    invariant(out.size() == static_cast<std::size_t>(whole.shape.known()->elements()) * size_of(whole.dtype), "{} bytes are read of a tensor {}", out.size(), whole);
    read_entry(name, whole, out);
  });
}

bool is_checkpoint(const fs::path& prefix) {
  if (is_file(index_of(prefix))) return true;
  const auto files = slice_files(prefix);
  return !files.empty() && Table::is_table(FileSource(files.front()));
}

std::shared_ptr<const Checkpoint> open_checkpoint(const fs::path& prefix) {
  if (is_file(index_of(prefix))) return open_bundle(prefix);
  const auto files = slice_files(prefix);
  require(!files.empty(), "there is no checkpoint {}: neither {} nor a file of that name is there", prefix.string(), index_of(prefix).filename().string());
  return open_tensor_slices(prefix, files);
}

}  // namespace temper::tensorflow
