#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "import/tensorflow/import_graph_def.h"
#include "import/tensorflow/read_graph_def.h"

/// Large contents stay in the file, and nothing else of a graph is read otherwise for that.
namespace temper::testing {
namespace {

using tensorflow::AttrValue;
using tensorflow::GraphDef;
using tensorflow::NodeDef;
using tensorflow::TensorProto;

constexpr std::size_t kLarge = 64;

TensorProto floats(std::size_t count, float first) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = first + static_cast<float>(i);
  TensorProto tensor;
  tensor.set_dtype(tensorflow::DT_FLOAT);
  tensor.mutable_tensor_shape()->add_dim()->set_size(static_cast<std::int64_t>(count));
  tensor.set_tensor_content(std::string(reinterpret_cast<const char*>(values.data()), count * sizeof(float)));
  return tensor;
}

NodeDef constant(const std::string& name, const TensorProto& tensor) {
  NodeDef node;
  node.set_name(name);
  node.set_op("Const");
  (*node.mutable_attr())["dtype"].set_type(tensor.dtype());
  *(*node.mutable_attr())["value"].mutable_tensor() = tensor;
  return node;
}

std::string two_constants() {
  GraphDef graph;
  *graph.add_node() = constant("a", floats(100, 1));
  *graph.add_node() = constant("bc", floats(33, 7));
  *graph.add_node() = constant("few", floats(3, 9));
  return graph.SerializeAsString();
}

std::optional<tensorflow::ReducedGraph> reduced(std::string_view bytes) {
  return tensorflow::reduce_graph_def(std::make_shared<const MemorySource>(std::as_bytes(std::span(bytes))), kLarge);
}

/// The reduced message with its contents put back.
GraphDef restored(std::string_view bytes) {
  const auto small = reduced(bytes);
  GraphDef graph;
  EXPECT_TRUE(small && graph.ParseFromString(small->bytes));
  const auto restore = [&](TensorProto& tensor) {
    if (tensor.content_number() == 0) return;
    EXPECT_TRUE(tensor.tensor_content().empty());
    std::string content(small->contents.size_bytes(tensor.content_number()), '\0');
    small->contents.read(tensor.content_number(), std::as_writable_bytes(std::span(content)));
    tensor.set_tensor_content(content);
    tensor.clear_content_number();
  };
  const auto visit = [&](auto& nodes) {
    for (NodeDef& node : nodes) {
      for (auto& [name, value] : *node.mutable_attr()) {
        if (value.has_tensor()) restore(*value.mutable_tensor());
        if (value.has_list()) {
          for (TensorProto& tensor : *value.mutable_list()->mutable_tensor()) restore(tensor);
        }
      }
    }
  };
  visit(*graph.mutable_node());
  for (auto& function : *graph.mutable_library()->mutable_function()) visit(*function.mutable_node_def());
  return graph;
}

/// Maps have no order in bytes.
std::string text(const GraphDef& graph) { return graph.DebugString(); }

TEST(Contents, StayInTheFile) {
  const std::string bytes = two_constants();
  const auto small = reduced(bytes);
  ASSERT_TRUE(small);
  EXPECT_EQ(small->contents.total_bytes(), (100 + 33) * sizeof(float));
  EXPECT_LT(small->bytes.size(), bytes.size() - 400);
  const auto file = tensorflow::parse_graph_def(bytes, kLarge);
  const Graph graph = tensorflow::import_graph_def(file, {.inputs = {}, .outputs = {"a", "bc", "few"}});
  const std::array first{1.0F, 7.0F, 9.0F};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto& value = graph.fact(graph.outputs()[i].value).constant;
    ASSERT_TRUE(value);
    for (std::size_t j = 0; j < value->data<float>().size(); ++j) EXPECT_EQ(value->data<float>()[j], first[i] + static_cast<float>(j));
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(value->data<float>().data()) % alignof(float), 0U);
  }
}

TEST(Contents, AreFoundWhereverTensorsAre) {
  GraphDef graph;
  ASSERT_TRUE(graph.ParseFromString(two_constants()));
  *graph.mutable_library()->add_function()->add_node_def() = constant("in_function", floats(50, 2));
  auto& list = *(*graph.mutable_node(0)->mutable_attr())["list"].mutable_list();
  *list.add_tensor() = floats(20, 3);
  *list.add_tensor() = floats(2, 4);
  (*graph.mutable_node(0)->mutable_attr())["long"].set_s(std::string(1000, 'x'));
  *(*(*graph.mutable_node(1)->mutable_attr())["f"].mutable_func()->mutable_attr())["t"].mutable_tensor() = floats(40, 5);
  graph.mutable_versions()->set_producer(24);
  const std::string bytes = graph.SerializeAsString();
  EXPECT_EQ(reduced(bytes)->contents.total_bytes(), (100 + 33 + 50 + 20 + 40) * sizeof(float));
  (*(*graph.mutable_node(1)->mutable_attr())["f"].mutable_func()->mutable_attr())["t"].Clear();
  EXPECT_EQ(text(restored(graph.SerializeAsString())), text(graph));
}

/// Of a field that is given twice the later counts, and messages merge.
TEST(Contents, TheLastOneCounts) {
  TensorProto large = floats(100, 1);
  const auto in_graph = [](const std::string& tensor) {
    NodeDef node = constant("c", floats(1, 0));
    node.mutable_attr()->erase("value");
    const auto field = [](char key, const std::string& content) {
      std::string size;
      for (std::size_t left = content.size(); ; left >>= 7) {
        size.push_back(static_cast<char>((left & 0x7f) | (left >= 0x80 ? 0x80 : 0)));
        if (left < 0x80) break;
      }
      return std::string(1, key) + size + content;
    };
    return field('\x0a', node.SerializeAsString() + field('\x2a', field('\x0a', "value") + field('\x12', field('\x42', tensor))));
  };
  for (const std::size_t second : {std::size_t{3}, std::size_t{100}, std::size_t{50}}) {
    TensorProto small = floats(second, 5);
    small.clear_dtype();
    small.clear_tensor_shape();
    for (const std::string& tensor : {large.SerializeAsString() + small.SerializeAsString(), small.SerializeAsString() + large.SerializeAsString()}) {
      GraphDef whole;
      ASSERT_TRUE(whole.ParseFromString(in_graph(tensor)));
      const auto file = tensorflow::parse_graph_def(in_graph(tensor), kLarge);
      const TensorProto& read = file.graph->node(0).attr().at("value").tensor();
      const std::size_t wanted = whole.node(0).attr().at("value").tensor().tensor_content().size();
      EXPECT_EQ(read.tensor_content().empty() ? file.contents.size_bytes(read.content_number()) : read.tensor_content().size(), wanted);
    }
  }
}

TEST(Contents, DamageIsRefusedAsProtobufDoes) {
  const std::string bytes = two_constants();
  std::size_t refused = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {  // cut off
    GraphDef graph;
    const auto cut = std::string_view(bytes).substr(0, size);
    const auto small = reduced(cut);
    const bool whole = graph.ParseFromArray(bytes.data(), static_cast<int>(size));
    EXPECT_EQ(small && graph.ParseFromString(small->bytes), whole) << size;
    refused += !whole;
  }
  EXPECT_GT(refused, bytes.size() / 2);
  for (std::size_t at = 0; at < bytes.size(); ++at) {  // sizes and keys that lie
    for (const char value : {'\x00', '\x7f', '\xff'}) {
      std::string damaged = bytes;
      damaged[at] = value;
      try {
        tensorflow::import_graph_def(tensorflow::parse_graph_def(damaged, kLarge), {});
      } catch (const ModelError&) {
      }
    }
  }
}

TEST(Contents, NumbersThatAFileHoldsItselfLeadNowhere) {
  GraphDef graph;
  TensorProto tensor = floats(8, 1);
  tensor.clear_tensor_content();
  tensor.set_content_number(3);
  *graph.add_node() = constant("c", tensor);
  const std::string bytes = graph.SerializeAsString();
  EXPECT_THROW(tensorflow::import_graph_def(tensorflow::parse_graph_def(bytes, kLarge), {.inputs = {}, .outputs = {"c"}}), ModelError);
  EXPECT_THROW(tensorflow::import_graph_def(tensorflow::parse_graph_def(text(graph)), {.inputs = {}, .outputs = {"c"}}), ModelError);
}

TEST(Contents, OfAFileThatBecomesShorter) {
  const auto path = std::filesystem::path(::testing::TempDir()) / fmt::format("temper_contents_{}.pb", ::getpid());
  GraphDef graph;
  *graph.add_node() = constant("c", floats(100000, 1));
  std::ofstream(path, std::ios::binary) << graph.SerializeAsString();
  const auto file = tensorflow::read_graph_def(path);
  EXPECT_EQ(file.contents.total_bytes(), 400000U);
  std::filesystem::resize_file(path, 1000);
  EXPECT_THROW(tensorflow::import_graph_def(file, {.inputs = {}, .outputs = {"c"}}), ModelError);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace temper::testing
