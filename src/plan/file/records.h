#pragma once
#include "plan/file/bytes.h"
#include "plan/plan.h"

/// The sections of a plan that are plain lists of values. Readers throw ModelError where bytes are none.
namespace temper {

std::string write_tactics(const std::vector<Tactic>& tactics);
std::vector<Tactic> read_tactics(ByteReader& from);

std::string write_profile(const std::vector<InputProfile>& profile);
std::vector<InputProfile> read_profile(ByteReader& from);

std::string write_passes(const std::vector<PassNote>& passes);
std::vector<PassNote> read_passes(ByteReader& from);

/// Fields by name: those that are not known are passed over, and those that are missing keep their defaults.
std::string write_info(const PlanInfo& info);
PlanInfo read_info(ByteReader& from);

}  // namespace temper
