#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "plan/plan.h"

namespace temper {

/// What `inspect` says of a plan: where it comes from, what it was made for, its ends, operators and memory.
std::string describe_plan(const std::string& file, const Plan& plan);
nlohmann::json plan_as_json(const std::string& file, const Plan& plan);

}  // namespace temper
