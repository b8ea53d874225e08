#ifndef TEMPER_TEMPER_H
#define TEMPER_TEMPER_H

/* Temper for C, and for whatever calls C. Functions give TEMPER_OK or say what went wrong; temper_last_error() has the words, of the
   calling thread's last failure. Pointers that a function gives stay valid until their object is freed, or as it says. */

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum temper_status {
  TEMPER_OK = 0,
  TEMPER_MODEL_ERROR = 2,   /* the file or the request cannot be served: the caller must act */
  TEMPER_INTERNAL_ERROR = 3 /* a defect of Temper */
} temper_status;

typedef enum temper_dtype {
  TEMPER_FLOAT16, TEMPER_BFLOAT16, TEMPER_FLOAT32, TEMPER_FLOAT64,
  TEMPER_INT8, TEMPER_INT16, TEMPER_INT32, TEMPER_INT64,
  TEMPER_UINT8, TEMPER_UINT16, TEMPER_UINT32, TEMPER_UINT64,
  TEMPER_BOOL
} temper_dtype;

#define TEMPER_MAX_RANK 10

typedef struct temper_tensor {
  temper_dtype dtype;
  int32_t rank;                  /* of an input or output's description: -1 where it is open */
  int64_t dims[TEMPER_MAX_RANK]; /* of a description: -1 where a dim is open */
  void* data;                    /* row-major; null in descriptions */
} temper_tensor;

typedef struct temper_engine temper_engine;
typedef struct temper_context temper_context;

/* The words of this thread's last failure; empty where there was none. */
const char* temper_last_error(void);
const char* temper_version(void);

/* threads: 0 for as many as the plan was made for. memory_limit: bytes of the whole process, 0 for the plan's own. */
temper_status temper_engine_load_plan(const char* path, int threads, size_t memory_limit, temper_engine** engine);
/* Of a model; not in the library that only runs plans. */
temper_status temper_engine_load_model(const char* path, int threads, size_t memory_limit, temper_engine** engine);
/* After the engine's contexts, or before: what they need stays. */
void temper_engine_free(temper_engine* engine);

size_t temper_engine_input_count(const temper_engine* engine);
size_t temper_engine_output_count(const temper_engine* engine);
/* Null where there is no such input or output. */
const char* temper_engine_input_name(const temper_engine* engine, size_t i);
const char* temper_engine_output_name(const temper_engine* engine, size_t i);
temper_status temper_engine_input(const temper_engine* engine, size_t i, temper_tensor* description);
temper_status temper_engine_output(const temper_engine* engine, size_t i, temper_tensor* description);

/* One thread at a time uses a context; an engine may have many. */
temper_status temper_context_create(const temper_engine* engine, temper_context** context);
void temper_context_free(temper_context* context);
/* The caller's memory is read, and written, where it is: it must stay until the last run. */
temper_status temper_context_set_input(temper_context* context, size_t i, const temper_tensor* tensor);
temper_status temper_context_set_output(temper_context* context, size_t i, const temper_tensor* tensor);
temper_status temper_context_run(temper_context* context);
/* Of the last run; valid until the next. */
temper_status temper_context_output(const temper_context* context, size_t i, temper_tensor* tensor);

/* Makes a plan of a model with default options; not in the library that only runs plans. */
temper_status temper_optimize(const char* model, const char* plan, int threads);

#ifdef __cplusplus
}
#endif

#endif
