#include "support/passes.h"

namespace temper::testing {
namespace {

constexpr std::int64_t kShrink = 1;

Tensor scalar(std::int32_t value) { return i32({}, {value}); }

/// A loop over the rows of x as map_fn writes it, whose turns set what `body` makes of a row.
struct MapLoop : Builder {
  ValueId x = input("x", fact(DType::kFloat32, {-1, -1, 3}));
  ValueId zero = constant(scalar(0));
  ValueId one = constant(scalar(1));
  ValueId count = rows(x);
  std::string writes = "list_set";

  ValueId rows(ValueId value) {
    const ValueId at = constant(i32({1}, {1}));
    return op("strided_slice", {op("shape", {value}), constant(i32({1}, {0})), at, at},
              {{"shrink_axis_mask", kShrink}});
  }
  ValueId scattered(ValueId value) {
    return op("list_scatter", {op("list_create", {count}), op("range", {zero, rows(value), one}), value});
  }
  /// Results of map_fn over `list`; the limits are of two counters.
  ValueId loop(ValueId list, ValueId limit, ValueId results,
               const std::function<ValueId(Builder&, ValueId, ValueId)>& body) {
    Builder condition;
    const ValueId i = condition.input("i", fact(DType::kInt32, {}));
    const ValueId j = condition.input("j", fact(DType::kInt32, {}));
    condition.input("results", {DType::kList, {}, {}});
    const ValueId n = condition.input("n", fact(DType::kInt32, {}));
    const ValueId m = condition.input("m", fact(DType::kInt32, {}));
    condition.input("list", {DType::kList, {}, {}});
    condition.output(condition.op("logical_and", {condition.op("less", {i, n}), condition.op("less", {j, m})}));
    Builder turn;
    const ValueId a = turn.input("i", fact(DType::kInt32, {}));
    const ValueId b = turn.input("j", fact(DType::kInt32, {}));
    const ValueId made = turn.input("results", {DType::kList, {}, {}});
    turn.input("n", fact(DType::kInt32, {}));
    turn.input("m", fact(DType::kInt32, {}));
    const ValueId item = turn.op("list_get", {turn.input("list", {DType::kList, {}, {}}), b});
    const ValueId step = turn.constant(scalar(1));
    turn.output(turn.op("add", {a, step})).output(turn.op("add", {step, b}));
    const ValueId result = body(turn, item, b);
    turn.output(writes == "list_set" ? turn.op(writes, {made, b, result}) : turn.op(writes, {made, result}));
    return ops("loop", {zero, zero, results, count, limit, list}, {{"carried", std::int64_t{3}}},
               {condition.graph, turn.graph})[2];
  }
  ValueId stacked(ValueId list) {
    return op("list_stack", {list, op("range", {zero, op("list_length", {list}), one})});
  }
};

ValueId softened(Builder& b, ValueId item, ValueId) { return b.op("nth_element", {item, b.constant(scalar(1))}); }

bool has(const Graph& graph, std::string_view name) {
  const auto names = op_names(graph);
  return std::ranges::find(names, name) != names.end();
}

TEST(RaiseMap, LoopsOverRowsBecomeMaps) {
  MapLoop b;
  b.output(b.stacked(b.loop(b.scattered(b.x), b.count, b.op("list_create", {b.count}), softened)));
  expect_ops(b.graph, {"map"});
}

TEST(RaiseMap, ListsThatGrowBecomeMaps) {
  MapLoop b;
  b.writes = "list_push_back";
  b.output(b.op("list_stack", {b.loop(b.op("list_unstack", {b.x}), b.count, b.op("list_create", {b.zero}), softened)}));
  expect_ops(b.graph, {"map"});
}

TEST(RaiseMap, FewerTurnsThanRowsTakeTheFirst) {
  MapLoop b;
  b.output(b.stacked(
      b.loop(b.scattered(b.x), b.constant(scalar(2)), b.op("list_create", {b.constant(scalar(0))}),
             [](Builder& turn, ValueId item, ValueId i) {
               return turn.op("add", {softened(turn, item, i), turn.op("cast", {i}, {{"dtype", DType::kFloat32}})});
             })));
  Graph loop = b.graph;  // items past the end need a list that grows
  for (std::size_t i = 0; i < loop.node_count(); ++i) {
    for (Graph& region : loop.node(static_cast<NodeId>(i)).regions) {
      for (std::size_t j = 0; j < region.node_count(); ++j) {
        Node& node = region.node(static_cast<NodeId>(j));
        if (node.op.name() == "list_set") node.op = op_registry().make("list_set", {{"grow", true}});
      }
    }
  }
  const Graph after = expect_equivalent(loop);
  EXPECT_FALSE(has(after, "loop"));
  EXPECT_TRUE(has(after, "slice"));
}

TEST(RaiseMap, ResultsOfDifferentShapesStayLists) {
  MapLoop b;
  const auto ragged = [](Builder& turn, ValueId, ValueId i) {
    return turn.op("range", {turn.constant(scalar(0)), i, turn.constant(scalar(1))});
  };
  const ValueId list = b.loop(b.scattered(b.x), b.count, b.op("list_create", {b.count}), ragged);
  b.output(b.ops("list_concat", {list}, {{"dtype", DType::kInt32}})[0]);
  EXPECT_TRUE(has(expect_equivalent(b.graph), "loop"));
}

TEST(RaiseMap, WhatEveryTurnChangesStays) {
  MapLoop b;
  Builder condition;
  const ValueId i = condition.input("i", fact(DType::kInt32, {}));
  condition.input("sum", fact(DType::kFloat32, {-1, 3}));
  const ValueId n = condition.input("n", fact(DType::kInt32, {}));
  condition.input("list", {DType::kList, {}, {}});
  condition.output(condition.op("less", {i, n}));
  Builder turn;
  const ValueId j = turn.input("i", fact(DType::kInt32, {}));
  const ValueId sum = turn.input("sum", fact(DType::kFloat32, {-1, 3}));
  turn.input("n", fact(DType::kInt32, {}));
  const ValueId list = turn.input("list", {DType::kList, {}, {}});
  turn.output(turn.op("add", {j, turn.constant(scalar(1))}));
  turn.output(turn.op("add", {sum, turn.op("list_get", {list, j})}));
  const ValueId start = b.input("start", fact(DType::kFloat32, {3, 3}));
  b.output(b.ops("loop", {b.zero, start, b.count, b.op("list_unstack", {b.x})}, {{"carried", std::int64_t{2}}},
                 {condition.graph, turn.graph})[1]);
  EXPECT_TRUE(has(expect_equivalent(b.graph), "loop"));
}

TEST(RemoveLists, TakesAwayListsOfRows) {
  Builder b;
  const ValueId list = b.op("list_unstack", {b.input("x", fact(DType::kFloat32, {-1, 2}))});
  b.output(b.op("list_stack", {list}));
  b.output(b.op("list_stack", {list, b.constant(i32({2}, {2, 0}))}), "some");
  expect_ops(b.graph, {"constant", "gather"});
}

TEST(RemoveLists, KeepsWhatIsDeclared) {
  Builder b;
  const ValueId list = b.op("list_unstack", {b.input("x", fact(DType::kFloat32, {-1, -1, 2}))});
  b.output(b.op(
      "list_stack", {list},
      {{"has_element_shape", true}, {"element_shape", std::vector<std::int64_t>{3, -1}}, {"length", std::int64_t{3}}}));
  const Graph after = expect_equivalent(b.graph);
  EXPECT_EQ(describe(after.fact(after.outputs()[0].value)), "float32[3,3,2]");
}

}  // namespace
}  // namespace temper::testing
