#include "import/tensorflow/read_graph_def.h"

#include <fcntl.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/text_format.h>
#include <sys/stat.h>

#include <climits>
#include <functional>

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

/// What other tools' files begin with, so that the error can say what this is instead.
std::string_view other_format(std::string_view sample) {
  if (sample.starts_with("\x89HDF\r\n\x1a\n")) return "an HDF5 file (Keras .h5)";
  if (sample.starts_with("PK\x03\x04")) return "a zip archive (Keras .keras)";
  if (sample.size() >= 8 && sample.substr(4, 4) == "TFL3") return "a TFLite model";
  if (sample.starts_with("\x08")) return "perhaps a SavedModel, a MetaGraph or an ONNX model";
  return {};
}

GraphFile parse(std::string_view sample, pb::io::ZeroCopyInputStream& stream) {
  silence_protobuf();
  GraphFile file{std::make_unique<GraphDef>(), looks_like_text(sample)};
  if (file.text) {
    FirstError errors;
    pb::TextFormat::Parser parser;
    parser.AllowUnknownField(true);
    parser.SetRecursionLimit(100);
    parser.RecordErrorsTo(&errors);
    require(parser.Parse(&stream, file.graph.get()), "is not a TensorFlow graph in text form: {}", errors.text());
  } else {
    const bool whole = file.graph->ParseFromZeroCopyStream(&stream);
    const auto other = other_format(sample);
    require(whole, "is not a TensorFlow graph, or is truncated or damaged{}{}", other.empty() ? "" : ": it looks like ",
            other);
  }
  require(file.graph->node_size() > 0, "holds no nodes, so it is not a TensorFlow graph");
  return file;
}

}  // namespace

GraphFile read_graph_def(const std::filesystem::path& path) {
  std::size_t size = 0;
  std::string sample;
  {
    const MappedFile file(path);
    size = file.bytes().size();
    const auto head = file.bytes().first(std::min(size, kSampleBytes));
    sample.assign(reinterpret_cast<const char*>(head.data()), head.size());
  }
  require(size > 0, "is empty");
  require(size <= INT_MAX, "is {} long; a TensorFlow graph cannot pass 2 GB: save it as a SavedModel or as a checkpoint, which keep weights apart",
          format_bytes(size));
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  require(descriptor >= 0, "cannot be opened");
  pb::io::FileInputStream stream(descriptor);
  stream.SetCloseOnDelete(true);
  return parse(sample, stream);
}

GraphFile parse_graph_def(std::string_view bytes) {
  require(!bytes.empty(), "is empty");
  require(bytes.size() <= INT_MAX, "is above 2 GB");
  pb::io::ArrayInputStream stream(bytes.data(), static_cast<int>(bytes.size()));
  return parse(bytes.substr(0, kSampleBytes), stream);
}

}  // namespace temper::tensorflow
