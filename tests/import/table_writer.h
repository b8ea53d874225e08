#pragma once
#include <snappy.h>

#include <string>
#include <utility>
#include <vector>

#include "import/tensorflow/checkpoint/crc32c.h"

namespace temper::testing {

using Entries = std::vector<std::pair<std::string, std::string>>;

inline void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

inline void put_fixed(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

/// Writes sorted entries as LevelDB does, with a block for every `block_entries` of them.
class TableWriter {
 public:
  explicit TableWriter(bool compressed) : compressed_(compressed) {}

  std::string write(const Entries& entries, std::size_t block_entries = 3) {
    Entries index;
    for (std::size_t at = 0; at < entries.size(); at += block_entries) {
      const Entries some(entries.begin() + static_cast<std::ptrdiff_t>(at), entries.begin() + static_cast<std::ptrdiff_t>(std::min(entries.size(), at + block_entries)));
      index.emplace_back(some.back().first, add_block(block(some)));
    }
    std::string footer = add_block(block({})) + add_block(block(index));
    footer.resize(40, '\0');
    put_fixed(footer, 0xdb4775248b80fb57U, 8);
    return file_ + footer;
  }

 private:
  static std::string block(const Entries& entries) {
    std::string out, last;
    for (const auto& [key, value] : entries) {
      std::size_t shared = 0;
      while (shared < std::min(last.size(), key.size()) && last[shared] == key[shared]) ++shared;
      put_varint(out, shared);
      put_varint(out, key.size() - shared);
      put_varint(out, value.size());
      out += key.substr(shared) + value;
      last = key;
    }
    put_fixed(out, 0, 4);  // the one restart
    put_fixed(out, 1, 4);
    return out;
  }

  /// Adds a block and gives its handle.
  std::string add_block(std::string content) {
    if (compressed_) {
      std::string smaller;
      snappy::Compress(content.data(), content.size(), &smaller);
      content = smaller;
    }
    std::string handle;
    put_varint(handle, file_.size());
    put_varint(handle, content.size());
    content.push_back(compressed_ ? 1 : 0);
    const std::uint32_t crc = tensorflow::masked_crc(tensorflow::crc32c(std::as_bytes(std::span(content))));
    file_ += content;
    put_fixed(file_, crc, 4);
    return handle;
  }

  bool compressed_;
  std::string file_;
};

}  // namespace temper::testing
