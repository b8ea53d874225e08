#include "plan/profile.h"

#include <algorithm>

namespace temper {
namespace {

/// Sizes to choose kernels for where nothing is known: a picture as cameras and photographs have it, a sequence.
constexpr std::int64_t kLikelyHeight = 480;
constexpr std::int64_t kLikelyWidth = 640;
constexpr std::int64_t kLikelyLength = 64;

std::int64_t likely(const ShapeFact& shape, std::size_t axis) {
  if (axis == 0) return 1;
  const bool picture = shape.rank() == 4 && (!shape[3].known() || shape[3].value() <= 4);
  if (!picture) return kLikelyLength;
  return axis == 1 ? kLikelyHeight : axis == 2 ? kLikelyWidth : 3;
}

DimRange range_of(const ShapeFact& shape, std::size_t axis, std::int64_t max_batch) {
  const Dim& dim = shape[axis];
  if (dim.known()) return {dim.value(), dim.value(), dim.value()};
  if (axis == 0 && max_batch > 0) return {1, max_batch, max_batch};
  return {0, likely(shape, axis), 0};
}

const Port& find_input(const Graph& graph, const std::string& name) {
  const bool only = name.empty() && graph.inputs().size() == 1;
  const auto port = only ? graph.inputs().begin() : std::ranges::find(graph.inputs(), name, &Port::name);
  if (port != graph.inputs().end()) return *port;
  std::vector<std::string> names;
  for (const Port& input : graph.inputs()) names.push_back(input.name);
  throw ModelError(fmt::format("a shape is given for input '{}'; the model's inputs are {}", name, fmt::join(names, ", ")));
}

/// Checks a given profile against the graph; -1 dims are as the graph has them.
InputProfile checked(const InputProfile& given, const Port& port, const Fact& fact, std::int64_t max_batch) {
  InputProfile profile{port.name, given.dims};
  require(!fact.shape.rank_known() || fact.shape.rank() == given.dims.size(), "input '{}' is {}, but a shape of {} dims is given", port.name,
          fact, given.dims.size());
  for (std::size_t axis = 0; axis < given.dims.size(); ++axis) {
    DimRange& range = profile.dims[axis];
    const Dim known = fact.shape.rank_known() ? fact.shape[axis] : Dim();
    if (range.opt < 0) {
      range = fact.shape.rank_known() ? range_of(fact.shape, axis, max_batch) : DimRange{0, axis == 0 ? 1 : kLikelyLength, 0};
      continue;
    }
    require(range.min <= range.opt && (range.max == 0 || range.opt <= range.max), "input '{}', dim {}: {}:{}:{} is not min <= opt <= max",
            port.name, axis, range.min, range.opt, range.max);
    require(!known.known() || (known.is(range.min) && known.is(range.max)), "input '{}' is {}, whose dim {} is not {}..{}", port.name, fact,
            axis, range.min, range.max);
  }
  return profile;
}

bool fixed(const DimRange& range) { return range.max > 0 && range.min == range.max; }

}  // namespace

std::vector<InputProfile> complete_profile(const Graph& graph, std::span<const InputProfile> given, std::int64_t max_batch) {
  std::vector<InputProfile> profile;
  for (const InputProfile& one : given) {
    const Port& port = find_input(graph, one.name);
    require(std::ranges::find(profile, port.name, &InputProfile::name) == profile.end(), "input '{}' is given two shapes", port.name);
    profile.push_back(checked(one, port, graph.fact(port.value), max_batch));
  }
  bool open = max_batch <= 1;
  for (const Port& port : graph.inputs()) {
    const ShapeFact& shape = graph.fact(port.value).shape;
    open |= !shape.rank_known() || (shape.rank() > 0 && !shape[0].known());
    if (!shape.rank_known() || std::ranges::find(profile, port.name, &InputProfile::name) != profile.end()) continue;
    InputProfile one{port.name, {}};
    for (std::size_t axis = 0; axis < shape.rank(); ++axis) one.dims.push_back(range_of(shape, axis, max_batch));
    profile.push_back(std::move(one));
  }
  require(open, "the model fixes the batch size of its inputs ({}), so it cannot run batches of {}", graph.fact(graph.inputs().at(0).value), max_batch);
  return profile;
}

void fix_dims(Graph& graph, std::span<const InputProfile> profile) {
  bool changed = false;
  for (const InputProfile& one : profile) {
    Fact& fact = graph.fact(find_input(graph, one.name).value);
    std::vector<Dim> dims;
    for (const DimRange& range : one.dims) dims.push_back(fixed(range) ? Dim(range.opt) : Dim());
    for (std::size_t axis = 0; fact.shape.rank_known() && axis < dims.size(); ++axis) {
      if (fact.shape[axis].known()) dims[axis] = fact.shape[axis];
    }
    changed |= fact.shape != ShapeFact(dims);
    fact.shape = ShapeFact(std::move(dims));
  }
  if (changed) graph.infer();
}

std::optional<Facts> opt_facts(const Graph& graph, std::span<const InputProfile> profile) {
  Facts facts;
  for (const Port& port : graph.inputs()) {
    const auto one = std::ranges::find(profile, port.name, &InputProfile::name);
    if (one == profile.end()) return std::nullopt;
    Shape shape;
    for (const DimRange& range : one->dims) shape.push_back(range.opt);
    facts.push_back({graph.fact(port.value).dtype, shape, {}});
  }
  return facts;
}

void require_within(std::span<const InputProfile> profile, std::string_view input, const Shape& shape) {
  const auto one = std::ranges::find(profile, input, &InputProfile::name);
  if (one == profile.end() || one->dims.size() != shape.rank()) return;
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) {
    const DimRange& range = one->dims[axis];
    if (shape[axis] >= range.min && (range.max == 0 || shape[axis] <= range.max)) continue;
    const std::string remedy = axis == 0 ? fmt::format("run smaller batches, or optimise with --max-batch {}", shape[axis])
                                         : fmt::format("optimise with --shape {}={}", input, fmt::join(shape, "x"));
    throw ModelError(fmt::format("input '{}' is {}, but the plan takes {}: dim {} is {} to {}; {}", input, shape, to_string(*one), axis, range.min,
                                 range.max, remedy));
  }
}

std::string to_string(const InputProfile& profile) {
  std::vector<std::string> dims;
  for (const DimRange& range : profile.dims) {
    dims.push_back(fixed(range) ? fmt::format("{}", range.opt) : range.max == 0 ? "?" : fmt::format("({}..{})", range.min, range.max));
  }
  return fmt::format("{}", fmt::join(dims, "x"));
}

}  // namespace temper
