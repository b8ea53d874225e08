#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"

namespace temper::tensorflow {

/// A file of sorted keys and values in the table format of LevelDB, as checkpoints use it:
///     data block ... | index block | footer
///     block = entries (keys share prefixes with the one before) | restart array | compression (1 byte) | CRC32C (4 bytes)
/// The index block's entries give the places of the data blocks.
class Table {
 public:
  /// Whether the file ends as a table does.
  static bool is_table(const ByteSource& source);

  /// Reads the index. Throws ModelError where the file is no table, or is cut off or damaged.
  explicit Table(std::shared_ptr<const ByteSource> source);

  std::size_t block_count() const { return blocks_.size(); }
  /// The entries of one block in their order, until `visit` returns false. Throws ModelError where the block is damaged.
  void visit(std::size_t block, const std::function<bool(std::string_view key, std::string_view value)>& visit) const;

 private:
  struct Handle {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
  };

  static Handle read_handle(std::string_view& bytes);
  std::string read_block(Handle handle) const;

  std::shared_ptr<const ByteSource> source_;
  std::vector<Handle> blocks_;
};

}  // namespace temper::tensorflow
