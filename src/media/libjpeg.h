#pragma once
// jpeglib.h needs the names of the two before it and does not include them.
// clang-format off
#include <cstddef>
#include <cstdio>
#include <jpeglib.h>
// clang-format on
