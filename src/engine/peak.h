#pragma once

namespace temper {

/// Float32 operations a second that this machine reaches with the threads that are set: the best of a few matrix products that fit its
/// caches. Takes some hundredths of a second.
double peak_flops_per_s();

}  // namespace temper
