/* SPDX-License-Identifier: MIT */
/*
 * Relocations that hold the address of a function of another object, by CPU:
 * the slot that a call through the PLT takes, the one for its address, and a
 * pointer among the data.  On CPUs that are not here no object can be patched.
 */
#ifndef GEV_PATCH_RELOCATION_H
#define GEV_PATCH_RELOCATION_H

#include <elf.h>

#if defined(__x86_64__)
#define GEV__RELOCATIONS { R_X86_64_JUMP_SLOT, R_X86_64_GLOB_DAT, R_X86_64_64 }
#elif defined(__aarch64__)
#define GEV__RELOCATIONS \
	{ R_AARCH64_JUMP_SLOT, R_AARCH64_GLOB_DAT, R_AARCH64_ABS64 }
#elif defined(__riscv) && __riscv_xlen == 64
#define GEV__RELOCATIONS { R_RISCV_JUMP_SLOT, R_RISCV_64, R_RISCV_64 }
#elif defined(__powerpc64__) && _CALL_ELF == 2
#define GEV__RELOCATIONS { R_PPC64_JMP_SLOT, R_PPC64_GLOB_DAT, R_PPC64_ADDR64 }
#elif defined(__s390x__)
#define GEV__RELOCATIONS { R_390_JMP_SLOT, R_390_GLOB_DAT, R_390_64 }
#elif defined(__loongarch64)
#define GEV__RELOCATIONS { R_LARCH_JUMP_SLOT, R_LARCH_64, R_LARCH_64 }
#else
#define GEV__RELOCATIONS { R_NONE, R_NONE, R_NONE }
#define R_NONE 0
#endif

#endif
