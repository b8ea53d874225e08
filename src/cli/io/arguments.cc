#include "cli/io/arguments.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "base/file.h"
#include "cli/io/npy.h"
#include "cli/io/picture_tensor.h"
#include "cli/io/report.h"
#include "media/picture.h"

namespace temper {
namespace {
namespace fs = std::filesystem;

/// Insertions, removals and replacements that make `a` of `b`.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row.back();
}

const Port* find_input(const Graph& graph, std::string_view name) {
  const auto found = std::ranges::find(graph.inputs(), name, &Port::name);
  return found == graph.inputs().end() ? nullptr : &*found;
}

std::string listed_inputs(const Graph& graph) {
  std::string text;
  for (const Port& port : graph.inputs()) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", port.name, describe(graph.fact(port.value)));
  }
  return text.empty() ? "none" : text;
}

std::optional<double> number_in(const std::string& text) {
  if (text == "true" || text == "True") return 1;
  if (text == "false" || text == "False") return 0;
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || end != text.c_str() + text.size()) return std::nullopt;
  return value;
}

/// A number as a scalar of the input's type.
Tensor scalar_of(double value, const Port& port, const Fact& fact) {
  if (fact.dtype == DType::kBool) return Tensor::scalar(value != 0);
  require(is_number(fact.dtype), "input {} is {}; a number does not fit", port.name, fact);
  Tensor result(fact.dtype, Shape{});
  visit_numbers(fact.dtype, [&]<class T>(Type<T>) {
    if constexpr (is_float_type<T>) {
      result.mutable_data<T>()[0] = static_cast<T>(static_cast<Compute<T>>(value));
    } else {
      const bool fits = value >= static_cast<double>(std::numeric_limits<T>::min()) &&
                        value < static_cast<double>(std::numeric_limits<T>::max()) + 1 && value == std::trunc(value);
      require(fits, "input {} is {}; {} does not fit", port.name, fact, value);
      result.mutable_data<T>()[0] = static_cast<T>(value);
    }
  });
  return result;
}

bool begins_with(const fs::path& file, std::string_view magic) {
  const MappedFile mapped(file);
  const auto bytes = mapped.bytes();
  return bytes.size() >= magic.size() && std::equal(magic.begin(), magic.end(), bytes.begin(), [](char a, std::byte b) {
           return static_cast<unsigned char>(a) == std::to_integer<unsigned char>(b);
         });
}

Tensor picture_input(const fs::path& file, const Port& port, const Fact& fact, Preprocess preprocess) {
  const auto input = as_picture_input(port.name, fact);
  require(input.has_value(), "{}: is a picture, which input {} {} does not take", file.string(), port.name,
          fact);
  if (input->dtype == DType::kString) return encoded_tensor(read_file(file), *input);
  const Picture picture = read_picture(file);
  auto made = picture_tensor(picture, *input, preprocess);
  if (made.resized) {
    note("{}: {} x {} is resized to the model's {} x {}", file.string(), picture.width, picture.height, made.width,
         made.height);
  }
  return std::move(made.tensor);
}

bool is_npy(const fs::path& file) { return begins_with(file, "\x93NUMPY"); }

Tensor read_npy(const fs::path& path) {
  const MappedFile file(path);
  return in_context([&] { return path.string(); }, [&] { return decode_npy(file.bytes()); });
}

bool may_be_json_target(const std::string& argument) {
  std::error_code error;
  if (argument == "-" || fs::path(argument).extension() == ".json") return true;
  return !argument.starts_with('-') && !fs::exists(argument, error);
}

/// Collects inputs; each once.
class InputCollector {
 public:
  InputCollector(const Graph& graph, Preprocess preprocess) : graph_(graph), preprocess_(preprocess) {}

  void add(const InputArgument& argument) {
    std::error_code error;
    if (!fs::exists(argument.value, error)) {
      const auto number = argument.name.empty() ? std::nullopt : number_in(argument.value);
      require(number.has_value(), "{}: there is no such file", argument.value);
      const Port& port = port_called(argument.name);
      return put(port.name, scalar_of(*number, port, fact_of(port)));
    }
    if (begins_with(argument.value, "PK\3\4") || begins_with(argument.value, "PK\5\6")) return add_archive(argument);
    const Port& port = argument.name.empty() ? next_port(argument.value) : port_called(argument.name);
    if (is_npy(argument.value)) return put(port.name, read_npy(argument.value));
    in_context([&] { return fmt::format("input {}", port.name); },
               [&] { put(port.name, picture_input(argument.value, port, fact_of(port), preprocess_)); });
  }

  NamedArrays take() { return std::move(arrays_); }

 private:
  void add_archive(const InputArgument& argument) {
    NamedArrays arrays = read_npz(argument.value);
    if (argument.name.empty()) {
      for (auto& [name, tensor] : arrays) put(port_called(plain_name(name)).name, std::move(tensor));
      return;
    }
    const auto found =
        std::ranges::find(arrays, argument.name, [](const auto& array) { return plain_name(array.first); });
    const bool only = arrays.size() == 1;
    require(only || found != arrays.end(), "{}: has {} arrays, none of them named {}", argument.value, arrays.size(),
            argument.name);
    put(port_called(argument.name).name, only ? std::move(arrays[0].second) : std::move(found->second));
  }

  const Fact& fact_of(const Port& port) const { return graph_.fact(port.value); }
  bool given(std::string_view name) const {
    return std::ranges::any_of(arrays_, [&](const auto& array) { return array.first == name; });
  }
  const Port& port_called(const std::string& name) const {
    const Port* port = find_input(graph_, name);
    if (port != nullptr) return *port;
    std::vector<std::string> names;
    for (const Port& input : graph_.inputs()) names.push_back(input.name);
    const std::string near = nearest_word(name, names);
    throw ModelError(fmt::format("there is no input '{}'{}; the model's inputs: {}", name,
                                 near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near),
                                 listed_inputs(graph_)));
  }
  const Port& next_port(const std::string& value) const {
    for (const Port& port : graph_.inputs()) {
      if (!given(port.name)) return port;
    }
    throw ModelError(fmt::format("{}: is one input too many; the model's inputs: {}", value, listed_inputs(graph_)));
  }
  void put(const std::string& name, Tensor tensor) {
    require(!given(name), "input {} is given twice", name);
    arrays_.emplace_back(name, std::move(tensor));
  }

  const Graph& graph_;
  Preprocess preprocess_;
  NamedArrays arrays_;
};

}  // namespace

std::string nearest_word(std::string_view word, const std::vector<std::string>& words) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : words) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

std::vector<std::string> split_json_option(const std::vector<std::string>& arguments) {
  std::vector<std::string> split;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const bool has_file = i + 1 < arguments.size() && may_be_json_target(arguments[i + 1]);
    if (arguments[i] == "--") {
      split.insert(split.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i), arguments.end());
      break;
    }
    if (arguments[i] != "--json") {
      split.push_back(arguments[i]);
    } else if (has_file) {
      split.push_back("--json=" + arguments[++i]);
    } else {
      split.emplace_back("--json=-");
    }
  }
  return split;
}

std::vector<std::string> split_names(std::string_view list) {
  std::vector<std::string> names;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    std::string name = plain_name(list.substr(0, comma));
    if (!name.empty() && std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return names;
}

InputArgument parse_input(const std::string& text) {
  std::error_code error;
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0 || fs::exists(text, error)) return {"", text};
  return {plain_name(text.substr(0, equals)), text.substr(equals + 1)};
}

std::vector<ImportInput> given_tensors(const std::vector<std::string>& arguments) {
  std::vector<ImportInput> given;
  std::error_code error;
  for (const std::string& text : arguments) {
    const InputArgument argument = parse_input(text);
    if (argument.name.empty() || !fs::exists(argument.value, error) || !is_npy(argument.value)) continue;
    const Tensor tensor = read_npy(argument.value);
    given.push_back({argument.name, Fact{tensor.dtype(), ShapeFact(tensor.shape()), {}}});
  }
  return given;
}

std::size_t parse_size(const std::string& text) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  std::string_view unit(stop, static_cast<std::size_t>(end - stop));
  for (const std::string_view tail : {"iB", "B"}) {
    if (unit.ends_with(tail)) unit.remove_suffix(tail.size());
  }
  const std::size_t place = unit.empty() ? 0 : std::string_view("KMGT").find(static_cast<char>(std::toupper(unit[0])));
  const std::size_t power = unit.empty() ? 0 : place + 1;
  const bool good = error == std::errc() && unit.size() <= 1 && place != std::string_view::npos && number < (std::uint64_t{1} << 40) >> (10 * std::max<std::size_t>(power, 1) - 10);
  require(good, "{}: is no size; sizes are numbers of bytes, with K, M or G behind them if need be: 512M", text);
  return static_cast<std::size_t>(number << (10 * power));
}

NamedArrays read_inputs(const Graph& graph, const std::vector<std::string>& arguments, std::string_view preprocess) {
  InputCollector collector(graph, parse_preprocess(preprocess));
  std::vector<InputArgument> unnamed;
  for (const std::string& text : arguments) {
    const InputArgument argument = parse_input(text);
    if (argument.name.empty()) {
      unnamed.push_back(argument);
    } else {
      collector.add(argument);
    }
  }
  for (const InputArgument& argument : unnamed) collector.add(argument);
  return collector.take();
}

}  // namespace temper
