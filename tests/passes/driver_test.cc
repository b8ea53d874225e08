#include "passes/driver.h"

#include "passes/pass.h"
#include "support/passes.h"

namespace temper::testing {
namespace {

TEST(Optimise, RefusesUnknownPasses) {
  Graph graph;
  EXPECT_THROW(optimise(graph, {.disabled = {"fold_everything"}}), ModelError);
}

TEST(Optimise, NamesPassesByVerbs) {
  for (const auto& pass : pass_table().entries()) {
    const std::string verb(pass.name.substr(0, pass.name.find('_')));
    EXPECT_TRUE(std::ranges::count(std::vector<std::string>{"fold", "fuse", "inline", "merge", "remove", "sink", "raise",
                                                            "lower", "hoist", "split", "assign"},
                                   verb) == 1)
        << pass.name;
  }
}

}  // namespace
}  // namespace temper::testing
