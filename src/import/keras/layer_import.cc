#include "import/keras/layer_import.h"

#include <limits>
#include <nlohmann/json.hpp>

namespace temper::keras {
namespace {

ValueIds by_position(const std::vector<Given>& given) {
  ValueIds values;
  for (const Given& one : given) {
    if (one.name.empty() && one.value) values.push_back(*one.value);
  }
  if (values.empty()) {  // the first argument may be spelt out
    for (const Given& one : given) {
      if (one.value && (one.name == "inputs" || one.name == "x" || one.name == "x1")) values.push_back(*one.value);
    }
  }
  return values;
}

}  // namespace

DType compute_dtype(const Layer& layer) {
  if (!layer.config || !layer.config->is_object()) return DType::kFloat32;
  const auto found = layer.config->find("dtype");
  if (found == layer.config->end()) return DType::kFloat32;
  const nlohmann::json* name = &*found;
  if (name->is_object() && name->contains("config") && (*name)["config"].is_object() && (*name)["config"].contains("name")) {
    name = &(*name)["config"]["name"];
  }
  return name->is_string() && *name == "float64" ? DType::kFloat64 : DType::kFloat32;
}

LayerImport::LayerImport(LayerScope& scope, Graph& graph, std::string name, const Layer& layer, const SourceAttributes& attributes,
                         std::vector<Given> given)
    : NodeImport(graph, std::move(name), layer.class_name, attributes, by_position(given)), scope_(scope), graph_(graph), layer_(layer),
      given_(std::move(given)) {}

const Tensor LayerImport::weight_value(std::string_view name) {
  auto value = scope_.weight(layer_, name);
  require(value.has_value(), "the file has no weight '{}' of the layer", name);
  return *value;
}

ValueId LayerImport::weight(std::string_view name) { return constant(weight_value(name)); }

ValueIds LayerImport::keyword(std::string_view name) const {
  ValueIds values;
  for (const Given& one : given_) {
    if (one.name == name && one.value) values.push_back(*one.value);
  }
  return values;
}

std::optional<Attribute> LayerImport::option(std::string_view name) const {
  for (const Given& one : given_) {
    if (one.name == name && one.constant) return one.constant;
  }
  return std::nullopt;
}

std::vector<std::int64_t> LayerImport::numbers(std::string_view name, std::size_t count) const {
  require(has_attribute(name), "attribute '{}' is missing", name);
  return numbers(name, count, 0);
}

std::vector<std::int64_t> LayerImport::numbers(std::string_view name, std::size_t count, std::int64_t fallback) const {
  const auto found = layer_.attribute(name);
  if (!found) return std::vector<std::int64_t>(count, fallback);
  if (const auto* one = std::get_if<std::int64_t>(&*found)) return std::vector<std::int64_t>(count, *one);
  const auto* many = std::get_if<std::vector<std::int64_t>>(&*found);
  require(many != nullptr, "attribute '{}' is {}, not {} integers", name, to_string(*found), count);
  require(many->size() == count, "attribute '{}' needs {} numbers, got [{}]", name, count, fmt::join(*many, ","));
  return *many;
}

const Layer& LayerImport::inner(std::string_view key) const {
  const Layer* found = layer_.inner_named(key);
  require(found != nullptr, "its configuration has no layer '{}'", key);
  return *found;
}

ValueIds LayerImport::apply(const Layer& inner, ValueIds inputs) {
  std::vector<Given> given;
  for (const ValueId input : inputs) given.push_back({"", input, std::nullopt});
  return scope_.apply(graph_, inner, name() + "/" + inner.name, std::move(given));
}

std::optional<ValueId> LayerImport::mask() const {
  const ValueIds given = keyword("mask");
  if (!given.empty()) return given.front();
  return input_count() == 0 ? std::nullopt : scope_.mask_of(input(0));
}

ValueId LayerImport::number(double value, DType dtype) { return cast(constant(Tensor::scalar(value)), dtype); }

ValueId LayerImport::cast(ValueId value, DType dtype) {
  return fact(value).dtype == dtype ? value : emit("cast", {value}, {{"dtype", dtype}});
}

ValueId LayerImport::transpose(ValueId value, std::vector<std::int64_t> perm) {
  for (std::size_t i = 0; i < perm.size(); ++i) {
    if (perm[i] != static_cast<std::int64_t>(i)) return emit("transpose", {value}, {{"perm", perm}});
  }
  return value;
}

std::size_t LayerImport::rank(ValueId value) const {
  require(fact(value).shape.rank_known(), "the rank of the input must be known");
  return fact(value).shape.rank();
}

Dim LayerImport::dim(ValueId value, std::ptrdiff_t axis) const {
  const auto count = static_cast<std::ptrdiff_t>(rank(value));
  const std::ptrdiff_t index = axis < 0 ? axis + count : axis;
  require(index >= 0 && index < count, "an input of {} dims has no dim {}", count, axis);
  return fact(value).shape[static_cast<std::size_t>(index)];
}

std::int64_t LayerImport::known_dim(ValueId value, std::ptrdiff_t axis, std::string_view what) const {
  const Dim found = dim(value, axis);
  require(found.known(), "{} must be known, the input is {}", what, fact(value));
  return found.value();
}

ValueId LayerImport::reshape_rows(ValueId value, std::vector<std::int64_t> dims) {
  std::int64_t count = 1;
  bool known = true;
  for (std::size_t axis = 1; axis < rank(value); ++axis) {
    const Dim size = dim(value, static_cast<std::ptrdiff_t>(axis));
    known = known && size.known();
    if (known) {
      require(size.value() == 0 || count <= kMaxDim / size.value(), "an input of {} has too many elements", fact(value));
      count *= size.value();
    }
  }
  std::int64_t rest = 1;
  for (const std::int64_t size : dims) {
    require(size == -1 || (size >= 0 && size < (std::int64_t{1} << 40) && rest < (std::int64_t{1} << 40)), "a dim of {} is asked for", size);
    if (size > 0) rest *= size;
  }
  for (std::int64_t& size : dims) {
    if (size != -1 || !known || rest == 0) continue;
    require(count % rest == 0, "an input of {} elements does not fit dims of [{}]", count, fmt::join(dims, ","));
    size = count / rest;
  }
  if (std::ranges::find(dims, -1) == dims.end()) {
    dims.insert(dims.begin(), -1);
    return reshape(value, std::move(dims));
  }
  const ValueId batch = slice(emit("shape", {value}, {{"dtype", DType::kInt64}}), 0, 0, 1);
  return emit("reshape", {value, emit("concat", {batch, ints(std::move(dims))}, {{"axis", std::int64_t{0}}})});
}

ValueId LayerImport::slice(ValueId value, std::int64_t axis, std::int64_t begin, std::int64_t end) {
  std::vector<std::int64_t> begins(static_cast<std::size_t>(axis) + 1, 0);
  std::vector<std::int64_t> ends(begins.size(), std::numeric_limits<std::int32_t>::max());
  begins.back() = begin;
  ends.back() = end;
  const std::vector<std::int64_t> strides(begins.size(), 1);
  const std::int64_t whole = (std::int64_t{1} << axis) - 1;
  return emit("strided_slice", {value, ints(begins), ints(ends), ints(strides)}, {{"begin_mask", whole}, {"end_mask", whole}});
}

}  // namespace temper::keras
