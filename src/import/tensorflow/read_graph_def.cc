#include "import/tensorflow/read_graph_def.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>

#include <climits>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

namespace temper::tensorflow {
namespace {

namespace pb = google::protobuf;

constexpr std::size_t kSampleBytes = 1024;

/// protobuf prints what it dislikes to stderr; the same is in the errors thrown here.
void silence_protobuf() {
  static const auto once = pb::SetLogHandler(nullptr);
  (void)once;
}

/// Text holds no control characters but white space; every binary node holds one as the tag of its `op`.
bool looks_like_text(std::string_view sample) {
  return std::ranges::all_of(sample, [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u >= 0x20 || c == '\n' || c == '\r' || c == '\t';
  });
}

class FirstError final : public pb::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (text_.empty()) text_ = fmt::format("line {}, column {}: {}", line + 1, column + 1, message);
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// A source's bytes in their order.
class SourceStream final : public pb::io::CopyingInputStream {
 public:
  explicit SourceStream(const ByteSource& source) : source_(source) {}

  int Read(void* buffer, int size) override {
    const std::size_t count = std::min(static_cast<std::size_t>(size), source_.size_bytes() - at_);
    source_.read(at_, {static_cast<std::byte*>(buffer), count});
    at_ += count;
    return static_cast<int>(count);
  }

 private:
  const ByteSource& source_;
  std::size_t at_ = 0;
};

/// What other tools' files begin with, so that the error can say what this is instead.
std::string_view other_format(std::string_view sample) {
  if (sample.starts_with("\x89HDF\r\n\x1a\n")) return "an HDF5 file (Keras .h5)";
  if (sample.starts_with("PK\x03\x04")) return "a zip archive (Keras .keras)";
  if (sample.size() >= 8 && sample.substr(4, 4) == "TFL3") return "a TFLite model";
  if (sample.starts_with("\x08")) return "perhaps a SavedModel, a MetaGraph or an ONNX model";
  return {};
}

[[noreturn]] void refuse_binary(std::string_view sample) {
  const auto other = other_format(sample);
  throw ModelError(fmt::format("is not a TensorFlow graph, or is truncated or damaged{}{}", other.empty() ? "" : ": it looks like ", other));
}

void parse_text(GraphDef& graph, const ByteSource& source) {
  FirstError errors;
  pb::TextFormat::Parser parser;
  parser.AllowUnknownField(true);
  parser.SetRecursionLimit(100);
  parser.RecordErrorsTo(&errors);
  SourceStream stream(source);
  pb::io::CopyingInputStreamAdaptor adaptor(&stream);
  require(parser.Parse(&adaptor, &graph), "is not a TensorFlow graph in text form: {}", errors.text());
}

GraphFile parse(std::shared_ptr<const ByteSource> source, std::size_t large_bytes) {
  silence_protobuf();
  std::string sample(std::min(source->size_bytes(), kSampleBytes), '\0');
  source->read(0, std::as_writable_bytes(std::span(sample)));
  GraphFile file{std::make_unique<GraphDef>(), looks_like_text(sample)};
  if (file.text) {
    parse_text(*file.graph, *source);
  } else {
    auto reduced = reduce_graph_def(std::move(source), large_bytes);
    if (!reduced || !file.graph->ParseFromString(reduced->bytes)) refuse_binary(sample);
    file.contents = std::move(reduced->contents);
  }
  require(file.graph->node_size() > 0, "holds no nodes, so it is not a TensorFlow graph");
  return file;
}

}  // namespace

GraphFile read_graph_def(const std::filesystem::path& path) {
  auto file = std::make_shared<const FileSource>(path);
  require(file->size_bytes() > 0, "is empty");
  require(file->size_bytes() <= INT_MAX, "is {} long; a TensorFlow graph cannot pass 2 GB: save it as a SavedModel or as a checkpoint, which keep weights apart",
          format_bytes(file->size_bytes()));
  return parse(std::move(file), kLargeContentBytes);
}

GraphFile parse_graph_def(std::string_view bytes, std::size_t large_bytes) {
  require(!bytes.empty(), "is empty");
  require(bytes.size() <= INT_MAX, "is above 2 GB");
  return parse(std::make_shared<const MemorySource>(std::as_bytes(std::span(bytes))), large_bytes);
}

}  // namespace temper::tensorflow
