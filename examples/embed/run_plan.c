/* run_plan PLAN: runs a plan on zeros, with the library that runs plans and nothing else. */
#include <stdio.h>
#include <stdlib.h>

#include "temper/temper.h"

static int failed(const char* what) {
  fprintf(stderr, "%s: %s\n", what, temper_last_error());
  return 2;
}

static size_t element_bytes(temper_dtype dtype) {
  switch (dtype) {
    case TEMPER_FLOAT64: case TEMPER_INT64: case TEMPER_UINT64: return 8;
    case TEMPER_FLOAT32: case TEMPER_INT32: case TEMPER_UINT32: return 4;
    case TEMPER_FLOAT16: case TEMPER_BFLOAT16: case TEMPER_INT16: case TEMPER_UINT16: return 2;
    default: return 1;
  }
}

/* Zeros of an input's shape, open dims chosen; the caller frees them. */
static void* zeros(temper_tensor* tensor) {
  size_t bytes = element_bytes(tensor->dtype);
  for (int axis = 0; axis < tensor->rank; ++axis) {
    if (tensor->dims[axis] < 0) tensor->dims[axis] = axis == 0 ? 1 : 64;
    bytes *= (size_t)tensor->dims[axis];
  }
  tensor->data = calloc(bytes, 1);
  return tensor->data;
}

static int run(const temper_engine* engine, temper_context* context) {
  const size_t count = temper_engine_input_count(engine);
  void** memory = calloc(count + 1, sizeof(void*));
  int status = 0;
  for (size_t i = 0; i < count && status == 0; ++i) {
    temper_tensor tensor;
    if (temper_engine_input(engine, i, &tensor) != TEMPER_OK) status = failed("input");
    else if (tensor.rank < 0) status = 2;
    else {
      memory[i] = zeros(&tensor);
      if (temper_context_set_input(context, i, &tensor) != TEMPER_OK) status = failed(temper_engine_input_name(engine, i));
    }
  }
  if (status == 0 && temper_context_run(context) != TEMPER_OK) status = failed("run");
  for (size_t i = 0; i < temper_engine_output_count(engine) && status == 0; ++i) {
    temper_tensor tensor;
    if (temper_context_output(context, i, &tensor) != TEMPER_OK) status = failed("output");
    else printf("%s: %d dims\n", temper_engine_output_name(engine, i), (int)tensor.rank);
  }
  for (size_t i = 0; i < count; ++i) free(memory[i]);
  free(memory);
  return status;
}

int main(int argc, char** argv) {
  temper_engine* engine = NULL;
  temper_context* context = NULL;
  if (argc != 2) {
    fprintf(stderr, "usage: run_plan PLAN\n");
    return 2;
  }
  if (temper_engine_load_plan(argv[1], 1, 0, &engine) != TEMPER_OK) return failed("load");
  if (temper_context_create(engine, &context) != TEMPER_OK) return failed("context");
  const int status = run(engine, context);
  temper_context_free(context);
  temper_engine_free(engine);
  return status;
}
