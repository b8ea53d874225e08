#include "base/threads.h"

#include <omp.h>

#include <algorithm>

namespace temper {

void set_thread_count(int threads) { omp_set_num_threads(threads > 0 ? threads : omp_get_num_procs()); }

int thread_count() { return omp_get_max_threads(); }

void parallel_ranges(std::int64_t count, std::int64_t grain, const void* body,
                     void (*call)(const void* body, std::int64_t begin, std::int64_t end)) {
  const std::int64_t parts = std::min<std::int64_t>(thread_count(), count / std::max<std::int64_t>(grain, 1));
  if (parts <= 1 || omp_in_parallel() != 0) {
    if (count > 0) call(body, 0, count);
    return;
  }
#pragma omp parallel for schedule(static) num_threads(static_cast<int>(parts))
  for (std::int64_t part = 0; part < parts; ++part) call(body, count * part / parts, count * (part + 1) / parts);
}

}  // namespace temper
