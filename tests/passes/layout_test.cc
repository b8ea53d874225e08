#include "support/passes.h"

namespace temper::testing {
namespace {

using Ints = std::vector<std::int64_t>;

/// A network whose layers have channels first, each wrapped in transposes, as importers write them.
class ChannelsFirst : public Builder {
 public:
  explicit ChannelsFirst(unsigned seed) : random_(seed) {
    value_ = input("x", fact(DType::kFloat32, {-1, 3, 12, 10}));
    channels_ = 3;
  }

  void grow() {
    switch (random_() % 8) {
      case 0: return pool();
      case 1: return activate();
      case 2: return scale();
      case 3: return join();
      case 4: return residual();
      case 5: return pad();
      default: return conv();
    }
  }

  Graph finish(bool classify) {
    value_ = op("mean", {value_}, {{"axes", Ints{2, 3}}, {"keep_dims", false}});
    if (classify) value_ = op("matmul", {value_, numbers({channels_, 5})});
    output(value_);
    return std::move(graph);
  }

 private:
  ValueId numbers(const Shape& shape) {
    Tensor tensor(DType::kFloat32, shape);
    for (float& x : tensor.mutable_data<float>()) x = std::uniform_real_distribution<float>(-0.4F, 0.6F)(random_);
    return constant(tensor);
  }
  ValueId last(ValueId x) { return op("transpose", {x}, {{"perm", Ints{0, 2, 3, 1}}}); }
  ValueId first(ValueId x) { return op("transpose", {x}, {{"perm", Ints{0, 3, 1, 2}}}); }
  ValueId layer(ValueId x, std::int64_t kernel, std::int64_t to) {
    return first(op("conv", {last(x), numbers({kernel, kernel, channels_, to})}, {{"padding", std::string("same")}}));
  }

  void conv() {
    const auto to = static_cast<std::int64_t>(2 + random_() % 4);
    value_ = layer(value_, random_() % 2 == 0 ? 1 : 3, to);
    channels_ = to;
    value_ = op("add", {value_, numbers({channels_, 1, 1})});
  }
  void pool() { value_ = first(op("max_pool", {last(value_)}, {{"kernel", Ints{2, 2}}, {"padding", std::string("same")}})); }
  void activate() { value_ = op(random_() % 2 == 0 ? "relu" : "sigmoid", {value_}); }
  void scale() { value_ = op("mul", {value_, numbers({1, channels_, 1, 1})}); }
  void join() {
    value_ = op("concat", {layer(value_, 1, 2), op("relu", {layer(value_, 3, 3)})}, {{"axis", std::int64_t{1}}});
    channels_ = 5;
  }
  void residual() { value_ = op("relu", {op("add", {value_, layer(value_, 3, channels_)})}); }
  void pad() { value_ = op("pad", {value_, constant(i32({4, 2}, {0, 0, 0, 0, 1, 0, 0, 1}))}); }

  std::mt19937 random_;
  ValueId value_;
  std::int64_t channels_;
};

/// All transposes inside go: the one that turns the picture is left, where the picture comes with channels first.
TEST(Layout, ChannelsComeLastInside) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    ChannelsFirst net(seed);
    for (unsigned i = 0; i < 2 + seed % 9; ++i) net.grow();
    const Graph graph = net.finish(seed % 2 == 0);
    const Graph after = expect_equivalent(graph, 1e-4);
    const auto names = op_names(after);
    EXPECT_LE(std::ranges::count(names, "transpose"), 1) << to_text(after);
  }
}

}  // namespace
}  // namespace temper::testing
