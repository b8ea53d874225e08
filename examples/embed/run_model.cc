// run_model MODEL PLAN: makes a plan of a model, then runs it twice on zeros in the memory of this program.
#include <cstdio>
#include <exception>
#include <vector>

#include "temper/engine.h"

namespace {

/// A tensor of zeros in memory of its own; open dims become 64.
struct Zeros {
  explicit Zeros(const temper::TensorInfo& info) : view{info.dtype, info.dims, nullptr} {
    for (std::size_t axis = 0; axis < view.dims.size(); ++axis) {
      if (view.dims[axis] < 0) view.dims[axis] = axis == 0 ? 1 : 64;
    }
    memory.resize(temper::size_bytes(view));
    view.data = memory.data();
  }

  temper::TensorView view;
  std::vector<std::byte> memory;
};

void run(const char* model, const char* plan) {
  temper::OptimizeOptions options;
  options.threads = 1;
  options.tune = "off";
  temper::optimize(model, plan, options);

  const temper::Engine engine = temper::Engine::load_plan(plan);
  temper::Context context(engine);
  std::vector<Zeros> inputs;
  inputs.reserve(engine.inputs().size());
  for (std::size_t i = 0; i < engine.inputs().size(); ++i) {
    inputs.emplace_back(engine.inputs()[i]);
    context.set_input(i, inputs.back().view);
  }
  for (int turn = 0; turn < 2; ++turn) context.run();
  for (std::size_t i = 0; i < engine.outputs().size(); ++i) {
    const temper::TensorView output = context.output(i);
    std::printf("%s:", engine.outputs()[i].name.c_str());
    for (const std::int64_t dim : output.dims) std::printf(" %lld", static_cast<long long>(dim));
    std::printf("\n");
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: run_model MODEL PLAN\n");
    return 2;
  }
  try {
    run(argv[1], argv[2]);
    return 0;
  } catch (const temper::ModelError& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "a defect: %s\n", error.what());
    return 3;
  }
}
