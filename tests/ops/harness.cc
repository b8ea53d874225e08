#include "ops/harness.h"

#include "ops/registry.h"

namespace temper::testing {
namespace {

enum class Knowledge { kAll, kShapes, kRanks, kNothing };

Fact fact_of(const Tensor& tensor, Knowledge knowledge) {
  switch (knowledge) {
    case Knowledge::kAll: return Fact::of(tensor);
    case Knowledge::kShapes: return {tensor.dtype(), tensor.shape(), {}};
    case Knowledge::kRanks: return {tensor.dtype(), ShapeFact::of_rank(tensor.rank()), {}};
    case Knowledge::kNothing: return {tensor.dtype(), {}, {}};
  }
  return {};
}

void check_infer(const Op& op, Inputs inputs, Inputs outputs) {
  for (const Knowledge knowledge : {Knowledge::kAll, Knowledge::kShapes, Knowledge::kRanks, Knowledge::kNothing}) {
    Facts in;
    for (const Tensor& input : inputs) in.push_back(fact_of(input, knowledge));
    const Facts facts = op.infer(in, {});
    ASSERT_EQ(facts.size(), outputs.size());
    for (std::size_t i = 0; i < facts.size(); ++i) {
      EXPECT_TRUE(admits(facts[i], outputs[i])) << "inferred " << describe(facts[i]) << ", got " << describe(outputs[i]);
      if (facts[i].constant) {
        EXPECT_TRUE(near(*facts[i].constant, outputs[i]));
      }
    }
  }
}

Tensors run(const Op& op, Inputs inputs) {
  return op.reference(inputs, [](std::size_t, Inputs) -> Tensors { throw InternalError("no regions here"); });
}

}  // namespace

void check(const OpCase& c) {
  SCOPED_TRACE(c.op + "/" + c.name);
  const Op op = op_registry().make(c.op, c.attributes);
  EXPECT_TRUE(identical(op_registry().make(c.op, op.attributes()).attributes(), op.attributes()));
  const Tensors outputs = run(op, c.inputs);
  check_infer(op, c.inputs, outputs);
  if (c.expected.empty()) return;
  ASSERT_EQ(outputs.size(), c.expected.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    EXPECT_TRUE(near(outputs[i], c.expected[i], c.atol, c.rtol)) << "output " << i;
  }
}

void check_refused(const OpCase& c, const std::string& message) {
  SCOPED_TRACE(c.op + "/" + c.name);
  try {
    const Op op = op_registry().make(c.op, c.attributes);
    Facts in;
    for (const Tensor& input : c.inputs) in.push_back(Fact::of(input));
    op.infer(in, {});
    run(op, c.inputs);
    ADD_FAILURE() << "was not refused";
  } catch (const ModelError& error) {
    EXPECT_NE(std::string(error.what()).find(message), std::string::npos) << error.what();
  }
}

}  // namespace temper::testing
