#pragma once
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string_view>

#include "ir/attribute.h"
#include "ir/fact.h"

namespace temper {

class Graph;

/// Runs a node's region on tensors; given to the operators that have regions.
using RegionRunner = std::function<Tensors(std::size_t region, Inputs inputs)>;

/// Any operator with its attributes: a value that is cheap to copy. What it wraps is a plain struct with
///     static constexpr std::string_view kName;
///     static void fields(auto& self, auto&& field);   // field("axis", self.axis) for each attribute
///     Facts infer(std::span<const Fact> in) const;    // or (in, std::span<const Graph> regions)
///     Tensors reference(Inputs in) const;             // or (in, const RegionRunner&)
/// `infer` and `reference` throw ModelError where inputs do not fit. `reference` is the operator's definition.
/// An operator that depends on something but its inputs (or must not be folded) says `static constexpr bool kPure = false`.
/// One whose output 0 has the elements of input 0, in their order, says `static constexpr bool kView = true`.
class Op {
 public:
  template <class T>
    requires requires { T::kName; }
  Op(T value) : self_(std::make_shared<const Model<T>>(std::move(value))) {}  // NOLINT: an operator struct is an op

  std::string_view name() const { return self_->name(); }
  bool pure() const { return self_->pure(); }
  bool view() const { return self_->view(); }
  /// The wrapped struct if it is a T, else null.
  template <class T>
  const T* as() const {
    const auto* model = dynamic_cast<const Model<T>*>(self_.get());
    return model == nullptr ? nullptr : &model->value;
  }
  Attributes attributes() const { return self_->attributes(); }
  Facts infer(std::span<const Fact> in, std::span<const Graph> regions) const { return self_->infer(in, regions); }
  Tensors reference(Inputs in, const RegionRunner& run_region) const { return self_->reference(in, run_region); }

 private:
  struct Concept {
    virtual ~Concept() = default;
    virtual std::string_view name() const = 0;
    virtual bool pure() const = 0;
    virtual bool view() const = 0;
    virtual Attributes attributes() const = 0;
    virtual Facts infer(std::span<const Fact> in, std::span<const Graph> regions) const = 0;
    virtual Tensors reference(Inputs in, const RegionRunner& run_region) const = 0;
  };

  template <class T>
  struct Model final : Concept {
    explicit Model(T v) : value(std::move(v)) {}

    std::string_view name() const override { return T::kName; }
    bool pure() const override {
      if constexpr (requires { T::kPure; }) return T::kPure;
      else return true;
    }
    bool view() const override {
      if constexpr (requires { T::kView; }) return T::kView;
      else return false;
    }
    Attributes attributes() const override {
      Attributes all;
      T::fields(value, [&](std::string_view name, const auto& field) { all.emplace_back(name, to_attribute(field)); });
      return all;
    }
    Facts infer(std::span<const Fact> in, std::span<const Graph> regions) const override {
      if constexpr (requires { value.infer(in, regions); }) return value.infer(in, regions);
      else return value.infer(in);
    }
    Tensors reference(Inputs in, const RegionRunner& run_region) const override {
      if constexpr (requires { value.reference(in, run_region); }) return value.reference(in, run_region);
      else return value.reference(in);
    }

    T value;
  };

  std::shared_ptr<const Concept> self_;
};

/// Makes an operator from its name and attributes.
class OpRegistry {
 public:
  template <class T>
  void add() {
    makers_.emplace(T::kName, [](const Attributes& attributes) { return make<T>(attributes); });
  }
  /// Attributes that are not given keep their defaults. Throws InternalError on an unknown operator, and on an attribute
  /// that the operator has not or that is of another kind: importers name operators, users do not.
  Op make(std::string_view name, const Attributes& attributes) const;
  bool contains(std::string_view name) const { return makers_.contains(name); }
  std::vector<std::string_view> names() const;

 private:
  template <class T>
  static Op make(const Attributes& attributes) {
    T value;
    for (const auto& [name, attribute] : attributes) {
      bool taken = false;
      T::fields(value, [&](std::string_view field_name, auto& field) {
        if (field_name == name) taken = from_attribute(attribute, field);
      });
      invariant(taken, "operator {} does not take attribute {} = {}", T::kName, name, to_string(attribute));
    }
    return Op(std::move(value));
  }

  std::map<std::string_view, std::function<Op(const Attributes&)>> makers_;
};

}  // namespace temper
