#pragma once
#include <cstdint>
#include <functional>

namespace temper {

/// Threads that parallel_for and oneDNN use together; 0 asks for one per core. They share OpenMP's pool.
void set_thread_count(int threads);
int thread_count();

/// Calls `body(begin, end)` on disjoint ranges that cover [0, count), in parallel where a range holds at least `grain`.
/// `body` must not throw.
void parallel_for(std::int64_t count, std::int64_t grain, const std::function<void(std::int64_t, std::int64_t)>& body);

}  // namespace temper
