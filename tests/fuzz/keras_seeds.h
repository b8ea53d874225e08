#pragma once
#include <string>

#include "fuzz/mutate.h"

namespace temper::testing {

/// A recorded .h5 file with bytes of its structures or its configuration changed, or cut short.
std::string damaged_hdf5(Random& random);

/// A recorded .keras archive whose configuration is well-formed JSON that is wrong (values replaced by edge values and by one another, dropped,
/// doubled), or whose weights or own structures are damaged.
std::string damaged_archive(Random& random);

}  // namespace temper::testing
