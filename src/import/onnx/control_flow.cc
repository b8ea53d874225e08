#include "import/onnx/emitter.h"

/// If, Loop and Scan: their subgraphs become regions, which see nothing of what is around them but what is captured.
namespace temper::onnx {
namespace {

/// Adds operators in the name of a node of control flow.
class Maker {
 public:
  Maker(Graph& graph, const NodeProto& node, const std::string& name, ExternalFiles& files)
      : attributes_(node, none_, files), import_(graph, name, node.op_type(), attributes_, {}) {}

  ValueId emit(std::string_view op, ValueIds inputs, const Attributes& attributes = {}) { return import_.emit(op, std::move(inputs), attributes); }
  template <class T>
  ValueId scalar(T value) {
    return import_.constant(Tensor::scalar(value));
  }

 private:
  CallAttributes none_;
  NodeAttributes attributes_;
  NodeImport import_;
};

/// A bool scalar, whatever shape of one element it has.
ValueId as_scalar(Maker& maker, Graph& graph, ValueId value) {
  if (graph.fact(value).shape == ShapeFact(Shape{})) return value;
  return maker.emit("reshape", {value, maker.emit("fill", {maker.scalar(std::int64_t{0}), maker.scalar(std::int64_t{1})})});
}

bool always(const Graph& graph, ValueId condition) {
  const auto& constant = graph.fact(condition).constant;
  return constant && constant->elements() == 1 && constant->dtype() == DType::kBool && constant->data<bool>()[0];
}

/// The items of a list that the regions of a loop have filled, as one tensor with `axis` where it is asked for.
ValueId stacked(Maker& maker, ValueId list, const Fact& item) {
  Attributes attributes{{"dtype", item.dtype}};
  if (item.shape.rank_known()) {
    std::vector<std::int64_t> dims;
    for (const Dim& dim : item.shape.dims()) dims.push_back(dim.known() ? dim.value() : -1);
    attributes.emplace_back("has_element_shape", true);
    attributes.emplace_back("element_shape", dims);
  }
  return maker.emit("list_stack", {list}, attributes);
}

/// The dims of a tensor with one of them moved to another place.
std::vector<std::int64_t> moved(std::size_t rank, std::size_t from, std::size_t to) {
  std::vector<std::int64_t> perm;
  for (std::size_t axis = 0; axis < rank; ++axis) {
    if (axis != from) perm.push_back(static_cast<std::int64_t>(axis));
  }
  perm.insert(perm.begin() + static_cast<std::ptrdiff_t>(to), static_cast<std::int64_t>(from));
  return perm;
}

Fact widest(const std::optional<Fact>& before, const Fact& now) {
  if (!before) return {now.dtype, now.shape, {}};
  return {now.dtype, join(before->shape, now.shape), {}};
}

}  // namespace

ValueIds Emitter::emit_inline(SourceGraph& branch) {
  Emitter inside(setting_, branch, target_);
  inside.outer_ = this;
  require(++inside.setting_.depth <= 100, "branches lie too deep in one another");
  return inside.emit(branch.outputs());
}

ValueIds Emitter::emit_if(int id, const NodeProto& node, const ValueIds& inputs) {
  require(inputs.size() == 1, "has {} inputs where a condition is needed", inputs.size());
  SourceGraph* branches[] = {&source_.subgraph(id, "then_branch"), &source_.subgraph(id, "else_branch")};
  const std::string name = setting_.path + node_name(node);
  Maker maker(target_, node, name, setting_.library.files());
  const ValueId predicate = as_scalar(maker, target_, inputs[0]);
  require(target_.fact(predicate).dtype == DType::kBool, "the condition is {}, not a bool", target_.fact(predicate));
  if (const auto& constant = target_.fact(predicate).constant) return emit_inline(*branches[constant->data<bool>()[0] ? 0 : 1]);
  return build_if(target_, name, predicate, [&](Graph& region, Captures& captures, std::size_t index) {
    return Emitter(*this, *branches[index], region, captures, index).emit(branches[index]->outputs());
  });
}

/// The loop's variables: the turn, whether to go on, those the model carries, and a list for each result that is collected.
ValueIds Emitter::emit_loop(int id, const NodeProto& node, const ValueIds& inputs) {
  SourceGraph& body = source_.subgraph(id, "body");
  const std::string name = setting_.path + node_name(node);
  ExternalFiles& files = setting_.library.files();
  Maker maker(target_, node, name, files);
  const std::size_t carried = inputs.size() < 2 ? 0 : inputs.size() - 2;
  require(body.inputs().size() == carried + 2, "its body takes {} inputs, but {} variables are given", body.inputs().size(), carried);
  require(body.outputs().size() >= carried + 1, "its body gives {} values for {} variables", body.outputs().size(), carried);
  const std::size_t collected = body.outputs().size() - carried - 1;
  const bool counted = !inputs.empty() && inputs[0] != ValueId::kNone;
  const bool conditional = inputs.size() > 1 && inputs[1] != ValueId::kNone;

  ValueIds initial{maker.scalar(std::int64_t{0}), conditional ? as_scalar(maker, target_, inputs[1]) : maker.scalar(true)};
  for (std::size_t i = 0; i < carried; ++i) {
    require(inputs[i + 2] != ValueId::kNone, "variable {} is left out", i);
    initial.push_back(inputs[i + 2]);
  }
  for (std::size_t i = 0; i < collected; ++i) initial.push_back(maker.emit("list_create", {maker.scalar(std::int32_t{0})}));
  const ValueId trips = counted ? maker.emit("cast", {as_scalar(maker, target_, inputs[0])}, {{"dtype", DType::kInt64}}) : ValueId::kNone;
  const bool begins = always(target_, initial[1]);
  std::vector<std::optional<Fact>> items(collected);

  const auto emit = [&](LoopRegions& regions, Captures& captures, const ValueIds& in_condition, const ValueIds& in_body) {
    Emitter inside(*this, body, regions.body, captures, 1);
    Maker in(regions.body, node, name, files);
    for (std::size_t i = 0; i < carried + 2; ++i) {  // writers may declare the turn and the condition to be vectors of one element
      const bool vector = i < 2 && body.is_vector(body.inputs()[i]);
      inside.give(body.inputs()[i], vector ? in.emit("expand_dims", {in_body[i]}, {{"axis", std::int64_t{0}}}) : in_body[i]);
    }
    const ValueIds results = inside.emit(body.outputs());
    Maker before(regions.condition, node, name, files);
    LoopEnds ends;
    const bool forever = !conditional || (begins && (results[0] == in_body[1] || always(regions.body, results[0])));
    ends.next = {in.emit("add", {in_body[0], in.scalar(std::int64_t{1})}), forever ? in_body[1] : as_scalar(in, regions.body, results[0])};
    ends.next.insert(ends.next.end(), results.begin() + 1, results.begin() + 1 + static_cast<std::ptrdiff_t>(carried));
    for (std::size_t i = 0; i < collected; ++i) {
      const ValueId item = results[carried + 1 + i];
      items[i] = widest(items[i], regions.body.fact(item));
      ends.next.push_back(in.emit("list_push_back", {in_body[carried + 2 + i], item}));
    }
    ends.condition = in_condition[1];
    if (counted) {
      const ValueId within = before.emit("less", {in_condition[0], captures.capture(trips, 0)});
      ends.condition = forever ? within : before.emit("logical_and", {within, in_condition[1]});
    }
    return ends;
  };
  const ValueIds results = build_loop(target_, name, initial, emit);
  ValueIds outputs(results.begin() + 2, results.begin() + 2 + static_cast<std::ptrdiff_t>(carried));
  for (std::size_t i = 0; i < collected; ++i) outputs.push_back(stacked(maker, results[carried + 2 + i], *items[i]));
  return outputs;
}

/// A loop over the slices of some inputs, which ends with them.
ValueIds Emitter::emit_scan(int id, const NodeProto& node, const ValueIds& inputs) {
  const NodeAttributes attributes(node, setting_.call, setting_.library.files());
  const auto numbers = [&](std::string_view attribute, std::size_t count) {
    std::vector<std::int64_t> values(count);
    if (const auto found = attributes.find(attribute)) {
      require(from_attribute(*found, values) && values.size() == count, "attribute '{}' does not have {} numbers", attribute, count);
    }
    return values;
  };
  const auto opset = setting_.opsets.find("");
  require(opset == setting_.opsets.end() || opset->second > 8, "the Scan of version 8, which goes over batches, is not supported");
  SourceGraph& body = source_.subgraph(id, "body");
  std::int64_t scan_count = 0;
  const auto count_attribute = attributes.find("num_scan_inputs");
  require(count_attribute && from_attribute(*count_attribute, scan_count) && scan_count >= 1 &&
              scan_count <= static_cast<std::int64_t>(inputs.size()),
          "attribute 'num_scan_inputs' is missing or not within its inputs");
  const auto scanned = static_cast<std::size_t>(scan_count);
  const std::size_t carried = inputs.size() - scanned;
  require(body.inputs().size() == inputs.size(), "its body takes {} inputs, but {} are given", body.inputs().size(), inputs.size());
  require(body.outputs().size() >= carried, "its body gives {} values for {} variables", body.outputs().size(), carried);
  const std::size_t collected = body.outputs().size() - carried;
  const auto axes = numbers("scan_input_axes", scanned);
  const auto backwards = numbers("scan_input_directions", scanned);
  const auto output_axes = numbers("scan_output_axes", collected);
  const auto outputs_backwards = numbers("scan_output_directions", collected);

  const std::string name = setting_.path + node_name(node);
  ExternalFiles& files = setting_.library.files();
  Maker maker(target_, node, name, files);
  ValueIds sequences;  // slices along the first dim
  for (std::size_t i = 0; i < scanned; ++i) {
    ValueId x = inputs[carried + i];
    require(x != ValueId::kNone && target_.fact(x).shape.rank_known(), "the rank of input {} must be known", carried + i);
    const std::size_t rank = target_.fact(x).shape.rank();
    const std::size_t axis = normalise_axis(axes[i], rank);
    if (axis != 0) x = maker.emit("transpose", {x}, {{"perm", moved(rank, axis, 0)}});
    if (backwards[i] != 0) x = maker.emit("reverse", {x}, {{"axes", std::vector<std::int64_t>{0}}});
    sequences.push_back(x);
  }
  const ValueId shape = maker.emit("shape", {sequences[0]}, {{"dtype", DType::kInt64}});
  const ValueId length = maker.emit("gather", {shape, maker.scalar(std::int64_t{0})});
  ValueIds initial{maker.scalar(std::int64_t{0})};
  initial.insert(initial.end(), inputs.begin(), inputs.begin() + static_cast<std::ptrdiff_t>(carried));
  for (std::size_t i = 0; i < collected; ++i) initial.push_back(maker.emit("list_create", {maker.scalar(std::int32_t{0})}));
  std::vector<std::optional<Fact>> items(collected);

  const auto emit = [&](LoopRegions& regions, Captures& captures, const ValueIds& in_condition, const ValueIds& in_body) {
    Maker in(regions.body, node, name, files);
    Maker before(regions.condition, node, name, files);
    Emitter inside(*this, body, regions.body, captures, 1);
    for (std::size_t i = 0; i < carried; ++i) inside.give(body.inputs()[i], in_body[i + 1]);
    for (std::size_t i = 0; i < scanned; ++i) {
      inside.give(body.inputs()[carried + i], in.emit("gather", {captures.capture(sequences[i], 1), in_body[0]}));
    }
    const ValueIds results = inside.emit(body.outputs());
    LoopEnds ends;
    ends.next = {in.emit("add", {in_body[0], in.scalar(std::int64_t{1})})};
    ends.next.insert(ends.next.end(), results.begin(), results.begin() + static_cast<std::ptrdiff_t>(carried));
    for (std::size_t i = 0; i < collected; ++i) {
      const ValueId item = results[carried + i];
      items[i] = widest(items[i], regions.body.fact(item));
      ends.next.push_back(in.emit("list_push_back", {in_body[carried + 1 + i], item}));
    }
    ends.condition = before.emit("less", {in_condition[0], captures.capture(length, 0)});
    return ends;
  };
  const ValueIds results = build_loop(target_, name, initial, emit);
  ValueIds outputs(results.begin() + 1, results.begin() + 1 + static_cast<std::ptrdiff_t>(carried));
  for (std::size_t i = 0; i < collected; ++i) {
    ValueId y = stacked(maker, results[carried + 1 + i], *items[i]);
    if (outputs_backwards[i] != 0) y = maker.emit("reverse", {y}, {{"axes", std::vector<std::int64_t>{0}}});
    if (output_axes[i] != 0) {
      require(target_.fact(y).shape.rank_known(), "the rank of output {} must be known", carried + i);
      const std::size_t rank = target_.fact(y).shape.rank();
      y = maker.emit("transpose", {y}, {{"perm", moved(rank, 0, normalise_axis(output_axes[i], rank))}});
    }
    outputs.push_back(y);
  }
  return outputs;
}

}  // namespace temper::onnx
