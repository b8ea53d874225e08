#include "support/random_graph.h"

#include <cmath>
#include <random>

#include "ops/evaluate.h"
#include "support/graphs.h"

namespace temper::testing {
namespace {

using Ints = std::vector<std::int64_t>;

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  Graph make(std::size_t node_count) {
    for (std::size_t i = 0; i <= below(2); ++i) add_input(i);
    while (builder_.graph.node_count() < node_count) grow();
    std::vector<bool> used(builder_.graph.value_count());
    for (std::size_t i = 0; i < builder_.graph.node_count(); ++i) {
      for (const ValueId input : builder_.graph.node(static_cast<NodeId>(i)).inputs) used[index(input)] = true;
    }
    for (const ValueId value : pool_) {
      if (!used[index(value)] || below(12) == 0) builder_.output(value, fmt::format("y{}", index(value)));
    }
    return std::move(builder_.graph);
  }

 private:
  std::size_t below(std::size_t count) { return random_() % count; }
  std::int64_t pick(std::initializer_list<std::int64_t> numbers) { return numbers.begin()[below(numbers.size())]; }
  bool often() { return below(3) != 0; }
  const Fact& fact_of(ValueId id) const { return builder_.graph.fact(id); }
  const Shape& shape(ValueId id) const { return shapes_.at(index(id)); }
  std::size_t rank(ValueId id) const { return shape(id).rank(); }
  /// The last dim, 0 where the graph does not know it.
  std::int64_t channels(ValueId id) const {
    const ShapeFact& dims = fact_of(id).shape;
    return dims.rank() > 0 && dims[dims.rank() - 1].known() ? dims[dims.rank() - 1].value() : 0;
  }

  void add_input(std::size_t i) {
    Shape dims = often() ? Shape{1, pick({3, 5, 6}), pick({3, 4, 7}), pick({2, 4, 6})} : Shape{pick({2, 3}), pick({4, 6})};
    std::vector<Dim> known(dims.begin(), dims.end());
    for (std::size_t axis = 0; axis + 1 < known.size(); ++axis) {
      if (below(4) != 0) continue;
      known[axis] = Dim();
      dims.set(axis, 3);
    }
    enter(builder_.input(fmt::format("x{}", i), {DType::kFloat32, ShapeFact(known), {}}), dims);
  }

  ValueId enter(ValueId id, Shape dims) {  // a copy: it may be one of shapes_
    shapes_.resize(builder_.graph.value_count());
    shapes_[index(id)] = dims;
    const bool grown = dims.rank() > 0 && dims.elements() > 0 && dims.elements() <= 4096;
    if (grown && fact_of(id).dtype == DType::kFloat32) pool_.push_back(id);
    return id;
  }

  ValueId constant(const Tensor& tensor) {
    const ValueId id = builder_.constant(tensor);
    shapes_.resize(builder_.graph.value_count());
    shapes_[index(id)] = tensor.shape();
    return id;
  }
  ValueId numbers(const Shape& dims, double low, double high) {
    Tensor tensor(DType::kFloat32, dims);
    for (float& x : tensor.mutable_data<float>()) x = static_cast<float>(std::uniform_real_distribution<double>(low, high)(random_));
    return constant(tensor);
  }
  ValueId scalar(double value) { return constant(Tensor::scalar(static_cast<float>(value))); }
  ValueId ints(const Ints& values, bool pairs = false) {
    std::vector<std::int32_t> narrow(values.begin(), values.end());
    const auto count = static_cast<std::int64_t>(narrow.size());
    return constant(Tensor::from<std::int32_t>(pairs ? Shape{count / 2, 2} : Shape{count}, narrow));
  }

  /// Adds a node, and finds the shapes that its outputs have in the run.
  std::vector<ValueId> ops(std::string_view name, const std::vector<ValueId>& inputs, const Attributes& attributes = {},
                           std::vector<Graph> regions = {}) {
    Facts facts;
    for (const ValueId input : inputs) facts.push_back({fact_of(input).dtype, shape(input), fact_of(input).constant});
    const Facts out = op_registry().make(name, attributes).infer(facts, regions);
    const auto ids = builder_.ops(name, inputs, attributes, std::move(regions));
    for (std::size_t i = 0; i < ids.size(); ++i) enter(ids[i], out[i].shape.known().value());
    return ids;
  }
  ValueId op(std::string_view name, const std::vector<ValueId>& inputs, const Attributes& attributes = {}) {
    return ops(name, inputs, attributes)[0];
  }

  void grow() {
    const ValueId x = pool_[pool_.size() - 1 - below(std::min<std::size_t>(pool_.size(), 6))];
    switch (below(15)) {
      case 0: case 1: layer(x); break;
      case 2: unary(x); break;
      case 3: affine(x); break;
      case 4: combine(x); break;
      case 5: transpose(x); break;
      case 6: reshape(x); break;
      case 7: join(x); break;
      case 8: cut(x); break;
      case 9: pad(x); break;
      case 10: reduce(x); break;
      case 11: duplicate(); break;
      case 12: branch(x); break;
      case 13: parallel(x); break;
      default: meaning(x);
    }
  }

  ValueId unary(ValueId x) {
    static constexpr std::array<std::string_view, 13> kNames = {"relu", "relu6", "sigmoid", "tanh", "neg", "abs", "leaky_relu", "identity",
                                                                "softplus", "hard_swish", "elu", "relu", "relu6"};
    return op(kNames[below(kNames.size())], {x});
  }

  /// What scales or shifts channels: of one element, or of one for each channel.
  ValueId coefficients(ValueId x, double low, double high) {
    if (channels(x) == 0 || below(3) == 0) return below(4) == 0 ? scalar(pick({0, 1, 2})) : numbers({}, low, high);
    return rank(x) == 1 || often() ? numbers({channels(x)}, low, high) : numbers({1, channels(x)}, low, high);
  }

  ValueId affine(ValueId x) {
    const ValueId c = coefficients(x, 0.5, 2);
    switch (below(5)) {
      case 0: return op("mul", {x, c});
      case 1: return op("add", {c, x});
      case 2: return op("sub", {x, c});
      case 3: return op("div", {x, numbers({}, 0.5, 2)});
      default: return op("mul", {c, x});
    }
  }

  /// Two values of one shape, or one twice.
  void combine(ValueId x) {
    ValueId y = x;
    for (int attempt = 0; attempt < 8 && y == x; ++attempt) {
      const ValueId other = pool_[below(pool_.size())];
      if (shape(other) == shape(x)) y = other;
    }
    switch (below(4)) {
      case 0: op("maximum", {x, y}); break;
      case 1: op("mul", {op("tanh", {x}), y}); break;
      default: op("add", {x, y});
    }
  }

  /// A filter of numbers that keep sums moderate.
  ValueId filter(const Shape& dims, std::int64_t fan_in) {
    const double most = 1 / std::sqrt(static_cast<double>(fan_in));
    return numbers(dims, -most, most);
  }

  Attributes window(ValueId x, std::int64_t kernel) {
    const bool fits = shape(x)[1] >= kernel && shape(x)[2] >= kernel;
    Attributes rule{{"strides", Ints{pick({1, 1, 2}), pick({1, 1, 2})}}, {"padding", std::string(fits && below(2) == 0 ? "valid" : "same")}};
    if (below(5) == 0) rule = {{"padding", std::string("explicit")}, {"pads", Ints{1, kernel - 1, kernel - 1, 0}}};
    return rule;
  }

  ValueId convolution(ValueId x, std::int64_t kernel, const Attributes& rule) {
    Attributes attributes = rule;
    const std::int64_t c = channels(x);
    if (below(4) == 0) {
      attributes.emplace_back("groups", c);
      return op("conv", {x, filter({kernel, kernel, 1, c * pick({1, 2})}, kernel * kernel)}, attributes);
    }
    return op("conv", {x, filter({kernel, kernel, c, pick({2, 3, c})}, kernel * kernel * c)}, attributes);
  }

  void layer(ValueId x) {
    ValueId y = x;
    if (rank(x) == 4 && channels(x) > 0 && channels(x) <= 24) {
      const std::int64_t kernel = pick({1, 2, 3});
      if (below(4) == 0) {
        Attributes attributes = window(x, kernel);
        attributes.emplace_back("kernel", Ints{kernel, kernel});
        y = op(below(2) == 0 ? "max_pool" : "avg_pool", {x}, attributes);
      } else {
        if (below(3) == 0) x = affine(x);
        y = convolution(x, kernel, window(x, kernel));
      }
    } else if (rank(x) >= 2 && channels(x) > 0) {
      const bool transposed = below(2) == 0;
      const std::int64_t n = pick({2, 3, 6});
      const Shape dims = transposed ? Shape{n, channels(x)} : Shape{channels(x), n};
      y = op("matmul", {x, filter(dims, channels(x))}, {{"transpose_b", transposed}});
    }
    if (often()) y = norm(y);
    if (often()) y = unary(y);
    if (shape(y) == shape(x) && often()) op("add", {below(2) == 0 ? x : y, below(2) == 0 ? y : x});
  }

  ValueId norm(ValueId y) {
    const std::int64_t c = channels(y);
    if (c == 0 || rank(y) < 2 || below(3) == 0) return affine(y);
    return op("batch_norm", {y, numbers({c}, 0.5, 2), numbers({c}, -1, 1), numbers({c}, -1, 1), numbers({c}, 0.5, 2)});
  }

  void transpose(ValueId x) {
    Ints perm, inverse(rank(x));
    for (std::size_t i = 0; i < rank(x); ++i) perm.push_back(static_cast<std::int64_t>(i));
    std::shuffle(perm.begin(), perm.end(), random_);
    for (std::size_t i = 0; i < perm.size(); ++i) inverse[static_cast<std::size_t>(perm[i])] = static_cast<std::int64_t>(i);
    ValueId y = op("transpose", {x}, {{"perm", perm}});
    for (std::size_t i = 0; i < below(3); ++i) y = below(2) == 0 ? unary(y) : affine(y);
    if (often()) op("transpose", {y}, {{"perm", inverse}});
  }

  void reshape(ValueId x) {
    const std::int64_t elements = shape(x).elements();
    switch (below(4)) {
      case 0:
        if (rank(x) < 6) op("expand_dims", {x}, {{"axis", static_cast<std::int64_t>(below(rank(x) + 1))}});
        break;
      case 1:
        for (std::size_t axis = 0; axis < rank(x); ++axis) {
          if (shape(x)[axis] == 1 && rank(x) > 1) return void(op("squeeze", {x}, {{"axes", Ints{static_cast<std::int64_t>(axis)}}}));
        }
        break;
      case 2: {
        const ValueId flat = op("reshape", {x, ints({shape(x)[0], -1})});
        const ValueId y = often() ? unary(flat) : flat;
        Ints back(shape(x).begin(), shape(x).end());
        back[below(back.size())] = -1;
        if (often()) op("reshape", {y, ints(back)});
        break;
      }
      default: op("reshape", {x, ints(elements % 2 == 0 ? Ints{2, elements / 2} : Ints{1, elements})});
    }
  }

  void join(ValueId x) {
    if (rank(x) == 0) return;
    std::vector<ValueId> parts{x};
    for (int attempt = 0; attempt < 6; ++attempt) {
      const ValueId other = pool_[below(pool_.size())];
      if (shape(other) == shape(x)) parts.push_back(other);
    }
    parts.resize(std::min<std::size_t>(parts.size(), 3));
    op("concat", parts, {{"axis", static_cast<std::int64_t>(below(rank(x)))}});
  }

  void cut(ValueId x) {
    if (rank(x) == 0) return;
    const std::size_t axis = below(rank(x));
    const auto at = static_cast<std::int64_t>(axis);
    const std::int64_t dim = shape(x)[axis];
    const std::int64_t parts = dim % 3 == 0 ? 3 : dim % 2 == 0 ? 2 : 1;
    if (below(2) == 0) {
      auto cuts = ops("split", {x}, {{"axis", at}, {"parts", parts}});
      if (below(2) == 0) treat_alike(cuts);
      if (often()) op("concat", cuts, {{"axis", at}});
      return;
    }
    Ints begin(rank(x), 0), end(shape(x).begin(), shape(x).end());
    begin[axis] = static_cast<std::int64_t>(below(static_cast<std::size_t>(dim)));
    const ValueId high = slice(x, begin, end);
    end[axis] = begin[axis];
    begin[axis] = 0;
    if (end[axis] > 0 && often()) op("concat", {slice(x, begin, end), high}, {{"axis", at}});
  }
  /// The same operator on each, with numbers of its own.
  void treat_alike(std::vector<ValueId>& parts) {
    const bool scales = below(2) == 0;
    for (ValueId& part : parts) part = scales ? op("mul", {part, numbers({}, 0.5, 2)}) : op("relu", {part});
  }
  ValueId slice(ValueId x, const Ints& begin, const Ints& end) {
    return op("strided_slice", {x, ints(begin), ints(end), ints(Ints(begin.size(), 1))});
  }

  void pad(ValueId x) {
    if (rank(x) == 0) return;
    Ints paddings(2 * rank(x), 0);
    const bool spatial = rank(x) == 4 && often();
    for (std::size_t i = spatial ? 2 : 0; i < paddings.size() - (spatial ? 2 : 0); ++i) paddings[i] = pick({0, 1});
    const ValueId padded = op("pad", {x, ints(paddings, true)});
    if (spatial && channels(x) > 0 && channels(x) <= 24 && often()) {
      convolution(padded, 2, {{"padding", std::string("valid")}});
    } else if (often()) {
      Ints begin, end;
      for (std::size_t axis = 0; axis < rank(x); ++axis) {
        begin.push_back(paddings[2 * axis]);
        end.push_back(paddings[2 * axis] + shape(x)[axis]);
      }
      slice(padded, begin, end);
    }
  }

  void reduce(ValueId x) {
    if (rank(x) == 0) return;
    static constexpr std::array<std::string_view, 4> kNames = {"mean", "sum", "max", "min"};
    const Ints axes = rank(x) == 4 && often() ? Ints{1, 2} : Ints{static_cast<std::int64_t>(below(rank(x)))};
    const ValueId y = op(kNames[below(kNames.size())], {x}, {{"axes", axes}, {"keep_dims", below(2) == 0}});
    if (below(3) == 0 && rank(y) > 0) op(below(2) == 0 ? "softmax" : "log_softmax", {y});
  }

  void duplicate() {
    if (builder_.graph.node_count() == 0) return;
    const auto which = static_cast<NodeId>(below(builder_.graph.node_count()));
    const Node node = builder_.graph.node(which);
    if (node.inputs.empty() || !node.regions.empty()) return;
    const auto copies = ops(node.op.name(), node.inputs, node.op.attributes());
    if (often() && fact_of(copies[0]).dtype == DType::kFloat32) unary(copies[0]);
  }

  Graph region(const Fact& outside) {
    Builder inner;
    ValueId y = inner.input("x", {outside.dtype, outside.shape, {}});
    for (std::size_t i = below(3); i > 0; --i) {
      y = below(2) == 0 ? inner.op("relu", {y}) : inner.op("mul", {y, inner.constant(Tensor::scalar(static_cast<float>(i)))});
    }
    inner.output(y);
    return std::move(inner.graph);
  }

  void branch(ValueId x) {
    ValueId condition = constant(Tensor::scalar(below(2) == 0));
    if (below(2) == 0) {
      Ints axes;
      for (std::size_t i = 0; i < rank(x); ++i) axes.push_back(static_cast<std::int64_t>(i));
      condition = op("greater", {op("mean", {x}, {{"axes", axes}}), scalar(0.1)});
    }
    const auto ids = builder_.ops("if", {condition, x}, {}, {region(fact_of(x)), region(fact_of(x))});
    enter(ids[0], shape(x));
  }

  /// Layers side by side on one input, joined.
  void parallel(ValueId x) {
    if (rank(x) != 4 || channels(x) == 0 || channels(x) > 24) return;
    const std::int64_t kernel = pick({1, 1, 2});
    std::vector<ValueId> parts;
    for (std::size_t i = 0; i < 2 + below(2); ++i) {
      ValueId y = op("conv", {x, filter({kernel, kernel, channels(x), pick({2, 3})}, kernel * kernel * channels(x))}, {{"padding", std::string("same")}});
      if (often()) y = norm(y);
      parts.push_back(often() ? op("relu", {y}) : y);
    }
    if (often()) op("concat", parts, {{"axis", std::int64_t{3}}});
  }

  /// A group of nodes that mean something together, as sources write it.
  void meaning(ValueId x) {
    if (rank(x) == 0) return;
    const Attributes last{{"axes", Ints{-1}}, {"keep_dims", true}};
    switch (below(6)) {
      case 0: {
        const ValueId e = op("exp", {op("sub", {x, op("max", {x}, last)})});
        op("div", {e, op("sum", {e}, last)});
        break;
      }
      case 1: {
        const ValueId shifted = op("add", {op("erf", {op("mul", {x, scalar(std::sqrt(0.5))})}), scalar(1)});
        op("mul", {op("mul", {x, scalar(0.5)}), shifted});
        break;
      }
      case 2: op("mul", {x, op("sigmoid", {x})}); break;
      case 3: {
        const ValueId centred = op("sub", {x, op("mean", {x}, last)});
        const ValueId variance = op("mean", {op("square", {centred})}, last);
        op("mul", {centred, op("rsqrt", {op("add", {variance, scalar(1e-3)})})});
        break;
      }
      case 4: op("mul", {op("mul", {x, scalar(1.0 / 6)}), op("relu6", {op("add", {x, scalar(3)})})}); break;
      default: op("mul", {x, op("rsqrt", {op("maximum", {op("sum", {op("square", {x})}, last), scalar(1e-6)})})});
    }
  }

  std::mt19937_64 random_;
  Builder builder_;
  std::vector<Shape> shapes_;  ///< of values as they are in the run
  std::vector<ValueId> pool_;  ///< float32 values that nodes may be put on
};

}  // namespace

Graph random_graph(std::uint64_t seed, std::size_t node_count) { return Generator(seed).make(node_count); }

}  // namespace temper::testing
