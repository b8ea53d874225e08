#include "import/rule.h"

namespace temper {

REGISTER_RULES(unary) {
  rules.tensorflow("Abs", emit_as("abs"));
  rules.tensorflow("Acos", emit_as("acos"));
  rules.tensorflow("Acosh", emit_as("acosh"));
  rules.tensorflow("Asin", emit_as("asin"));
  rules.tensorflow("Asinh", emit_as("asinh"));
  rules.tensorflow("Atan", emit_as("atan"));
  rules.tensorflow("Atanh", emit_as("atanh"));
  rules.tensorflow("Ceil", emit_as("ceil"));
  rules.tensorflow("Cos", emit_as("cos"));
  rules.tensorflow("Cosh", emit_as("cosh"));
  rules.tensorflow("Digamma", emit_as("digamma"));
  rules.tensorflow("Erf", emit_as("erf"));
  rules.tensorflow("Erfc", emit_as("erfc"));
  rules.tensorflow("Erfinv", emit_as("erfinv"));
  rules.tensorflow("Exp", emit_as("exp"));
  rules.tensorflow("Expm1", emit_as("expm1"));
  rules.tensorflow("Floor", emit_as("floor"));
  rules.tensorflow("Inv", emit_as("reciprocal"));
  rules.tensorflow("Invert", emit_as("invert"));
  rules.tensorflow("IsFinite", emit_as("is_finite"));
  rules.tensorflow("IsInf", emit_as("is_inf"));
  rules.tensorflow("IsNan", emit_as("is_nan"));
  rules.tensorflow("Lgamma", emit_as("lgamma"));
  rules.tensorflow("Log", emit_as("log"));
  rules.tensorflow("Log1p", emit_as("log1p"));
  rules.tensorflow("LogicalNot", emit_as("logical_not"));
  rules.tensorflow("Ndtri", emit_as("ndtri"));
  rules.tensorflow("Neg", emit_as("neg"));
  rules.tensorflow("Reciprocal", emit_as("reciprocal"));
  rules.tensorflow("Rint", emit_as("round"));
  rules.tensorflow("Round", emit_as("round"));
  rules.tensorflow("Rsqrt", emit_as("rsqrt"));
  rules.tensorflow("Sign", emit_as("sign"));
  rules.tensorflow("Sin", emit_as("sin"));
  rules.tensorflow("Sinh", emit_as("sinh"));
  rules.tensorflow("Sqrt", emit_as("sqrt"));
  rules.tensorflow("Square", emit_as("square"));
  rules.tensorflow("Tan", emit_as("tan"));
}

}  // namespace temper
