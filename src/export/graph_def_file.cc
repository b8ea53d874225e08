#include "export/graph_def_file.h"

#include <google/protobuf/text_format.h>

#include <climits>
#include <fstream>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"

namespace temper {
namespace {

using namespace tensorflow;

/// Puts contents that are left in files into their tensors.
class Filler {
 public:
  explicit Filler(const Contents& contents) : contents_(contents) {}

  void fill(NodeDef& node) const {
    in_context([&] { return fmt::format("node '{}' ({})", node.name(), node.op()); }, [&] { fill(*node.mutable_attr()); });
  }

 private:
  void fill(google::protobuf::Map<std::string, AttrValue>& attributes) const {
    for (auto& [name, value] : attributes) {
      if (value.has_tensor()) fill(*value.mutable_tensor());
      if (value.has_func()) fill(*value.mutable_func()->mutable_attr());
      if (!value.has_list()) continue;
      for (TensorProto& tensor : *value.mutable_list()->mutable_tensor()) fill(tensor);
      for (NameAttrList& function : *value.mutable_list()->mutable_func()) fill(*function.mutable_attr());
    }
  }

  void fill(TensorProto& tensor) const {
    if (tensor.content_number() == 0) return;
    const std::size_t size = contents_.size_bytes(tensor.content_number());
    require(size <= INT_MAX, "its value of {} is more than a GraphDef can hold", format_bytes(size));
    const auto buffer = allocate_buffer(size);  // within the memory limit
    contents_.read(tensor.content_number(), {buffer.get(), size});
    tensor.set_tensor_content(buffer.get(), size);
    tensor.clear_content_number();
  }

  const Contents& contents_;
};

void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

/// A file that counts what is written to it.
class Output {
 public:
  explicit Output(const std::filesystem::path& path) : stream_(path, std::ios::binary | std::ios::trunc) { require(stream_.good(), "cannot be written"); }

  /// One field of a message that is a message itself.
  void field(int number, const google::protobuf::Message& message) {
    const std::string bytes = message.SerializeAsString();
    std::string head;
    put_varint(head, static_cast<std::uint64_t>(number) << 3 | 2U);
    put_varint(head, bytes.size());
    write(head);
    write(bytes);
  }
  void write(std::string_view bytes) {
    total_ += bytes.size();
    require(total_ <= INT_MAX, "would pass 2 GB, which TensorFlow does not read as one graph");
    stream_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    require(stream_.good(), "cannot be written: is the disk full?");
  }
  void finish() {
    stream_.flush();
    require(stream_.good(), "cannot be written: is the disk full?");
  }

 private:
  std::ofstream stream_;
  std::size_t total_ = 0;
};

/// One field of a graph as text.
template <class Add>
std::string as_text(Add&& add) {
  GraphDef graph;
  add(graph);
  std::string text;
  google::protobuf::TextFormat::PrintToString(graph, &text);
  return text;
}

}  // namespace

void write_graph_def(const GraphFile& file, const std::filesystem::path& path, bool text) {
  const Filler filler(file.contents);
  const GraphDef& graph = *file.graph;
  write_atomically(path, [&](const std::filesystem::path& temporary) {
    Output output(temporary);
    for (const NodeDef& node : graph.node()) {
      NodeDef whole = node;
      filler.fill(whole);
      if (text) output.write(as_text([&](GraphDef& one) { *one.add_node() = std::move(whole); }));
      else output.field(GraphDef::kNodeFieldNumber, whole);
    }
    FunctionDefLibrary library = graph.library();
    for (FunctionDef& function : *library.mutable_function()) {
      for (NodeDef& node : *function.mutable_node_def()) filler.fill(node);
    }
    if (text) {
      output.write(as_text([&](GraphDef& one) {
        if (library.function_size() > 0) *one.mutable_library() = library;
        *one.mutable_versions() = graph.versions();
      }));
    } else {
      if (library.function_size() > 0) output.field(GraphDef::kLibraryFieldNumber, library);
      output.field(GraphDef::kVersionsFieldNumber, graph.versions());
    }
    output.finish();
  });
}

}  // namespace temper
