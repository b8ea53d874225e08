#include "import/tensorflow/contents.h"

#include <array>
#include <numeric>

#include "base/error.h"
#include "base/memory.h"
#include "import/tensorflow/proto/graph.pb.h"
#include "import/tensorflow/proto/saved_model.pb.h"

namespace temper::tensorflow {
namespace {

/// As deep as protobuf itself goes.
constexpr int kMaxDepth = 100;

/// The messages on the way from a model to its tensors. Entries are those of maps from names to AttrValues.
enum class Message : std::uint8_t { kSavedModel, kMetaGraph, kGraph, kLibrary, kFunction, kNode, kEntry, kValue, kList, kCall, kTensor };

/// Which message a field holds, if it is one on the way.
std::optional<Message> message_at(Message parent, std::uint32_t field) {
  struct Step {
    Message parent;
    std::uint32_t field;
    Message child;
  };
  constexpr int kMapValue = 2;
  static constexpr std::array kSteps{
      Step{Message::kSavedModel, SavedModel::kMetaGraphsFieldNumber, Message::kMetaGraph},
      Step{Message::kMetaGraph, MetaGraphDef::kGraphDefFieldNumber, Message::kGraph},
      Step{Message::kGraph, GraphDef::kNodeFieldNumber, Message::kNode},
      Step{Message::kGraph, GraphDef::kLibraryFieldNumber, Message::kLibrary},
      Step{Message::kLibrary, FunctionDefLibrary::kFunctionFieldNumber, Message::kFunction},
      Step{Message::kFunction, FunctionDef::kNodeDefFieldNumber, Message::kNode},
      Step{Message::kNode, NodeDef::kAttrFieldNumber, Message::kEntry},
      Step{Message::kEntry, kMapValue, Message::kValue},
      Step{Message::kValue, AttrValue::kTensorFieldNumber, Message::kTensor},
      Step{Message::kValue, AttrValue::kListFieldNumber, Message::kList},
      Step{Message::kValue, AttrValue::kFuncFieldNumber, Message::kCall},
      Step{Message::kList, AttrValue::ListValue::kTensorFieldNumber, Message::kTensor},
      Step{Message::kList, AttrValue::ListValue::kFuncFieldNumber, Message::kCall},
      Step{Message::kCall, NameAttrList::kAttrFieldNumber, Message::kEntry},
  };
  const auto* step = std::ranges::find_if(kSteps, [&](const Step& s) { return s.parent == parent && static_cast<std::uint32_t>(s.field) == field; });
  return step == kSteps.end() ? std::nullopt : std::optional(step->child);
}

constexpr std::uint32_t tag(std::uint32_t field, std::uint32_t wire_type) { return field << 3 | wire_type; }
constexpr std::uint32_t kVarint = 0, kFixed64 = 1, kDelimited = 2, kFixed32 = 5;
constexpr std::uint32_t kContentTag = tag(TensorProto::kTensorContentFieldNumber, kDelimited);
constexpr std::uint32_t kNumberTag = tag(TensorProto::kContentNumberFieldNumber, kVarint);

struct NoMessage {};

/// Copies a message field by field, large contents left out; a field that is not larger holds none. Sizes are checked against the enclosing message before anything
/// is read.
class Reducer {
 public:
  Reducer(const ByteSource& source, std::size_t large_bytes) : source_(source), large_bytes_(large_bytes) {}

  void reduce(Message root) { reduce(root, source_.size_bytes(), 0); }

  std::string& bytes() { return out_; }
  std::vector<Contents::Range>& ranges() { return ranges_; }

 private:
  [[noreturn]] static void refuse() { throw NoMessage(); }

  /// Of the message that goes on to `end`.
  void reduce(Message message, std::size_t end, int depth) {
    if (depth > kMaxDepth) refuse();
    while (at_ < end) {
      const std::size_t begin = at_;
      const std::uint64_t key = varint(end);
      const auto wire_type = static_cast<std::uint32_t>(key & 7);
      if (wire_type == kVarint) {
        varint(end);
        copy(begin, at_);
      } else {
        const std::uint64_t size = wire_type == kFixed64 ? 8 : wire_type == kFixed32 ? 4 : wire_type == kDelimited ? varint(end) : refused();
        if (size > end - at_) refuse();
        const std::size_t behind = at_ + static_cast<std::size_t>(size);
        if (wire_type == kDelimited && size > large_bytes_) large(message, key, begin, behind, depth);
        else copy(begin, behind);
        at_ = behind;
      }
    }
  }
  static std::uint64_t refused() { refuse(); }

  /// A field of many bytes, from its key at `begin` to `end`; its bytes begin here.
  void large(Message message, std::uint64_t key, std::size_t begin, std::size_t end, int depth) {
    if (message == Message::kTensor && key == kContentTag) {
      ranges_.push_back({at_, end - at_, {}});
      put(kContentTag);  // what was said before does not count any more
      put(0);
      put(kNumberTag);
      put(ranges_.size());
      return;
    }
    const auto child = message_at(message, static_cast<std::uint32_t>(std::min<std::uint64_t>(key >> 3, UINT32_MAX)));
    if (!child) return copy(begin, end);
    put(key);
    const std::size_t size_at = out_.size();
    out_.append(kSizeBytes, '\0');
    reduce(*child, end, depth + 1);
    put_size(size_at, out_.size() - size_at - kSizeBytes);
  }

  std::uint64_t varint(std::size_t end) {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 70; shift += 7) {
      if (at_ >= end) refuse();
      const std::uint8_t byte = byte_at(at_++);
      value |= shift < 64 ? std::uint64_t{byte & 0x7fU} << shift : 0;
      if (byte < 0x80) return value;
    }
    refuse();
  }

  std::uint8_t byte_at(std::size_t offset) {
    if (offset < window_at_ || offset - window_at_ >= window_size_) {
      window_at_ = offset;
      window_size_ = std::min(window_.size(), source_.size_bytes() - offset);
      source_.read(window_at_, std::as_writable_bytes(std::span(window_)).first(window_size_));
    }
    return window_[offset - window_at_];
  }

  void copy(std::size_t begin, std::size_t end) {
    const std::size_t before = out_.size(), size = end - begin;
    require(before + size <= memory_limit(), "holds more than {} beside its tensors' contents, but {} of memory are allowed", format_bytes(before + size),
            format_bytes(memory_limit()));
    if (begin >= window_at_ && end <= window_at_ + window_size_) {
      out_.append(reinterpret_cast<const char*>(window_.data()) + (begin - window_at_), size);
      return;
    }
    out_.resize(before + size);
    source_.read(begin, std::as_writable_bytes(std::span(out_)).subspan(before));
  }

  void put(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<char>(value | 0x80));
    out_.push_back(static_cast<char>(value));
  }

  /// A size in as many bytes as any takes, since it is known only behind what it is of.
  void put_size(std::size_t where, std::size_t size) {
    for (std::size_t i = 0; i < kSizeBytes; ++i, size >>= 7) {
      out_[where + i] = static_cast<char>((size & 0x7f) | (i + 1 < kSizeBytes ? 0x80 : 0));
    }
  }

  static constexpr std::size_t kSizeBytes = 5;

  const ByteSource& source_;
  std::size_t large_bytes_;
  std::size_t at_ = 0;
  std::array<std::uint8_t, 16384> window_{};
  std::size_t window_at_ = 0;
  std::size_t window_size_ = 0;
  std::string out_;
  std::vector<Contents::Range> ranges_;
};

}  // namespace

void Contents::read(std::size_t number, std::span<std::byte> out) const {
  const Range& wanted = range(number);
  invariant(out.size() == wanted.size_bytes, "{} bytes are read of a content of {}", out.size(), wanted.size_bytes);
  if (wanted.read_elsewhere) wanted.read_elsewhere(out);
  else source_->read(wanted.offset, out);
}

std::uint32_t Contents::add(std::size_t size_bytes, Read read) {
  ranges_.push_back({0, size_bytes, std::move(read)});
  return static_cast<std::uint32_t>(ranges_.size());
}

std::size_t Contents::total_bytes() const {
  return std::accumulate(ranges_.begin(), ranges_.end(), std::size_t{0}, [](std::size_t sum, const Range& range) { return sum + range.size_bytes; });
}

const Contents::Range& Contents::range(std::size_t number) const {
  require(number > 0 && number <= ranges_.size(), "a constant's content {} does not exist", number);
  return ranges_[number - 1];
}

std::optional<ReducedGraph> reduce_graph_def(std::shared_ptr<const ByteSource> source, std::size_t large_bytes, Root root) {
  Reducer reducer(*source, large_bytes);
  try {
    reducer.reduce(root == Root::kGraph ? Message::kGraph : root == Root::kMetaGraph ? Message::kMetaGraph : Message::kSavedModel);
  } catch (const NoMessage&) {
    return std::nullopt;
  }
  return ReducedGraph{std::move(reducer.bytes()), Contents(std::move(source), std::move(reducer.ranges()))};
}

}  // namespace temper::tensorflow
