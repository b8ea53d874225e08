#include "api/c.h"

#include <cstring>

#include "temper/engine.h"

static_assert(static_cast<int>(temper::DType::kBool) == TEMPER_BOOL);

namespace temper {

std::string& last_error() {
  thread_local std::string words;
  return words;
}

TensorView view_of(const temper_tensor& tensor) {
  if (tensor.rank < 0 || tensor.rank > TEMPER_MAX_RANK || tensor.dtype < 0 || tensor.dtype > TEMPER_BOOL) {
    throw ModelError("a tensor's rank or dtype is out of range");
  }
  return {static_cast<DType>(tensor.dtype), {tensor.dims, tensor.dims + tensor.rank}, tensor.data};
}

namespace {

void write(const TensorView& view, temper_tensor* tensor) {
  tensor->dtype = static_cast<temper_dtype>(view.dtype);
  tensor->rank = static_cast<std::int32_t>(view.dims.size());
  std::ranges::copy(view.dims, tensor->dims);
  tensor->data = view.data;
}

temper_status describe(const std::vector<TensorInfo>& all, std::size_t i, temper_tensor* tensor) {
  return guarded([&] {
    if (i >= all.size()) throw ModelError("there is no such input or output");
    *tensor = {};
    tensor->dtype = static_cast<temper_dtype>(all[i].dtype);
    tensor->rank = all[i].rank_known ? static_cast<std::int32_t>(all[i].dims.size()) : -1;
    std::ranges::copy(all[i].dims, tensor->dims);
  });
}

const char* name_of(const std::vector<TensorInfo>& all, std::size_t i) { return i < all.size() ? all[i].name.c_str() : nullptr; }

}  // namespace
}  // namespace temper

struct temper_context {
  temper::Context context;
};

extern "C" {

const char* temper_last_error(void) { return temper::last_error().c_str(); }
const char* temper_version(void) { return TEMPER_VERSION; }

temper_status temper_engine_load_plan(const char* path, int threads, size_t memory_limit, temper_engine** engine) {
  return temper::guarded([&] { *engine = new temper_engine{temper::Engine::load_plan(path, {threads, memory_limit})}; });
}
void temper_engine_free(temper_engine* engine) { delete engine; }

size_t temper_engine_input_count(const temper_engine* engine) { return engine->engine.inputs().size(); }
size_t temper_engine_output_count(const temper_engine* engine) { return engine->engine.outputs().size(); }
const char* temper_engine_input_name(const temper_engine* engine, size_t i) { return temper::name_of(engine->engine.inputs(), i); }
const char* temper_engine_output_name(const temper_engine* engine, size_t i) { return temper::name_of(engine->engine.outputs(), i); }
temper_status temper_engine_input(const temper_engine* engine, size_t i, temper_tensor* description) {
  return temper::describe(engine->engine.inputs(), i, description);
}
temper_status temper_engine_output(const temper_engine* engine, size_t i, temper_tensor* description) {
  return temper::describe(engine->engine.outputs(), i, description);
}

temper_status temper_context_create(const temper_engine* engine, temper_context** context) {
  return temper::guarded([&] { *context = new temper_context{temper::Context(engine->engine)}; });
}
void temper_context_free(temper_context* context) { delete context; }
temper_status temper_context_set_input(temper_context* context, size_t i, const temper_tensor* tensor) {
  return temper::guarded([&] { context->context.set_input(i, temper::view_of(*tensor)); });
}
temper_status temper_context_set_output(temper_context* context, size_t i, const temper_tensor* tensor) {
  return temper::guarded([&] { context->context.set_output(i, temper::view_of(*tensor)); });
}
temper_status temper_context_run(temper_context* context) {
  return temper::guarded([&] { context->context.run(); });
}
temper_status temper_context_output(const temper_context* context, size_t i, temper_tensor* tensor) {
  return temper::guarded([&] { temper::write(context->context.output(i), tensor); });
}

}  // extern "C"
