#include "ops/control/lists.h"

#include "ops/harness.h"

namespace temper::testing {
namespace {

const Attributes kFloat{{"dtype", DType::kFloat32}};

Attributes float_of(std::vector<std::int64_t> shape) {
  return {{"dtype", DType::kFloat32}, {"has_element_shape", true}, {"element_shape", std::move(shape)}};
}

Tensor unset(std::vector<Dim> dims) { return unset_slot(ShapeFact(std::move(dims))); }
Tensor unset() { return unset_slot({}); }
Tensor scalar_i32(std::int32_t value) { return i32({}, {value}); }

TEST(ListCreate, HasUnsetSlots) {
  check({"none", "list_create", {}, {scalar_i32(0)}, {Tensor::list({})}});
  check({"two", "list_create", {}, {scalar_i32(2)}, {Tensor::list({unset(), unset()})}});
  check({"of a shape", "list_create", {}, {scalar_i32(1), i32({2}, {-1, 3})}, {Tensor::list({unset({Dim(), 3})})}});
  check({"of unknown rank", "list_create", {}, {scalar_i32(1), scalar_i32(-1)}, {Tensor::list({unset()})}});
  check_refused({"negative", "list_create", {}, {scalar_i32(-1)}, {}}, "a list of -1 items");
  check_refused({"huge", "list_create", {}, {i64({}, {std::int64_t{1} << 60})}, {}}, "memory limit");
}

TEST(ListSet, ReplacesOneItem) {
  const Tensor a = f32({1}, {1});
  const Tensor b = f32({2}, {2, 3});
  check({"middle", "list_set", {}, {Tensor::list({a, a, a}), scalar_i32(1), b}, {Tensor::list({a, b, a})}});
  check({"grows", "list_set", {{"grow", true}}, {Tensor::list({a}), scalar_i32(2), b}, {Tensor::list({a, unset(), b})}});
  check_refused({"past the end", "list_set", {}, {Tensor::list({a}), scalar_i32(1), b}, {}}, "item 1 of a list of 1");
  check_refused({"before the start", "list_set", {{"grow", true}}, {Tensor::list({a}), scalar_i32(-1), b}, {}}, "item -1");
  check_refused({"huge", "list_set", {{"grow", true}}, {Tensor::list({a}), i64({}, {INT64_MAX}), b}, {}}, "memory limit");
  check_refused({"no list", "list_set", {}, {a, scalar_i32(1), b}, {}}, "needs a list");
}

TEST(ListSet, LeavesTheOldListAsItWas) {
  const Tensor old = Tensor::list({f32({}, {1})});
  const Tensor changed = with_item(old, 0, f32({}, {2}), false);
  EXPECT_TRUE(near(old.items()[0], f32({}, {1})));
  EXPECT_TRUE(near(changed.items()[0], f32({}, {2})));
}

TEST(ListSet, ChangesItsOnlyOwnersListInPlace) {
  Tensor list = Tensor::list({f32({}, {1}), f32({}, {1})});
  const Tensor* const before = list.items().data();
  list = with_item(std::move(list), 1, f32({}, {2}), false);
  EXPECT_EQ(list.items().data(), before);
}

TEST(ListGet, ReadsWhatWasSet) {
  const Tensor a = f32({2}, {2, 3});
  check({"item", "list_get", kFloat, {Tensor::list({a}), scalar_i32(0)}, {a}});
  check({"of a shape", "list_get", float_of({-1}), {Tensor::list({a}), scalar_i32(0)}, {a}});
  check({"shape as input", "list_get", kFloat, {Tensor::list({a}), scalar_i32(0), i32({1}, {2})}, {a}});
  check_refused({"past the end", "list_get", kFloat, {Tensor::list({a}), scalar_i32(1)}, {}}, "item 1 of a list of 1");
  check_refused({"other type", "list_get", kFloat, {Tensor::list({i32({}, {1})}), scalar_i32(0)}, {}}, "int32");
  check_refused({"other shape", "list_get", float_of({3}), {Tensor::list({a}), scalar_i32(0)}, {}}, "shapes [3] and [2]");
}

TEST(ListGet, GivesZerosWhereNeverSet) {
  const Tensor zeros = f32({1, 2}, {0, 0});
  check({"by the list", "list_get", kFloat, {Tensor::list({unset({1, 2})}), scalar_i32(0)}, {zeros}});
  check({"by both", "list_get", float_of({1, -1}), {Tensor::list({unset({Dim(), 2})}), scalar_i32(0)}, {zeros}});
  check({"by input", "list_get", kFloat, {Tensor::list({unset()}), scalar_i32(0), i32({2}, {1, 2})}, {zeros}});
  check_refused({"unknown", "list_get", kFloat, {Tensor::list({unset()}), scalar_i32(0)}, {}}, "never set");
  check({"a list", "list_get", {{"dtype", DType::kList}}, {Tensor::list({unset()}), scalar_i32(0)}, {Tensor::list({})}});
}

TEST(ListStack, StacksItems) {
  const Tensor list = Tensor::list({f32({2}, {1, 2}), f32({2}, {3, 4}), f32({2}, {5, 6})});
  check({"all", "list_stack", kFloat, {list}, {f32({3, 2}, {1, 2, 3, 4, 5, 6})}});
  check({"chosen", "list_stack", float_of({2}), {list, i32({2}, {2, 0})}, {f32({2, 2}, {5, 6, 1, 2})}});
  check({"none chosen", "list_stack", float_of({2}), {list, i32({0}, {})}, {f32({0, 2}, {})}});
  check({"one unset", "list_stack", kFloat, {Tensor::list({f32({2}, {1, 2}), unset()})}, {f32({2, 2}, {1, 2, 0, 0})}});
  check({"all unset", "list_stack", kFloat, {Tensor::list({unset({2}), unset({2})})}, {f32({2, 2}, {0, 0, 0, 0})}});
  check({"strings", "list_stack", {{"dtype", DType::kString}}, {Tensor::list({Tensor::strings({1}, {"a"})})},
         {Tensor::strings({1, 1}, {"a"})}});
  check_refused({"empty of unknown shape", "list_stack", float_of({-1}), {Tensor::list({})}, {}}, "not known");
  check_refused({"shapes differ", "list_stack", kFloat, {Tensor::list({f32({1}, {1}), f32({2}, {1, 2})})}, {}}, "shapes");
  check_refused({"index", "list_stack", kFloat, {list, i32({1}, {3})}, {}}, "item 3 of a list of 3");
}

TEST(ListUnstack, GivesRows) {
  const Tensor x = f32({2, 1, 2}, {1, 2, 3, 4});
  check({"rows", "list_unstack", {}, {x}, {Tensor::list({f32({1, 2}, {1, 2}), f32({1, 2}, {3, 4})})}});
  check({"none", "list_unstack", {}, {f32({0, 3}, {})}, {Tensor::list({})}});
  check_refused({"scalar", "list_unstack", {}, {f32({}, {1})}, {}}, "no rows");
  check_refused({"huge", "list_unstack", {}, {f32({std::int64_t{1} << 50, 0}, {})}, {}}, "memory limit");
}

TEST(ListScatter, SetsRows) {
  const Tensor x = f32({2, 1}, {7, 8});
  const Tensor old = f32({1}, {0});
  check({"sets", "list_scatter", {}, {Tensor::list({old, old, old}), i32({2}, {2, 0}), x},
         {Tensor::list({f32({1}, {8}), old, f32({1}, {7})})}});
  check({"grows", "list_scatter", {}, {Tensor::list({}), i32({2}, {0, 1}), x},
         {Tensor::list({f32({1}, {7}), f32({1}, {8})})}});
  check_refused({"count", "list_scatter", {}, {Tensor::list({}), i32({1}, {0}), x}, {}}, "1 indices");
}

TEST(ListConcat, JoinsItems) {
  const Tensor list = Tensor::list({f32({1, 2}, {1, 2}), f32({0, 2}, {}), f32({2, 2}, {3, 4, 5, 6})});
  check({"rows", "list_concat", kFloat, {list}, {f32({3, 2}, {1, 2, 3, 4, 5, 6}), i64({3}, {1, 0, 2})}});
  check({"empty", "list_concat", float_of({-1, 2}), {Tensor::list({})}, {f32({0, 2}, {}), i64({0}, {})}});
  check({"unset", "list_concat", kFloat, {Tensor::list({unset(), f32({1}, {4})}), i64({2}, {2, 1})},
         {f32({3}, {0, 0, 4}), i64({2}, {2, 1})}});
  check_refused({"scalars", "list_concat", kFloat, {Tensor::list({f32({}, {1})})}, {}}, "scalars");
}

TEST(ListSplit, CutsRows) {
  const Tensor x = f32({3, 1}, {1, 2, 3});
  check({"parts", "list_split", {}, {x, i64({3}, {2, 0, 1})},
         {Tensor::list({f32({2, 1}, {1, 2}), f32({0, 1}, {}), f32({1, 1}, {3})})}});
  check_refused({"short", "list_split", {}, {x, i64({1}, {2})}, {}}, "add up to 2");
  check_refused({"long", "list_split", {}, {x, i64({2}, {2, 2})}, {}}, "do not add up");
  check_refused({"negative", "list_split", {}, {x, i64({2}, {4, -1})}, {}}, "do not add up");
}

TEST(Lists, ChangeTheirLength) {
  const Tensor a = f32({}, {1});
  const Tensor b = f32({}, {2});
  check({"length", "list_length", {}, {Tensor::list({a, b})}, {scalar_i32(2)}});
  check({"push", "list_push_back", {}, {Tensor::list({a}), b}, {Tensor::list({a, b})}});
  check({"pop", "list_pop_back", kFloat, {Tensor::list({a, b})}, {Tensor::list({a}), b}});
  check({"shorten", "list_resize", {}, {Tensor::list({a, b}), scalar_i32(1)}, {Tensor::list({a})}});
  check({"lengthen", "list_resize", {}, {Tensor::list({unset({2})}), scalar_i32(2)}, {Tensor::list({unset({2}), unset({2})})}});
  check({"both", "list_concat_lists", {}, {Tensor::list({a}), Tensor::list({b})}, {Tensor::list({a, b})}});
  check_refused({"pop none", "list_pop_back", kFloat, {Tensor::list({})}, {}}, "empty list");
  check_refused({"negative", "list_resize", {}, {Tensor::list({}), scalar_i32(-1)}, {}}, "-1 items");
}

TEST(ListElementShape, SaysWhatItemsShare) {
  check({"some", "list_element_shape", {}, {Tensor::list({f32({1, 2}, {1, 2}), f32({0, 2}, {})})}, {i32({2}, {-1, 2})}});
  check({"none", "list_element_shape", {{"dtype", DType::kInt64}}, {Tensor::list({})}, {i64({}, {-1})}});
}

}  // namespace
}  // namespace temper::testing
