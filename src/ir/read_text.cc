#include <charconv>
#include <map>

#include "ir/constant.h"
#include "ir/text.h"

namespace temper {
namespace {

constexpr int kMostNesting = 16;
/// What "...", fill and random may come to in one text.
constexpr std::int64_t kMostGeneratedBytes = std::int64_t{64} << 20;

/// Where a text is read, and what stands there.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  std::size_t position() const { return at_; }

  [[noreturn]] void fail(std::string_view what) const { fail(what, at_); }
  [[noreturn]] void fail(std::string_view what, std::size_t at) const {
    const std::string_view before = text_.substr(0, at);
    const auto line = std::ranges::count(before, '\n') + 1;
    const std::size_t line_start = before.rfind('\n');
    const std::size_t column = line_start == std::string_view::npos ? at + 1 : at - line_start;
    throw ModelError(fmt::format("line {}, column {}: {}", line, column, what));
  }

  /// What `body` refuses is refused as standing at `at`. Operators tell of wrong structure as of a defect of whoever built the
  /// graph; here the text has built it.
  template <class Body>
  decltype(auto) located(std::size_t at, Body&& body) const {
    try {
      return body();
    } catch (const ModelError& error) {
      fail(error.what(), at);
    } catch (const InternalError& error) {
      fail(error.what(), at);
    }
  }

  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r')) ++at_;
  }
  /// Blanks, line ends and comments.
  void skip_space() {
    for (;;) {
      skip_blanks();
      if (at_ == text_.size() || (text_[at_] != '\n' && text_[at_] != '#')) return;
      if (text_[at_] == '#') rest_of_line();
      else ++at_;
    }
  }
  std::string_view rest_of_line() {
    const std::size_t end = std::min(text_.find('\n', at_), text_.size());
    const std::string_view rest = text_.substr(at_, end - at_);
    at_ = end;
    return rest;
  }
  bool at_end() {
    skip_space();
    return at_ == text_.size();
  }
  char peek() {
    skip_space();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  char peek_in_line() {
    skip_blanks();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(std::string_view token) {
    skip_space();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  void expect(std::string_view token) {
    if (!accept(token)) fail(fmt::format("'{}' is expected", token));
  }
  /// Reads `item`s between commas until `close`, which is taken.
  template <class Item>
  void list(std::string_view close, Item&& item) {
    if (accept(close)) return;
    do item();
    while (accept(","));
    expect(close);
  }

  std::string_view word(std::string_view what) {
    skip_space();
    std::size_t end = at_;
    while (end < text_.size() && is_word(text_.substr(end, 1))) ++end;
    if (end == at_) fail(fmt::format("{} is expected", what));
    const std::string_view word = text_.substr(at_, end - at_);
    at_ = end;
    return word;
  }
  std::string word_or_quoted(std::string_view what) { return peek() == '"' ? quoted() : std::string(word(what)); }

  template <class T>
  T number() {
    skip_space();
    T value{};
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (error == std::errc::result_out_of_range) fail("the number is out of range");
    if (error != std::errc()) fail("a number is expected");
    at_ = static_cast<std::size_t>(end - text_.data());
    return value;
  }

  std::string quoted() {
    expect("\"");
    std::string out;
    while (at_ < text_.size() && text_[at_] != '"' && text_[at_] != '\n') {
      out += text_[at_] == '\\' ? escaped() : text_[at_];
      ++at_;
    }
    if (at_ == text_.size() || text_[at_] != '"') fail("the string does not end");
    ++at_;
    return out;
  }

 private:
  /// The character that a backslash and what follows stand for; the last of them is left.
  char escaped() {
    if (++at_ == text_.size()) fail("the string does not end");
    if (text_[at_] != 'x') return text_[at_];
    unsigned char byte = 0;
    const char* const digits = text_.data() + at_ + 1;
    if (text_.size() - at_ < 3 || std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2) fail("two digits are expected after \\x");
    at_ += 2;
    return static_cast<char>(byte);
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// Numbers that look random and are the same everywhere (splitmix64).
class Sequence {
 public:
  explicit Sequence(std::uint64_t seed) : state_(seed) {}

  /// In [0, 1).
  double next() {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
  }

 private:
  std::uint64_t state_;
};

/// Reads facts and tensors.
class LiteralReader {
 public:
  explicit LiteralReader(Cursor& cursor) : cursor_(cursor) {}

  DType dtype() {
    const std::string_view name = cursor_.word("a type");
    const auto found = find_dtype(name);
    if (!found) cursor_.fail(fmt::format("there is no type {}", name));
    return *found;
  }

  Fact fact() {
    const DType type = dtype();
    cursor_.expect("[");
    if (cursor_.accept("...")) {
      cursor_.expect("]");
      return {type, {}, {}};
    }
    std::vector<Dim> dims;
    cursor_.list("]", [&] { dims.push_back(cursor_.accept("?") ? Dim() : Dim(dim())); });
    if (dims.size() > kMaxRank) cursor_.fail(fmt::format("{} dims are more than the {} that there may be", dims.size(), kMaxRank));
    return {type, ShapeFact(std::move(dims)), {}};
  }

  Tensor tensor(int nesting = 0) {
    const DType type = dtype();
    cursor_.expect("[");
    std::vector<std::int64_t> dims;
    cursor_.list("]", [&] { dims.push_back(dim()); });
    const Shape shape = cursor_.located(cursor_.position(), [&] {
      Shape checked{std::span<const std::int64_t>(dims)};
      checked.elements();
      return checked;
    });
    if (cursor_.accept("...")) return zeros(type, shape);
    if (cursor_.accept("(")) return written(type, shape, nesting);
    const std::string_view generator = cursor_.word("'(', '...', fill or random");
    if (!is_number(type)) cursor_.fail("only numbers can be generated");
    cursor_.expect("(");
    if (generator == "fill") return fill(type, shape);
    if (generator == "random") return random(type, shape);
    cursor_.fail("'(', '...', fill or random is expected");
  }

 private:
  std::int64_t dim() {
    const auto value = cursor_.number<std::int64_t>();
    if (value < 0 || value > kMaxDim) cursor_.fail("a dim is out of range");
    return value;
  }

  void take_room(DType type, const Shape& shape) {
    const std::int64_t element = type == DType::kString ? 32 : static_cast<std::int64_t>(size_of(type));
    if (shape.elements() > (kMostGeneratedBytes - generated_bytes_) / std::max<std::int64_t>(element, 1)) {
      cursor_.fail("so many elements must be written out");
    }
    generated_bytes_ += shape.elements() * element;
  }

  Tensor zeros(DType type, const Shape& shape) {
    take_room(type, shape);
    if (type == DType::kList) return Tensor::list({});
    return type == DType::kString ? Tensor(type, shape) : Tensor::zeros(type, shape);
  }

  template <class T>
  T element() {
    if constexpr (std::is_same_v<T, bool>) {
      if (cursor_.accept("true")) return true;
      if (!cursor_.accept("false")) cursor_.fail("true or false is expected");
      return false;
    } else {
      return static_cast<T>(cursor_.number<Compute<T>>());
    }
  }

  Tensor written(DType type, const Shape& shape, int nesting) {
    if (type == DType::kList) {
      if (nesting == kMostNesting || shape.rank() != 0) cursor_.fail("lists are scalars, and are nested only so deep");
      Tensors items;
      cursor_.list(")", [&] { items.push_back(tensor(nesting + 1)); });
      return Tensor::list(std::move(items));
    }
    const auto require_count = [&](std::size_t count) {
      if (static_cast<std::int64_t>(count) != shape.elements()) cursor_.fail(fmt::format("{} elements do not fit shape {}", count, shape));
    };
    if (type == DType::kString) {
      std::vector<std::string> strings;
      cursor_.list(")", [&] { strings.push_back(cursor_.word_or_quoted("a string")); });
      require_count(strings.size());
      return Tensor::strings(shape, std::move(strings));
    }
    return visit_elements(type, [&]<class T>(Type<T>) {
      std::vector<std::conditional_t<std::is_same_v<T, bool>, char, T>> elements;
      cursor_.list(")", [&] { elements.push_back(element<T>()); });
      require_count(elements.size());
      Tensor tensor(type, shape);
      std::ranges::copy(elements, tensor.mutable_data<T>().begin());
      return tensor;
    });
  }

  Tensor fill(DType type, const Shape& shape) {
    return visit_numbers(type, [&]<class T>(Type<T>) {
      const T value = element<T>();
      cursor_.expect(")");
      take_room(type, shape);
      Tensor tensor(type, shape);
      std::ranges::fill(tensor.mutable_data<T>(), value);
      return tensor;
    });
  }

  /// random(seed [, low, high]): floats in [low, high), integers likewise; in [-1, 1) and [0, 8) where no range is given.
  Tensor random(DType type, const Shape& shape) {
    Sequence sequence(cursor_.number<std::uint64_t>());
    double low = is_float(type) ? -1 : 0;
    double high = is_float(type) ? 1 : 8;
    if (cursor_.accept(",")) {
      low = cursor_.number<double>();
      cursor_.expect(",");
      high = cursor_.number<double>();
      if (!(low < high) || low < (is_signed(type) ? -100 : 0) || high > 100) cursor_.fail("the range is empty, or too wide");
    }
    cursor_.expect(")");
    take_room(type, shape);
    return visit_numbers(type, [&]<class T>(Type<T>) {
      Tensor tensor(type, shape);
      for (T& x : tensor.mutable_data<T>()) x = static_cast<T>(static_cast<Compute<T>>(low + (high - low) * sequence.next()));
      return tensor;
    });
  }

  Cursor& cursor_;
  std::int64_t generated_bytes_ = 0;
};

class GraphReader {
 public:
  GraphReader(std::string_view text, const OpRegistry& operators) : cursor_(text), literals_(cursor_), operators_(operators) {}

  Graph read() {
    Graph graph = this->graph(0);
    if (!cursor_.at_end()) cursor_.fail("nothing is expected after the graph");
    return graph;
  }

 private:
  using Values = std::map<std::string, ValueId, std::less<>>;

  Graph graph(int nesting) {
    if (nesting == kMostNesting) cursor_.fail("regions are nested too deep");
    Graph graph;
    Values values;
    cursor_.expect("graph");
    cursor_.expect("(");
    cursor_.list(")", [&] {
      const std::string value = new_value(values);
      std::string name = cursor_.word_or_quoted("a name");
      cursor_.expect(":");
      values[value] = graph.add_input(std::move(name), literals_.fact());
    });
    cursor_.expect("{");
    while (cursor_.peek() == '%') node(graph, values, nesting);
    cursor_.expect("return");
    cursor_.list("}", [&] {
      const ValueId value = old_value(values);
      graph.add_output(cursor_.word_or_quoted("a name"), value);
    });
    return graph;
  }

  std::string new_value(const Values& values) {
    cursor_.expect("%");
    std::string name(cursor_.word("a value's number or name"));
    if (values.contains(name)) cursor_.fail(fmt::format("%{} is made twice", name));
    return name;
  }

  ValueId old_value(const Values& values) {
    cursor_.expect("%");
    const std::string_view name = cursor_.word("a value's number or name");
    const auto found = values.find(name);
    if (found == values.end()) cursor_.fail(fmt::format("%{} is not made before it is used", name));
    return found->second;
  }

  void node(Graph& graph, Values& values, int nesting) {
    std::vector<std::string> outputs;
    cursor_.list("=", [&] {
      std::string output = new_value(values);
      if (std::ranges::find(outputs, output) != outputs.end()) cursor_.fail(fmt::format("%{} is made twice", output));
      outputs.push_back(std::move(output));
    });
    cursor_.skip_space();
    const std::size_t at = cursor_.position();
    const std::string_view op_name = cursor_.word("an operator");
    std::vector<ValueId> inputs;
    cursor_.expect("(");
    cursor_.list(")", [&] {
      inputs.push_back(cursor_.peek() == '%' ? old_value(values) : graph.add_constant(literals_.tensor(), ""));
    });
    Op op = with_attributes(op_name, at);
    std::string name = node_name();
    std::vector<Graph> regions;
    while (cursor_.accept("region")) regions.push_back(this->graph(nesting + 1));
    const Node& made = cursor_.located(at, [&]() -> const Node& {
      return graph.node(graph.add_node(std::move(op), std::move(inputs), std::move(name), std::move(regions)));
    });
    if (made.outputs.size() != outputs.size()) {
      cursor_.fail(fmt::format("{} has {} outputs, not {}", op_name, made.outputs.size(), outputs.size()), at);
    }
    for (std::size_t i = 0; i < outputs.size(); ++i) values[std::move(outputs[i])] = made.outputs[i];
  }

  std::string node_name() {
    if (cursor_.peek_in_line() != '#') return {};
    std::string_view name = cursor_.rest_of_line().substr(1);
    const std::size_t first = name.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    name = name.substr(first, name.find_last_not_of(" \t\r") + 1 - first);
    if (name.front() != '"') return std::string(name);
    return cursor_.located(cursor_.position(), [&] { return Cursor(name).quoted(); });
  }

  /// Attributes are of the kinds of the operator's defaults.
  Op with_attributes(std::string_view op_name, std::size_t at) {
    const OpRegistry& known = graph_operators().contains(op_name) ? graph_operators() : operators_;
    if (!known.contains(op_name)) cursor_.fail(fmt::format("there is no operator {}", op_name), at);
    Op op = known.make(op_name, {});
    if (cursor_.peek_in_line() != '{') return op;
    cursor_.expect("{");
    const Attributes defaults = op.attributes();
    Attributes given;
    cursor_.list("}", [&] {
      const std::string_view name = cursor_.word("an attribute");
      const auto found = std::ranges::find(defaults, name, &std::pair<std::string, Attribute>::first);
      if (found == defaults.end()) cursor_.fail(fmt::format("{} has no attribute {}", op_name, name));
      cursor_.expect(":");
      given.emplace_back(name, std::visit([&](const auto& like) { return Attribute(attribute(like)); }, found->second));
    });
    return cursor_.located(at, [&] { return known.make(op_name, given); });
  }

  /// Those that belong to the graph itself.
  static const OpRegistry& graph_operators() {
    static const OpRegistry all = [] {
      OpRegistry registry;
      registry.add<Constant>();
      registry.add<PackedConstant>();
      return registry;
    }();
    return all;
  }

  bool attribute(bool) {
    if (cursor_.accept("true")) return true;
    cursor_.expect("false");
    return false;
  }
  std::int64_t attribute(std::int64_t) { return cursor_.number<std::int64_t>(); }
  double attribute(double) { return cursor_.number<double>(); }
  std::string attribute(const std::string&) { return cursor_.word_or_quoted("a word"); }
  DType attribute(DType) { return literals_.dtype(); }
  Tensor attribute(const Tensor&) { return literals_.tensor(); }
  template <class T>
  std::vector<T> attribute(const std::vector<T>&) {
    std::vector<T> items;
    cursor_.expect("[");
    cursor_.list("]", [&] { items.push_back(attribute(T())); });
    return items;
  }

  Cursor cursor_;
  LiteralReader literals_;
  const OpRegistry& operators_;
};

}  // namespace

Graph from_text(std::string_view text, const OpRegistry& operators) { return GraphReader(text, operators).read(); }

}  // namespace temper
