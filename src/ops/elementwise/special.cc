#include <cmath>
#include <limits>
#include <numbers>

#include "ops/elementwise/elementwise.h"

namespace temper {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// The slope of erf at y.
double erf_slope(double y) { return 2 * std::numbers::inv_sqrtpi * std::exp(-y * y); }

/// y with erf(y) = x, for |x| <= 1/2: two terms of the series, then Halley's steps, each of which triples the digits.
double inverse_erf_near_zero(double x) {
  double y = x / (2 * std::numbers::inv_sqrtpi) * (1 + std::numbers::pi / 12 * x * x);
  for (int step = 0; step < 3; ++step) {
    const double newton = (std::erf(y) - x) / erf_slope(y);
    y -= newton / (1 + newton * y);
  }
  return y;
}

/// y with erfc(y) = q, for 0 < q <= 1/2: a rational approximation (Abramowitz and Stegun, 26.2.23), then Halley's
/// steps.
double inverse_erfc(double q) {
  const double t = std::sqrt(-2 * std::log(q / 2));
  const double z =
      t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  double y = z / std::numbers::sqrt2;
  for (int step = 0; step < 3; ++step) {
    const double newton = (std::erfc(y) - q) / erf_slope(y);
    if (!std::isfinite(newton)) break;  // q is among the smallest numbers there are
    y += newton / (1 - newton * y);
  }
  return y;
}

double inverse_erf(double x) {
  if (!(std::abs(x) <= 1)) return kNaN;
  if (std::abs(x) <= 0.5) return inverse_erf_near_zero(x);
  return std::copysign(std::abs(x) == 1 ? kInfinity : inverse_erfc(1 - std::abs(x)), x);
}

double normal_quantile(double p) {
  if (!(p >= 0 && p <= 1)) return kNaN;
  if (p > 0.25 && p < 0.75) return std::numbers::sqrt2 * inverse_erf_near_zero(2 * p - 1);
  const double tail = p < 0.5 ? p : 1 - p;
  return std::copysign(tail == 0 ? kInfinity : std::numbers::sqrt2 * inverse_erfc(2 * tail), p - 0.5);
}

/// Reflection to x > 0, recurrence to x >= 10, then the asymptotic series.
double digamma(double x) {
  if (x == kInfinity) return x;
  if (x == -kInfinity || (x <= 0 && x == std::floor(x))) return kNaN;
  double sum = 0;
  if (x < 0) {
    const double turn = x - std::floor(x);
    sum -= std::numbers::pi / std::tan(std::numbers::pi * turn);
    x = 1 - x;
  }
  for (; x < 10; ++x) sum -= 1 / x;
  const double s = 1 / (x * x);
  const double series =
      s *
      (1.0 / 12 - s * (1.0 / 120 - s * (1.0 / 252 - s * (1.0 / 240 - s * (1.0 / 132 - s * (691.0 / 32760 - s / 12))))));
  return sum + std::log(x) - 0.5 / x - series;
}

}  // namespace

/// The error function: 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.
struct Erf : Unary<Erf, Floats> {
  static constexpr std::string_view kName = "erf";
  template <class T>
  T apply(T x) const {
    return std::erf(x);
  }
};
REGISTER_OP(Erf);

/// 1 - erf(x), exact for large x too.
struct Erfc : Unary<Erfc, Floats> {
  static constexpr std::string_view kName = "erfc";
  template <class T>
  T apply(T x) const {
    return std::erfc(x);
  }
};
REGISTER_OP(Erfc);

/// y with erf(y) = x; NaN outside [-1, 1].
struct Erfinv : Unary<Erfinv, Floats> {
  static constexpr std::string_view kName = "erfinv";
  template <class T>
  T apply(T x) const {
    return static_cast<T>(inverse_erf(static_cast<double>(x)));
  }
};
REGISTER_OP(Erfinv);

/// The quantile of the standard normal distribution: below it lies the share x; NaN outside [0, 1].
struct Ndtri : Unary<Ndtri, Floats> {
  static constexpr std::string_view kName = "ndtri";
  template <class T>
  T apply(T x) const {
    return static_cast<T>(normal_quantile(static_cast<double>(x)));
  }
};
REGISTER_OP(Ndtri);

/// The logarithm of |gamma(x)|; infinite at 0 and the negative whole numbers.
struct Lgamma : Unary<Lgamma, Floats> {
  static constexpr std::string_view kName = "lgamma";
  template <class T>
  T apply(T x) const {
    int sign = 0;  // std::lgamma would write to a global
    return static_cast<T>(::lgamma_r(static_cast<double>(x), &sign));
  }
};
REGISTER_OP(Lgamma);

/// The slope of log(gamma(x)); NaN at 0 and the negative whole numbers.
struct Digamma : Unary<Digamma, Floats> {
  static constexpr std::string_view kName = "digamma";
  template <class T>
  T apply(T x) const {
    return static_cast<T>(digamma(static_cast<double>(x)));
  }
};
REGISTER_OP(Digamma);

}  // namespace temper
