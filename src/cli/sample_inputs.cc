#include "cli/sample_inputs.h"

#include <algorithm>
#include <random>

#include "cli/io/arguments.h"
#include "cli/io/picture_tensor.h"
#include "cli/model_options.h"

namespace temper {
namespace {

/// Random elements, the same in every run: 0..1 of floats, 0..255 of integers as far as they go, true of bools.
Tensor random_tensor(DType dtype, const Shape& shape) {
  std::mt19937 generator(1);  // NOLINT: repeatable
  if (dtype == DType::kBool) {
    Tensor tensor(dtype, shape);
    std::ranges::fill(tensor.mutable_data<bool>(), true);
    return tensor;
  }
  Tensor tensor(dtype, shape);
  visit_numbers(dtype, [&]<class T>(Type<T>) {
    for (T& element : tensor.mutable_data<T>()) {
      const auto bits = static_cast<std::uint32_t>(generator());
      if constexpr (is_float_type<T>)
        element = static_cast<T>(static_cast<float>(bits >> 8) * 0x1p-24F);
      else
        element = static_cast<T>(bits & (dtype == DType::kInt8 ? 0x7fU : 0xffU));
    }
  });
  return tensor;
}

/// `tensor`, whose first dim is 1, repeated along it.
Tensor repeated(const Tensor& tensor, std::int64_t batch) {
  if (batch == 1 || tensor.rank() == 0 || tensor.dim(0) != 1 || tensor.dtype() == DType::kString) return tensor;
  Shape shape = tensor.shape();
  shape.set(0, batch);
  Tensor result(tensor.dtype(), shape);
  const auto out = result.mutable_bytes();
  for (std::size_t at = 0; at < out.size(); at += tensor.size_bytes())
    std::ranges::copy(tensor.bytes(), out.begin() + static_cast<std::ptrdiff_t>(at));
  return result;
}

/// Opt sizes of the plan for dims that nothing else says.
void fill_from_profile(Fact& fact, const std::string& name, const Plan& plan) {
  const auto one = std::ranges::find(plan.profile, name, &InputProfile::name);
  if (one == plan.profile.end()) return;
  if (!fact.shape.rank_known()) fact.shape = ShapeFact::of_rank(one->dims.size());
  for (std::size_t axis = 1; axis < fact.shape.rank() && axis < one->dims.size(); ++axis) {
    if (!fact.shape[axis].known()) fact.shape.set(axis, Dim(one->dims[axis].opt));
  }
}

Tensor invented(const std::string& name, const Fact& fact, std::int64_t batch) {
  require(fact.dtype != DType::kString && fact.dtype != DType::kList, "input {} is {}; give it with --input or --image", name, fact.dtype);
  require(fact.shape.rank_known(), "input {} may have any shape; choose one with --shape {}=...", name, name);
  Shape shape;
  for (std::size_t axis = 0; axis < fact.shape.rank(); ++axis) {
    const Dim& dim = fact.shape[axis];
    require(dim.known() || axis == 0, "input {} is {}; choose its shape with --shape {}=..., or give it a picture with --image", name, fact, name);
    shape.push_back(dim.known() && !(axis == 0 && dim.is(1)) ? dim.value() : batch);
  }
  return random_tensor(fact.dtype, shape);
}

}  // namespace

void SampleOptions::declare(CLI::App& app) {
  app.add_option("--batch", batch, "Pictures a run")->check(CLI::Range(1, 65536))->capture_default_str();
  app.add_option("--image", image, "A picture to run on (default: random numbers)");
  app.add_option("--input", inputs, "[NAME=]FILE or NAME=NUMBER, as for run")->allow_extra_args(false);
  app.add_option("--shape", shapes, "NAME=1x300x300x3, for an input whose shape the model leaves open")->allow_extra_args(false);
  app.add_option("--preprocess", preprocess, "Of the picture: none (0..255), 0..1, -1..1, caffe, torch")->capture_default_str();
}

std::vector<NamedTensor> SampleOptions::make(const Session& session) const {
  const Graph& graph = session.graph();
  std::vector<std::string> given = inputs;
  if (!image.empty()) given.push_back(find_picture_input(graph).name + "=" + image);
  std::vector<NamedTensor> made;
  for (auto& [name, tensor] : read_inputs(graph, given, preprocess)) made.push_back({name, repeated(tensor, batch)});
  Graph shaped = graph;
  for (const std::string& text : shapes) set_input_shape(shaped, text);
  for (const Port& port : graph.inputs()) {
    if (std::ranges::any_of(made, [&](const NamedTensor& input) { return input.name == port.name; })) continue;
    Fact fact = shaped.fact(port.value);
    fill_from_profile(fact, port.name, session.plan());
    made.push_back({port.name, invented(port.name, fact, batch)});
  }
  return made;
}

}  // namespace temper
