#include "ops/harness.h"

namespace temper::testing {
namespace {

using Ints = std::vector<std::int64_t>;

const std::int64_t kTwo = 2;
const Tensor kGrid = i32({2, 3}, {0, 1, 2, 3, 4, 5});

Attributes align(const char* name) { return {{"align", std::string(name)}}; }

TEST(Reverse, TurnsAround) {
  check({"columns", "reverse", {{"axes", Ints{-1}}}, {kGrid}, {i32({2, 3}, {2, 1, 0, 5, 4, 3})}});
  check({"both", "reverse", {{"axes", Ints{0, 1}}}, {kGrid}, {i32({2, 3}, {5, 4, 3, 2, 1, 0})}});
  check({"none", "reverse", {}, {kGrid}, {kGrid}});
  check({"at run time", "reverse_by", {}, {kGrid, i32({1}, {0})}, {i32({2, 3}, {3, 4, 5, 0, 1, 2})}});
  check_refused({"twice", "reverse", {{"axes", Ints{0, -2}}}, {kGrid}, {}}, "twice");
}

TEST(ReverseSequence, TurnsHeadsAround) {
  check({"rows", "reverse_sequence", {}, {kGrid, i64({2}, {2, 0})}, {i32({2, 3}, {1, 0, 2, 3, 4, 5})}});
  check_refused({"long", "reverse_sequence", {}, {kGrid, i64({2}, {4, 0})}, {}}, "length 4");
  check_refused({"axes", "reverse_sequence", {{"seq_axis", std::int64_t{0}}}, {kGrid, i64({2}, {1, 1})}, {}}, "batch axis");
}

TEST(Roll, MovesAround) {
  check({"columns", "roll", {{"axes", Ints{1}}}, {kGrid, i32({}, {1})}, {i32({2, 3}, {2, 0, 1, 5, 3, 4})}});
  check({"both", "roll", {{"axes", Ints{0, 1}}}, {kGrid, i32({2}, {1, -1})}, {i32({2, 3}, {4, 5, 3, 1, 2, 0})}});
  check({"adds up", "roll", {{"axes", Ints{1, 1}}}, {kGrid, i64({2}, {4, -1})}, {kGrid}});
  check({"extremes", "roll", {{"axes", Ints{0}}}, {kGrid, i64({1}, {INT64_MIN})}, {kGrid}});
  check({"nothing", "roll", {{"axes", Ints{0}}}, {f32({0}, {}), i32({1}, {3})}, {f32({0}, {})}});
}

TEST(SpaceToBatch, CutsIntoBlocks) {
  check({"square", "space_to_batch", {}, {i32({1, 2, 2, 1}, {1, 2, 3, 4}), i32({2}, {2, 2}), i32({2, 2}, {0, 0, 0, 0})}, {i32({4, 1, 1, 1}, {1, 2, 3, 4})}});
  check({"padded", "space_to_batch", {}, {i32({1, 3}, {1, 2, 3}), i32({1}, {2}), i32({1, 2}, {1, 0})}, {i32({2, 2}, {0, 2, 1, 3})}});
  check({"no blocks", "space_to_batch", {}, {kGrid, i32({0}, {}), i32({0, 2}, {})}, {kGrid}});
  check_refused({"odd", "space_to_batch", {}, {i32({1, 3}, {1, 2, 3}), i32({1}, {2}), i32({1, 2}, {0, 0})}, {}}, "no multiple");
  check_refused({"block 0", "space_to_batch", {}, {i32({1, 3}, {1, 2, 3}), i32({1}, {0}), i32({1, 2}, {0, 0})}, {}}, "block size 0 is 0");
}

TEST(BatchToSpace, PutsBlocksTogether) {
  check({"square", "batch_to_space", {}, {i32({4, 1, 1, 1}, {1, 2, 3, 4}), i32({2}, {2, 2}), i32({2, 2}, {0, 0, 0, 0})}, {i32({1, 2, 2, 1}, {1, 2, 3, 4})}});
  check({"cropped", "batch_to_space", {}, {i32({2, 2}, {0, 2, 1, 3}), i32({1}, {2}), i32({1, 2}, {1, 0})}, {i32({1, 3}, {1, 2, 3})}});
  check({"all cropped", "batch_to_space", {}, {i32({2, 1}, {1, 2}), i32({1}, {2}), i32({1, 2}, {1, 1})}, {i32({1, 0}, {})}});
  check_refused({"more", "batch_to_space", {}, {i32({2, 1}, {1, 2}), i32({1}, {2}), i32({1, 2}, {2, 1})}, {}}, "cropped to -1");
  check_refused({"batch", "batch_to_space", {}, {i32({3, 1}, {1, 2, 3}), i32({1}, {2}), i32({1, 2}, {0, 0})}, {}}, "batch of 3");
}

TEST(SpaceToDepth, MovesBlocksToChannels) {
  const Tensor space = i32({1, 2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8});
  const Tensor depth = i32({1, 1, 1, 8}, {1, 2, 3, 4, 5, 6, 7, 8});
  const Tensor tall = i32({1, 2, 4, 1}, {1, 2, 3, 4, 5, 6, 7, 8});
  const Tensor deep = i32({1, 1, 2, 4}, {1, 2, 5, 6, 3, 4, 7, 8});
  check({"one block", "space_to_depth", {{"block", kTwo}}, {space}, {depth}});
  check({"two blocks", "space_to_depth", {{"block", kTwo}}, {tall}, {deep}});
  check({"back", "depth_to_space", {{"block", kTwo}}, {depth}, {space}});
  check({"two back", "depth_to_space", {{"block", kTwo}}, {deep}, {tall}});
  check_refused({"odd", "space_to_depth", {{"block", kTwo}}, {i32({1, 1, 2, 1}, {1, 2})}, {}}, "no multiple");
  check_refused({"depth", "depth_to_space", {{"block", kTwo}}, {i32({1, 1, 1, 2}, {1, 2})}, {}}, "no multiple");
}

TEST(ExtractPatches, LaysWindowsOut) {
  const Tensor x = i32({1, 3, 3, 1}, {1, 2, 3, 4, 5, 6, 7, 8, 9});
  const Attributes valid{{"sizes", Ints{2, 2}}, {"strides", Ints{1, 1}}, {"rates", Ints{1, 1}}};
  const Attributes same{{"sizes", Ints{2, 2}}, {"strides", Ints{2, 2}}, {"rates", Ints{1, 1}}, {"same", true}};
  const Attributes wide{{"sizes", Ints{2, 2}}, {"strides", Ints{1, 1}}, {"rates", Ints{2, 2}}};
  check({"valid", "extract_patches", valid, {x}, {i32({1, 2, 2, 4}, {1, 2, 4, 5, 2, 3, 5, 6, 4, 5, 7, 8, 5, 6, 8, 9})}});
  check({"same", "extract_patches", same, {x}, {i32({1, 2, 2, 4}, {1, 2, 4, 5, 3, 0, 6, 0, 7, 8, 0, 0, 9, 0, 0, 0})}});
  check({"rates", "extract_patches", wide, {x}, {i32({1, 1, 1, 4}, {1, 3, 7, 9})}});
  const Attributes gaps{{"sizes", Ints{1}}, {"strides", Ints{3}}, {"rates", Ints{1}}, {"same", true}};
  const Attributes centred{{"sizes", Ints{1}}, {"strides", Ints{3}}, {"rates", Ints{1}}, {"same", true}, {"centred", true}};
  check({"gaps after", "extract_patches", gaps, {i32({1, 3, 1}, {1, 2, 3})}, {i32({1, 1, 1}, {1})}});
  check({"gaps around", "extract_patches", centred, {i32({1, 3, 1}, {1, 2, 3})}, {i32({1, 1, 1}, {2})}});
  check({"too small", "extract_patches", wide, {i32({1, 1, 1, 1}, {1})}, {i32({1, 0, 0, 4}, {})}});
}

TEST(MatrixDiag, BuildsMatrices) {
  const Tensor any = i32({}, {-1});
  check({"main", "matrix_diag", {}, {i32({2}, {1, 2}), i32({}, {0}), any, any, i32({}, {0})}, {i32({2, 2}, {1, 0, 0, 2})}});
  check({"above", "matrix_diag", {}, {i32({2}, {1, 2}), i32({}, {1}), any, any, i32({}, {9})}, {i32({3, 3}, {9, 1, 9, 9, 9, 2, 9, 9, 9})}});
  check({"rows", "matrix_diag", {}, {i32({2}, {1, 2}), i32({}, {0}), i32({}, {3}), any, i32({}, {9})}, {i32({3, 2}, {1, 9, 9, 2, 9, 9})}});
  check({"band", "matrix_diag", {}, {i32({3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9}), i32({2}, {-1, 1}), any, any, i32({}, {0})},
         {i32({3, 3}, {4, 2, 0, 7, 5, 3, 0, 8, 6})}});
  check({"partly outside", "matrix_diag", {}, {i32({3, 1}, {1, 2, 3}), i32({2}, {-2, 0}), any, any, i32({}, {0})}, {i32({1, 1}, {1})}});
  check_refused({"few rows", "matrix_diag", {}, {i32({2}, {1, 2}), i32({}, {0}), i32({}, {1}), any, i32({}, {9})}, {}}, "do not fit");
}

TEST(MatrixDiagPart, TakesDiagonals) {
  const Tensor x = i32({3, 4}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  const Tensor band = i32({2}, {-1, 2});
  check({"main", "matrix_diag_part", {}, {x, i32({}, {0}), i32({}, {0})}, {i32({3}, {0, 5, 10})}});
  check({"right left", "matrix_diag_part", {}, {x, band, i32({}, {9})}, {i32({4, 3}, {9, 2, 7, 1, 6, 11, 0, 5, 10, 4, 9, 9})}});
  check({"left right", "matrix_diag_part", align("left_right"), {x, band, i32({}, {9})}, {i32({4, 3}, {2, 7, 9, 1, 6, 11, 0, 5, 10, 9, 4, 9})}});
  check_refused({"outside", "matrix_diag_part", {}, {x, i32({}, {4}), i32({}, {0})}, {}}, "outside matrices");
  check_refused({"order", "matrix_diag_part", {}, {x, i32({2}, {2, 1}), i32({}, {0})}, {}}, "no diagonals");
}

TEST(MatrixSetDiag, ReplacesDiagonals) {
  check({"main", "matrix_set_diag", {}, {kGrid, i32({2}, {8, 9}), i32({}, {0})}, {i32({2, 3}, {8, 1, 2, 3, 9, 5})}});
  check({"two", "matrix_set_diag", {}, {kGrid, i32({2, 2}, {6, 7, 8, 9}), i32({2}, {0, 1})}, {i32({2, 3}, {8, 6, 2, 3, 9, 7})}});
  check_refused({"length", "matrix_set_diag", {}, {kGrid, i32({3}, {7, 8, 9}), i32({}, {0})}, {}}, "is needed");
}

TEST(MatrixBandPart, KeepsABand) {
  check({"lower", "matrix_band_part", {}, {kGrid, i64({}, {-1}), i64({}, {0})}, {i32({2, 3}, {0, 0, 0, 3, 4, 0})}});
  check({"upper", "matrix_band_part", {}, {kGrid, i64({}, {0}), i64({}, {1})}, {i32({2, 3}, {0, 1, 0, 0, 4, 5})}});
  check_refused({"outside", "matrix_band_part", {}, {kGrid, i64({}, {5}), i64({}, {0})}, {}}, "outside matrices");
}

TEST(Diag, BuildsAndTakes) {
  check({"vector", "diag", {}, {i32({2}, {1, 2})}, {i32({2, 2}, {1, 0, 0, 2})}});
  check({"part", "diag_part", {}, {i32({2, 2}, {1, 0, 0, 2})}, {i32({2}, {1, 2})}});
  check({"there and back", "diag_part", {}, {i32({1, 2, 1, 2}, {1, 0, 0, 2})}, {i32({1, 2}, {1, 2})}});
  check_refused({"scalar", "diag", {}, {i32({}, {1})}, {}}, "");
  check_refused({"oblong", "diag_part", {}, {kGrid}, {}}, "a dimension is");
}

}  // namespace
}  // namespace temper::testing
