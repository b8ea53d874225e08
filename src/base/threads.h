#pragma once
#include <cstdint>

namespace temper {

/// Threads that parallel_for and oneDNN use together; 0 asks for one per core. They share OpenMP's pool.
void set_thread_count(int threads);
int thread_count();

/// A call of parallel_for whose body is behind a pointer, so that nothing is allocated for it.
void parallel_ranges(std::int64_t count, std::int64_t grain, const void* body,
                     void (*call)(const void* body, std::int64_t begin, std::int64_t end));

/// Calls `body(begin, end)` on disjoint ranges that cover [0, count), in parallel where a range holds at least `grain`.
/// `body` must not throw.
template <class Body>
void parallel_for(std::int64_t count, std::int64_t grain, const Body& body) {
  parallel_ranges(count, grain, &body, [](const void* self, std::int64_t begin, std::int64_t end) {
    (*static_cast<const Body*>(self))(begin, end);
  });
}

}  // namespace temper
