#pragma once
#include "passes/pass.h"

namespace temper {

/// Copies nodes of one graph into another, where some of its values are known under other ids already.
class NodeCopier {
 public:
  NodeCopier(const Graph& from, Graph& to) : from_(from), to_(to), renamed_(from.value_count(), ValueId::kNone) {}

  void rename(ValueId from, ValueId to) { renamed_[index(from)] = to; }
  /// The copy of a value, made with all that it depends on and that is not renamed. kNone where that takes an input of
  /// the graph that is not renamed.
  ValueId copy(ValueId value);
  /// Copies one node, whose inputs are renamed already.
  void copy(const Node& node);

 private:
  const Graph& from_;
  Graph& to_;
  ValueIds renamed_;
};

}  // namespace temper
