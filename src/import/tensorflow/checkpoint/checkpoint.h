#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "import/tensorflow/proto/checkpoint.pb.h"
#include "ir/fact.h"

namespace temper::tensorflow {

/// The named tensors that training saved, left in their files until they are asked for.
class Checkpoint {
 public:
  struct Entry {
    DataType dtype = DT_INVALID;
    TensorShapeProto shape;
  };

  virtual ~Checkpoint() = default;

  /// What the user calls it: its files' common beginning.
  const std::filesystem::path& prefix() const { return prefix_; }
  const std::map<std::string, Entry, std::less<>>& entries() const { return entries_; }
  /// Null where there is none of that name.
  const Entry* find(std::string_view name) const;
  /// Dtype and shape of a tensor that there is. Throws ModelError where it is of a type or rank that Temper has not.
  Fact fact(std::string_view name) const;
  /// Reads a tensor whose elements are no strings, as many bytes as it has. Throws ModelError where its file is missing, too short, or damaged.
  void read(std::string_view name, std::span<std::byte> out) const;
  /// The one string of a scalar. Throws as read() does.
  virtual std::string read_string(std::string_view name) const = 0;
  /// "bundle" (V2) or "tensor slices" (V1).
  virtual std::string_view format() const = 0;

 protected:
  explicit Checkpoint(std::filesystem::path prefix) : prefix_(std::move(prefix)) {}
  virtual void read_entry(std::string_view name, const Fact& fact, std::span<std::byte> out) const = 0;

  std::filesystem::path prefix_;
  std::map<std::string, Entry, std::less<>> entries_;
};

/// Whether files of a checkpoint of this prefix are there.
bool is_checkpoint(const std::filesystem::path& prefix);

/// Opens PREFIX.index with PREFIX.data-*, or a checkpoint of the first format: PREFIX or PREFIX-00000-of-00001 .... Throws ModelError where there is none, or
/// its index is damaged.
std::shared_ptr<const Checkpoint> open_checkpoint(const std::filesystem::path& prefix);

/// PREFIX.index with PREFIX.data-00000-of-00001 ...: a table of BundleEntryProto and the tensors' bytes.
std::shared_ptr<const Checkpoint> open_bundle(const std::filesystem::path& prefix);

/// A table of SavedTensorSlices, the only format before TensorFlow 0.12. `files` are all its shards.
std::shared_ptr<const Checkpoint> open_tensor_slices(const std::filesystem::path& prefix, const std::vector<std::filesystem::path>& files);

}  // namespace temper::tensorflow
