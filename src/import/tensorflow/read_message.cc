#include "import/tensorflow/read_message.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <climits>

#include "base/error.h"
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
  if (sample.starts_with("\x08")) return "perhaps an ONNX model";
  return {};
}

[[noreturn]] void refuse_binary(std::string_view sample, std::string_view what) {
  const auto other = other_format(sample);
  throw ModelError(fmt::format("is not {}, or is truncated or damaged{}{}", what, other.empty() ? "" : ": it looks like ", other));
}

void parse_text(pb::Message& message, const ByteSource& source, std::string_view what) {
  FirstError errors;
  pb::TextFormat::Parser parser;
  parser.AllowUnknownField(true);
  parser.SetRecursionLimit(100);
  parser.RecordErrorsTo(&errors);
  SourceStream stream(source);
  pb::io::CopyingInputStreamAdaptor adaptor(&stream);
  require(parser.Parse(&adaptor, &message), "is not {} in text form: {}", what, errors.text());
}

}  // namespace

std::string sample_of(const ByteSource& source) {
  std::string sample(std::min(source.size_bytes(), kSampleBytes), '\0');
  source.read(0, std::as_writable_bytes(std::span(sample)));
  return sample;
}

bool looks_like_text(std::string_view sample) {
  // Text holds no control characters but white space; every binary node holds one as the tag of its `op`.
  return std::ranges::all_of(sample, [](char c) {
    const auto u = static_cast<unsigned char>(c);
    return u >= 0x20 || c == '\n' || c == '\r' || c == '\t';
  });
}

void read_message(pb::Message& message, Root root, std::shared_ptr<const ByteSource> source, std::size_t large_bytes, std::string_view what, Contents& contents) {
  silence_protobuf();
  require(source->size_bytes() > 0, "is empty");
  require(source->size_bytes() <= INT_MAX, "is {} long; {} cannot pass 2 GB: save it as a SavedModel or as a checkpoint, which keep weights apart",
          format_bytes(source->size_bytes()), what);
  const std::string sample = sample_of(*source);
  if (looks_like_text(sample)) return parse_text(message, *source, what);
  auto reduced = reduce_graph_def(std::move(source), large_bytes, root);
  if (!reduced || !message.ParseFromString(reduced->bytes)) refuse_binary(sample, what);
  contents = std::move(reduced->contents);
}

}  // namespace temper::tensorflow
