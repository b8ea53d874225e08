#include "ops/harness.h"

namespace temper::testing {
namespace {

/// One input, two cells; the weights and states of every case.
Tensor weights() {
  return f32({3, 8}, {-0.75, -0.5, -0.25, 0,    0.25,  0.5, 0.75, -0.75, -0.5, -0.25, 0,    0.25,
                      0.5,   0.75, -0.75, -0.5, -0.25, 0,   0.25, 0.5,   0.75, -0.75, -0.5, -0.25});
}
Tensor bias() { return f32({8}, {-0.5, 0, 0.5, -0.5, 0, 0.5, -0.5, 0}); }

/// What follows x in the inputs.
Tensors with_states(Tensors inputs) {
  for (Tensor& tensor : Tensors{f32({1, 2}, {0.2F, -0.4F}), f32({1, 2}, {0.1F, 0.3F}), weights(), f32({2}, {0.5, -0.5}),
                                f32({2}, {0.25, 1}), f32({2}, {-1, 0.75}), bias()}) {
    inputs.push_back(tensor);
  }
  return inputs;
}

TEST(LstmCell, FollowsItsEquations) {
  const auto row = [](float a, float b) { return f32({1, 2}, {a, b}); };
  const Attributes attributes{{"gates", "icfo"}, {"forget_bias", 1.0}, {"cell_clip", 0.3}, {"use_peephole", true}};
  check({"all",
         "lstm_cell",
         attributes,
         with_states({f32({1, 1}, {0.5})}),
         {row(0.2890505F, 0.4812588F), row(0.2839498F, -0.3F), row(0.8099984F, 0.7685248F), row(0.3466155F, 0.3262929F),
          row(0.421899F, -0.3140209F), row(0.2765568F, -0.2913126F), row(0.09585885F, -0.09505324F)},
         1e-6});
}

TEST(Lstm, CarriesStatesFromStepToStep) {
  const Tensor x = f32({2, 1, 1}, {0.5, -1});
  const auto rows = [](float a, float b, float c, float d) { return f32({2, 1, 2}, {a, b, c, d}); };
  check({"two_steps",
         "lstm",
         {},
         with_states({Tensor::scalar<std::int64_t>(2), x}),
         {rows(0.2689414F, 0.43168F, 0.5494285F, 0.6170864F), rows(0.2243119F, 0.06405049F, 0.0514587F, 0.05571597F),
          rows(0.6106392F, 0.4194577F, 0.6804927F, 0.3857707F), rows(0.4133824F, 0.3775407F, 0.2090807F, 0.6678245F),
          rows(0.379949F, 0.5370496F, -0.1841621F, 0.0502477F), rows(0.2206239F, 0.06396304F, 0.05141333F, 0.05565839F),
          rows(0.09120205F, 0.02414865F, 0.01074953F, 0.03717003F)},
         1e-6});
  check({"one_valid",
         "lstm",
         {},
         with_states({Tensor::scalar<std::int64_t>(1), x}),
         {rows(0.2689414F, 0.43168F, 0, 0), rows(0.2243119F, 0.06405049F, 0, 0), rows(0.6106392F, 0.4194577F, 0, 0),
          rows(0.4133824F, 0.3775407F, 0, 0), rows(0.379949F, 0.5370496F, 0, 0), rows(0.2206239F, 0.06396304F, 0, 0),
          rows(0.09120205F, 0.02414865F, 0, 0)},
         1e-6});
  check_refused({"too_many", "lstm", {}, with_states({Tensor::scalar<std::int64_t>(3), x}), {}}, "3 steps are asked");
  check_refused({"weights", "lstm", {}, with_states({Tensor::scalar<std::int64_t>(1), f32({1, 1, 2}, {1, 2})}), {}},
                "w is");
}

TEST(Lstm, WorksOnNothing) {
  const Tensor none = f32({2, 0, 2}, {});
  const Tensor state = f32({0, 2}, {});
  const Tensor peephole = f32({2}, {0, 0});
  check({"batch",
         "lstm",
         {},
         {Tensor::scalar<std::int64_t>(2), f32({2, 0, 1}, {}), state, state, weights(), peephole, peephole, peephole,
          bias()},
         Tensors(7, none)});
}

TEST(GruCell, FollowsItsEquations) {
  check({"step",
         "gru_cell",
         {},
         {f32({1, 1}, {0.5}), f32({1, 2}, {0.1F, 0.3F}),
          f32({3, 4}, {-1, -0.5, 0, 0.5, 1, -1, -0.5, 0, 0.5, 1, -1, -0.5}), f32({3, 2}, {-0.5, 0, 0.5, 1, -0.5, 0}),
          f32({4}, {0.1F, -0.1F, 0.2F, 0}), f32({2}, {0.3F, -0.2F})},
         {f32({1, 2}, {0.4625702F, 0.4625702F}), f32({1, 2}, {0.4625702F, 0.5249792F}),
          f32({1, 2}, {0.003742967F, -0.152543F}), f32({1, 2}, {0.0482686F, 0.08503266F})},
         1e-6});
  check_refused({"sizes",
                 "gru_cell",
                 {},
                 {f32({1, 1}, {0}), f32({1, 2}, {0, 0}), f32({3, 4}, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}),
                  f32({3, 2}, {0, 0, 0, 0, 0, 0}), f32({3}, {0, 0, 0}), f32({2}, {0, 0})},
                 {}},
                "b_ru needs 4 elements");
}

}  // namespace
}  // namespace temper::testing
