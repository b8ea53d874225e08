#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "backends/onednn/primitive.h"

/// Layouts of packed constants as text, so that a plan can name them.
namespace temper::onednn {

/// What a plan says of elements that are laid out as `packed` and are row-major as `plain`. Empty where a layout is none that text can say.
std::string describe_layout(const Memory::desc& packed, const Memory::desc& plain);

struct Layout {
  Memory::desc packed;
  Memory::desc plain;
};
/// nullopt where the text is not of describe_layout(), or not of this library.
std::optional<Layout> read_layout(std::string_view text);

}  // namespace temper::onednn
