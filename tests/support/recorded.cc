#include "support/recorded.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/file.h"

namespace temper::testing {
namespace {

using nlohmann::json;

std::string decode_base64(const std::string& text) {
  std::string bytes;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    std::uint32_t value = 0;
    if (c >= 'A' && c <= 'Z') value = static_cast<std::uint32_t>(c - 'A');
    else if (c >= 'a' && c <= 'z') value = static_cast<std::uint32_t>(c - 'a') + 26;
    else if (c >= '0' && c <= '9') value = static_cast<std::uint32_t>(c - '0') + 52;
    else if (c == '+') value = 62;
    else if (c == '/') value = 63;
    else break;
    bits = bits << 6 | value;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    bytes.push_back(static_cast<char>(bits >> count & 0xff));
  }
  return bytes;
}

/// Quantised types are the integers of their width.
DType dtype_named(std::string name) {
  if (name.starts_with('q')) name.erase(0, 1);
  if (name == "half") name = "float16";
  const auto dtype = find_dtype(name);
  invariant(dtype.has_value(), "a recorded tensor has type {}", name);
  return *dtype;
}

Tensor read_tensor(const json& j) {
  Shape shape;
  for (const std::int64_t dim : j.at("shape")) shape.push_back(dim);
  const DType dtype = dtype_named(j.at("dtype").get<std::string>());
  if (dtype == DType::kString) {
    std::vector<std::string> values;
    for (const auto& value : j.at("data")) values.push_back(decode_base64(value.get<std::string>()));
    return Tensor::strings(shape, std::move(values));
  }
  Tensor tensor(dtype, shape);
  const std::string bytes = decode_base64(j.at("data").get<std::string>());
  invariant(bytes.size() == tensor.size_bytes(), "a recorded tensor of shape {} has {} bytes", shape, bytes.size());
  std::memcpy(tensor.mutable_bytes().data(), bytes.data(), bytes.size());
  return tensor;
}

}  // namespace

std::vector<std::filesystem::path> recorded_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(TEMPER_SOURCE_DIR "/tests/golden/tensorflow")) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

std::vector<RecordedCase> read_cases(const std::filesystem::path& file) {
  const json root = json::parse(read_file(file));
  std::vector<RecordedCase> cases;
  for (const json& j : root.at("cases")) {
    RecordedCase c;
    c.op = root.at("op").get<std::string>();
    c.name = j.at("name").get<std::string>();
    c.graph = decode_base64(j.at("graph").get<std::string>());
    c.ops = j.at("ops").get<std::vector<std::string>>();
    for (const auto& [name, tensor] : j.at("inputs").items()) c.inputs.emplace(name, read_tensor(tensor));
    for (const auto& [name, tensor] : j.at("outputs").items()) c.outputs.emplace(name, read_tensor(tensor));
    c.atol = j.value("atol", 0.0);
    c.rtol = j.value("rtol", 0.0);
    cases.push_back(std::move(c));
  }
  return cases;
}

}  // namespace temper::testing
