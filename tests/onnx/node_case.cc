#include "onnx/node_case.h"

#include <algorithm>
#include <regex>

#include "backends/cpu/backend.h"
#include "backends/onednn/backend.h"
#include "base/file.h"
#include "import/onnx/import_model.h"
#include "import/onnx/values.h"
#include "ops/evaluate.h"
#include "passes/driver.h"
#include "runtime/executor.h"
#include "support/tensors.h"

namespace temper::testing {
namespace {

constexpr double kRelative = 1e-3, kAbsolute = 1e-6;

using NamedTensors = std::map<std::string, Tensor>;

template <class Message>
Message parse(const std::filesystem::path& path) {
  Message message;
  require(message.ParseFromString(read_file(path)), "{} cannot be read", path.string());
  return message;
}

Tensor read_value(const std::filesystem::path& path, const onnx::TypeProto& type) {
  onnx::ExternalFiles none;
  if (!type.has_sequence_type()) {
    require(type.has_tensor_type(), "a value is neither a tensor nor a sequence");
    auto proto = parse<onnx::TensorProto>(path);
    const bool bits = onnx::to_dtype(type.tensor_type().elem_type()) == DType::kBFloat16 && onnx::to_dtype(proto.data_type()) == DType::kUInt16;
    if (bits) proto.set_data_type(type.tensor_type().elem_type());  // NumPy, which wrote them, has no such type
    return onnx::take_tensor(proto, none);
  }
  auto sequence = parse<onnx::SequenceProto>(path);
  Tensors items;
  for (auto& item : *sequence.mutable_tensor_values()) items.push_back(onnx::take_tensor(item, none));
  return Tensor::list(std::move(items));
}

NamedTensors read_values(const std::filesystem::path& folder, std::string_view kind,
                         const google::protobuf::RepeatedPtrField<onnx::ValueInfoProto>& infos) {
  NamedTensors values;
  for (int i = 0; i < infos.size(); ++i) {
    const auto path = folder / fmt::format("{}_{}.pb", kind, i);
    if (std::filesystem::exists(path)) values.emplace(infos[i].name(), read_value(path, infos[i].type()));
  }
  return values;
}

bool agree(const Tensor& found, const Tensor& wanted) {
  if (wanted.dtype() != DType::kList) return static_cast<bool>(near(found, wanted, kAbsolute, kRelative));
  if (found.dtype() != DType::kList || found.items().size() != wanted.items().size()) return false;
  return std::ranges::equal(found.items(), wanted.items(), agree);
}

std::string difference(const Graph& graph, const Tensors& found, const NamedTensors& wanted) {
  for (std::size_t i = 0; i < found.size(); ++i) {
    const std::string& name = graph.outputs()[i].name;
    const auto expected = wanted.find(name);
    if (expected == wanted.end() || agree(found[i], expected->second)) continue;
    return fmt::format("output {}: {}", name, near(found[i], expected->second, kAbsolute, kRelative).message());
  }
  return {};
}

/// One data set. Throws ModelError where the model is refused; gives what is wrong.
std::string run_data(const onnx::ModelProto& model, const NamedTensors& inputs, const NamedTensors& wanted, const std::vector<std::string>& fixed) {
  ImportOptions options;
  for (const std::string& name : fixed) options.inputs.push_back({name, Fact::of(inputs.at(name))});
  onnx::ModelFile file{std::make_unique<onnx::ModelProto>(model), {}};
  Graph graph = onnx::import_onnx(file, options);
  verify(graph);
  Tensors given;
  for (const Port& port : graph.inputs()) given.push_back(inputs.at(port.name));
  if (const auto wrong = difference(graph, evaluate(graph, given), wanted); !wrong.empty()) return "by definition, " + wrong;
  optimise(graph);
  verify(graph);
  const Tensors outputs = run_once(Executor(graph, {&cpu_backend(), &onednn_backend()}), given);
  if (const auto wrong = difference(graph, outputs, wanted); !wrong.empty()) return "optimised, " + wrong;
  return {};
}

/// The value that a refusal says must be constant, by its place among the node's inputs; empty where it is another refusal.
std::string fixed_by(const std::string& message, const onnx::ModelProto& model) {
  static const std::regex kPattern(R"(node '([^']*)' \(\w+\).*input (\d+) \([^)]*\) must be constant)");
  std::smatch match;
  if (!std::regex_search(message, match, kPattern)) return {};
  const int place = std::stoi(match[2]);
  for (const auto& node : model.graph().node()) {
    const std::string& name = node.name().empty() && node.output_size() > 0 ? node.output(0) : node.name();
    if (name == match[1] && place < node.input_size()) return node.input(place);
  }
  return {};
}

Outcome run_folder(const NodeCase& c) {
  const auto model = parse<onnx::ModelProto>(c.folder / "model.onnx");
  Outcome outcome;
  for (int set = 0;; ++set) {
    const auto data = c.folder / fmt::format("test_data_set_{}", set);
    if (!std::filesystem::exists(data)) break;
    const NamedTensors inputs = read_values(data, "input", model.graph().input());
    const NamedTensors wanted = read_values(data, "output", model.graph().output());
    for (;;) {
      try {
        outcome.reason = run_data(model, inputs, wanted, outcome.fixed);
        break;
      } catch (const ModelError& error) {
        const std::string name = fixed_by(error.what(), model);
        if (!inputs.contains(name) || std::ranges::find(outcome.fixed, name) != outcome.fixed.end()) throw;
        outcome.fixed.push_back(name);
      }
    }
    if (!outcome.reason.empty()) {
      outcome.kind = Outcome::Kind::kWrong;
      break;
    }
  }
  return outcome;
}

}  // namespace

std::vector<NodeCase> find_cases(const std::filesystem::path& folder) {
  std::vector<NodeCase> cases;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("test_") && std::filesystem::exists(entry.path() / "model.onnx")) cases.push_back({name.substr(5), entry.path()});
  }
  std::ranges::sort(cases, {}, &NodeCase::name);
  return cases;
}

Outcome run_case(const NodeCase& c) {
  try {
    return run_folder(c);
  } catch (const ModelError& error) {
    return {Outcome::Kind::kRefused, error.what(), {}};
  } catch (const std::exception& error) {
    return {Outcome::Kind::kWrong, error.what(), {}};
  }
}

}  // namespace temper::testing
