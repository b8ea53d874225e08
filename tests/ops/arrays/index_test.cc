#include "ops/harness.h"

namespace temper::testing {
namespace {

using Ints = std::vector<std::int64_t>;

constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();
const std::int64_t kOne = 1;
const Tensor kGrid = i32({2, 3}, {0, 1, 2, 3, 4, 5});

Tensor words(const Shape& shape, std::vector<std::string> values) { return Tensor::strings(shape, std::move(values)); }
Attributes mode(const char* name) { return {{"mode", std::string(name)}}; }

TEST(Gather, PicksSlices) {
  check({"rows", "gather", {}, {kGrid, i32({3}, {1, 0, 1})}, {i32({3, 3}, {3, 4, 5, 0, 1, 2, 3, 4, 5})}});
  check({"columns", "gather", {{"axis", std::int64_t{-1}}}, {kGrid, i64({1, 2}, {2, 0})}, {i32({2, 1, 2}, {2, 0, 5, 3})}});
  check({"scalar index", "gather", {}, {kGrid, i32({}, {1})}, {i32({3}, {3, 4, 5})}});
  check({"batch", "gather", {{"axis", kOne}, {"batch_dims", kOne}}, {kGrid, i32({2, 2}, {0, 0, 2, 1})}, {i32({2, 2}, {0, 0, 5, 4})}});
  check({"no indices", "gather", {}, {kGrid, i32({0}, {})}, {i32({0, 3}, {})}});
  check({"empty slices", "gather", {}, {f32({2, 0}, {}), i32({1}, {9})}, {f32({1, 0}, {})}});
  check({"strings", "gather", {}, {words({2}, {"a", "b"}), i32({3}, {1, 1, 0})}, {words({3}, {"b", "b", "a"})}});
  check({"at run time", "gather_at", {}, {kGrid, i32({1}, {2}), i64({}, {1})}, {i32({2, 1}, {2, 5})}});
}

TEST(Gather, NamesTheIndexThatIsOutside) {
  check_refused({"high", "gather", {}, {kGrid, i32({2}, {0, 2})}, {}}, "index 2 at position 1 is outside a dimension of 2");
  check_refused({"negative", "gather", {}, {kGrid, i32({1}, {-1})}, {}}, "index -1");
  check_refused({"of nothing", "gather", {}, {f32({0}, {}), i32({1}, {0})}, {}}, "index 0");
  check_refused({"batch", "gather", {{"batch_dims", kOne}}, {kGrid, i32({2}, {0, 1})}, {}}, "batch dimensions");
}

TEST(GatherNd, PicksByCoordinates) {
  check({"elements", "gather_nd", {}, {kGrid, i32({2, 2}, {0, 1, 1, 2})}, {i32({2}, {1, 5})}});
  check({"rows", "gather_nd", {}, {kGrid, i32({1, 1}, {1})}, {i32({1, 3}, {3, 4, 5})}});
  check({"whole", "gather_nd", {}, {i32({2}, {1, 2}), i32({2, 0}, {})}, {i32({2, 2}, {1, 2, 1, 2})}});
  check({"ignored", "gather_nd", {{"ignore_bad", true}}, {kGrid, i32({2, 2}, {9, 9, 1, 2})}, {i32({2}, {0, 5})}});
  check_refused({"outside", "gather_nd", {}, {kGrid, i32({1, 2}, {0, 3})}, {}}, "index [0,3] at position 0 is outside shape [2,3]");
  check_refused({"scalar", "gather_nd", {}, {kGrid, i32({}, {0})}, {}}, "scalar");
}

TEST(ScatterNd, AddsUpdates) {
  check({"twice", "scatter_nd", {}, {i32({2, 1}, {1, 1}), f32({2}, {1, 2}), i32({1}, {3})}, {f32({3}, {0, 3, 0})}});
  check({"rows", "scatter_nd", {}, {i32({1, 1}, {1}), i32({1, 2}, {5, 6}), i32({2}, {2, 2})}, {i32({2, 2}, {0, 0, 5, 6})}});
  check({"bools", "scatter_nd", {}, {i32({1, 1}, {1}), boolean({1}, {true}), i32({1}, {2})}, {boolean({2}, {false, true})}});
  check({"strings", "scatter_nd", {}, {i32({2, 1}, {0, 0}), words({2}, {"a", "b"}), i32({1}, {2})}, {words({2}, {"ab", ""})}});
  check_refused({"outside", "scatter_nd", {}, {i32({1, 1}, {3}), f32({1}, {1}), i32({1}, {3})}, {}}, "index [3]");
  check_refused({"updates", "scatter_nd", {}, {i32({1, 1}, {0}), f32({2}, {1, 2}), i32({1}, {3})}, {}}, "updates of shape");
}

TEST(TensorScatter, JoinsUpdates) {
  const Tensor x = i32({3}, {10, 20, 30});
  const Tensor at = i32({2, 1}, {1, 1});
  const Tensor updates = i32({2}, {1, 50});
  check({"update", "tensor_scatter", {}, {x, at, updates}, {i32({3}, {10, 50, 30})}});
  check({"add", "tensor_scatter", mode("add"), {x, at, updates}, {i32({3}, {10, 71, 30})}});
  check({"sub", "tensor_scatter", mode("sub"), {x, at, updates}, {i32({3}, {10, -31, 30})}});
  check({"min", "tensor_scatter", mode("min"), {x, at, updates}, {i32({3}, {10, 1, 30})}});
  check({"max", "tensor_scatter", mode("max"), {x, at, updates}, {i32({3}, {10, 50, 30})}});
  check({"wraps", "tensor_scatter", mode("add"), {i8({1}, {127}), i32({1, 1}, {0}), i8({1}, {1})}, {i8({1}, {-128})}});
  check({"NaN", "tensor_scatter", mode("max"), {f32({1}, {2}), i32({1, 1}, {0}), f32({1}, {kNaN})}, {f32({1}, {2})}});
  check({"ignored", "tensor_scatter", {{"ignore_bad", true}}, {i32({1}, {7}), i32({1, 1}, {-1}), i32({1}, {1})}, {i32({1}, {7})}});
  check({"none", "tensor_scatter", {}, {i32({1}, {7}), i32({0, 1}, {}), i32({0}, {})}, {i32({1}, {7})}});
}

TEST(OneHot, MarksTheIndex) {
  check({"last", "one_hot", {}, {i32({3}, {1, -1, 5}), i32({}, {2}), f32({}, {1}), f32({}, {0})}, {f32({3, 2}, {0, 1, 0, 0, 0, 0})}});
  check({"first", "one_hot", {{"axis", std::int64_t{0}}}, {i32({2}, {0, 1}), i32({}, {3}), u8({}, {9}), u8({}, {2})}, {u8({3, 2}, {9, 2, 2, 9, 2, 2})}});
  check({"no depth", "one_hot", {}, {i32({2}, {0, 1}), i32({}, {0}), f32({}, {1}), f32({}, {0})}, {f32({2, 0}, {})}});
  check_refused({"negative", "one_hot", {}, {i32({1}, {0}), i32({}, {-1}), f32({}, {1}), f32({}, {0})}, {}}, "negative");
}

TEST(Where, ListsCoordinates) {
  check({"grid", "where", {}, {boolean({2, 2}, {false, true, true, false})}, {i64({2, 2}, {0, 1, 1, 0})}});
  check({"numbers", "where", {}, {f32({4}, {0, kNaN, -0.0F, 2})}, {i64({2, 1}, {1, 3})}});
  check({"none", "where", {}, {boolean({2}, {false, false})}, {i64({0, 1}, {})}});
  check({"scalar", "where", {}, {boolean({}, {true})}, {i64({1, 0}, {})}});
}

TEST(Unique, KeepsFirstComers) {
  check({"numbers", "unique", {}, {i32({5}, {3, 1, 3, 3, 1})}, {i32({2}, {3, 1}), i32({5}, {0, 1, 0, 0, 1}), i32({2}, {3, 2})}});
  check({"NaN", "unique", {}, {f32({4}, {0, kNaN, -0.0F, kNaN})}, {f32({3}, {0, kNaN, kNaN}), i32({4}, {0, 1, 0, 2}), i32({3}, {2, 1, 1})}});
  check({"rows", "unique", {{"axes", Ints{0}}, {"index_type", DType::kInt64}}, {i32({3, 2}, {1, 2, 3, 4, 1, 2})},
         {i32({2, 2}, {1, 2, 3, 4}), i64({3}, {0, 1, 0}), i64({2}, {2, 1})}});
  check({"columns", "unique", {{"axes", Ints{1}}}, {i32({2, 3}, {1, 1, 2, 3, 3, 4})}, {i32({2, 2}, {1, 2, 3, 4}), i32({3}, {0, 0, 1}), i32({2}, {2, 1})}});
  check({"strings", "unique", {}, {words({3}, {"a", "b", "a"})}, {words({2}, {"a", "b"}), i32({3}, {0, 1, 0}), i32({2}, {2, 1})}});
  check({"nothing", "unique", {}, {f32({0}, {})}, {f32({0}, {}), i32({0}, {}), i32({0}, {})}});
  check_refused({"matrix", "unique", {}, {kGrid}, {}}, "needs a vector");
}

TEST(ListDiff, KeepsWhatIsNotListed) {
  check({"numbers", "list_diff", {}, {i32({4}, {1, 2, 1, 3}), i32({1}, {3})}, {i32({3}, {1, 2, 1}), i32({3}, {0, 1, 2})}});
  check({"NaN", "list_diff", {}, {f32({1}, {kNaN}), f32({1}, {kNaN})}, {f32({1}, {kNaN}), i32({1}, {0})}});
}

TEST(DynamicPartition, SortsSlices) {
  check({"rows", "dynamic_partition", {{"parts", std::int64_t{2}}}, {i32({3, 1}, {7, 8, 9}), i32({3}, {1, 0, 1})}, {i32({1, 1}, {8}), i32({2, 1}, {7, 9})}});
  check({"scalar", "dynamic_partition", {{"parts", std::int64_t{2}}}, {i32({2}, {7, 8}), i32({}, {1})}, {i32({0, 2}, {}), i32({1, 2}, {7, 8})}});
  check_refused({"outside", "dynamic_partition", {{"parts", kOne}}, {i32({1}, {7}), i32({1}, {1})}, {}}, "partition 1");
}

TEST(DynamicStitch, PutsSlicesInPlace) {
  check({"mixed", "dynamic_stitch", {}, {i32({}, {0}), i32({2}, {3, 1}), f32({1}, {5}), f32({2, 1}, {6, 7})}, {f32({4, 1}, {5, 7, 0, 6})}});
  check({"later wins", "dynamic_stitch", {}, {i32({1}, {0}), i32({1}, {0}), f32({1}, {5}), f32({1}, {6})}, {f32({1}, {6})}});
  check({"nothing", "dynamic_stitch", {}, {i32({0}, {}), f32({0, 3}, {})}, {f32({0, 3}, {})}});
  check_refused({"negative", "dynamic_stitch", {}, {i32({1}, {-1}), f32({1}, {5})}, {}}, "index -1");
}

TEST(SearchSorted, FindsPlaces) {
  const Tensor sorted = i32({1, 4}, {1, 3, 3, 5});
  check({"left", "search_sorted", {}, {sorted, i32({1, 3}, {0, 3, 9})}, {i32({1, 3}, {0, 1, 4})}});
  check({"right", "search_sorted", {{"right", true}, {"dtype", DType::kInt64}}, {sorted, i32({1, 3}, {0, 3, 9})}, {i64({1, 3}, {0, 3, 4})}});
  check_refused({"rows", "search_sorted", {}, {sorted, i32({2, 1}, {0, 3})}, {}}, "rows");
}

TEST(InvertPermutation, Inverts) {
  check({"three", "invert_permutation", {}, {i32({3}, {2, 0, 1})}, {i32({3}, {1, 2, 0})}});
  check_refused({"twice", "invert_permutation", {}, {i32({2}, {0, 0})}, {}}, "comes twice");
  check_refused({"outside", "invert_permutation", {}, {i32({1}, {1})}, {}}, "outside");
}

TEST(UnravelIndex, GivesCoordinates) {
  check({"two", "unravel_index", {}, {i32({2}, {5, 11}), i32({2}, {3, 4})}, {i32({2, 2}, {1, 2, 1, 3})}});
  check({"one", "unravel_index", {}, {i64({}, {5}), i64({2}, {3, 4})}, {i64({2}, {1, 1})}});
  check_refused({"outside", "unravel_index", {}, {i32({}, {12}), i32({2}, {3, 4})}, {}}, "outside");
  check_refused({"no array", "unravel_index", {}, {i32({}, {0}), i32({2}, {0, 4})}, {}}, "no array");
}

}  // namespace
}  // namespace temper::testing
