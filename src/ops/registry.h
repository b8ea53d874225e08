#pragma once
#include "ir/op.h"

namespace temper {

/// Every operator under src/ops. Its list is generated from their REGISTER_OP lines when the project is built.
const OpRegistry& op_registry();

}  // namespace temper
