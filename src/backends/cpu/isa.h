#pragma once

/// Compiles a function once for each level of the instruction set; the level is chosen when the program starts. Not for
/// templates. Sanitizers run before that choice could be made, so under them there is one level.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define TEMPER_FOR_EACH_ISA [[gnu::target_clones("avx512f", "avx2", "default")]]
#else
#define TEMPER_FOR_EACH_ISA
#endif
