#include <cmath>

#include "ops/elementwise/elementwise.h"

namespace temper {
namespace {

/// Integer arithmetic wraps around, as two's complement hardware does.
template <class T>
T wrap(auto&& body) {
  return static_cast<T>(body(std::type_identity<std::make_unsigned_t<T>>{}));
}

}  // namespace

/// z = x + y. Integers wrap around.
struct Add : Binary<Add, Numbers> {
  static constexpr std::string_view kName = "add";
  template <class T>
  T apply(T x, T y) const {
    if constexpr (std::is_integral_v<T>) {
      return wrap<T>([&]<class U>(std::type_identity<U>) { return static_cast<U>(x) + static_cast<U>(y); });
    } else {
      return x + y;
    }
  }
};
REGISTER_OP(Add);

}  // namespace temper
