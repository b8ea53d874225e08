#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"

namespace temper::tensorflow {

/// A GraphDef's large tensor contents, left in its file or in a checkpoint: a message holds only their numbers (TensorProto.content_number).
class Contents {
 public:
  using Read = std::function<void(std::span<std::byte> out)>;
  struct Range {
    std::size_t offset = 0;
    std::size_t size_bytes = 0;
    Read read_elsewhere = {};  ///< of a content that is not in the graph's file
  };

  /// None.
  Contents() = default;
  Contents(std::shared_ptr<const ByteSource> source, std::vector<Range> ranges) : source_(std::move(source)), ranges_(std::move(ranges)) {}

  /// Adds a content that `read` gives, as many bytes as it is asked for, and gives its number.
  std::uint32_t add(std::size_t size_bytes, Read read);

  /// Of content `number`, which counts from 1. Throws ModelError where there is none.
  std::size_t size_bytes(std::size_t number) const { return range(number).size_bytes; }
  /// Reads the content, as many bytes as it has.
  void read(std::size_t number, std::span<std::byte> out) const;
  /// Of all together.
  std::size_t total_bytes() const;

 private:
  const Range& range(std::size_t number) const;

  std::shared_ptr<const ByteSource> source_;
  std::vector<Range> ranges_;
};

/// Contents of more than this stay in the file.
inline constexpr std::size_t kLargeContentBytes = 4096;

/// A GraphDef's bytes without large contents, and what was left out.
struct ReducedGraph {
  std::string bytes;
  Contents contents;
};

/// Which message the bytes are.
enum class Root : std::uint8_t { kGraph, kMetaGraph, kSavedModel };

/// Leaves contents of more than `large_bytes` out of a binary GraphDef, or of those in a message that holds some, of which no more than the rest is read:
///     tensor { dtype: DT_FLOAT tensor_content: "..." }   =>   tensor { dtype: DT_FLOAT content_number: 1 }
/// Nothing else changes. Null where the bytes are no message. Throws ModelError where more is left than the memory limit allows.
std::optional<ReducedGraph> reduce_graph_def(std::shared_ptr<const ByteSource> source, std::size_t large_bytes, Root root = Root::kGraph);

}  // namespace temper::tensorflow
