#include "engine/bind_inputs.h"

#include <cmath>
#include <limits>
#include <optional>

namespace temper {
namespace {

std::string names_of(const std::vector<Port>& ports) {
  std::vector<std::string> names;
  for (const Port& port : ports) names.push_back(fmt::format("'{}'", port.name));
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string_view without_index(std::string_view name) {
  return name.ends_with(":0") ? name.substr(0, name.size() - 2) : name;
}

std::size_t find_input(const Graph& graph, const std::string& name) {
  const auto& ports = graph.inputs();
  if (name.empty() && ports.size() == 1) return 0;
  require(!name.empty(), "an input without a name is given, but the model has {} inputs: {}", ports.size(), names_of(ports));
  const auto found = std::ranges::find(ports, without_index(name), &Port::name);
  require(found != ports.end(), "the model has no input '{}'; its inputs are {}", name, names_of(ports));
  return static_cast<std::size_t>(found - ports.begin());
}

/// Whether `to` holds the number that `from` holds.
template <class From, class To>
bool holds(From from) {
  if constexpr (std::is_same_v<To, bool>) {
    return from == From(0) || from == From(1);
  } else if constexpr (is_float_type<From> && is_float_type<To>) {
    return true;
  } else if constexpr (is_float_type<From>) {
    const auto value = static_cast<double>(Compute<From>(from));
    return value == std::floor(value) && value >= static_cast<double>(std::numeric_limits<To>::min()) &&
           value < std::ldexp(1.0, std::numeric_limits<To>::digits);
  } else if constexpr (is_float_type<To>) {
    const auto value = static_cast<Compute<To>>(To(static_cast<Compute<To>>(from)));
    return std::abs(static_cast<double>(value)) < 0x1p62 &&
           static_cast<std::int64_t>(value) == static_cast<std::int64_t>(from);
  } else if constexpr (std::is_same_v<From, bool>) {
    return true;
  } else {
    return std::in_range<To>(from);
  }
}

template <class From, class To>
Tensor converted_as(const Tensor& tensor) {
  Tensor out(dtype_of<To>, tensor.shape());
  const auto to = out.mutable_data<To>();
  const auto from = tensor.data<From>();
  for (std::size_t i = 0; i < from.size(); ++i) {
    require(holds<From, To>(from[i]), "element {} is {}, which {} cannot hold", i, Compute<From>(from[i]), dtype_of<To>);
    if constexpr (is_float_type<To>) to[i] = To(static_cast<Compute<To>>(Compute<From>(from[i])));
    else to[i] = static_cast<To>(Compute<From>(from[i]));
  }
  return out;
}

}  // namespace

Tensor converted(const Tensor& tensor, DType dtype) {
  if (tensor.dtype() == dtype) return tensor;
  const auto numeric = [](DType d) { return is_number(d) || d == DType::kBool; };
  require(numeric(tensor.dtype()) && numeric(dtype), "{} cannot become {}", tensor.dtype(), dtype);
  return visit_elements(tensor.dtype(), [&]<class From>(Type<From>) {
    return visit_elements(dtype, [&]<class To>(Type<To>) { return converted_as<From, To>(tensor); });
  });
}

Tensors bind_inputs(const Graph& graph, const std::vector<NamedTensor>& given) {
  std::vector<std::optional<Tensor>> bound(graph.inputs().size());
  for (const auto& [name, tensor] : given) {
    const std::size_t at = find_input(graph, name);
    const Port& port = graph.inputs()[at];
    require(!bound[at], "input '{}' is given twice", port.name);
    const Fact& fact = graph.fact(port.value);
    const auto needed = [&] {
      return fmt::format("input '{}' needs {}, got {}", port.name, describe(fact), describe(tensor));
    };
    bound[at] = in_context(needed, [&] { return converted(tensor, fact.dtype); });
    require(admits(fact, *bound[at]), "{}", needed());
  }
  Tensors inputs;
  for (std::size_t i = 0; i < bound.size(); ++i) {
    const Port& port = graph.inputs()[i];
    require(bound[i].has_value(), "input '{}' ({}) is missing; the model's inputs are {}", port.name,
            graph.fact(port.value), names_of(graph.inputs()));
    inputs.push_back(std::move(*bound[i]));
  }
  return inputs;
}

}  // namespace temper
