#include "ops/harness.h"

namespace temper::testing {
namespace {

void check_equation(const std::string& equation, const Tensors& inputs, const Tensor& expected) {
  check({equation, "einsum", {{"equation", equation}}, inputs, {expected}});
}

const Tensor kSquare = f32({2, 2}, {1, 2, 3, 4});
const Tensor kRow = f32({2}, {10, 100});

TEST(Einsum, RearrangesOne) {
  check_equation("ij->ji", {kSquare}, f32({2, 2}, {1, 3, 2, 4}));
  check_equation("ij->", {kSquare}, f32({}, {10}));
  check_equation("ij->j", {kSquare}, f32({2}, {4, 6}));
  check_equation("ii->i", {kSquare}, f32({2}, {1, 4}));
  check_equation("ii", {kSquare}, f32({}, {5}));
  check_equation("ba", {kSquare}, f32({2, 2}, {1, 3, 2, 4}));
  check_equation("i->ii", {kRow}, f32({2, 2}, {10, 0, 0, 100}));
  check_equation("...i->...", {kSquare}, f32({2}, {3, 7}));
  check_equation("->", {f32({}, {5})}, f32({}, {5}));
}

TEST(Einsum, MultipliesTwo) {
  check_equation("ij,jk->ik", {kSquare, kSquare}, f32({2, 2}, {7, 10, 15, 22}));
  check_equation("ij , kj -> ki", {kSquare, kSquare}, f32({2, 2}, {5, 11, 11, 25}));
  check_equation("i,j->ij", {kRow, kRow}, f32({2, 2}, {100, 1000, 1000, 10000}));
  check_equation("i,i->", {kRow, kRow}, f32({}, {10100}));
  check_equation("ij,ij->ij", {kSquare, kSquare}, f32({2, 2}, {1, 4, 9, 16}));
  check_equation("ij,k->i", {kSquare, kRow}, f32({2}, {330, 770}));
  check_equation(",ij->ji", {f32({}, {2}), kSquare}, f32({2, 2}, {2, 6, 4, 8}));
  check_equation("aa,ab->ab", {kSquare, kSquare}, f32({2, 2}, {1, 2, 12, 16}));
}

TEST(Einsum, BroadcastsUnderAnEllipsis) {
  const Tensor batch = f32({2, 1, 1}, {1, 10});
  check_equation("...ij,...jk->...ik", {batch, f32({1, 2}, {1, 2})}, f32({2, 1, 2}, {1, 2, 10, 20}));
  check_equation("...,...->...", {f32({2, 1}, {1, 10}), f32({1, 2}, {1, 2})}, f32({2, 2}, {1, 2, 10, 20}));
  check_equation("i...,j...->ij...", {kSquare, f32({1, 2}, {1, 2})}, f32({2, 1, 2}, {1, 4, 3, 8}));
  check_equation("...i,i", {kSquare, kRow}, f32({2}, {210, 430}));
}

TEST(Einsum, MultipliesMany) {
  check_equation("ij,jk,kl->il", {kSquare, kSquare, kSquare}, f32({2, 2}, {37, 54, 81, 118}));
  check_equation("i,i,i->i", {kRow, kRow, kRow}, f32({2}, {1000, 1000000}));
}

TEST(Einsum, TakesOtherTypesAndNothing) {
  check_equation("i,i->", {i32({2}, {1 << 30, 1}), i32({2}, {4, 5})}, i32({}, {5}));
  check_equation("i,i->i", {u8({1}, {200}), u8({1}, {2})}, u8({1}, {144}));
  check_equation("ij,jk->ik", {f32({1, 0}, {}), f32({0, 2}, {})}, f32({1, 2}, {0, 0}));
  check_equation("ij->j", {f32({0, 2}, {})}, f32({2}, {0, 0}));
  check_equation("...,...->...", {f32({0}, {}), f32({1}, {1})}, f32({0}, {}));
}

TEST(Einsum, RefusesWhatDoesNotFit) {
  const auto refuse = [](const std::string& equation, const Tensors& inputs, const std::string& message) {
    check_refused({equation, "einsum", {{"equation", equation}}, inputs, {}}, message);
  };
  refuse("ij,jk->ik", {kSquare}, "takes 2 inputs");
  refuse("ij->ijk", {kSquare}, "is in no input");
  refuse("ijk->i", {kSquare}, "named by 3 letters");
  refuse("...ij->ij", {f32({1, 1, 1}, {1})}, "the output has no ellipsis");
  refuse("i1->i", {kSquare}, "no letter");
  refuse("...i...->i", {kSquare}, "two ellipses");
  refuse("ab,b->a", {kSquare, f32({1}, {1})}, "axis 'b'");
  refuse("a,b,c,d,e,f,g,h,i,j,k->abcdefghijk", Tensors(11, f32({1}, {1})), "dimensions is not supported");
}

}  // namespace
}  // namespace temper::testing
